"""videoai: train, evaluate and use video action-recognition models.

The face for scripts and notebooks; importing it loads neither torch nor a decoder:

    videoai.open_video(path)                       frames by index, exact and safe
    videoai.create_model(name, num_classes=...)    any model of the zoo
    videoai.train(data=..., model=...)             what ``videoai train`` runs
    videoai.evaluate(checkpoint)                   what ``videoai evaluate`` runs
    videoai.predict(checkpoint, inputs)            answers for files, or for frames with their rate
    videoai.describe(checkpoints, "films")         what ``videoai describe`` runs
    videoai.explain(checkpoint, "a.mp4")           what ``videoai explain`` runs
    videoai.export(checkpoint, format="onnx")      what ``videoai export`` runs
    videoai.stream(checkpoint, "film.mp4")         the lines of ``videoai stream``, as they come
    videoai.load(checkpoint)                       a model with ``.classes``, ``.clip`` and ``.predict``
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from videoai.api import describe, evaluate, explain, export, predict, stream, train
    from videoai.data.decode import open_video
    from videoai.models import create_model
    from videoai.tasks.loaded import load

_HOME = {  # public name -> module that holds it, imported on first use
    "create_model": "videoai.models",
    "load": "videoai.tasks.loaded",
    "open_video": "videoai.data.decode",
    "describe": "videoai.api",
    "evaluate": "videoai.api",
    "explain": "videoai.api",
    "export": "videoai.api",
    "predict": "videoai.api",
    "stream": "videoai.api",
    "train": "videoai.api",
}
__all__ = [
    "__version__",
    "create_model",
    "describe",
    "evaluate",
    "explain",
    "export",
    "load",
    "open_video",
    "predict",
    "stream",
    "train",
]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'videoai' has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)
