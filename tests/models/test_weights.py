import copy
import logging
from pathlib import Path
from urllib.error import URLError

import pytest
import torch
from torch import Tensor, nn

from videoai.models import create_model
from videoai.models.weights import fetch, load_partial


def net(num_classes: int = 3) -> nn.Sequential:
    return nn.Sequential(nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, num_classes))


def test_everything_loads_into_the_same_model() -> None:
    source, target = net(), net()
    assert str(load_partial(target, source.state_dict())) == "loaded 6/6 tensors"
    assert all(torch.equal(a, b) for a, b in zip(source.parameters(), target.parameters(), strict=True))


def test_a_head_of_another_size_is_named_with_both_shapes_and_kept() -> None:
    source, target = net(num_classes=400), net()
    head = target.get_parameter("2.weight").detach().clone()
    report = load_partial(target, source.state_dict())
    assert (report.loaded, report.total) == (4, 6)
    assert report.new == ["2.weight", "2.bias"]
    assert report.mismatched == ["2.weight [400, 4] -> [3, 4]", "2.bias [400] -> [3]"]
    assert report.unused == []
    assert torch.equal(target.get_parameter("0.weight"), source.get_parameter("0.weight"))
    assert torch.equal(target.get_parameter("2.weight"), head)


def test_tensors_that_only_one_side_has_are_named() -> None:
    state = net().state_dict()
    del state["2.bias"]
    state["queue"] = torch.zeros(8)
    assert str(load_partial(net(), state)) == "loaded 5/6 tensors; new: 2.bias; unused: queue"


def test_a_long_list_is_cut_short() -> None:
    state = net().state_dict() | {f"extra.{i}": torch.zeros(1) for i in range(30)}
    assert str(load_partial(net(), state)).endswith(
        "unused: extra.0, extra.1, extra.2, extra.3, extra.4, extra.5, extra.6, extra.7 and 22 more"
    )


def test_a_foreign_file_is_refused_and_changes_nothing() -> None:
    target = net()
    before = copy.deepcopy(target.state_dict())
    state: dict[str, Tensor] = {f"module.{key}": tensor + 1 for key, tensor in before.items()}
    state["0.weight"] = before["0.weight"] + 1
    with pytest.raises(
        ValueError, match=r"only 1 of 6 tensors fit Sequential\. Wrong checkpoint\? .*module\.0\.weight"
    ):
        load_partial(target, state)
    assert all(torch.equal(tensor, before[key]) for key, tensor in target.state_dict().items())


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty PyTorch cache on a machine without network."""

    def no_network(*args: object, **kwargs: object) -> None:
        raise URLError("no network")

    monkeypatch.setattr(torch.hub, "_hub_dir", str(tmp_path))
    monkeypatch.setattr("torch.hub.urlopen", no_network)
    return tmp_path / "checkpoints"


def test_a_cached_file_needs_no_network(cache: Path) -> None:
    cache.mkdir()
    torch.save({"a": torch.ones(2)}, cache / "some.pth")
    assert torch.equal(fetch("https://example.org/some.pth")["a"], torch.ones(2))


def test_without_network_the_error_names_url_folder_and_way_out(cache: Path) -> None:
    with pytest.raises(OSError) as caught:
        fetch("https://example.org/some.pth")
    message = str(caught.value)
    assert "\n" not in message
    assert "https://example.org/some.pth" in message and str(cache) in message and "pretrained=false" in message


def test_pretrained_weights_load_into_another_number_of_classes(cache: Path, caplog: pytest.LogCaptureFixture) -> None:
    from torchvision.models.video import mc3_18

    cache.mkdir()
    published = mc3_18(weights=None)
    torch.save(published.state_dict(), cache / "mc3_18-a90a0ba3.pth")  # the name that torchvision gives the file
    with caplog.at_level(logging.INFO, logger="videoai"):
        model = create_model("mc3_18", num_classes=5, pretrained=True)
    assert "mc3_18: loaded 120/122 tensors; new: fc.weight, fc.bias" in caplog.text
    assert torch.equal(model.get_parameter("stem.0.weight"), published.get_parameter("stem.0.weight"))


def test_pretrained_without_network_says_so(cache: Path) -> None:
    with pytest.raises(OSError, match=r"cannot download https://download\.pytorch\.org/models/r3d_18-b3b3357e\.pth"):
        create_model("r3d_18", num_classes=5, pretrained=True)
