import os
import signal
import time

from videoai.data.check.examine import Examined
from videoai.data.check.processes import examine_all


def hostile(path: str) -> Examined:
    """What a decoder may do to its process, by the name of the file."""
    if path.startswith("crash"):
        os.kill(os.getpid(), signal.SIGSEGV)
    if path.startswith("hang"):
        time.sleep(600)
    return Examined(path, num_frames=os.getpid())


def test_a_crash_and_a_hang_take_one_file_each_and_the_check_goes_on():
    paths = ["a", "crash1", "b", "hang", "crash2", "c", "d"]
    started = time.monotonic()
    answers = {answer.path: answer for answer in examine_all(paths, num_workers=2, seconds_per_file=20, look=hostile)}
    assert sorted(answers) == sorted(paths)
    assert {path: answer.reason for path, answer in answers.items() if answer.reason} == {
        "crash1": "crash",
        "crash2": "crash",
        "hang": "timeout",
    }
    assert answers["crash1"].detail == "the decoder's process ended with code -11"
    assert time.monotonic() - started < 120


def test_no_files_are_no_answers():
    assert list(examine_all([], num_workers=2, seconds_per_file=1)) == []
