import pytest

from videoai.core.launcher import launched_local_rank, launched_processes, launched_rank

NAMES = {"RANK": launched_rank, "LOCAL_RANK": launched_local_rank, "WORLD_SIZE": launched_processes}


def test_a_process_that_no_launcher_started_is_the_first_of_one(monkeypatch):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    assert (launched_rank(), launched_local_rank(), launched_processes()) == (0, 0, 1)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_launcher_says_is_read(name, monkeypatch):
    monkeypatch.setenv(name, "12")
    assert NAMES[name]() == 12


@pytest.mark.parametrize("name", NAMES)
def test_a_word_in_the_place_of_a_number_is_refused_by_its_name(name, monkeypatch):
    monkeypatch.setenv(name, "first")
    with pytest.raises(ValueError, match=f"variable {name}=first: .* to a number. Unset it"):
        NAMES[name]()
