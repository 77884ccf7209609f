"""Layouts without the sizes: the parity fixtures hold those."""

from typing import Any

import pytest
import torch

from videoai.models import published
from videoai.models.published import find, read_published
from videoai.models.published.files import unwrap
from videoai.models.published.vjepa2 import from_hub, from_meta


def test_a_probe_is_read_together_with_its_encoder(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[tuple[Any, ...]] = []

    def read_file(name: str, file: str | None, *, container: str | None, **_: Any) -> dict[str, torch.Tensor]:
        read.append((name, file, container))
        return {name: torch.zeros(1)}

    monkeypatch.setattr(published, "read_file", read_file)
    encoder, probe = "vjepa2/vjepa2_vitl_encoder", "vjepa2/vjepa2_vitl_ssv2_probe"
    assert set(read_published(f"{probe}:mine.pt")) == {encoder, probe}
    assert read == [(probe, "mine.pt", "classifiers"), (encoder, None, "target_encoder")]


def test_a_probe_file_holds_a_list_of_one() -> None:
    state = {"module.linear.bias": torch.zeros(2)}
    name = "vjepa2/vjepa2_vitl_ssv2_probe"
    container = find(name).container
    assert list(from_meta(unwrap({"classifiers": [state], "epoch": 20}, container, name=name))) == ["head.bias"]


def test_the_table_that_no_encoder_reads_is_left_out() -> None:
    state = {"module.backbone.pos_embed": torch.zeros(1, 2, 4), "module.backbone.norm.bias": torch.zeros(4)}
    assert list(from_meta(state)) == ["norm.bias"]


@pytest.mark.parametrize("prefix", ["", "vjepa2."])
def test_separate_queries_keys_and_values_are_joined_and_the_predictor_is_left_out(prefix: str) -> None:
    names = ["query", "key", "value"]
    state = {f"{prefix}encoder.layer.0.attention.{n}.bias": torch.full((2,), i) for i, n in enumerate(names)}
    state |= {f"{prefix}predictor.layer.0.attention.{n}.bias": torch.zeros(2) for n in names}
    state |= {
        f"pooler.cross_attention_layer.cross_attn.{n}_proj.bias": torch.full((2,), i) for i, n in enumerate("qkv")
    }
    converted = from_hub(state)
    assert {key: tensor.tolist() for key, tensor in converted.items()} == {
        "blocks.0.attention.qkv.bias": [0, 0, 1, 1, 2, 2],
        "pool.cross.q.bias": [0, 0],
        "pool.cross.kv.bias": [1, 1, 2, 2],
    }
