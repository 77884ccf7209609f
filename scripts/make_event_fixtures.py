"""Values of public reference code on random inputs, for tests/events: MS-TCN's eval.py and ActivityNet's.

    git clone https://github.com/yabufarha/ms-tcn; git clone https://github.com/activitynet/ActivityNet
    python scripts/make_event_fixtures.py ms-tcn/eval.py ActivityNet/Evaluation tests/fixtures/events/reference.json

Both are Python 2; their functions are run as they are, with today's names of numpy's types. Needs pandas.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np

SEED, NUM_SEQUENCES, NUM_VIDEOS = 7, 24, 12
NUM_CLASSES = 4  # in sequences; 0 is background
TIOUS = (0.3, 0.4, 0.5, 0.6, 0.7)


def functions_of(path: Path, names: set[str]) -> dict[str, Any]:
    """The functions of a file, which need not be Python 3 as a whole."""
    text = path.read_text().replace("np.float)", "float)")
    parts = re.split(r"\n(?=def |class |if __name__)", text)
    space: dict[str, Any] = {"np": np}
    for part in parts:
        if part.startswith(tuple(f"def {name}(" for name in names)):
            exec(compile(part, str(path), "exec"), space)
    return {name: space[name] for name in names}


def sequence(rng: np.random.Generator) -> list[str]:
    """Labels of frames in random stretches."""
    labels: list[str] = []
    while len(labels) < 60:
        label = int(rng.integers(NUM_CLASSES))
        labels += ["background" if not label else str(label)] * int(rng.integers(2, 15))
    return labels[:60]


def segments(rng: np.random.Generator, count: int) -> list[list[float]]:
    """Start, end, score."""
    starts = rng.uniform(0, 30, count)
    return [
        [float(a), float(a + b), float(c)]
        for a, b, c in zip(starts, rng.uniform(0.5, 8, count), rng.random(count), strict=True)
    ]


def main(ms_tcn: Path, activitynet: Path, out: Path) -> None:
    """Write inputs and values."""
    import pandas as pd

    rng = np.random.default_rng(SEED)
    reference = functions_of(ms_tcn, {"get_labels_start_end_time", "levenstein", "edit_score", "f_score"})
    sequences = []
    for _ in range(NUM_SEQUENCES):
        truth, found = sequence(rng), sequence(rng)
        for place in range(0, 60, 10):  # some agreement
            if rng.random() < 0.6:
                found[place : place + 10] = truth[place : place + 10]
        counts = [reference["f_score"](found, truth, least) for least in (0.1, 0.25, 0.5)]
        sequences.append(
            {"truth": truth, "found": found, "counts": counts, "edit": reference["edit_score"](found, truth)}
        )
    detection = functions_of(activitynet / "eval_detection.py", {"compute_average_precision_detection"})
    helpers = functions_of(activitynet / "utils.py", {"segment_iou", "interpolated_prec_rec"})
    detection["compute_average_precision_detection"].__globals__.update(helpers)
    truth = [segments(rng, int(rng.integers(0, 6))) for _ in range(NUM_VIDEOS)]
    found = [
        segments(rng, 4) + [[a + 0.3, b - 0.2, float(rng.random())] for a, b, _ in one if b - a > 1] for one in truth
    ]

    def frame(videos: list[list[list[float]]]) -> Any:
        rows = [(str(number), *one) for number, video in enumerate(videos) for one in video]
        return pd.DataFrame(rows, columns=["video-id", "t-start", "t-end", "score"])

    ap = detection["compute_average_precision_detection"](frame(truth), frame(found), np.array(TIOUS))
    values = {"sequences": sequences, "detection": {"truth": truth, "found": found, "ap": ap.tolist()}}
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(json.dumps(values) + "\n")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
