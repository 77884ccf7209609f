"""Networks of other programs, called as a network of torch is."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from videoai.inference.bundle import Bundle
from videoai.inference.runtimes import CODE, OPENERS, Run


class ExportedNetwork(nn.Module):
    """video: float32 [B, C, T, H, W], normalised -> outputs float32 [B, K]. It computes on the CPU.

    The digest of its file is a buffer, so that ``weights_hash`` tells networks apart.
    """

    digest: Tensor

    def __init__(self, run: Run, sha256: str) -> None:
        super().__init__()
        self._call = [run]  # in a list, since a graph of torch is a module, and would move to the device
        self.register_buffer("digest", torch.tensor(list(bytes.fromhex(sha256)), dtype=torch.uint8))

    def forward(self, video: Tensor) -> Tensor:
        """Raises: ValueError: another precision is asked for than the one that it was exported with."""
        if torch.is_autocast_enabled(video.device.type):
            raise ValueError("precision: an exported network computes as it was exported. Leave precision out.")
        return self._call[0](video.cpu().contiguous()).to(video.device)


def open_network(bundle: Bundle, *, trust: Sequence[str] = ()) -> ExportedNetwork:
    """The network of a bundle. ``trust``: formats whose files may run code as they are opened.

    Raises: ValueError: such a file without ``trust``, or a network that is not for the manifest's clips. ImportError:
        what runs it.
    """
    manifest, clip = bundle.manifest, bundle.manifest.clip
    check_trusted(bundle, trust)
    if manifest.format not in OPENERS:
        raise ValueError(
            f"{bundle.network}: Core ML runs on Apple's systems alone, and videoai does not run it. Take the "
            "checkpoint that it was exported from, or format=onnx."
        )
    shape, num_outputs = [3, clip.num_frames, clip.size, clip.size], len(manifest.state.classes)
    network = ExportedNetwork(OPENERS[manifest.format](bundle.network, shape, num_outputs), bundle.sha256)
    if manifest.format in CODE:  # the others say their shapes
        check_answers(bundle, network, shape, num_outputs)
    return network


def check_answers(bundle: Bundle, network: ExportedNetwork, shape: Sequence[int], num_outputs: int) -> None:
    """Raises: ValueError: it does not take the manifest's clips, or has other classes."""
    try:
        with torch.inference_mode():
            given = list(network(torch.zeros(1, *shape)).shape)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"{bundle.network}: fails for clips {list(shape)}: {str(error)[:200]}") from error
    if given != [1, num_outputs]:
        raise ValueError(f"{bundle.network}: gives {given} for a clip; the manifest says {[1, num_outputs]}.")


def check_trusted(bundle: Bundle, trust: Sequence[str]) -> None:
    """Raises: ValueError: opening the file runs code, or it is made for another torch."""
    format, made_with = bundle.manifest.format, bundle.manifest.versions.get("torch")
    if format in CODE and format not in ([trust] if isinstance(trust, str) else trust):
        raise ValueError(
            f"{bundle.network}: opening it can run any code of whoever made it, as {CODE[format]}. If you made it, or "
            f"trust who did, add 'trust=[{format}]'."
        )
    if format == "aoti" and made_with != torch.__version__:
        raise ValueError(
            f"{bundle.network}: was compiled for torch {made_with}, and this is {torch.__version__}. Export it again."
        )
