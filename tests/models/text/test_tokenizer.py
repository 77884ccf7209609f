"""Texts become the numbers that the authors' tokenizer gives."""

import gzip
import json
from pathlib import Path

import pytest

from videoai.models.published.vocabulary import read_merges
from videoai.models.text.tokenizer import Tokenizer

pytest.importorskip("tokenizers")
pytest.importorskip("ftfy")

FIXTURES = Path(__file__).parents[2] / "fixtures" / "text"
MERGES = FIXTURES / "merges.txt"
VOCABULARY = 564
ODD = json.loads((FIXTURES / "tokens.json").read_text())


def tokenizer(context: int = 77) -> Tokenizer:
    return Tokenizer(MERGES, vocabulary=VOCABULARY, context=context)


@pytest.mark.parametrize("text", ODD)
def test_an_odd_text_has_the_numbers_of_the_authors_tokenizer(text: str) -> None:
    assert tokenizer(400)([text])[0].tolist() == [VOCABULARY - 2, *ODD[text], VOCABULARY - 1]


def test_shorter_texts_are_followed_by_zeros() -> None:
    tokens = tokenizer()(["falling", "a person falls"])
    assert tokens[0].tolist() == [562, *ODD_IDS["falling"], 563, *[0] * (tokens.shape[1] - len(ODD_IDS["falling"]) - 2)]


ODD_IDS = {"falling": [512 + 13]}  # the merge "fall ing</w>"


@pytest.mark.parametrize("text", ["", "  \n", "&nbsp;"])
def test_a_text_without_a_word_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="holds no word"):
        tokenizer()(["falling", text])


def test_a_text_that_is_too_long_is_refused_by_name() -> None:
    assert tokenizer(context=12)(["falling " * 10]).shape == (1, 12)
    with pytest.raises(ValueError, match=r"'falling falling .*': longer than 10 tokens"):
        tokenizer(context=12)(["falling", "falling " * 11])


def test_marks_written_in_a_text_are_text() -> None:
    assert 563 not in tokenizer()(["<|endoftext|> left"])[0, 1:-1].tolist()


@pytest.mark.parametrize("number", [51, 60])
def test_a_vocabulary_of_another_size_is_refused(number: int) -> None:
    with pytest.raises(ValueError, match=rf"holds 50 pairs, and the weights were trained with {number}"):
        read_merges(MERGES, number)


def test_a_packed_vocabulary_is_read_and_a_damaged_one_refused(tmp_path: Path) -> None:
    packed = tmp_path / "bpe_simple_vocab_16e6.txt.gz"
    packed.write_bytes(gzip.compress(MERGES.read_bytes()))
    assert read_merges(packed, 50) == read_merges(MERGES, 50)
    packed.write_bytes(packed.read_bytes()[:100])
    with pytest.raises(ValueError, match="cannot be read"):
        read_merges(packed, 50)
