from videoai.report.encoders import EncoderRow, encoders_figure, encoders_table, ordered, titles, verdict
from videoai.report.run_pictures import png
from videoai.report.tables import as_text


def row(encoder: str, accuracy: float | None = None, speed: float = 10.0, **changes) -> EncoderRow:
    nothing = dict.fromkeys(EncoderRow._fields)
    if accuracy is None:
        return EncoderRow(**{**nothing, "encoder": encoder, "refused": "no such file"})
    known = {"accuracy": accuracy, "low": accuracy - 0.1, "high": accuracy + 0.1, "knn": accuracy, "majority": 0.2}
    known |= {"clips_per_second": speed, "width": 64, "trained": True, "weights": "0123456789"}
    return EncoderRow(**{**nothing, **known, "encoder": encoder, **changes})


def test_the_best_is_named_and_the_fastest_that_it_does_not_beat_for_sure():
    rows = [row("slow", 0.7, 1.0), row("fast", 0.65, 4.0), row("bad", 0.3, 100.0), row("gone")]
    said = verdict(rows)
    assert said.startswith("slow knows most: 70.0 % (95 %: 60 .. 80); the largest class is 20.0 %.")
    assert "fast lies within its interval (65.0 % (95 %: 55 .. 75)) and is 4.0 times as fast." in said
    assert said.endswith("1 encoder failed; rows.jsonl says why.")
    assert [one.encoder for one in ordered(rows)] == ["slow", "fast", "bad", "gone"]


def test_others_that_are_slower_are_counted_and_all_may_fail():
    assert "1 other lies within its interval, and none is faster." in verdict([row("a", 0.7, 4.0), row("b", 0.65, 1.0)])
    assert verdict([row("a"), row("b")]) == "No encoder could be measured. 2 encoders failed; rows.jsonl says why."


def test_what_may_have_seen_the_labels_and_what_learned_nothing_is_marked():
    rows = [row("mine", 0.9, knows_classes=True), row("tiny", 0.3, trained=False), row("gone")]
    text = as_text(encoders_table(rows), width=140)
    assert "mine *" in text and "tiny (untrained)" in text and "failed" in text
    assert "* mine: trained to tell these classes" in verdict(rows)


def test_the_picture_takes_rows_that_failed_and_names_with_dollars():
    assert png(encoders_figure([row("$a$", 0.9), row("b", 0.3, trained=False), row("gone")])).startswith(b"\x89PNG")


def test_checkpoints_are_called_by_their_run_in_the_picture_unless_two_are_called_so():
    long = "/a/very/long/way/that/leads/to/one/folder/of/runs/checkpoints"
    rows = [row("runs/a/checkpoints/best.pt"), row("runs/a/checkpoints/last.pt"), row("torchvision/r3d_18")]
    rows += [
        row(f"{long}/runs/b/checkpoints/best.pt"),
        row("/c/b/checkpoints/best.pt"),
        row("tiny_r3d", 0.3, trained=False),
    ]
    names = titles(rows)
    assert names[:3] == ["a", "a, last", "torchvision/r3d_18"]
    assert names[3].startswith("/a/very/…") and names[3].endswith("/runs/b/checkpoints/best.pt")
    assert len(names[3]) == 40
    assert names[4:] == ["/c/b/checkpoints/best.pt", "tiny_r3d (untrained)"]
    figure = encoders_figure([row("runs/a/checkpoints/best.pt", 0.9), row("$x$", 0.3), row("gone")])
    (legend,) = [axes.get_legend() for axes in figure.axes]
    assert [text.get_text() for text in legend.get_texts()] == ["largest class", "1  a", r"2  \$x\$"]
