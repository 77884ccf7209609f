"""CLIP's text transformer (Radford et al. 2021, arXiv:2103.00020): token numbers -> a vector in the space of videos.

Suffixes: N texts, L tokens, D token width, E width of the space.
"""

import torch
from torch import Tensor, nn

from videoai.models.attention import CausalSelfAttention
from videoai.models.blocks import run_blocks
from videoai.models.clip import NORM_EPS, clip_block
from videoai.models.published import StateDict
from videoai.models.video_vit import Width
from videoai.models.weights import load_exact

HEAD_WIDTH = 64  # CLIP's code: heads = width / 64


class TextTower(nn.Module):
    """Embedding and positions -> causal blocks -> norm -> the vector of the last token, projected.

    Args:
        vocabulary: number of tokens; the last one ends a text.
        context: the most tokens of a text.
        embed: width of the space shared with videos.
    """

    def __init__(self, *, vocabulary: int, context: int, width: Width, embed: int) -> None:
        super().__init__()
        self.vocabulary, self.context = vocabulary, context
        self.tokens = nn.Embedding(vocabulary, width.width)
        self.positions = nn.Parameter(torch.zeros(context, width.width))
        self.blocks = nn.ModuleList(causal_block(width) for _ in range(width.depth))
        self.norm = nn.LayerNorm(width.width, eps=NORM_EPS)
        self.project = nn.Linear(width.width, embed, bias=False)

    def forward(self, tokens_NL: Tensor) -> Tensor:
        """tokens: int64 [N, L], each text ending in the last token of the vocabulary; what follows it counts for
        nothing -> [N, E], of any length."""
        x_NLD = self.tokens(tokens_NL) + self.positions[: tokens_NL.shape[1]]
        x_NLD = self.norm(run_blocks(self.blocks, x_NLD, checkpointing=False))
        ends_N = tokens_NL.argmax(1)
        return self.project(x_NLD[torch.arange(len(x_NLD), device=x_NLD.device), ends_N])


def causal_block(width: Width) -> nn.Module:
    """CLIP's block over text."""
    block = clip_block(width)
    block.attention = CausalSelfAttention(width.width, width.num_heads)
    return block


def tower_from_state(state: StateDict, name: str) -> TextTower:
    """A tower of the sizes that its tensors have, in eval mode. ``name``: the weights, for messages.

    Raises: ValueError: tensors that are missing or left over. KeyError: it is no text tower.
    """
    vocabulary, width = state["tokens.weight"].shape
    depth = len({key.split(".")[1] for key in state if key.startswith("blocks.")})
    hidden = len(state["blocks.0.mlp.fc1.weight"])
    size = Width(width, depth, width // HEAD_WIDTH, hidden)
    tower = TextTower(
        vocabulary=vocabulary, context=len(state["positions"]), width=size, embed=len(state["project.weight"])
    )
    load_exact(tower, state, num_classes=-1, name=name)
    return tower.eval()
