import errno
import os
import pickle
import stat

import pytest
import torch

from videoai.core import checkpoint

STATE = {
    "format": 1,
    "config": {"seed": 0},
    "classes": ["a", "b"],
    "clip": {},
    "model": {"w": torch.arange(3.0)},
    "step": 4,
}


def test_what_is_saved_is_what_is_loaded(tmp_path):
    checkpoint.save(tmp_path / "sub" / "last.pt", STATE)
    loaded = checkpoint.load(tmp_path / "sub" / "last.pt")
    assert loaded["classes"] == ["a", "b"]
    assert torch.equal(loaded["model"]["w"], STATE["model"]["w"])


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "last.pt"
    checkpoint.save(path, STATE)
    before = path.read_bytes()

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no room for"):
        checkpoint.save(path, {**STATE, "step": 5})
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["last.pt"]


def test_the_file_is_on_the_disk_before_it_is_renamed_and_its_folder_afterwards(tmp_path, monkeypatch):
    """Otherwise a power cut could leave an empty file, or the name of the old one."""
    synced, fsync, path = [], os.fsync, tmp_path / "last.pt"

    def watched(descriptor):
        is_folder = stat.S_ISDIR(os.fstat(descriptor).st_mode)
        synced.append(("folder" if is_folder else "file", path.exists()))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", watched)
    checkpoint.save(path, STATE)
    assert synced == [("file", False), ("folder", True)]


def test_a_checkpoint_that_carries_code_is_refused_and_not_run(tmp_path):
    class Payload:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "ran"),))

    (tmp_path / "evil.pt").write_bytes(pickle.dumps({**dict.fromkeys(STATE, 0), "model": Payload()}, protocol=2))
    with pytest.raises(ValueError, match="cannot be read as a checkpoint"):
        checkpoint.load(tmp_path / "evil.pt")
    torch.save({**STATE, "model": Payload()}, tmp_path / "evil2.pt")
    with pytest.raises(ValueError, match="more than plain data"):
        checkpoint.load(tmp_path / "evil2.pt")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize(
    "damage", [lambda b: b[: len(b) // 2], lambda b: b"", lambda b: b[:100] + b"\0" * 200 + b[300:]]
)
def test_a_damaged_file_is_one_clear_error(tmp_path, damage):
    path = tmp_path / "last.pt"
    checkpoint.save(path, STATE)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(ValueError, match="last.pt"):
        checkpoint.load(path)


def test_a_missing_file_lists_what_is_there(tmp_path):
    checkpoint.save(tmp_path / "best.pt", STATE)
    with pytest.raises(FileNotFoundError, match=r"Found here: .*best\.pt"):
        checkpoint.load(tmp_path / "bets.pt")


def test_a_plain_state_dict_is_told_apart_from_a_checkpoint(tmp_path):
    torch.save({"w": torch.zeros(1)}, tmp_path / "w.pt")
    with pytest.raises(ValueError, match="not a videoai checkpoint.*weights="):
        checkpoint.load(tmp_path / "w.pt")


def test_a_newer_format_asks_for_an_upgrade(tmp_path):
    checkpoint.save(tmp_path / "new.pt", {**STATE, "format": checkpoint.FORMAT + 1})
    with pytest.raises(ValueError, match="Upgrade videoai"):
        checkpoint.load(tmp_path / "new.pt")


def test_the_hash_of_weights_is_of_names_shapes_types_and_values_in_any_order():
    def hashed(**weights: torch.Tensor) -> str:
        module = torch.nn.Module()
        for name, value in weights.items():
            module.register_buffer(name, value)
        return checkpoint.weights_hash(module)

    a, b = torch.arange(4.0), torch.ones(2)
    known = hashed(a=a, b=b)
    assert known == hashed(b=b.clone(), a=a.clone())
    others = [hashed(c=a, b=b), hashed(a=a.view(2, 2), b=b), hashed(a=a.view(torch.int32), b=b), hashed(a=a + 1, b=b)]
    assert len({known, *others}) == 5


@pytest.mark.parametrize("share", [0.01, 0.3, 0.9])
def test_a_file_that_was_cut_off_is_named(share, tmp_path):
    path = tmp_path / "last.pt"
    checkpoint.save(path, STATE)
    path.write_bytes(path.read_bytes()[: int(share * path.stat().st_size)])
    with pytest.raises(ValueError, match=r"last\.pt: cannot be read as a checkpoint"):
        checkpoint.load(path)


def test_a_bit_that_flipped_in_a_weight_is_found(tmp_path):
    path = tmp_path / "last.pt"
    weight = torch.arange(1000.0)
    checkpoint.save(path, {**STATE, "model": {"w": weight}})
    content = bytearray(path.read_bytes())
    at = content.index(weight.numpy().tobytes())
    content[at + 1234] ^= 1
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"last\.pt: is damaged \(Bad CRC-32 .* Use another checkpoint of the run"):
        checkpoint.load(path)
