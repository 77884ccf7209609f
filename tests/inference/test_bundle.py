"""A bundle from a stranger: whatever its manifest says, nothing outside the folder is read and nothing is unpickled."""

import json
import shutil

import pytest

from videoai.inference.bundle import MANIFEST, is_bundle, open_bundle
from videoai.inference.load import from_state, open_checkpoint
from videoai.run.export.export import export
from videoai.settings.export import ExportSettings


@pytest.fixture(scope="module")
def written(untrained_checkpoint, tmp_path_factory):
    out = tmp_path_factory.mktemp("bundle") / "out"
    export(ExportSettings(checkpoint=untrained_checkpoint, format="safetensors", out=str(out)))
    return out


@pytest.fixture(scope="module")
def untrained_checkpoint(tmp_path_factory) -> str:
    import torch

    from videoai.core import checkpoint
    from videoai.core.types import ClipSpec
    from videoai.models import create_model

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("untrained") / "best.pt"
    state = {
        "format": checkpoint.FORMAT,
        "config": {"model": {"name": "tiny_r3d"}, "data": {}},
        "classes": ["a", "b"],
        "clip": ClipSpec(num_frames=4, size=32).to_dict(),
        "model": create_model("tiny_r3d", num_classes=2).state_dict(),
        "step": 0,
        "versions": checkpoint.versions(),
    }
    checkpoint.save(path, state)
    return str(path)


@pytest.fixture
def bundle(written, tmp_path):
    return shutil.copytree(written, tmp_path / "bundle")


def changed(bundle, change) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    change(manifest)
    (bundle / MANIFEST).write_text(json.dumps(manifest))


def test_a_bundle_opens_as_a_checkpoint_does(bundle, untrained_checkpoint):
    ours, theirs = from_state(open_checkpoint(bundle)), from_state(open_checkpoint(untrained_checkpoint))
    assert ours.classes == theirs.classes and ours.clip == theirs.clip
    assert all(value.equal(theirs.state_dict()[key]) for key, value in ours.state_dict().items())


def test_a_file_of_a_bundle_names_its_folder(bundle):
    for name in ("model.safetensors", "manifest.json"):
        with pytest.raises(ValueError, match=f"is a file of an export. Give the folder: checkpoint={bundle}"):
            open_checkpoint(bundle / name)


def test_another_folder_is_no_bundle(tmp_path):
    assert not is_bundle(tmp_path) and not is_bundle("torchvision/r3d_18")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m["clip"].update(size=10**9), r"clip\.size=1000000000"),
        (lambda m: m["clip"].update(num_frames=0), r"clip\.num_frames=0"),
        (lambda m: m["clip"].update(std=[0, 1, 1]), r"clip\.std"),
        (lambda m: m["clip"].update(more=1), r"clip\.more"),
        (lambda m: m.update(bundle=2), "bundle=2"),
        (lambda m: m.update(format="pickle"), "format=pickle"),
        (lambda m: m["state"].update(classes=[]), "0 classes"),
        (lambda m: m.pop("files"), "files"),
        (lambda m: m["files"].pop("model.safetensors"), "must be one of them"),
        (lambda m: m.update(format="openvino"), "model.xml must be one of them"),
        (lambda m: m["files"].update({"../secret": "0" * 64}), "files lie in the folder itself"),
        (lambda m: m["files"].update({"/etc/passwd": "0" * 64}), "files lie in the folder itself"),
        (lambda m: m["files"].update({"C:secret": "0" * 64}), "files lie in the folder itself"),
        (lambda m: m["files"].update({"gone": "0" * 64}), "is not there"),
        (lambda m: m["files"].update({"clip.npz": "0" * 64}), "SHA-256 is another"),
    ],
)
def test_a_manifest_that_lies_is_refused(bundle, change, message):
    changed(bundle, change)
    with pytest.raises(ValueError, match=message):
        open_bundle(bundle)


def test_what_is_no_json_or_too_deep_is_refused(bundle):
    for text in ("", "[1]", "{", '{"bundle": ' * 100_000):
        (bundle / MANIFEST).write_text(text)
        with pytest.raises(ValueError, match=r"manifest\.json: not a manifest"):
            open_bundle(bundle)


def test_a_changed_file_is_seen(bundle):
    with (bundle / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    with pytest.raises(ValueError, match="changed since it was exported"):
        open_bundle(bundle)


def test_a_link_out_of_the_folder_is_not_followed(bundle, tmp_path):
    outside = tmp_path / "outside.npz"
    (bundle / "clip.npz").rename(outside)
    (bundle / "clip.npz").symlink_to(outside)
    with pytest.raises(ValueError, match="files lie in the folder itself"):
        open_bundle(bundle)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("classes", ["a", "a"], "names a class twice"),
        ("config", {"model": {"name": "tiny_r3d"}, "data": {}, "task": {"name": "localize"}}, "answers for clips"),
    ],
)
def test_a_state_that_no_export_has_is_refused(bundle, key, value, message):
    changed(bundle, lambda manifest: manifest["state"].__setitem__(key, value))
    with pytest.raises(ValueError, match=message):
        open_bundle(bundle)


def test_a_stride_that_would_repeat_one_frame_is_refused(bundle):
    changed(bundle, lambda manifest: manifest["clip"].__setitem__("stride", 1_000_000))
    with pytest.raises(ValueError, match="stride"):
        open_bundle(bundle)
