"""Every format gives the original's outputs for any number of clips, and none runs code unasked."""

import json
import zipfile

import pytest
import torch
from torch import nn

from videoai.core import checkpoint
from videoai.core.types import ClipSpec
from videoai.inference.bundle import MANIFEST
from videoai.inference.load import from_state, open_checkpoint
from videoai.models import create_model
from videoai.run.export.device_file import frame_by_frame
from videoai.run.export.export import export
from videoai.settings.export import ExportSettings

CLASSES = ["a", "b", "c"]


def saved(folder, model: str) -> str:
    torch.manual_seed(0)
    path = folder / "best.pt"
    state = {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": model}, "data": {}},
        "classes": CLASSES,
        "clip": ClipSpec(num_frames=4, size=32).to_dict(),
        "model": create_model(model, num_classes=len(CLASSES)).state_dict(),
        "step": 0,
        "versions": checkpoint.versions(),
    }
    checkpoint.save(path, state)
    return str(path)


@pytest.fixture(scope="module")
def original(tmp_path_factory) -> str:
    return saved(tmp_path_factory.mktemp("original"), "tiny_r3d")


@pytest.fixture(scope="module")
def graph(original, tmp_path_factory):
    """A bundle of a format that runs code as it is opened."""
    out = tmp_path_factory.mktemp("graph") / "out"
    export(ExportSettings(checkpoint=original, format="torch_export", out=str(out)))
    return out


def differences(original: str, bundle, *trust: str) -> list[float]:
    """For one clip and for five."""
    ours, theirs = from_state(open_checkpoint(bundle), trust=trust), from_state(open_checkpoint(original))
    with torch.inference_mode():
        videos = [torch.randn(number, 3, 4, 32, 32) for number in (1, 5)]
        return [float((ours(video) - theirs(video)).abs().max()) for video in videos]


def test_a_file_that_runs_code_is_opened_on_request_alone(graph, original):
    with pytest.raises(ValueError, match=r"can run any code of whoever made it.*trust=\[torch_export\]"):
        from_state(open_checkpoint(graph))
    with pytest.raises(ValueError, match="can run any code"):
        from_state(open_checkpoint(graph), trust=["aoti", "export", "*"])
    assert max(differences(original, graph, "torch_export")) < 1e-6  # the same operations


def test_a_graph_for_other_classes_is_refused(graph):
    state = open_checkpoint(graph)
    bundle = state["model"]
    manifest = json.loads((graph / MANIFEST).read_text())
    manifest["state"]["classes"] = ["a", "b"]
    text = (graph / MANIFEST).read_text()
    try:
        (graph / MANIFEST).write_text(json.dumps(manifest))
        with pytest.raises(ValueError, match=r"gives \[1, 3\] for a clip; the manifest says \[1, 2\]"):
            from_state(open_checkpoint(graph), trust=["torch_export"])
    finally:
        (graph / MANIFEST).write_text(text)
    assert bundle.network.name == "model.pt2"


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_precision_that_a_format_has_not_is_refused(original, tmp_path, precision):
    with pytest.raises(ValueError, match=f"precision={precision} is of format=onnx, openvino"):
        export(
            ExportSettings(checkpoint=original, format="torch_export", precision=precision, out=str(tmp_path / "out"))
        )
    assert not [*tmp_path.iterdir()]


@pytest.mark.slow
def test_openvino_needs_no_trust(original, tmp_path):
    pytest.importorskip("openvino", reason="the extra openvino is not installed")
    export(ExportSettings(checkpoint=original, format="openvino", out=str(tmp_path / "out")))
    assert {"model.xml", "model.bin", "run.py"} < {one.name for one in (tmp_path / "out").iterdir()}
    assert max(differences(original, tmp_path / "out")) < 1e-6
    (tmp_path / "out" / "model.bin").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.bin: changed since it was exported"):
        open_checkpoint(tmp_path / "out")


@pytest.mark.slow
@pytest.mark.parametrize("model", ["tiny_r3d", "tiny_video_transformer", "tiny_cnn_gru"])
def test_executorch_runs_what_is_over_time(tmp_path, model):
    pytest.importorskip("executorch", reason="the extra executorch is not installed")
    original = saved(tmp_path, model)
    export(ExportSettings(checkpoint=original, format="executorch", out=str(tmp_path / "out")))
    assert max(differences(original, tmp_path / "out", "executorch")) < 1e-6


@pytest.mark.slow
def test_aoti_is_for_one_torch(original, tmp_path):
    out = tmp_path / "out"
    export(ExportSettings(checkpoint=original, format="aoti", out=str(out)))
    assert max(differences(original, out, "aoti")) < 1e-6
    text = (out / MANIFEST).read_text()
    (out / MANIFEST).write_text(text.replace(f'"torch": "{torch.__version__}"', '"torch": "2.0.0"'))
    with pytest.raises(ValueError, match=r"was compiled for torch 2\.0\.0"):
        from_state(open_checkpoint(out), trust=["aoti"])


@pytest.mark.slow
def test_coreml_is_written_and_says_that_it_was_not_run(original, tmp_path):
    pytest.importorskip("coremltools", reason="the extra coreml is not installed")
    done = export(ExportSettings(checkpoint=original, format="coreml", out=str(tmp_path / "out")))
    assert done.max_difference is None and done.judgement is None and [*done.milliseconds] == ["torch"]
    with zipfile.ZipFile(tmp_path / "out" / "model.mlpackage.zip") as packed:
        assert "model.mlpackage/Manifest.json" in packed.namelist()
    with pytest.raises(ValueError, match="Core ML runs on Apple's systems alone"):
        from_state(open_checkpoint(tmp_path / "out"))


@pytest.mark.parametrize(
    "options",
    [
        {"kernel_size": 3, "padding": 1},
        {"kernel_size": (3, 1, 2), "stride": (2, 1, 2), "bias": False},
        {"kernel_size": (2, 3, 3), "dilation": (2, 1, 1), "padding": (1, 0, 2), "groups": 2},
        {"kernel_size": (1, 7, 7), "stride": (1, 2, 2)},
    ],
)
def test_frame_by_frame_is_the_convolution(options):
    torch.manual_seed(0)
    conv, video = nn.Conv3d(4, 6, **options), torch.randn(2, 4, 7, 9, 9)
    given = (video, conv.weight, conv.bias, conv.stride, conv.padding, conv.dilation, conv.groups)
    assert torch.allclose(frame_by_frame(*given), conv(video), atol=1e-5)  # float32 sums in another order
