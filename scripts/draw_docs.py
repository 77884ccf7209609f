"""Draw the pictures of docs/ into docs/pictures: python scripts/draw_docs.py FOLDER [NAME ...].

A picture shows what the verbs write, of built-in clips and rendered faces. FOLDER keeps the runs: the same command
again trains nothing. Pages are opened by Chromium, as tests/report/page/test_browser.py does.
"""

import csv
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
from numpy import ndarray
from PIL import Image, ImageChops
from render_faces import FPS, face, write_ravdess
from render_voices import LOOK, hum, write_sounding
from torch import tensor
from torchvision.utils import draw_bounding_boxes

from videoai.core.files import write_atomic
from videoai.core.sheet import Cell, Row, png, sheet
from videoai.core.types import ClipSpec, SoundSpec
from videoai.data.decode import open_video
from videoai.data.encode import write_clip
from videoai.data.motion16.motion import render
from videoai.data.motion16.untrimmed import render_untrimmed
from videoai.data.sound import sound_of

PICTURES = Path(__file__).resolve().parents[1] / "docs" / "pictures"
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
WIDTH, TALL, EDGE = 900, 3000, 16  # pixels: a page, more than a page needs, left around what is shown
MOST_BYTES = 120_000  # a file has less
WIDEST = 1100  # pixels: a wider picture is scaled down
SHOWN = (0, 3, 4, 6, 9, 11)  # classes of motion16
COLUMNS, ACTOR = 6, 4  # frames of a video that are shown; one whose face the detector finds
SAME_EVERYWHERE = ("trainer.num_threads=1", "trainer.precision=fp32", "device=cpu")
RUNS = {
    "events": "task=localize data=motion16 data.variant=untrimmed trainer.max_epochs=6",
    "learned": "data=motion16 model=tiny_r3d trainer.max_epochs=10",
    "numbers": "data=motion16 data.variant=regression task=regression task.targets=[speed,angle] task.loss=ccc "
    "model=tiny_r3d clip.num_frames=8 clip.stride=4 trainer.max_epochs=10",
    "faces": "data=ravdess data.root=faces model=tiny_cnn_gru trainer.max_epochs=12",
}


def localize() -> Image.Image:
    """Annotated over found events of three test videos: the first, the middle and the last by F1."""
    videoai(f"evaluate checkpoint={trained('events')}")
    kept = ", ".join(f"h3:nth-of-type({place}), .chart:nth-of-type({place})" for place in (1, 12, 24))
    hidden = f"section:not(#timelines), #timelines > :is(h3, .chart):not({kept})"
    return page("runs/events/test/report.html", hidden)


def describe() -> Image.Image:
    """The head, the timeline and the key frames of two test videos, one after the other."""
    write_clip("film.mp4", np.concatenate([untrimmed(0), untrimmed(1)]), FPS)
    videoai(f"describe input=film.mp4 checkpoint={trained('events')} device=cpu")
    return page("runs/describe/film/description.html", "section:not(#timeline, #key-frames)")


def explain() -> Image.Image:
    """The first half of the contact sheet of a test video."""
    write_clip("scene.mp4", untrimmed(1), FPS)
    videoai(f"explain checkpoint={trained('events')} input=scene.mp4 target=down method=occlusion device=cpu")
    sheet = Image.open("runs/explain/scene/contact_sheet.png")
    return sheet.crop((0, 0, min(WIDTH, sheet.width), sheet.height))


def demo() -> Image.Image:
    """The page of demo after a rendered scene was dropped on it and explained, by way of playwright."""
    from playwright.sync_api import sync_playwright

    write_clip("scene.mp4", untrimmed(1), FPS)
    words = f"demo checkpoint={trained('learned')} port=0 device=cpu"
    with (
        subprocess.Popen(
            [sys.executable, "-m", "videoai", *words.split()], stdout=subprocess.PIPE, text=True
        ) as server,
        sync_playwright() as playwright,
    ):
        assert server.stdout is not None
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": WIDTH, "height": 1000})
        shown.goto(server.stdout.readline().strip())
        shown.set_input_files("#video input[type=file]", "scene.mp4")
        shown.wait_for_selector("#axis svg")
        shown.click("#why button")
        shown.get_by_role("button", name="Explain").click()
        shown.wait_for_selector("#why video")
        shown.wait_for_timeout(3000)  # the film plays
        shown.screenshot(path="demo.png", full_page=True)
        browser.close()
        server.terminate()
    return trimmed(Image.open("demo.png").convert("RGB"))


def stream() -> Image.Image:
    """The overlay of six rendered motions, one after the other: a frame of each."""
    motions = [render(label=one, seed=1, split="test", index=one, size_px=160, num_frames=64, fps=FPS) for one in SHOWN]
    write_clip("film.mp4", np.concatenate([frames for frames, _ in motions]), FPS)
    shutil.rmtree("runs/overlay", ignore_errors=True)
    words = "source=film.mp4 overlay=true hop_seconds=0.5 on_threshold=0.3 run_dir=runs/overlay"
    videoai(f"stream checkpoint={trained('learned')} {words}")
    with open_video("runs/overlay/overlay.mp4") as video:
        shown = video.frames([64 * number + 45 for number in range(len(SHOWN))]).permute(0, 2, 3, 1).numpy()
    return Image.fromarray(np.concatenate([np.concatenate([*shown[:3]], 1), np.concatenate([*shown[3:]], 1)]))


def serve() -> Image.Image:
    """The page of the API, which needs no network."""
    words = f"serve checkpoint={trained('learned')} port=0 device=cpu"
    with subprocess.Popen(
        [sys.executable, "-m", "videoai", *words.split()], stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip().rstrip("/")
        shot(f"{url}/docs", Path("serve.png").absolute(), "--virtual-time-budget=10000")
        server.terminate()
    return trimmed(Image.open("serve.png").convert("RGB"))


def export() -> Image.Image:
    """Probabilities of the test videos by the original and by its int8 export."""
    from matplotlib.figure import Figure

    checkpoint = trained("learned")
    for old in ("int8", "test-int8"):
        shutil.rmtree(old, ignore_errors=True)
    videoai(f"export checkpoint={checkpoint} precision=int8 max_loss=1 out=int8")
    videoai(f"evaluate checkpoint={checkpoint}")
    videoai("evaluate checkpoint=int8")
    before, after = (probabilities(Path(run, "predictions.csv")) for run in ("runs/learned/test", "test-int8"))
    figure = Figure(figsize=(5, 5), dpi=100, layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color="0.8")
    axes.scatter([before[one] for one in before], [after[one] for one in before], s=14)
    axes.set_xlabel("probability of the answer: the checkpoint")
    axes.set_ylabel("probability of the answer: its int8 export")
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer)


def features() -> Image.Image:
    """The map of the features of all cartoon faces."""
    videoai(f"features extract checkpoint={trained('faces')} device=cpu")
    videoai("features map runs/features/features.parquet")
    return Image.open("runs/features_map/map.png")


def tasks() -> Image.Image:
    """Answers over truth of two numbers."""
    videoai(f"evaluate checkpoint={trained('numbers')}")
    return Image.open("runs/numbers/test/scatter.png")


def faces() -> Image.Image:
    """A video with the box of its face, above what is cut out of it."""
    for emotion in ("happy", "sad"):
        path = Path("scenes", emotion, f"actor_{ACTOR}.mp4")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_clip(path, walking(face(emotion, 1.0, ACTOR, 1)), FPS)
    all_train = "data.val_fraction=0 data.test_fraction=0"  # two videos are too few to split
    videoai(f"data prepare scenes out=crops to=videos faces=auto faces_detector=haar {all_train}")
    rows = []
    for path in sorted(Path("scenes").rglob("*.mp4")):
        name = path.relative_to("scenes")
        rows += [Row(f"{name}", boxed(path, f"{name}")), Row("cut out", cells(Path("crops", "videos", name)))]
    return sheet(rows)


def emotion() -> Image.Image:
    """The head and the classes of a model of emotions."""
    videoai(f"evaluate checkpoint={trained('faces')}")
    return page("runs/faces/test/report.html", "section:not(#confusions, #confident-mistakes), .film:nth-child(n+6)")


def audio() -> Image.Image:
    """Two cartoon faces that look alike and hum otherwise: frames above log-mel spectrograms."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), dpi=100, layout="constrained")
    axes = figure.subplots(2, 2, height_ratios=(1, 3))
    for column, emotion in enumerate(("happy", "surprised")):
        frames, sound, seconds = heard(emotion)
        axes[0, column].imshow(frames)
        axes[0, column].set_axis_off()
        axes[0, column].set_title(f"{emotion}: the hum {'rises' if column == 0 else 'falls'}", fontsize=11)
        axes[1, column].imshow(sound, origin="lower", aspect="auto", extent=(0, seconds, 0, len(sound)))
        axes[1, column].set_xlabel("seconds")
    axes[1, 0].set_ylabel("mel band")
    buffer = BytesIO()
    figure.savefig(buffer, format="png")
    return Image.open(buffer)


DRAW: dict[str, Callable[[], Image.Image]] = {
    one.__name__: one
    for one in (localize, describe, stream, explain, export, serve, demo, features, tasks, faces, emotion, audio)
}


def videoai(words: str) -> None:
    """Run a verb in the working folder."""
    print(f"videoai {words}", flush=True)
    subprocess.run([sys.executable, "-m", "videoai", *shlex.split(words)], check=True)


def trained(name: str) -> str:
    """The best checkpoint of a run, trained first where it is not there."""
    if name == "faces" and not Path("faces").exists():
        write_ravdess(Path("faces"))
    videoai(f"train {RUNS[name]} {' '.join(SAME_EVERYWHERE)} run_dir=runs/{name}")
    return f"runs/{name}/checkpoints/best.pt"


def page(path: str, hidden: str) -> Image.Image:
    """A page of videoai as Chromium shows it, without what the selector ``hidden`` finds and the empty edge."""
    style = f"<style>nav, .notes, {hidden} {{display: none}} header {{padding-top: 20px}}</style>"
    shown, picture = Path("shown.html").absolute(), Path("shown.png").absolute()
    shown.write_text(Path(path).read_text("utf-8").replace("</head>", f"{style}</head>"), "utf-8")
    shot(shown.as_uri(), picture)
    return trimmed(Image.open(picture).convert("RGB"))


def shot(url: str, picture: Path, *more: str) -> None:
    """What Chromium shows of a URL, as a PNG."""
    if CHROMIUM is None:
        sys.exit("no Chromium here: apt-get install chromium")
    flags = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", *more]
    flags += [f"--user-data-dir={picture.parent}/profile", f"--window-size={WIDTH},{TALL}", f"--screenshot={picture}"]
    environment = {**os.environ, "HOME": str(picture.parent)}
    subprocess.run([CHROMIUM, *flags, url], check=True, capture_output=True, timeout=300, env=environment)


def probabilities(path: Path) -> dict[str, float]:
    """Video -> the probability of its answer."""
    with path.open(newline="") as file:
        return {row["path"]: float(row["probability"]) for row in csv.DictReader(file)}


def trimmed(image: Image.Image) -> Image.Image:
    """Without the rows above and below that have the colour of the ground."""
    ground = Image.new("RGB", image.size, image.getpixel((0, 0)))
    box = ImageChops.difference(image, ground).getbbox()
    assert box is not None, "an empty page"
    return image.crop((0, max(0, box[1] - EDGE), image.width, min(image.height, box[3] + EDGE)))


def untrimmed(index: int) -> ndarray:
    """Twelve seconds as those of the test split of motion16's variant, uint8 [T, H, W, 3]."""
    return render_untrimmed(seed=0, split="test", index=index, num_frames=180, size_px=128)[0]


def walking(frames: ndarray) -> ndarray:
    """Small frames of a face as a larger picture through which it moves, uint8 [T, 160, 240, 3]."""
    ground = tuple(int(value) for value in np.median(frames[:, :3, :3], axis=(0, 1, 2)))
    made = []
    for number, frame in enumerate(frames):
        picture = Image.new("RGB", (240, 160), ground)
        picture.paste(Image.fromarray(frame).resize((96, 96), Image.Resampling.BICUBIC), (10 + 4 * number, 20 + number))
        made.append(np.asarray(picture))
    return np.stack(made)


def cells(path: Path) -> list[Cell]:
    """Frames spread over a video, with their times."""
    with open_video(str(path)) as video:
        numbers = np.linspace(0, video.num_frames - 1, COLUMNS).round().astype(int).tolist()
        return [Cell(frame, f"{n / video.fps:.2f} s") for n, frame in zip(numbers, video.frames(numbers), strict=True)]


def boxed(path: Path, name: str) -> list[Cell]:
    """The same with the box of faces.csv whose time is nearest."""
    with open("crops/faces.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["path"] == name]
    made = []
    for frame, caption in cells(path):
        row = min(rows, key=lambda row: abs(float(row["seconds"]) - float(caption.split()[0])))
        x, y, w, h = (float(row[key]) for key in "xywh")
        made.append(Cell(draw_bounding_boxes(frame, tensor([[x, y, x + w, y + h]]), colors="red", width=2), caption))
    return made


def heard(emotion: str) -> tuple[ndarray, ndarray, float]:
    """A face that hums: frames side by side, uint8 [H, W, 3], the sound as a network takes it, and its seconds."""
    path = f"{emotion}.mp4"
    write_sounding(Path(path), face(LOOK[emotion], 1.0, ACTOR, 1), hum(emotion, 1.0, ACTOR, 1))
    with open_video(path) as video:
        numbers = np.linspace(0, video.num_frames - 1, COLUMNS).round().astype(int).tolist()
        clip = ClipSpec(num_frames=COLUMNS, size=32, sound=SoundSpec())
        sound = sound_of(video, [number / video.fps for number in numbers], clip)
        frames = video.frames(numbers).permute(0, 2, 3, 1).numpy()
        return np.concatenate(frames, axis=1), sound.numpy(), video.duration_seconds


def saved(image: Image.Image, path: Path) -> None:
    """A PNG no wider than a page, of as many colours as fit into the file."""
    image = image.convert("RGB")
    if image.width > WIDEST:
        image = image.resize((WIDTH, round(image.height * WIDTH / image.width)), Image.Resampling.LANCZOS)
    sizes = {
        colours: png(image.quantize(colours, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE))
        for colours in (256, 128, 64, 32)
    }
    write_atomic(path, next(made for made in sizes.values() if len(made) < MOST_BYTES))
    print(f"{path}: {image.width} x {image.height} px, {path.stat().st_size / 1000:.0f} KB", flush=True)


def main(words: list[str]) -> None:
    """The command line."""
    if not words or not {*words[1:]} <= {*DRAW}:
        sys.exit(f"usage: python scripts/draw_docs.py FOLDER [{'|'.join(DRAW)} ...]")
    os.makedirs(words[0], exist_ok=True)
    os.chdir(words[0])  # so that pages name short paths
    for name in words[1:] or DRAW:
        saved(DRAW[name](), PICTURES / f"{name}.png")


if __name__ == "__main__":
    main(sys.argv[1:])
