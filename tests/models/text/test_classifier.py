import pytest
import torch
import torch.nn.functional as F

from videoai.models.table import TARGETS
from videoai.models.text.classifier import TextClassifier, shares_of

VIDEO = torch.randn(2, 3, 3, 32, 32, generator=torch.Generator().manual_seed(0))


def classifier(monkeypatch: pytest.MonkeyPatch, texts: list[int], prompts: int = 0) -> TextClassifier:
    monkeypatch.setitem(TARGETS, "tiny_xclip", "tests.models.text.tiny:tiny_xclip")
    torch.manual_seed(0)
    model = TextClassifier(len(texts), network={"name": "tiny_xclip"}, texts=texts, prompts=prompts).eval()
    torch.nn.init.normal_(model.texts)
    return model


@torch.inference_mode()
def test_a_class_is_the_mean_of_its_texts_each_of_length_one(monkeypatch):
    model = classifier(monkeypatch, [1, 3])
    model.texts *= torch.tensor([1.0, 1.0, 100.0, 0.01])[:, None]
    unit = F.normalize(model.texts, dim=1)
    classes = torch.stack([unit[0], F.normalize(unit[1:].mean(0), dim=0)])
    clips = F.normalize(model.forward_head(model.forward_features(VIDEO)), dim=1)
    torch.testing.assert_close(model(VIDEO), clips @ classes.T)


@pytest.mark.parametrize("prompts", [0, 2])
@torch.inference_mode()
def test_a_video_changes_the_texts_of_its_own_prompts_alone(monkeypatch, prompts):
    model = classifier(monkeypatch, [1, 1, 2], prompts)
    together, alone = model(VIDEO), model(VIDEO[1:])
    torch.testing.assert_close(together[1:], alone)
    classes = model.classes_of(model.texts_of(model.forward_features(VIDEO)))
    assert classes.shape == (2 if prompts else 1, 3, 128)
    torch.testing.assert_close(classes.norm(dim=-1), torch.ones(classes.shape[:2]))


@torch.inference_mode()
def test_the_scale_multiplies_the_cosine(monkeypatch):
    model = classifier(monkeypatch, [1, 1])
    before = model(VIDEO)
    assert before.abs().max() <= 1
    model.logit_scale.fill_(torch.tensor(100.0).log())
    torch.testing.assert_close(model(VIDEO), 100 * before)


@pytest.mark.parametrize("prompts", [0, 2])
@torch.inference_mode()
def test_vectors_are_compared_in_float32_under_bfloat16(monkeypatch, prompts):
    model = classifier(monkeypatch, [1, 1, 2], prompts)
    model.logit_scale.fill_(torch.tensor(100.0).log())
    with torch.autocast("cpu", dtype=torch.bfloat16):
        features = model.forward_features(VIDEO)
        clips, texts = model.forward_head(features), model.texts_of(features)
        given = model(VIDEO)
    wanted = 100 * model.classes_of(texts.float()) @ F.normalize(clips.float(), dim=1)[:, :, None]
    assert given.dtype == torch.float32
    torch.testing.assert_close(given, wanted[..., 0], rtol=0, atol=1e-3)
    assert model.double()(VIDEO.double()).dtype == torch.float64


@pytest.mark.parametrize("texts", [[1, 2], [1, 0, 2], []])
def test_numbers_of_texts_that_are_none_of_the_classes_are_refused(texts):
    with pytest.raises(ValueError, match=r"model\.texts=.*one number from 1 up for each of 3 classes"):
        shares_of(texts, 3)
