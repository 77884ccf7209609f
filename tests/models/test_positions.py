import logging
import math

import pytest
import torch
import torch.nn.functional as F

from videoai.models.positions import Positions, resample, resize, sincos


def test_waves_are_those_of_the_formula() -> None:
    table_LD = sincos((2, 6), 8).flatten(0, 1)
    for number in range(12):
        for pair in range(4):
            angle = number / 10_000 ** (2 * pair / 8)
            assert table_LD[number, 2 * pair].item() == pytest.approx(math.sin(angle), abs=1e-7)
            assert table_LD[number, 2 * pair + 1].item() == pytest.approx(math.cos(angle), abs=1e-7)


@torch.no_grad()
def test_each_kind_has_its_tables_and_gives_the_grid() -> None:
    sizes = {}
    for kind in ("sincos", "joint", "separate", "space"):
        positions = Positions(kind, (2, 12), 6)
        sizes[kind] = sum(p.numel() for p in positions.parameters()) // 6
        assert positions().shape == (1 if kind == "space" else 2, 12, 6)
    assert sizes == {"sincos": 0, "joint": 24, "separate": 2 + 12, "space": 12}
    positions = Positions("separate", (2, 12), 6)
    table = positions()
    torch.testing.assert_close(table[1] - table[0], (table[1, 0] - table[0, 0]).expand(12, 6))


@pytest.mark.parametrize("length", [2, 4, 7, 9])
def test_resizing_a_table_is_linear_interpolation(length: int) -> None:
    table = torch.randn(5, 3)
    wanted = F.interpolate(table.T[None], size=length, mode="linear", align_corners=False)[0].T
    torch.testing.assert_close(resize(table, 0, length), wanted)
    torch.testing.assert_close(resize(table.T, 1, length), wanted.T)


def test_resampling_keeps_the_place_of_things() -> None:
    """A ramp along one direction stays one along it, and constant along the others: nothing is swapped or turned."""
    time, row, column = torch.meshgrid(torch.arange(4.0), torch.arange(6.0), torch.arange(6.0), indexing="ij")
    table_TSD = resample(torch.stack([time, row, column], dim=-1).flatten(1, 2), (8, 144))
    doubled = table_TSD.unflatten(1, (12, 12))
    for axis in range(3):
        for along in range(3):
            step = doubled.diff(dim=along)[..., axis]
            steepest = 0.65 if along == axis else 1e-5  # half a step; torch's cubic filter waves a little
            assert step.min() >= -1e-5 and step.max() <= steepest and (along != axis or step.mean() > 0.4)
    assert resample(table_TSD, (8, 144)).equal(table_TSD)


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("sincos", "positions of 2x16 (T, H*W) tokens are computed again for 4x36"),
        ("joint", "positions of 2x16 (T, H*W) tokens are resampled to 4x36"),
        ("separate", "positions of 2x16 (T, H*W) tokens are resampled to 4x36"),
        ("space", "positions of 1x16 (T, H*W) tokens are resampled to 1x36"),
    ],
)
def test_a_state_dict_of_another_clip_is_made_to_fit_and_that_is_said(
    kind: str, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    published, own = Positions(kind, (2, 16), 8), Positions(kind, (4, 36), 8)
    state = {f"positions.{key}": table for key, table in published.state_dict().items()} | {"other": torch.ones(1)}
    with caplog.at_level(logging.INFO, logger="videoai"):
        fitted = own.fit_state_dict(state, "positions.")
        assert published.fit_state_dict(state, "positions.").keys() == state.keys()
    assert [record.getMessage() for record in caplog.records] == [said]
    assert fitted["other"].equal(state["other"])
    own.load_state_dict({key.removeprefix("positions."): t for key, t in fitted.items() if key != "other"})
    if kind == "sincos":
        assert own().equal(sincos((4, 36), 8))
