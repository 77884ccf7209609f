"""The protocol: every cell once, kept, in pairs."""

import json

import pytest

from videoai.run.study.protocol import ROWS, Cell, Refused, all_cells, measure_all

FACTS = {"study": "test", "l2": [0.1, 1.0]}


class Counting:
    """Measures, and remembers what it was asked."""

    def __init__(self, stop_after: int = 99) -> None:
        self.asked: list[Cell] = []
        self.stop_after = stop_after

    def __call__(self, cell: Cell) -> dict:
        if len(self.asked) == self.stop_after:
            raise KeyboardInterrupt
        self.asked.append(cell)
        if cell.arm == "b" and cell.shots == 1:
            raise Refused("b needs two clips")
        return {"accuracy": cell.seed / 10, "extra": "kept"}


def test_few_shots_come_first_and_all_arms_of_a_seed_together():
    cells = all_cells([5, 1], 2, ["a", "b"])
    assert cells[:3] == [Cell(1, 0, "a"), Cell(1, 0, "b"), Cell(1, 1, "a")]
    assert len(set(cells)) == len(cells) == 8


def test_a_study_that_was_stopped_goes_on_without_measuring_again(tmp_path):
    cells = all_cells([1, 5], 3, ["a", "b"])
    with pytest.raises(KeyboardInterrupt):
        measure_all(cells, Counting(stop_after=7), tmp_path, FACTS)
    rest = Counting()
    rows = measure_all(cells, rest, tmp_path, FACTS)
    assert rest.asked == cells[7:]
    assert [Cell(row["shots"], row["seed"], row["arm"]) for row in rows] == cells
    assert rows == measure_all(cells, Counting(), tmp_path / "at_once", FACTS)


def test_more_seeds_keep_the_rows_of_fewer(tmp_path):
    measure_all(all_cells([1], 2, ["a"]), Counting(), tmp_path, FACTS)
    more = Counting()
    measure_all(all_cells([1], 3, ["a", "c"]), more, tmp_path, FACTS)
    assert more.asked == [Cell(1, 0, "c"), Cell(1, 1, "c"), Cell(1, 2, "a"), Cell(1, 2, "c")]


def test_a_refusal_is_a_row_with_its_reason(tmp_path):
    refused = measure_all([Cell(1, 0, "b")], Counting(), tmp_path, FACTS)[0]
    assert refused["accuracy"] is None
    assert refused["refused"] == "b needs two clips"
    again = Counting()
    measure_all([Cell(1, 0, "b")], again, tmp_path, FACTS)
    assert again.asked == []


def test_rows_that_were_measured_otherwise_are_not_mixed_in(tmp_path):
    cells = all_cells([1], 1, ["a"])
    measure_all(cells, Counting(), tmp_path, FACTS)
    with pytest.raises(ValueError, match=r"was measured with l2=\[0.1, 1.0\], now it is \[1.0\]: .* another run_dir"):
        measure_all(cells, Counting(), tmp_path, {**FACTS, "l2": [1.0]})


@pytest.mark.parametrize(
    ("line", "content", "what"),
    [
        (3, b'{"shots": 1, "se', "line"),
        (2, b'{"shots": 1}', "line"),
        (2, b"\xff\xfe", "line"),
        (1, b"[1]", "file"),
        (1, None, "file"),
    ],
)
def test_a_damaged_line_is_named_with_what_to_do(line, content, what, tmp_path):
    measure_all(all_cells([1], 2, ["a"]), Counting(), tmp_path, FACTS)
    lines = (tmp_path / ROWS).read_bytes().splitlines()
    lines[line - 1 :] = [] if content is None else [content, *lines[line:]]
    (tmp_path / ROWS).write_bytes(b"\n".join(lines))
    with pytest.raises(ValueError, match=rf"rows.jsonl:{line}: is damaged. Delete the {what}, and what"):
        measure_all(all_cells([1], 2, ["a"]), Counting(), tmp_path, FACTS)


def test_the_file_is_facts_and_one_row_a_line(tmp_path):
    measure_all(all_cells([1], 2, ["a"]), Counting(), tmp_path, FACTS)
    facts, *rows = map(json.loads, (tmp_path / ROWS).read_text().splitlines())
    assert facts == FACTS
    assert rows[1] == {"shots": 1, "seed": 1, "arm": "a", "accuracy": 0.1, "extra": "kept"}


def test_an_error_that_is_no_refusal_ends_the_study_and_leaves_no_row(tmp_path):
    def broken(cell):
        raise ValueError("the loss is nan")

    with pytest.raises(ValueError, match="the loss is nan"):
        measure_all(all_cells([1], 1, ["a"]), broken, tmp_path, FACTS)
    assert not (tmp_path / ROWS).exists()
