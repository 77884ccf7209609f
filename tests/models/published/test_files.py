"""Published files of every kind, written here as their publishers write them; and files that want to run code."""

import argparse
import hashlib
import os
import pickle
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from videoai.models.published.files import read_file

WEIGHT = torch.arange(6.0).view(2, 3)


def read(path: Path, container: str | None = None) -> dict[str, Any]:
    return read_file("somebody/model", str(path), url=None, page=None, container=container, sha256=None)


@pytest.mark.parametrize("zipped", [True, False])
def test_a_torch_file_gives_its_tensors(tmp_path: Path, zipped: bool) -> None:
    path = tmp_path / "model.pyth"
    torch.save({"model_state": {"a": WEIGHT}, "epoch": 3}, path, _use_new_zipfile_serialization=zipped)
    assert torch.equal(read(path, "model_state")["a"], WEIGHT)


def test_a_file_that_is_the_state_dict_needs_no_key(tmp_path: Path) -> None:
    torch.save({"a": WEIGHT}, tmp_path / "model.pth")
    assert torch.equal(read(tmp_path / "model.pth", "state_dict")["a"], WEIGHT)


def test_a_safetensors_file_gives_its_tensors(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    save_file({"a": WEIGHT}, tmp_path / "model.safetensors")
    assert torch.equal(read(tmp_path / "model.safetensors")["a"], WEIGHT)


def test_a_caffe2_pickle_gives_its_blobs(tmp_path: Path) -> None:
    path = tmp_path / "model.pkl"
    path.write_bytes(pickle.dumps({"blobs": {"conv1_w": WEIGHT.numpy()}, "cfg": "yaml"}, protocol=2))
    assert torch.equal(read(path, "blobs")["conv1_w"], WEIGHT)


@pytest.mark.parametrize("zipped", [True, False])
def test_settings_and_logs_of_a_training_script_are_passed_over(tmp_path: Path, zipped: bool) -> None:
    """VideoMAE's files hold an argparse.Namespace, mmaction2's objects of mmengine and numbers of numpy."""
    history = types.ModuleType("foreign_history")
    exec("class Buffer:\n    def __init__(self): self.values = [1, 2]", history.__dict__)
    history.Buffer.__module__ = "foreign_history"  # pyright: ignore[reportAttributeAccessIssue]
    sys.modules["foreign_history"] = history
    content = {"module": {"a": WEIGHT}, "args": argparse.Namespace(lr=1.0), "best": np.float64(0.5)}
    content["log"] = {"loss": history.Buffer()}  # pyright: ignore[reportAttributeAccessIssue]
    try:
        torch.save(content, tmp_path / "model.pth", _use_new_zipfile_serialization=zipped)
    finally:
        del sys.modules["foreign_history"]
    assert torch.equal(read(tmp_path / "model.pth", "module")["a"], WEIGHT)
    assert "foreign_history" not in sys.modules


class Attack:
    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (f"touch {self.file}",)


@pytest.mark.parametrize(("name", "container"), [("model.pkl", "blobs"), ("model.pth", None)])
def test_a_file_that_wants_to_run_code_is_refused(tmp_path: Path, name: str, container: str | None) -> None:
    path, proof = tmp_path / name, tmp_path / "ran"
    content = {"blobs": {"a": Attack(proof)}}
    if container:
        path.write_bytes(pickle.dumps(content, protocol=2))
    else:
        torch.save(content, path)
    with pytest.raises(ValueError, match=r"weights somebody/model: .*cannot be read \(it holds more than plain data"):
        read(path, container)
    assert not proof.exists()


def test_a_damaged_file_says_what_to_do(tmp_path: Path) -> None:
    torch.save({"a": WEIGHT}, tmp_path / "whole.pth")
    (tmp_path / "model.pth").write_bytes((tmp_path / "whole.pth").read_bytes()[:400])
    with pytest.raises(ValueError, match=r"cannot be read .*damaged, or not the published file\. Give another file"):
        read(tmp_path / "model.pth")


def test_what_is_no_tensor_is_named(tmp_path: Path) -> None:
    torch.save({"epoch": "three", "a": WEIGHT}, tmp_path / "model.pth")
    with pytest.raises(
        ValueError, match=r"'epoch' is a str, not a tensor; expected the state dict under 'model_state'"
    ):
        read(tmp_path / "model.pth", "model_state")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"weights somebody/model: .*nowhere\.pth is no file"):
        read(tmp_path / "nowhere.pth")


def test_an_empty_file_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.pth cannot be read \(EOFError\)"):
        read(tmp_path / "model.pth")


def test_a_given_file_that_is_not_the_published_one_is_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "model.pth"
    torch.save({"a": WEIGHT}, path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    about: dict[str, Any] = {"url": None, "page": None, "container": None}
    read_file("somebody/model", str(path), sha256=digest[:8], **about)
    assert caplog.messages == []
    read_file("somebody/model", str(path), sha256="0badc0de", **about)
    (line,) = caplog.messages
    assert f"{path} has SHA-256 {digest[:16]}, the published file begins with 0badc0de" in line


def test_a_folder_is_not_taken_for_a_file(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=rf"weights somebody/model: {tmp_path} is a folder"):
        read(tmp_path)
