"""Layouts of emotion sets: expressions that were acted or annotated, and the affect that films induce."""

from dataclasses import dataclass
from typing import Literal

from videoai.settings.annotated_layouts import Annotated
from videoai.settings.setting import setting

# Sets whose field counts all classes alike, however many clips they have: by unweighted average recall (UAR).
COUNTED_BY_CLASS = ("crema_d", "dfew", "ferv39k", "mafw", "meld", "ravdess", "video_emotion")


@dataclass(frozen=True, kw_only=True)
class ByActor:
    """Labels and actors in the names of the files."""

    root: str = setting(path=True, resume=True, help="the folder of the videos")
    target: Literal["emotion", "intensity"] = setting("emotion", help="what the label is")
    split_by: Literal["actor", "clip"] = setting(
        "actor", help="what made splits and folds keep together; clip = an actor may be in several, which flatters"
    )
    val_fraction: float = setting(0.15, min=0, max=1, help="share for val, actors kept together")
    test_fraction: float = setting(0.15, min=0, max=1, help="share for test, likewise")
    split_seed: int = setting(0, help="seed of made splits")


@dataclass(frozen=True, kw_only=True)
class CremaD(ByActor):
    """CREMA-D: emotions, levels and actors by the names of the files, 1001_DFA_ANG_XX.flv."""

    name: Literal["crema_d"] = setting("crema_d", help="the layout; another: data=NAME")


@dataclass(frozen=True, kw_only=True)
class Ravdess(ByActor):
    """RAVDESS: emotions, intensities and actors by the names of the files, 01-01-06-01-02-01-12.mp4."""

    name: Literal["ravdess"] = setting("ravdess", help="the layout; another: data=NAME")


@dataclass(frozen=True, kw_only=True)
class Dfew(Annotated):
    """DFEW: five folds of video_name,label below EmoLabel_DataSplit."""

    name: Literal["dfew"] = setting("dfew", help="the layout; another: data=NAME")
    fold: int = setting(1, min=1, max=5, help="which of the five folds is test")


@dataclass(frozen=True, kw_only=True)
class Ferv39k(Annotated):
    """FERV39k: lists train_All.csv and test_All.csv of paths and emotions."""

    name: Literal["ferv39k"] = setting("ferv39k", help="the layout; another: data=NAME")
    scene: str = setting("All", help="the lists of one scene, as they are called: train_SCENE.csv")


@dataclass(frozen=True, kw_only=True)
class Mafw(Annotated):
    """MAFW: five folds of train.txt and test.txt, of single emotions or of compounds."""

    name: Literal["mafw"] = setting("mafw", help="the layout; another: data=NAME")
    labels: Literal["single", "compound"] = setting("single", help="one of eleven emotions, or one of the compounds")
    fold: int = setting(1, min=1, max=5, help="which of the five folds is test")


@dataclass(frozen=True, kw_only=True)
class Meld(Annotated):
    """MELD: train_sent_emo.csv, dev_sent_emo.csv, test_sent_emo.csv and files dia0_utt0.mp4."""

    name: Literal["meld"] = setting("meld", help="the layout; another: data=NAME")
    target: Literal["emotion", "sentiment"] = setting("emotion", help="what the label is")


@dataclass(frozen=True, kw_only=True)
class VideoEmotion(Annotated):
    """VideoEmotion-8 or Ekman-6: trainlist01.txt and testlist01.txt of EMOTION/VIDEO NUMBER."""

    name: Literal["video_emotion"] = setting("video_emotion", help="the layout; another: data=NAME")
    fold: int = setting(1, min=1, max=99, help="the number in the names of the lists")


@dataclass(frozen=True, kw_only=True)
class AffWild2(Annotated):
    """Aff-Wild2: valence and arousal of every frame, Train_Set/VIDEO.txt and Validation_Set/VIDEO.txt."""

    name: Literal["aff_wild2"] = setting("aff_wild2", help="the layout; another: data=NAME")
    window_seconds: float = setting(2.0, min=0.1, help="a clip is a window of this length, with the mean of its frames")


@dataclass(frozen=True, kw_only=True)
class LirisAccede(Annotated):
    """LIRIS-ACCEDE: valence and arousal of excerpts of films, ACCEDEranking.txt and ACCEDEsets.txt."""

    name: Literal["liris_accede"] = setting("liris_accede", help="the layout; another: data=NAME")
