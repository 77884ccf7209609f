import json
import math
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest

wandb = pytest.importorskip("wandb", reason="needs the extra videoai[wandb]")
pytestmark = pytest.mark.filterwarnings("default")  # warnings of the package and its imports


def test_a_run_and_its_continuation_are_kept_offline_under_one_id(tmp_path, tell, monkeypatch):
    monkeypatch.delenv("WANDB_MODE", raising=False)
    tell({"name": "wandb", "project": "mine"})
    wandb.teardown()  # waits for its own process, which may still write when a run has ended
    identity = (tmp_path / "wandb" / "run_id").read_text()
    kept = sorted((tmp_path / "wandb").glob("offline-run-*"))
    assert [next(folder.glob("*.wandb")).name for folder in kept] == [f"run-{identity}.wandb"] * 2
    first = records(kept[0])
    assert first[1]["train/loss"] == pytest.approx(0.1) and math.isnan(first[1]["train/undefined"])
    kinds = [first[3][f"{name}/_type"] for name in ("input", "made", "val/confusion")]
    assert kinds == ["image-file", "video-file", "image-file"]
    assert list(records(kept[1])) == [3, 4]


def records(folder: Path) -> dict[int, dict]:
    """What lies in the file that ``wandb sync`` sends: step -> values."""
    from wandb.proto import wandb_internal_pb2

    rows: dict[int, dict] = {}
    for data in chunks(next(folder.glob("*.wandb")).read_bytes()):
        record = wandb_internal_pb2.Record()
        record.ParseFromString(data)
        if record.WhichOneof("record_type") == "history":
            items = record.history.item
            values = {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
            rows[int(values["_step"])] = values
    return rows


def chunks(data: bytes, block: int = 32768) -> Iterator[bytes]:
    """The records of a file in LevelDB's log format, behind W&B's seven bytes."""
    at, kept = 7, b""
    while at < len(data):
        if block - at % block < 7:  # no room for a header
            at += block - at % block
            continue
        _, length, kind = struct.unpack_from("<IHB", data, at)
        kept += data[at + 7 : at + 7 + length]
        at += 7 + length
        if kind in (1, 4):  # whole, or the last part
            yield kept
            kept = b""
