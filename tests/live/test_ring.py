"""A ring holds little, waits or forgets, and says what it had no room for."""

import time
from threading import Condition, Thread

import torch

from videoai.live import ring
from videoai.live.ring import Frame, Ring

PICTURE = torch.zeros(3, 4, 4, dtype=torch.uint8)


def frame(seconds):
    return Frame(int(seconds * 10), seconds, 0.0, PICTURE)


def test_the_oldest_frames_go_but_for_the_one_that_is_still_shown():
    held = Ring(Condition(), waits=False)
    held.most_seconds = 1.0
    for seconds in (0.0, 0.5, 4.0, 4.5, 4.8):
        held.put(frame(seconds))
    assert [one.seconds for one in held.frames] == [0.5, 4.0, 4.5, 4.8]  # 0.5 is shown until 4.0
    assert held.num_bytes == 4 * PICTURE.nbytes


def test_a_ring_that_waits_holds_the_source_until_frames_are_used():
    held = Ring(Condition(), waits=True)
    held.most_seconds = 1.0
    put = []
    source = Thread(target=lambda: [put.append(held.put(frame(at / 10))) for at in range(30)], daemon=True)
    source.start()
    time.sleep(0.2)
    assert len(put) == 11
    with held.changed:
        held.needed_from = 1.0
        held.changed.notify_all()
    time.sleep(0.2)
    assert len(put) == 21 and held.frames[0].seconds >= 0.9
    held.close()
    source.join(5)
    assert put[-1] is False


def test_pictures_that_do_not_fit_are_counted_and_their_times_kept(monkeypatch):
    monkeypatch.setattr(ring, "MOST_BYTES", 2 * PICTURE.nbytes)
    held = Ring(Condition(), waits=False)
    for at in range(5):
        held.put(frame(at / 10))
    assert [one.picture is None for one in held.frames] == [False, False, True, True, True]
    assert held.num_without_room == 3
