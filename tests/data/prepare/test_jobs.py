import os

import pytest

from videoai.data.prepare.jobs import Done, Job, Journal, Source, check_unique_names, new_source


def test_a_source_is_named_by_its_place_below_the_root(tmp_path):
    (tmp_path / "set" / "a b").mkdir(parents=True)
    (tmp_path / "set" / "a b" / "x.mp4").write_bytes(b"123")
    (tmp_path / "y.mp4").write_bytes(b"1")
    source = new_source(f"{tmp_path}/set/a b/../a b/x.mp4", str(tmp_path / "set"))
    assert (source.name, source.size) == ("a b/x.mp4", 3)
    assert new_source(str(tmp_path / "y.mp4"), str(tmp_path / "set")).name == f"outside{tmp_path}/y.mp4"


def test_a_name_that_is_not_utf8_becomes_printable(tmp_path):
    path = os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9.mp4"))
    with open(path, "wb"):
        pass
    assert new_source(path, str(tmp_path)).name == "caf\\xe9.mp4"


def test_the_stamp_changes_with_the_content(tmp_path):
    path = tmp_path / "x.mp4"
    path.write_bytes(b"123")
    before = new_source(str(path), str(tmp_path)).stamp
    assert new_source(str(path), str(tmp_path)).stamp == before
    os.utime(path, ns=(1, 1))
    assert new_source(str(path), str(tmp_path)).stamp != before
    path.unlink()
    assert new_source(str(path), str(tmp_path)).stamp == "missing"


def test_two_inputs_for_one_place_are_refused():
    one, other = Source("/a", "x", 1, ""), Source("/b", "x", 1, "")
    check_unique_names([one, one])
    with pytest.raises(ValueError, match="/a and /b would both become x; rename one of them"):
        check_unique_names([one, other])


@pytest.fixture
def jobs():
    return [Job(name, (Source(f"/{name}", name, 1, f"stamp-{name}"),)) for name in ("a", "b", "c")]


def outcome(tmp_path, job: Job) -> Done:
    (tmp_path / job.name).write_bytes(b"12")
    return Done(job.name, job.stamp, job.name, 2, (("a", "corrupt", "open", "é\n", "copied"),))


def test_the_journal_remembers_and_ends_in_the_order_of_the_jobs(tmp_path, jobs):
    journal = Journal(tmp_path / "j")
    for job in reversed(jobs):
        journal.add(outcome(tmp_path, job))
    again = Journal(tmp_path / "j")
    assert [again.holds(job) for job in jobs] == [outcome(tmp_path, job) for job in jobs]
    again.finish(jobs)
    first = (tmp_path / "j").read_bytes()
    Journal(tmp_path / "j").finish(jobs)
    assert (tmp_path / "j").read_bytes() == first
    assert [Journal(tmp_path / "j").holds(job) for job in jobs] == [outcome(tmp_path, job) for job in jobs]


def test_a_torn_line_is_forgotten_wherever_it_was_torn(tmp_path, jobs):
    journal = Journal(tmp_path / "j")
    for job in jobs[:2]:
        journal.add(outcome(tmp_path, job))
    whole = (tmp_path / "j").read_bytes()
    first = whole.index(b"\n") + 1
    for end in range(first, len(whole) - 1, 7):
        (tmp_path / "j").write_bytes(whole[:end])
        torn = Journal(tmp_path / "j")
        assert torn.holds(jobs[0])
        assert not torn.holds(jobs[1])
        torn.add(outcome(tmp_path, jobs[1]))  # not glued to the torn line
        assert Journal(tmp_path / "j").holds(jobs[1])


def test_a_job_counts_only_while_input_and_output_are_as_they_were(tmp_path, jobs):
    journal = Journal(tmp_path / "j")
    journal.add(outcome(tmp_path, jobs[0]))
    assert journal.holds(jobs[0])
    changed = Job("a", (jobs[0].sources[0]._replace(stamp="other"),))
    assert not journal.holds(changed)
    (tmp_path / "a").write_bytes(b"")  # as a power failure may leave it
    assert not journal.holds(jobs[0])
    (tmp_path / "a").unlink()
    assert not journal.holds(jobs[0])
