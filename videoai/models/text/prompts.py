"""X-CLIP's video-specific prompts (arXiv:2208.02816, section 3.3): each text looks at the video and is changed by what
it finds.

Suffixes: B batch, T frames, L tokens of a frame, S patches, D token width, K texts, E width of the space.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from videoai.models.attention import Mlp
from videoai.models.clip import NORM_EPS

HEAD_WIDTH = 64


class PromptLayer(nn.Module):
    """Texts read the video by cross attention, then an MLP."""

    def __init__(self, embed: int) -> None:
        super().__init__()
        self.num_heads = embed // HEAD_WIDTH
        self.norm1 = nn.LayerNorm(embed, eps=NORM_EPS)
        self.q = nn.Linear(embed, embed, bias=False)
        self.kv = nn.Linear(embed, 2 * embed, bias=False)
        self.project = nn.Linear(embed, embed)
        self.norm2 = nn.LayerNorm(embed, eps=NORM_EPS)
        self.mlp = Mlp(embed, 4 * embed, "quick")

    def forward(self, texts_BKE: Tensor, video_BSE: Tensor) -> Tensor:
        """[B, K, E] -> [B, K, E]."""
        texts_BKE = texts_BKE + self._attention(self.norm1(texts_BKE), video_BSE)
        return texts_BKE + self.mlp(self.norm2(texts_BKE))

    def _attention(self, texts_BKE: Tensor, video_BSE: Tensor) -> Tensor:
        parts = (self.q(texts_BKE), *self.kv(video_BSE).chunk(2, dim=-1))
        q, k, v = (part.unflatten(-1, (self.num_heads, -1)).transpose(1, 2) for part in parts)
        return self.project(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))


class VideoPrompts(nn.Module):
    """What a video adds to the vectors of texts.

    Args:
        feature_width: D of the video's tokens.
        embed: E, the width of the space.
        depth: layers.
    """

    def __init__(self, feature_width: int, embed: int, depth: int) -> None:
        super().__init__()
        self.norm_video = nn.LayerNorm(feature_width, eps=NORM_EPS)
        self.project_video = nn.Linear(feature_width, embed, bias=False)
        self.norm = nn.LayerNorm(embed, eps=NORM_EPS)
        self.layers = nn.ModuleList(PromptLayer(embed) for _ in range(depth))
        self.alpha = nn.Parameter(torch.full((embed,), 0.1))

    def forward(self, texts_KE: Tensor, tokens_BTLD: Tensor) -> Tensor:
        """Texts [K, E] and a video's tokens, class tokens first -> its own texts [B, K, E]."""
        video_BSE = self.project_video(self.norm_video(tokens_BTLD[:, :, 1:])).mean(1)
        video_BSE = self.norm(video_BSE)
        given_BKE = x_BKE = texts_KE.expand(len(tokens_BTLD), -1, -1)
        for layer in self.layers:
            x_BKE = layer(x_BKE, video_BSE)
        return given_BKE + self.alpha * x_BKE
