"""Files of CLIP and X-CLIP: every tensor belongs to the network, to the text transformer, or to what joins them."""

import json
from pathlib import Path

import pytest
import torch

from tests.models.text.filled import filled
from videoai.models import from_published
from videoai.models.published.clip import convert, joint, text_tower
from videoai.models.published.vocabulary import find_vocabulary
from videoai.models.text.tower import tower_from_state

FIXTURES = Path(__file__).parents[2] / "fixtures" / "text"
KINDS = ("hf_clip", "hf_xclip", "openai", "xclip")


def published(kind: str) -> dict[str, torch.Tensor]:
    return filled(json.loads((FIXTURES / f"{kind}.json").read_text())["shapes"])


@pytest.mark.parametrize("kind", KINDS)
def test_no_number_of_a_file_is_lost_or_counted_twice(kind):
    state = published(kind)
    parts = [convert(state), text_tower(state), joint(state)]
    read = sum(tensor.numel() for part in parts for tensor in part.values())
    assert read == sum(tensor.numel() for tensor in state.values())


@pytest.mark.parametrize("kind", KINDS)
def test_a_tensor_of_another_network_is_left_over_and_named(kind):
    state = published(kind) | {"other.weight": torch.zeros(2)}
    assert "other.weight" in convert(state)  # which the strict loading of a row then refuses


@pytest.mark.parametrize("name", ["text_model.final_layer_norm.weight", "text_projection.weight"])
def test_a_text_tower_that_lacks_a_tensor_is_refused(name):
    state = published("hf_clip")
    del state[name]
    with pytest.raises((ValueError, KeyError), match="norm.weight|project.weight"):
        tower_from_state(text_tower(state), "mine")


def test_position_numbers_of_older_files_are_left_out():
    state = published("hf_clip")
    ids = {f"{side}_model.embeddings.position_ids": torch.arange(77)[None] for side in ("text", "vision")}
    for part in (convert, text_tower):
        assert part(state | ids).keys() == part(state).keys()


def test_a_file_of_another_size_is_no_published_one():
    with pytest.raises(ValueError, match=r"weights hf/clip_vit_base_patch32 do not fit Clip: .*stem\.weight"):
        from_published("hf/clip_vit_base_patch32", published("hf_clip"), num_classes=0)


@pytest.mark.parametrize("name", ["merges.txt", "bpe_simple_vocab_16e6.txt.gz"])
def test_a_vocabulary_beside_the_file_is_taken(name, tmp_path):
    (tmp_path / name).write_bytes(b"")
    assert find_vocabulary(f"hf/xclip_base_patch32:{tmp_path}/model.bin") == tmp_path / name


def test_a_vocabulary_that_cannot_be_had_is_said_with_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setenv("VIDEOAI_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("videoai.models.published.download.urlopen", offline)
    with pytest.raises(
        OSError, match=r"reads texts by a vocabulary: .*Or put merges\.txt of the same repository beside"
    ):
        find_vocabulary(f"hf/xclip_base_patch32:{tmp_path}/model.bin")


def offline(*_, **__):
    raise OSError("no network")
