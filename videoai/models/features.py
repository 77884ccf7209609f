"""The body of a model that reads features: they are as a network left them."""

from torch import Tensor, nn


class FeatureSteps(nn.Module):
    """Passes features on. Made by ``data.features``; below a head over time alone."""

    def __init__(self, num_classes: int, *, num_features: int) -> None:
        super().__init__()
        self.num_features = num_features

    def forward_features(self, video: Tensor) -> Tensor:
        """float [B, D, T, 1, 1] -> the same."""
        return video

    def forward_head(self, features: Tensor, pre_logits: bool = False) -> Tensor:
        """[B, D, T, 1, 1] -> their mean over time, [B, D]."""
        return features.mean((2, 3, 4))

    def forward(self, video: Tensor) -> Tensor:
        """[B, D, T, 1, 1] -> [B, D]."""
        return self.forward_head(video)

    def reset_classifier(self, num_classes: int) -> None:
        """There is none."""

    def repeated_blocks(self) -> list[nn.Module]:
        """None."""
        return []

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Nothing is computed, so nothing is computed again."""
