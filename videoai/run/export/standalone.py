"""Runs the model beside this file with numpy and onnxruntime, or openvino, alone; reading a video takes PyAV as well.

python run.py          the stored clip: does this machine give the recorded logits?
python run.py VIDEO    the best five classes of the clip from the middle of a video
"""

import json
import sys
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
MANIFEST = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
CLIP, CLASSES = MANIFEST["clip"], MANIFEST["state"]["classes"]
T, SIZE = CLIP["num_frames"], CLIP["size"]


def indices(count, fps):
    """The frames of the clip in the middle of ``count`` frames, or one of each of T equal parts."""
    if CLIP["sampling"] == "uniform":
        return ((np.arange(T) + 0.5) * count / T).astype(int)
    step = CLIP["stride"] * (fps / CLIP["fps"] if CLIP["fps"] else 1)
    start = max(0, int(count - ((T - 1) * step + 1))) // 2
    wanted = start + np.floor(np.arange(T) * step + 0.5).astype(int)
    if CLIP["past_end"] == "error" and wanted[-1] >= count:
        sys.exit(f"the video has {count} frames, and the clip needs {wanted[-1] + 1}")
    return wanted % count if CLIP["past_end"] == "loop" else np.minimum(wanted, count - 1)


def chosen(times, fps):
    """Numbers of the frames, by number where they come evenly, else by a clock of milliseconds."""
    even = np.abs(times * fps - np.arange(len(times))).max() <= 0.5
    if even or not CLIP["fps"] or CLIP["sampling"] == "uniform":
        return indices(len(times), fps)
    moments = indices(max(1, round((times[-1] + 1 / fps) * 1000)), 1000.0) / 1000 + 0.0005
    return np.maximum(np.searchsorted(times, moments, side="right") - 1, 0)


def picture(frame):
    """uint8 [SIZE, SIZE, 3] RGB: scaled bilinearly to the short side, turned as a player does, the centre."""
    matrix = frame.side_data.get("DISPLAYMATRIX")
    a, b, _, c, d = np.frombuffer(bytes(matrix), np.int32)[:5].tolist() if matrix else (1, 0, 0, 0, 1)
    scale = (CLIP["resize"] or SIZE) / min(frame.width, frame.height)
    width, height = round(frame.width * scale), round(frame.height * scale)
    kind = "rgb24" if (width, height) == (frame.width, frame.height) else "gbrp"
    image = frame.reformat(width=width, height=height, format=kind, interpolation="BILINEAR").to_ndarray()
    turned = abs(b) > abs(a)
    image = image.swapaxes(0, 1) if turned else image
    image = image[:: -1 if (b if turned else d) < 0 else 1, :: -1 if (c if turned else a) < 0 else 1]
    top, left = (image.shape[0] - SIZE) // 2, (image.shape[1] - SIZE) // 2
    return image[top : top + SIZE, left : left + SIZE]


def read(path):
    """uint8 [T, SIZE, SIZE, 3] RGB."""
    import av

    with av.open(path) as file:
        stream = file.streams.video[0]
        ticks = np.array([frame.pts for frame in file.decode(stream)])
        announced = float(stream.average_rate or stream.guessed_rate or 25)
        times = (ticks - ticks[0]) * float(stream.time_base)
    measured = (len(times) - 1) / times[-1] if len(times) > 1 else announced
    wanted = chosen(times, announced if abs(announced / measured - 1) < 0.05 else measured)
    with av.open(path) as file:
        shown = {at: picture(frame) for at, frame in enumerate(file.decode(video=0)) if at in set(wanted.tolist())}
    return np.stack([shown[at] for at in wanted.tolist()])


def logits(frames):
    """uint8 [T, SIZE, SIZE, 3] -> float32 [K]."""
    pixels = frames.astype(np.float32) / 255
    pixels = pixels[..., ::-1] if CLIP["channels"] == "bgr" else pixels
    video = (pixels - np.float32(CLIP["mean"])) / np.float32(CLIP["std"])
    video = np.ascontiguousarray(video.transpose(3, 0, 1, 2)[None])
    if MANIFEST["format"] == "openvino":
        import openvino

        network = openvino.Core().compile_model(HERE / "model.xml", "CPU", {"INFERENCE_PRECISION_HINT": "f32"})
        return network(video)[0][0]
    import onnxruntime

    session = onnxruntime.InferenceSession(str(HERE / "model.onnx"), providers=["CPUExecutionProvider"])
    return session.run(None, {"video": video})[0][0]


def scores(outputs):
    """As the original reads its outputs."""
    if MANIFEST["activation"] == "none":
        return outputs
    if MANIFEST["activation"] == "sigmoid":
        return 1 / (1 + np.exp(-outputs))
    powers = np.exp(outputs - outputs.max())
    return powers / powers.sum()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        stored = np.load(HERE / "clip.npz", allow_pickle=False)
        difference = float(np.abs(logits(stored["frames"]) - stored["logits"]).max())
        json.dump({"max_difference": difference, "limit": MANIFEST["verified"]["limit"]}, sys.stdout)
        sys.exit(not difference <= MANIFEST["verified"]["limit"])
    answer = scores(logits(read(sys.argv[1])))
    best = sorted(range(len(CLASSES)), key=lambda at: -answer[at])[:5]
    top = [{"label": CLASSES[at], "score": float(answer[at])} for at in best]
    json.dump({"path": sys.argv[1], "top": top}, sys.stdout, ensure_ascii=False)
