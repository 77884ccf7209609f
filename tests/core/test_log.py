import io
import json

import torch

from videoai.core.log import RunLog, contact_sheet


def test_lines_beyond_the_resumed_step_and_torn_lines_are_dropped(tmp_path):
    log = RunLog(tmp_path, tensorboard=False)
    for step in (1, 2, 3):
        log.scalars(step, "train", {"loss": step / 3})
    log.close()
    with log.path.open("a") as file:
        file.write('{"step": 2, "spl')
    again = RunLog(tmp_path, start_step=2, tensorboard=False)
    again.scalars(3, "train", {"loss": float("nan")})
    again.close()
    records = [json.loads(line) for line in log.path.read_text().splitlines()]
    assert [record["step"] for record in records] == [1, 2, 3]
    assert records[2]["loss"] is None


def test_tensorboard_gets_scalars_pictures_and_figures(tmp_path):
    from matplotlib.figure import Figure
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = RunLog(tmp_path)
    log.scalars(1, "train", {"loss": 0.5})
    log.clips(1, "input", torch.zeros(2, 4, 3, 8, 8, dtype=torch.uint8))
    log.figure(1, "val/confusion", Figure)
    log.close()
    events = EventAccumulator(str(tmp_path / "tensorboard")).Reload()
    assert events.Tags()["scalars"] == ["train/loss"]
    assert sorted(events.Tags()["images"]) == ["input", "val/confusion"]


def test_a_contact_sheet_has_a_row_a_clip_and_a_column_a_frame():
    video = torch.arange(2 * 4, dtype=torch.uint8).view(2, 4, 1, 1, 1).expand(2, 4, 3, 5, 6)
    sheet = contact_sheet(video)
    assert sheet.shape == (3, 10, 24)
    assert sheet[0, ::5, ::6].tolist() == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_tensorboard_gets_a_film_that_moves(tmp_path):
    from PIL import Image
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    log = RunLog(tmp_path)
    video = torch.arange(5, dtype=torch.uint8).view(5, 1, 1, 1).mul(50).expand(5, 3, 8, 16)
    log.film(3, "made", video, fps=10)
    log.close()
    (event,) = EventAccumulator(str(tmp_path / "tensorboard")).Reload().Images("made")
    film = Image.open(io.BytesIO(event.encoded_image_string))
    assert (event.step, film.n_frames, film.size, film.info["duration"]) == (3, 5, (16, 8), 100)
