"""What annotation tools say of one video."""

import shlex

import pytest

from videoai.data.layouts.stretches import choose


@pytest.mark.parametrize("name", ["--> arrow", "a, b", "what's up"])
def test_the_kind_of_labels_to_choose_can_be_pasted(name: str):
    with pytest.raises(ValueError, match="several kinds of labels") as refused:
        choose("tier", None, {name: 2, "other": 1}, "film.eaf")
    assert shlex.split(str(refused.value).partition("choose: ")[2]) == [f"data.tier={name}"]
