"""videoai: train, evaluate and use video action-recognition models.

The face for scripts and notebooks; importing it loads neither torch nor a decoder:

    videoai.open_video(path)                       frames by index, exact and safe
    videoai.create_model(name, num_classes=...)    any model of the zoo
    videoai.train(config)                          what ``videoai train`` runs, from a dict
    videoai.load(checkpoint)                       a model with ``.classes`` and ``.clip``
"""

from importlib import import_module
from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from videoai.api import train
    from videoai.data.decode import open_video
    from videoai.inference.load import load
    from videoai.models import create_model

_HOME = {  # public name -> module that holds it, imported on first use
    "create_model": "videoai.models",
    "load": "videoai.inference.load",
    "open_video": "videoai.data.decode",
    "train": "videoai.api",
}
__all__ = ["__version__", "create_model", "load", "open_video", "train"]


def __getattr__(name: str) -> object:
    if name not in _HOME:
        raise AttributeError(f"module 'videoai' has no attribute {name!r}; it offers {', '.join(__all__)}")
    return getattr(import_module(_HOME[name]), name)
