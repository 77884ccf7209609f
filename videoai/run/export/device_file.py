"""The file of a network for phones and small machines: ExecuTorch and Core ML."""
# pyright: reportMissingImports=false

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor
from torch.export import ExportedProgram
from torch.nn.functional import pad

from videoai.core.files import write_atomic
from videoai.core.types import ClipSpec


def write_executorch(path: Path, program: ExportedProgram, clip: ClipSpec) -> None:
    """A program for one clip at a time, whose operations XNNPACK computes where it has them."""
    from executorch.backends.xnnpack.partition.xnnpack_partitioner import XnnpackPartitioner
    from executorch.exir import to_edge_transform_and_lower
    from executorch.exir.passes.constant_prop_pass import constant_prop_pass

    split = program.run_decompositions({torch.ops.aten.conv3d.default: frame_by_frame})
    program = constant_prop_pass(split)  # XNNPACK takes constant weights alone, and these are parts of others
    lowered = to_edge_transform_and_lower(program, partitioner=[XnnpackPartitioner()])
    write_atomic(path, lowered.to_executorch().buffer)


def frame_by_frame(
    video: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    dilation: Sequence[int] = (1,),
    groups: int = 1,
) -> Tensor:
    """A convolution over time and space as the sum of one over space for each frame of the kernel: ExecuTorch has none
    over time. video: [B, C, T, H, W], weight: [N, C / groups, T, H, W] -> [B, N, T, H, W]."""
    stride, padding, dilation = (list(one) * (3 // len(one)) for one in (stride, padding, dilation))
    video = pad(video, (0, 0, 0, 0, padding[0], padding[0])) if padding[0] else video
    depth = weight.shape[2]
    length = (video.shape[2] - dilation[0] * (depth - 1) - 1) // stride[0] + 1
    parts = []
    for at in range(depth):
        first = at * dilation[0]
        frames = video[:, :, first : first + (length - 1) * stride[0] + 1 : stride[0]].transpose(1, 2)
        # [B, T, C, H, W] -> [B*T, C, H, W]
        images, own_bias = frames.reshape(-1, *frames.shape[2:]), bias if at == 0 else None
        part = torch.conv2d(images, weight[:, :, at], own_bias, stride[1:], padding[1:], dilation[1:], groups)
        parts.append(part)
    # [B*T, N, H, W] -> [B, N, T, H, W]
    return sum(parts[1:], parts[0]).unflatten(0, (-1, length)).transpose(1, 2)


def write_coreml(path: Path, program: ExportedProgram, clip: ClipSpec) -> None:
    """A package of Core ML, which is a folder, as a zip file. It can be written on every system and run on Apple's."""
    import coremltools

    made: Any = coremltools.convert(
        program.run_decompositions({}),
        minimum_deployment_target=coremltools.target.iOS17,
        compute_precision=coremltools.precision.FLOAT32,
        outputs=[coremltools.TensorType(name="logits")],
    )
    buffer = io.BytesIO()
    with TemporaryDirectory() as folder, zipfile.ZipFile(buffer, "w") as packed:
        package = Path(folder, "model.mlpackage")
        made.save(str(package))
        for one in sorted(package.rglob("*")):
            if one.is_file():
                packed.write(one, one.relative_to(folder))
    write_atomic(path, buffer.getvalue())
