"""What each checkpoint of ``describe`` is asked."""

import pytest

from videoai.run.describe import settings_of_models
from videoai.settings.describe import DescribeSettings

TEXTS = {"hf/xclip_base_patch32", "hf/clip_vit_base_patch32"}


@pytest.mark.parametrize(
    ("checkpoints", "readers"),
    [
        (["a.pt", "hf/xclip_base_patch32"], {"hf/xclip_base_patch32"}),
        (["hf/xclip_base_patch32", "hf/clip_vit_base_patch32", "a.pt"], TEXTS),
        (["a.pt", "b.pt"], {"a.pt"}),  # which refuses them by name
    ],
)
def test_texts_go_to_the_models_that_read_them(checkpoints, readers, monkeypatch):
    monkeypatch.setattr("videoai.run.describe.reads_texts", lambda source: source in TEXTS)
    settings = DescribeSettings(checkpoint=tuple(checkpoints), input="a.mp4", classes=("up", "down"), top_k=3)
    asked = settings_of_models(settings)
    assert [one.checkpoint for one in asked] == checkpoints
    assert {one.checkpoint for one in asked if one.classes} == readers
    assert {one.top_k for one in asked} == {3}
