import json
from dataclasses import replace

import pytest
import torch

from videoai.models import create_model
from videoai.models.heads import body_hash, head_parameters, with_columns
from videoai.settings.training import FinetuneSettings
from videoai.tasks.selected_features import check_selection, chosen_columns, read_selection

MODEL = {"name": "tiny_r3d"}


def tiny(classes: int = 3, seed: int = 0) -> torch.nn.Module:
    torch.manual_seed(seed)
    return create_model("tiny_r3d", num_classes=classes).eval()


def test_the_head_reads_the_chosen_features_alone():
    model = tiny()
    video = torch.randn(2, 3, 8, 32, 32)
    features = model.forward_head(model.forward_features(video), pre_logits=True)  # pyright: ignore[reportCallIssue]
    head = with_columns(model, [5, 0, 9]).get_submodule(head_parameters(model)[0].rpartition(".")[0])
    assert head.weight.shape == (3, 3)
    expected = features[:, [5, 0, 9]] @ head.weight.T + head.bias  # pyright: ignore[reportArgumentType, reportOperatorIssue]
    torch.testing.assert_close(model(video), expected)


@pytest.mark.parametrize("columns", [[0, 64], [-1, 2], [3, 3]])
def test_columns_that_the_model_lacks_are_refused(columns):
    with pytest.raises(ValueError, match="the pooled features of .* are 0 to 63, each once"):
        with_columns(tiny(), columns)


def test_the_hash_of_a_body_does_not_know_its_head():
    assert body_hash(tiny(3)) == body_hash(tiny(3)) != body_hash(tiny(3, seed=1))
    model = tiny()
    before = body_hash(model)
    model.reset_classifier(7)  # pyright: ignore[reportCallIssue]
    assert body_hash(model) == before == body_hash(with_columns(model, [1, 2]))


@pytest.fixture
def selected(tmp_path):
    network = {"checkpoint": "best.pt", "layer": "pooled", "body": body_hash(tiny()), "width": 64}
    path = tmp_path / "selected.json"
    path.write_text(json.dumps({"features": [1, 2], "network": network}))
    return path


def test_a_list_of_another_body_or_layer_is_refused(selected):
    settings = FinetuneSettings(freeze=True, features=str(selected), columns=(1, 2))
    other_classes = tiny()
    other_classes.reset_classifier(5)  # pyright: ignore[reportCallIssue]
    check_selection(settings, other_classes)
    with pytest.raises(ValueError, match="selected from 64 features of best.pt .* Set weights=best.pt"):
        check_selection(settings, tiny(seed=1))
    selected.write_text(selected.read_text().replace("pooled", "stages.1"))
    with pytest.raises(ValueError, match="of layer stages.1, and a head reads the pooled features"):
        check_selection(settings, tiny())


@pytest.mark.parametrize("content", ["", "[]", '{"features": "all"}', '{"features": [-1]}', '{"features": [1]}'])
def test_another_file_is_refused(tmp_path, content):
    (tmp_path / "x.json").write_text(content)
    with pytest.raises(ValueError, match=r"x.json: (not selected.json|does not say)"):
        read_selection(str(tmp_path / "x.json"))


def test_a_file_that_is_gone_is_needed_by_a_new_run_alone(tmp_path):
    gone = FinetuneSettings(freeze=True, features=str(tmp_path / "gone.json"))
    with pytest.raises(FileNotFoundError, match="a run that goes on knows its columns"):
        chosen_columns(gone)
    assert chosen_columns(replace(gone, columns=(3, 4))) == (3, 4)
    assert chosen_columns(FinetuneSettings()) == ()
