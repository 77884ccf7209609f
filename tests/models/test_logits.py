"""Every architecture in miniature gives the logits it gave: a fault in a forward pass shows without published fixtures.

Shapes and contracts cannot tell frames from frames backwards. So each network is built with few channels and blocks,
all its tensors are filled by a rule (norms, positions and last layers too, which training starts at 0 or 1), and the
logits of noise clips are compared in float64 with ``tests/golden/logits.json``. Beside them stand one number over the
unpooled features, in which every place counts differently (a mean over places would hide their order), and the start:
how many parameters are all 0 before training, and the mean of the root mean squares of all.

Refresh with VIDEOAI_GOLDEN=write, and say in the commit why the numbers changed.
"""

import json
import os
import zlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from timm.models.resnet import Bottleneck, ResNet
from torch import Tensor, nn
from torchvision.models.video import SwinTransformer3d

from videoai.models import c3d, create_model, csn, hiera, mvit, r2plus1d, swin3d, tanet, tsm, uniformer
from videoai.models.attentive_probe import AttentivePooler
from videoai.models.heads import with_head
from videoai.models.internvideo2 import InternVideo2
from videoai.models.nonlocal_block import NonLocalSpec
from videoai.models.resnet3d import ResNet3d
from videoai.models.slowfast import slowfast
from videoai.models.tpn import Tpn
from videoai.models.trn import Trn
from videoai.models.tsn import Tsn
from videoai.models.uniformerv2 import UniFormerV2
from videoai.models.video_vit import VideoViT, Width
from videoai.models.vjepa2 import TokenMean, VJepa2
from videoai.models.x3d import X3D

GOLDEN = Path(__file__).parents[1] / "golden" / "logits.json"
TOLERANCE = (
    1e-7  # share of the spread of the logits. float64 rounds at 1e-16; tables of sines are rounded to float32, 6e-8
)
ROTARY_TOLERANCE = 1e-6  # V-JEPA 2 computes sines and cosines in float32, where CPUs differ in the last bit
K = 5
LARGE = 5_000_000  # parameters
SMALL = Width(24, 2, 2, 40)
ONE_EACH = ((1,), (1,), (3,), (3,))  # temporal kernels: one block a stage
AFTER_ALL = ((), (0,), (0,), ())  # non-local blocks after the first block of the middle stages

Clip = tuple[int, int, int]  # T, H, W
Build = Callable[[], nn.Module]


def resnet(**options: Any) -> ResNet3d:
    return ResNet3d(K, **{"stem_kernel": 5, "kernels": ((3,), (3, 1), (1, 3), (3,)), "width": 4, **options})


def non_local(**options: Any) -> ResNet3d:
    return resnet(kernels=ONE_EACH, non_local=NonLocalSpec(**{"after": AFTER_ALL, **options}))


def vit(**options: Any) -> VideoViT:
    return VideoViT(K, **{"width": SMALL, "tubelet": (2, 8, 8), "num_frames": 4, "size": 16, **options})


def backbone() -> Any:
    torch.manual_seed(0)
    return ResNet(Bottleneck, (1, 3, 5, 1), num_classes=0, channels=(8, 8, 12, 16), stem_width=8)


def on_frames(insert: Callable[[Any], None] | None = None, *, non_local: str = "") -> Tsn:
    frames = backbone()
    if insert:
        insert(frames)
    if non_local:
        tsm.insert_nonlocal(frames, non_local)  # pyright: ignore[reportArgumentType]
    return Tsn(K, backbone=frames)


def split(variant: r2plus1d.Variant) -> nn.Module:
    """R(2+1)D-34 with its real stem and one narrow block a stage."""
    stem, block = r2plus1d._stem34(variant), partial(r2plus1d.BasicBlock, variant=variant)
    stages = nn.Sequential(nn.Sequential(block(64, 8, 2), block(8, 8, 1)), nn.Sequential(block(8, 12, 2)))
    return r2plus1d.R2Plus1d(K, stem=stem, stages=stages, num_features=12, dropout=0.0)


def split_bottlenecks() -> nn.Module:
    stages = nn.Sequential(nn.Sequential(r2plus1d.Bottleneck(3, 4, (1, 2)), r2plus1d.Bottleneck(16, 6, (2, 2))))
    return r2plus1d.R2Plus1d(K, stem=nn.Identity(), stages=stages, num_features=24, dropout=0.0)


def swin(**options: Any) -> nn.Module:
    sizes: Any = {"patch_size": [2, 4, 4], "embed_dim": 12, "depths": [2, 2], "num_heads": [2, 4], **options}
    return swin3d.VideoSwin(K, network=SwinTransformer3d(window_size=[2, 3, 3], num_classes=1, **sizes), dropout=0.0)


def multiscale(version: Any, widen: Any, **plan: Any) -> nn.Module:
    return mvit._build(K, mvit.Plan(4, (1, 2, 3), 8, 1, **plan), version, widen, 4, 32, 0.0, 0.0)


def v2(**options: Any) -> UniFormerV2:
    sizes: Any = {"patch": 8, "width": 24, "depth": 3, "num_heads": 2, "size": 16, "num_global": 2}
    plain: Any = {"local_temporal": False, "temporal_stride": 1, "blend": True, "dropout": 0.0, "drop_path": 0.0}
    return UniFormerV2(K, **sizes, **{**plain, **options})


def probe(levels: tuple[int, ...] | None = None, norm_eps: float = 1e-5) -> VJepa2:
    return VJepa2(K, width=SMALL, pool=AttentivePooler(24, num_heads=4, depth=2, norm_eps=norm_eps), levels=levels)


def mini(name: str, **options: Any) -> Build:
    return partial(create_model, name, num_classes=K, **options)


CASES: dict[str, tuple[Build, Clip]] = {
    "tiny_r3d": (mini("tiny_r3d", width=4), (5, 20, 16)),
    "tiny_r2plus1d": (mini("tiny_r2plus1d", width=4, temporal_difference="append"), (5, 20, 16)),
    "small_r3d": (mini("small_r3d", width=4, temporal_difference="only"), (6, 20, 16)),
    "mc3_18": (mini("mc3_18"), (4, 24, 16)),
    "s3d": (mini("s3d"), (32, 24, 32)),
    "resnet3d": (resnet, (4, 40, 32)),
    "resnet3d, time pooled": (partial(resnet, temporal_pool=True, stem_pool_padding=0), (4, 40, 32)),
    "resnet3d, stem over four frames": (partial(resnet, stem_stride=4, lateral_widths=(0, 0, 0, 0)), (8, 40, 32)),
    "non-local": (non_local, (4, 48, 64)),
    "non-local of mmaction2": (partial(non_local, variant="mmaction2", scaled=False), (4, 48, 64)),
    "non-local, dot product": (partial(non_local, affinity="dot_product"), (4, 48, 64)),
    "non-local, gaussian": (partial(non_local, affinity="gaussian"), (4, 48, 64)),
    "slowfast": (partial(slowfast, ONE_EACH, ((3,),) * 4, 4, K, fusion_kernel=7), (8, 32, 48)),
    "slowfast of mmaction2": (
        partial(slowfast, ONE_EACH, ((3,),) * 4, 4, K, slow_frames="stride", lateral_norm=False),
        (8, 32, 48),
    ),
    "tpn": (lambda: Tpn(K, backbone=ResNet3d(0, stem_kernel=1, kernels=ONE_EACH), dropout=0.0), (9, 48, 64)),
    "x3d": (partial(X3D, K, depths=(1, 2, 2, 1)), (4, 48, 32)),
    "x3d of pytorchvideo": (partial(X3D, K, depths=(1, 1, 1, 1), norm_every_shortcut=False), (4, 48, 32)),
    "movinet": (mini("movinet_a0"), (4, 40, 34)),
    "movinet, stream": (mini("movinet_a0_stream"), (4, 40, 34)),
    "csn": (partial(csn.CSN, K, depths=(1, 1, 1, 1)), (8, 48, 32)),
    "csn, preserved": (partial(csn.CSN, K, depths=(1, 2, 1, 1), interaction="preserved", norm_eps=1e-3), (8, 48, 32)),
    "r2plus1d": (partial(split, "vmz"), (4, 20, 16)),
    "r2plus1d of mmaction2": (partial(split, "mmaction2"), (4, 20, 16)),
    "r2plus1d, bottlenecks": (split_bottlenecks, (4, 20, 16)),
    "c3d": (partial(c3d.C3D, K, num_frames=16, size=16), (16, 16, 16)),
    "tsn": (on_frames, (3, 32, 48)),
    "tsm": (partial(on_frames, partial(tsm.insert_shifts, direction="both"), non_local="softmax"), (3, 64, 48)),
    "tsm, past": (partial(on_frames, partial(tsm.insert_shifts, direction="past"), non_local="gaussian"), (3, 64, 48)),
    "tanet": (partial(on_frames, partial(tanet.insert_adaptive, num_frames=3)), (3, 32, 48)),
    "trn": (lambda: Trn(K, backbone=backbone(), scales="single", num_frames=3, dropout=0.0), (3, 32, 48)),
    "trn, multi-scale": (lambda: Trn(K, backbone=backbone(), scales="multi", num_frames=4, dropout=0.0), (4, 32, 48)),
    "cnn_lstm": (mini("cnn_lstm", backbone="tiny", hidden_size=8), (4, 24, 16)),
    "cnn_bilstm, last": (mini("cnn_bilstm", backbone="tiny", hidden_size=8, pool="last"), (4, 24, 16)),
    "cnn_gru, attention": (mini("cnn_gru", backbone="tiny", hidden_size=8, pool="attention"), (4, 24, 16)),
    "cnn_rnn, max": (mini("cnn_rnn", backbone="tiny", hidden_size=8, pool="max"), (4, 24, 16)),
    "convlstm": (mini("tiny_convlstm", hidden_size=8, pool="last"), (3, 40, 32)),
    "frame_only": (mini("frame_only", width=4), (4, 24, 16)),
    "video_transformer": (mini("tiny_video_transformer", width=16, depth=2), (16, 32, 32)),
    "video_transformer, divided": (
        mini("tiny_video_transformer", width=16, depth=2, attention="divided", stem="tubelet"),
        (8, 24, 32),
    ),
    "vivit": (partial(vit, positions="joint", class_token=True, pool="class_token", gelu="tanh"), (4, 16, 16)),
    "videomae": (partial(vit, positions="sincos", key_bias=False, norm_eps=(1e-6, 1e-5)), (4, 16, 16)),
    "mae_st": (partial(vit, positions="separate", class_token=True), (4, 16, 16)),
    "timesformer": (
        partial(vit, positions="separate", attention="divided", class_token=True, pool="class_token"),
        (4, 16, 16),
    ),
    "timesformer, space": (
        partial(vit, positions="space", attention="space", class_token=True, pool="class_token"),
        (4, 16, 16),
    ),
    "vjepa2": (partial(VJepa2, K, width=SMALL, pool=TokenMean()), (4, 32, 48)),
    "vjepa2, probe": (partial(probe, (0, 1)), (4, 32, 48)),
    "internvideo2": (
        partial(InternVideo2, K, width=Width(32, 2, 2, 40), num_frames=2, size=28, dropout=0.0, drop_path=0.0),
        (2, 28, 28),
    ),
    "mvit v1": (partial(multiscale, 1, "mlp"), (4, 32, 32)),
    "mvit v1, no cubes": (partial(multiscale, 1, "mlp", cubes=False), (4, 32, 32)),
    "mvit v2": (partial(multiscale, 2, "attention"), (4, 32, 32)),
    "swin3d": (swin, (4, 24, 32)),
    "swin3d, clip within the window": (swin, (2, 8, 8)),
    "hiera": (partial(hiera.hiera, 8, 1, (1, 2, 3, 1), K, num_frames=4, size=64), (4, 64, 64)),
    "uniformer": (
        partial(uniformer.UniFormer, K, depths=(1, 1, 1, 1), dropout=0.0, drop_path=0.0, norm_eps=1e-6),
        (4, 64, 32),
    ),
    "uniformerv2": (v2, (4, 16, 16)),
    "uniformerv2, Something-Something": (partial(v2, local_temporal=True, temporal_stride=2, blend=False), (4, 16, 16)),
    "attentive head over tokens": (
        lambda: with_head(vit(positions="separate", class_token=True), "attentive", K),
        (4, 16, 16),
    ),
    "attentive head over maps": (lambda: with_head(resnet(kernels=ONE_EACH), "attentive", K), (4, 64, 96)),
}
NOISE = torch.from_numpy(np.random.Generator(np.random.Philox(key=0)).standard_normal(1_000_003))  # a prime length


def noise(name: str, shape: torch.Size | tuple[int, ...]) -> Tensor:
    """float64 of this shape, N(0, 1): the same noise for all names, started at a place that the name decides."""
    count = torch.Size(shape).numel()
    started = NOISE.roll(-(zlib.crc32(name.encode()) % len(NOISE)))
    return started.repeat(count // len(NOISE) + 1)[:count].view(shape)


def build(make: Build) -> tuple[nn.Module, list[float] | None]:
    """A miniature, and how it starts; one of many parameters gets memory alone, because drawing them takes seconds."""
    with torch.device("meta"):
        model = make()
    if sum(p.numel() for p in model.parameters()) > LARGE:
        assert not computed(model), "only tables that fill() sets survive without a start"
        return model.double().to_empty(device="cpu"), None
    torch.manual_seed(0)
    model = make().double()
    sizes = torch.stack([p.detach().square().mean().sqrt() for p in model.parameters()])
    return model, [(sizes == 0).sum().item(), sizes.mean().item()]


def computed(model: nn.Module) -> set[str]:
    """Tables that no training changes, such as sines."""
    return {name for name, _ in model.named_buffers() if not name.endswith(("_mean", "_var", "_tracked"))}


@torch.no_grad()
def fill(model: nn.Module) -> None:
    """No tensor that a fault could use stays at 0 or 1."""
    for name, tensor in model.state_dict().items():
        if name in computed(model) or name.endswith("_tracked"):
            continue
        values, leaf = noise(name, tensor.shape), name.rpartition(".")[2]
        if leaf == "running_var":
            values = 0.5 + values.abs()
        elif any(word in name for word in ("position", "pos_", "token", "bias_table")):
            values = 0.5 * values
        elif tensor.ndim <= 1:
            values = 0.1 * values + (0 if "bias" in leaf or leaf == "running_mean" else 1)
        else:
            values = 2**0.5 * values / tensor[0].numel() ** 0.5
        tensor.copy_(values)


@torch.inference_mode()
def answer(make: Build, clip: Clip) -> dict[str, Any]:
    model: Any
    model, start = build(make)
    fill(model.eval())
    features = model.forward_features(noise("clip", (2, 3, *clip)))
    maps = [features] if isinstance(features, Tensor) else features
    weighed = [(part * noise("features", part.shape[1:])).flatten(1).sum(1) / part[0].numel() ** 0.5 for part in maps]
    answers = {"logits": model.forward_head(features).tolist(), "features": torch.stack(weighed, dim=1).tolist()}
    return answers if start is None else {**answers, "start": start}


@pytest.fixture(scope="module")
def golden() -> dict[str, dict[str, Any]]:
    if os.environ.get("VIDEOAI_GOLDEN") == "write":
        rows = [f" {json.dumps(name)}: {json.dumps(answer(*case))}" for name, case in CASES.items()]
        GOLDEN.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    return json.loads(GOLDEN.read_text())


def test_there_is_a_golden_row_for_every_miniature(golden: dict[str, dict[str, Any]]) -> None:
    assert list(golden) == list(CASES)


@pytest.mark.parametrize("name", list(CASES))
def test_the_logits_are_what_they_were(name: str, golden: dict[str, dict[str, Any]]) -> None:
    given, wanted = answer(*CASES[name]), golden[name]
    assert given.keys() == wanted.keys()
    tolerance = (ROTARY_TOLERANCE if "vjepa2" in name else TOLERANCE) * torch.tensor(wanted["logits"]).std().item()
    for key, numbers in wanted.items():
        expected, actual = (torch.tensor(part, dtype=torch.float64) for part in (numbers, given[key]))
        torch.testing.assert_close(
            actual, expected, rtol=ROTARY_TOLERANCE, atol=tolerance, msg=lambda m, key=key: f"{key}: {m}"
        )
