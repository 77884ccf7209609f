import re

from videoai.events.event import Event
from videoai.events.segmental import segmental_counts
from videoai.report.page.timeline_chart import clock, timeline_chart

TRUTH = [Event(0, 0.0, 4.0), Event(1, 3.0, 9.0)]
FOUND = [Event(0, 0.5, 4.0, 0.9), Event(0, 3.0, 4.0, 0.4), Event(1, 7.0, 9.0, 0.8)]


def drawn(**how) -> str:
    return timeline_chart(TRUTH, FOUND, ["open <door>", "fall"], **{"seconds": 10.0, "url": None, **how})


def test_the_chart_calls_right_and_wrong_what_the_metrics_count():
    page = drawn()
    counts = segmental_counts(TRUTH, FOUND, 0.5)
    assert len(re.findall(r"found: [^<]*, right,", page)) == counts.right == 1
    assert len(re.findall(r"found: [^<]*, wrong,", page)) == counts.wrong == 2


def test_an_event_links_to_its_moment_and_names_are_escaped():
    page = drawn(url="file:///films/a.mp4")
    assert 'href="file:///films/a.mp4#t=3.00,9.00"' in page
    assert "<door>" not in page
    assert "href" not in drawn()


def test_times_are_written_as_long_videos_need_them():
    assert [clock(seconds) for seconds in (0, 4.5, 65, 3600, 3725)] == ["0 s", "4.5 s", "1:05", "1:00:00", "1:02:05"]
