import json
from pathlib import Path

import pytest

from videoai.cli import complain as module
from videoai.cli.complain import complain


@pytest.fixture
def process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Be a process of three that torchrun started on one machine. Returns: where it leaves its error."""
    monkeypatch.setattr(module, "PATIENCE", 0.1)

    def be(rank: int) -> Path:
        file = tmp_path / str(rank) / "error.json"
        file.parent.mkdir(exist_ok=True)
        for name, value in {"RANK": str(rank), "WORLD_SIZE": "3", "TORCHELASTIC_ERROR_FILE": str(file)}.items():
            monkeypatch.setenv(name, value)
        return file

    return be


def test_an_error_that_processes_share_is_printed_by_the_first_alone(process, capsys):
    for rank in range(3):
        process(rank)
        assert complain("data.root=x: no such folder", 1) == 1
    assert capsys.readouterr().err == "videoai: data.root=x: no such folder\n"


def test_an_error_of_its_own_is_printed_with_the_number_of_the_process(process, capsys):
    process(0)
    complain("the first", 1)
    process(2)
    complain("the third", 75)
    assert capsys.readouterr().err == "videoai: the first\nvideoai: process 2 of 3: the third\n"


def test_an_error_is_printed_where_the_first_process_says_nothing(process, capsys):
    process(1)
    complain("the disk is full", 1)
    assert capsys.readouterr().err == "videoai: process 1 of 3: the disk is full\n"


def test_a_process_that_lost_another_is_silent_where_the_first_says_why(process, capsys):
    for rank in range(3):
        process(rank)
        complain("why" if rank == 0 else f"process {rank} lost another", 1, lost=rank > 0)
    assert capsys.readouterr().err == "videoai: why\n"


def test_the_first_process_says_that_it_lost_another(process, capsys):
    process(0)
    complain("process 0 lost another", 1, lost=True)
    process(1)
    complain("why", 1)
    assert capsys.readouterr().err == "videoai: process 0 lost another\nvideoai: process 1 of 3: why\n"


def test_the_report_of_torchrun_takes_the_cause_for_the_first_error(process):
    """Its times are whole seconds."""
    files = [process(0), process(1)]
    for rank in (1, 0):
        process(rank)
        complain("lost" if rank else "why", 1, lost=rank == 1)
    lost, why = (json.loads(files[rank].read_text())["message"] for rank in (1, 0))
    assert (lost["message"], why["message"]) == ("lost", "why")
    assert int(lost["extraInfo"]["timestamp"]) >= int(why["extraInfo"]["timestamp"])


def test_a_file_that_cannot_be_written_does_not_hide_the_error(process, capsys):
    process(0).parent.rmdir()
    assert complain("why", 1) == 1
    assert capsys.readouterr().err == "videoai: why\n"


def test_a_rank_that_is_no_number_does_not_hide_the_error(capsys, monkeypatch):
    monkeypatch.setenv("RANK", "first")
    complain("RANK=first", 1)
    assert capsys.readouterr().err == "videoai: RANK=first\n"
