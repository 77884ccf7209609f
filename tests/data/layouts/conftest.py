"""Small trees in the formats of the publishers: names and headers as they are published, a few clips each."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from videoai.data.encode import write_clip
from videoai.data.layouts.detect import candidates
from videoai.data.layouts.survey import survey
from videoai.data.lists.manifest import Manifest
from videoai.run.manifests import build_manifest
from videoai.settings.data import DataSettings
from videoai.settings.parse import parse

JPEG = b"\xff\xd8\xff\xe0"  # never decoded here


class Tree(NamedTuple):
    annotations: dict[str, str]  # path -> text
    videos: list[str]
    frames: list[str] = []  # noqa: RUF012 (never changed)


def table(header: str, lines: Iterable[str]) -> str:
    return "\n".join([header, *lines]) + "\n"


def kinetics() -> Tree:
    head, videos, parts = "label,youtube_id,time_start,time_end,split", [], {"train": [], "validate": []}
    for label in ("abseiling", "air drumming"):
        for i in range(6):
            video, split = f"{label[:2]}-_0wR5jVB{i}", "validate" if i > 3 else "train"
            parts[split].append(f"{label},{video},{i},{i + 10},{split}")
            name = f"{video}_{i:06d}_{i + 10:06d}" if i % 2 else video
            videos.append(f"videos/{split}/{label.replace(' ', '_')}/{name}.mp4")
    lists = {f"annotations/{split}.csv": table(head, lines) for split, lines in parts.items()}
    return Tree(lists, videos)


def ucf101() -> Tree:
    names = [f"{c}/v_{c}_g{g:02d}_c01.avi" for c in ("ApplyEyeMakeup", "YoYo") for g in range(1, 15)]
    train = [name for name in names if int(name[-10:-8]) > 4]
    test = [name for name in names if int(name[-10:-8]) <= 4]
    lists = {
        "ucfTrainTestlist/classInd.txt": "1 ApplyEyeMakeup\r\n2 YoYo\r\n",
        "ucfTrainTestlist/trainlist01.txt": "".join(f"{name} {1 + (name[0] == 'Y')}\r\n" for name in train),
        "ucfTrainTestlist/testlist01.txt": "".join(f"{name}\r\n" for name in test),
    }
    return Tree(lists, [f"UCF-101/{name}" for name in names])


def hmdb51() -> Tree:
    lists, videos = {}, []
    for label in ("brush_hair", "wave"):
        names = [f"Film_{i:02d}_{label}_u_nm_np1_ba_goo_{j}.avi" for i in range(7) for j in range(2)]
        uses = [0 if i == 0 else 2 if i < 4 else 1 for i in range(len(names))]
        lines = [f"{name} {use} \n" for name, use in zip(names, uses, strict=True)]
        lists[f"testTrainMulti_7030_splits/{label}_test_split1.txt"] = "".join(lines)
        videos += [f"hmdb51_org/{label}/{name}" for name in names]
    return Tree(lists, videos)


def ssv2() -> Tree:
    templates = ["Approaching [something] with your camera", "Pushing [something] from left to right"]
    ids = [str(78687 + i) for i in range(12)]
    entries = [
        {"id": video, "label": "a spoken text", "template": templates[i % 2], "placeholders": ["potato"]}
        for i, video in enumerate(ids)
    ]
    names = {template.replace("[", "").replace("]", ""): str(i) for i, template in enumerate(templates)}
    answers = "".join(f"{video};{templates[i % 2].replace('[', '').replace(']', '')}\n" for i, video in enumerate("12"))
    lists = {
        "labels/train.json": json.dumps(entries[:8], indent=1),
        "labels/validation.json": json.dumps(entries[8:]),
        "labels/test.json": json.dumps([{"id": "1"}, {"id": "2"}]),
        "labels/labels.json": json.dumps(names),
        "labels/test-answers.csv": answers,
    }
    return Tree(lists, [f"20bn-something-something-v2/{video}.webm" for video in [*ids, "1", "2"]])


def jester() -> Tree:
    lines = [f"{34870 + i};{('Swiping Left', 'Drumming Fingers')[i % 2]}\n" for i in range(12)]
    lists = {
        "jester-v1-train.csv": "".join(lines[:8]),
        "jester-v1-validation.csv": "".join(lines[8:]),
        "jester-v1-test.csv": "1000\n1001\n",
        "jester-v1-labels.csv": "Swiping Left\nDrumming Fingers\n",
    }
    return Tree(lists, [], [f"20bn-jester-v1/{34870 + i}" for i in range(12)])


def diving48() -> Tree:
    names = [f"_8Vy3dlHg2w{i // 2}_{i:05d}" for i in range(16)]
    entries = [{"vid_name": name, "label": i % 2, "start_frame": 0, "end_frame": 30} for i, name in enumerate(names)]
    lists = {
        "Diving48_V2_train.json": json.dumps(entries[:12]),
        "Diving48_V2_test.json": json.dumps(entries[12:]),
        "Diving48_train.json": json.dumps([{**entry, "label": 0} for entry in entries[:12]]),
        "Diving48_vocab.json": json.dumps([["Back", "15som", "05Twis", "FREE"], ["Inward", "15som", "NoTwis", "PIKE"]]),
    }
    return Tree(lists, [f"rgb/{name}.mp4" for name in names])


def charades() -> Tree:
    head = "id,subject,scene,quality,relevance,verified,script,objects,descriptions,actions,length"
    row = '{0},{1},Kitchen,6,7,Yes,"A person, cooking.",food,"He cooks; she eats.",{2},30.62'
    train = [row.format(f"46GP{i}", f"HR4{i % 4}", "c092 0.20 1.20;c147 0.00 0.60") for i in range(8)]
    test = [row.format("YSKX3", "ZZ1", "c092 0.10 0.90"), row.format("YSKX4", "ZZ1", "")]
    lists = {
        "Charades/Charades_v1_train.csv": table(head, train),
        "Charades/Charades_v1_test.csv": table(head, test),
        "Charades/Charades_v1_classes.txt": "c092 Lying on a bed\nc147 Sitting in a chair\n",
    }
    return Tree(lists, [f"Charades_v1_480/{video}.mp4" for video in [*(f"46GP{i}" for i in range(8)), "YSKX3"]])


def epic_kitchens() -> Tree:
    head = "narration_id,participant_id,video_id,narration_timestamp,start_timestamp,stop_timestamp,start_frame,"
    head += "stop_frame,narration,verb,verb_class,noun,noun_class,all_nouns,all_noun_classes"
    row = "{0}_{1},P01,{0},00:00:01.089,00:00:00.{1}0,00:00:01.{1}4,8,202,open door,open,{2},door,{3},\"['door']\",[3]"
    train = [row.format("P01_01", i, i % 2, 3) for i in range(6)]
    validation = [row.format("P01_11", 1, 0, 3), row.format("P01_11", 2, 1, 4)]
    lists = {
        "annotations/EPIC_100_train.csv": table(head, train),
        "annotations/EPIC_100_validation.csv": table(head, validation),
        "annotations/EPIC_100_verb_classes.csv": table("id,key,instances,category", ["0,take,x,a", "1,put,x,a"]),
        "annotations/EPIC_100_noun_classes.csv": table("id,key,instances,category", ["3,door,x,a", "4,cup,x,a"]),
    }
    return Tree(lists, ["P01/videos/P01_01.MP4", "P01/videos/P01_11.MP4"])


def activitynet() -> Tree:
    def about(subset: str, *labels: str) -> dict[str, object]:
        parts = [{"segment": [0.3 * i, 0.3 * i + 0.5], "label": label} for i, label in enumerate(labels)]
        return {"duration": 2.1, "subset": subset, "resolution": "320x240", "url": "https://", "annotations": parts}

    database = {f"sJFgo9H6{i}": about("training", "Zumba", "Archery") for i in range(4)}
    database |= {"QOlSCBRmfWY": about("validation", "Zumba", "Archery"), "Y6R7T5": about("testing")}
    content = {"taxonomy": [{"parentName": "Archery", "nodeName": "Archery"}], "version": "1.3", "database": database}
    return Tree({"activity_net.v1-3.min.json": json.dumps(content)}, [f"v1-3/v_{name}.mp4" for name in database][:-1])


def ravdess() -> Tree:
    names = [f"0{m}-01-0{e}-01-01-01-{a:02d}" for m in (1, 2) for e in (3, 6) for a in range(1, 9)]
    return Tree({}, [f"Actor_{name[-2:]}/{name}.mp4" for name in names])


def crema_d() -> Tree:
    return Tree({}, [f"VideoFlash/{a}_DFA_{e}_XX.flv" for a in range(1001, 1009) for e in ("ANG", "HAP", "NEU")])


def dfew() -> Tree:
    lists = {
        f"EmoLabel_DataSplit/{split}(single-labeled)/set_{fold}.csv": table(
            "video_name,label", [f"{i},{1 + i % 2 * 3}" for i in numbers]
        )
        for fold in (1, 2)
        for split, numbers in (("train", range(1, 11)), ("test", range(11, 15)))
    }
    return Tree(lists, [f"Clip/original/part_1/{i}.mp4" for i in range(1, 15)])


def ferv39k() -> Tree:
    names = [f"Action/{emotion}/{i:04d}" for emotion in ("Happy", "Fear") for i in range(8)]
    lists = {
        "4_setups/All_scenes/train_All.csv": "".join(
            f"{name} {name.split('/')[1]}\n" for name in names if name[-1] < "6"
        ),
        "4_setups/All_scenes/test_All.csv": "".join(
            f"{name} {name.split('/')[1]}\n" for name in names if name[-1] >= "6"
        ),
    }
    return Tree(lists, [f"2_ClipsforFaceCrop/{name}.mp4" for name in names])


def mafw() -> Tree:
    names, lists = [f"{i:05d}.mp4" for i in range(1, 13)], {}
    for kind, labels in (("single", ("anger", "contempt")), ("compound", ("anger_disgust", "fear_surprise"))):
        for split, part in (("train", names[:8]), ("test", names[8:])):
            lines = [f"{name} {labels[i % 2]}\n" for i, name in enumerate(part)]
            lists[f"Train & Test Set/{kind}/no_caption/set_1/{split}.txt"] = "".join(lines)
    return Tree(lists, [f"data/clips/{name}" for name in names])


def meld() -> Tree:
    head = "Sr No.,Utterance,Speaker,Emotion,Sentiment,Dialogue_ID,Utterance_ID,Season,Episode,StartTime,EndTime"
    lists, videos = {}, []
    folders = {"train": "train_splits", "dev": "dev_splits_complete", "test": "output_repeated_splits_test"}
    for split, folder in folders.items():
        number = 4 if split == "train" else 2  # dialogues are numbered from 0 in each split
        lines = [
            f'{d},"Oh, well",Ross,{("joy", "anger")[u]},{("positive", "negative")[u]},{d},{u},1,2,"00:20:57,256","0"'
            for d in range(number)
            for u in range(2)
        ]
        lists[f"{split}_sent_emo.csv"] = table(head, lines)
        prefix = "final_videos_test" if split == "test" else ""
        videos += [f"{folder}/{prefix}dia{d}_utt{u}.mp4" for d in range(number) for u in range(2)]
    return Tree(lists, videos)


def video_emotion() -> Tree:
    names = [
        f"{emotion}/{title} {i}" for emotion, title in (("Joy", "HelloJoy"), ("Trust", "Trust.test")) for i in range(8)
    ]
    number = {"Joy": 5, "Trust": 8}
    lists = {
        f"annotations/{split}list01.txt": "".join(
            f"{name} {number[name.split('/')[0]]}\n" for name in names if (name[-1] < "6") == (split == "train")
        )
        for split in ("train", "test")
    }
    return Tree(lists, [f"videos/{name}.mp4" for name in names])


def liris_accede() -> Tree:
    head = "id\tname\tvalenceRank\tarousalRank\tvalenceValue\tarousalValue\tvalenceVariance\tarousalVariance"
    names = [f"ACCEDE{i:05d}.mp4" for i in range(12)]
    ranks = [f"{i}\t{name}\t{i}\t{i}\t{1.5 + i / 10:.2f}\t{3 - i / 10:.2f}\t0.1\t0.2" for i, name in enumerate(names)]
    media = "".join(
        f"<media><id>{i}</id><name>{name}</name><movie>Film {i // 3}</movie></media>" for i, name in enumerate(names)
    )
    lists = {
        "annotations/ACCEDEranking.txt": table(head, ranks),
        "annotations/ACCEDEsets.txt": table(
            "id\tname\tset", [f"{i}\t{name}\t{(1, 1, 2, 0)[i // 3]}" for i, name in enumerate(names)]
        ),
        "ACCEDEdescription.xml": f"<?xml version='1.0'?>\n<library>{media}</library>",
    }
    return Tree(lists, [f"data/{name}" for name in names])


def aff_wild2() -> Tree:
    """Videos of 30 frames, 15 a second; frame i of video v has valence (v + i) / 100 and arousal -0.5."""
    lists, videos = {}, []
    for number in range(6):
        name = f"{number}-30-64x64"
        values = [f"{(number + i) / 100:.2f},-0.50" for i in range(30)]
        if number == 1:
            values[:4] = ["-5,-5"] * 4  # in the first window, of 15 frames
        if number == 2:
            values[:8] = ["-5,-5"] * 8
        folder = "Train_Set" if number < 4 else "Validation_Set"
        lists[f"annotations/VA_Estimation_Challenge/{folder}/{name}.txt"] = table("valence,arousal", values)
        lists[f"annotations/EXPR_Classification_Challenge/{folder}/{name}.txt"] = table("Neutral,Anger", ["0"] * 30)
        videos.append(f"videos/{name}.mp4")
    lists["annotations/VA_Estimation_Challenge/Train_Set/9-30-64x64_left.txt"] = table("valence,arousal", ["0,0"])
    return Tree(lists, [*videos, "videos/9-30-64x64.mp4"])


def path_list() -> Tree:
    names = [f"videos/k400 raw/{i:02d}.mp4" for i in range(10)]
    lists = {
        "train.csv": "".join(f"{name} {i % 2}\n" for i, name in enumerate(names[:8])),
        "val.csv": "".join(f"{name} {i % 2}\n" for i, name in enumerate(names[8:])),
        "label_map.txt": "abseiling\nair drumming\n",
    }
    return Tree(lists, names)


def rawframes() -> Tree:
    names = [f"c{i % 2}/v_{i}" for i in range(10)]
    lists = {
        "k_train_list_rawframes.txt": "".join(f"{name} 127 {i % 2}\n" for i, name in enumerate(names[:8])),
        "k_val_list_rawframes.txt": "".join(f"{name} 127 {i % 2}\n" for i, name in enumerate(names[8:])),
    }
    return Tree(lists, [], [f"rawframes/{name}" for name in names])


def json_lines() -> Tree:
    names = [f"clips/{i}.mp4" for i in range(12)]
    lines = [json.dumps({"path": name, "label": f"c{i % 2}", "fps": 15}) for i, name in enumerate(names)]
    return Tree({"clips.jsonl": "\n".join(lines)}, names)


def hacs() -> Tree:
    row = "{0},v{1},{2},{3},{4},1"
    lines = [
        row.format(label, i, "training" if i < 4 else "validation", start, start + 0.5)
        for i in range(6)
        for label, start in (("Archery", 0.0), ("Zumba", 1.0))
    ]
    return Tree(
        {"HACS_clips.csv": table("classname,youtube_id,subset,start,end,label_number", lines)},
        [f"videos/v{i}.mp4" for i in range(6)],
    )


def folders() -> Tree:
    return Tree({}, [f"{label}/{i}.mp4" for label in ("run", "walk") for i in range(8)])


def folders_of_frames() -> Tree:
    return Tree({}, [], [f"train/{c}/{i}" for c in ("run", "walk") for i in range(6)] + ["val/run/a", "val/walk/b"])


def own_csv() -> Tree:
    names = [f"{i}.mp4" for i in range(12)]
    return Tree({"clips.csv": table("path,label", [f"{name},c{i % 2}" for i, name in enumerate(names)])}, names)


def label_studio() -> Tree:
    names = [f"{i:08x}-clip_{i}.mp4" for i in range(12)]
    tasks = [
        {
            "id": i,
            "annotations": [
                {
                    "id": i,
                    "completed_by": 1,
                    "result": [{"from_name": "act", "type": "choices", "value": {"choices": [("run", "walk")[i % 2]]}}],
                    "was_cancelled": False,
                    "ground_truth": False,
                    "updated_at": "2026-01-30T02:40:43.893578Z",
                }
            ],
            "file_upload": name,
            "data": {"video": f"/data/upload/1/{name}"},
        }
        for i, name in enumerate(names)
    ]
    return Tree({"project-1-at-2026-01-30.json": json.dumps(tasks)}, [f"videos/{name[9:]}" for name in names])


def cvat() -> Tree:
    def of(video: str, label: str) -> str:
        boxes = "".join(
            f'<box frame="{frame}" keyframe="1" outside="{outside}" occluded="0" xtl="1" ytl="1" xbr="9" ybr="9"/>'
            for frame, outside in ((0, 0), (1, 0), (12, 1))
        )
        about = f"<task><id>5</id><name>a task</name><mode>interpolation</mode><source>{video}</source></task>"
        return (
            '<?xml version="1.0" encoding="utf-8"?>\n<annotations>\n  <version>1.1</version>\n'
            f'  <meta>{about}</meta>\n  <track id="0" label="{label}" source="manual">{boxes}</track>\n</annotations>\n'
        )

    names = {f"clip_{i}.mp4": ("run", "walk")[i % 2] for i in range(12)}
    lists = {f"exported/{i}/annotations.xml": of(video, label) for i, (video, label) in enumerate(names.items())}
    return Tree(lists, [f"videos/{video}" for video in names])


def elan() -> Tree:
    def of(video: str, label: str) -> str:
        return (
            f'<ANNOTATION_DOCUMENT FORMAT="3.0"><HEADER MEDIA_FILE="" TIME_UNITS="milliseconds"><MEDIA_DESCRIPTOR '
            f'MEDIA_URL="file:///C:/x/{video}" MIME_TYPE="video/mp4" RELATIVE_MEDIA_URL="../{video}"/></HEADER>\n'
            '<TIME_ORDER><TIME_SLOT TIME_SLOT_ID="ts1" TIME_VALUE="0"/><TIME_SLOT TIME_SLOT_ID="ts2" TIME_VALUE="900"/>'
            f'</TIME_ORDER>\n<TIER LINGUISTIC_TYPE_REF="default-lt" TIER_ID="action"><ANNOTATION><ALIGNABLE_ANNOTATION '
            'ANNOTATION_ID="a1" TIME_SLOT_REF1="ts1" TIME_SLOT_REF2="ts2">\n'
            f"<ANNOTATION_VALUE>{label}</ANNOTATION_VALUE></ALIGNABLE_ANNOTATION></ANNOTATION></TIER></ANNOTATION_DOCUMENT>"
        )

    names = {f"clip_{i}.mp4": ("run", "walk")[i % 2] for i in range(12)}
    files = {f"annotated/{i}.eaf": of(video, label) for i, (video, label) in enumerate(names.items())}
    return Tree(files, [f"videos/{video}" for video in names])


def via() -> Tree:
    numbers = [str(i) for i in range(1, 13)]
    project = {
        "project": {"pid": "__VIA_PROJECT_ID__", "rev": "__VIA_PROJECT_REV_ID__", "vid_list": numbers},
        "config": {"file": {"loc_prefix": {"1": "", "2": "", "3": "", "4": ""}}},
        "attribute": {"1": {"aname": "TEMPORAL-SEGMENTS", "anchor_id": "FILE1_Z2_XY0", "type": 4, "options": {}}},
        "file": {i: {"fid": i, "fname": f"clip_{i}.mp4", "type": 4, "loc": 1, "src": ""} for i in numbers},
        "view": {i: {"fid_list": [i]} for i in numbers},
        "metadata": {
            f"{i}_LE5Q13VY": {"vid": i, "flg": 0, "z": [0.2, 1.1], "xy": [], "av": {"1": ("walk", "run")[int(i) % 2]}}
            for i in numbers
        },
    }
    return Tree({"via_project.json": json.dumps(project)}, [f"videos/clip_{i}.mp4" for i in numbers])


def open_sports() -> Tree:
    lists, videos = {}, []
    for split, numbers in (("train", range(8)), ("valid", range(8, 10)), ("test", range(10, 12))):
        data = [
            {
                "id": f"clip_{i}",
                "inputs": [{"type": "video", "path": f"clips/{i}.mp4", "fps": 15.0}],
                "labels": {"action": {"label": ("pass", "shot")[i % 2]}},
            }
            for i in numbers
        ]
        head = {
            "version": "2.0",
            "task": "action_classification",
            "modalities": ["video"],
            "metadata": {"split": split},
        }
        head["labels"] = {"action": {"type": "single_label", "labels": ["pass", "shot"]}}
        lists[f"{split}/annotations_{split}.json"] = json.dumps({**head, "data": data})
        videos += [f"{split}/clips/{i}.mp4" for i in numbers]
    return Tree(lists, videos)


TREES = {
    "elan": elan,
    "via": via,
    "open_sports": open_sports,
    "cvat": cvat,
    "label_studio": label_studio,
    "kinetics": kinetics,
    "ucf101": ucf101,
    "hmdb51": hmdb51,
    "ssv2": ssv2,
    "jester": jester,
    "diving48": diving48,
    "charades": charades,
    "epic_kitchens": epic_kitchens,
    "activitynet": activitynet,
    "ravdess": ravdess,
    "crema_d": crema_d,
    "dfew": dfew,
    "ferv39k": ferv39k,
    "mafw": mafw,
    "meld": meld,
    "video_emotion": video_emotion,
    "liris_accede": liris_accede,
    "aff_wild2": aff_wild2,
    "path_list": path_list,
    "rawframes": rawframes,
    "json_lines": json_lines,
    "hacs": hacs,
    "folders": folders,
    "folders_of_frames": folders_of_frames,
    "own_csv": own_csv,
}

Write = Callable[..., Path]


@pytest.fixture
def write_tree(tmp_path: Path) -> Write:
    """Writes a tree below tmp_path/NAME; every video holds ``video``, which is nothing unless videos are opened."""

    def write(name: str, *, video: bytes = b"") -> Path:
        root, tree = tmp_path / name, TREES[name]()
        files = {path: text.encode() for path, text in tree.annotations.items()}
        files |= dict.fromkeys(tree.videos, video)
        files |= {f"{folder}/img_{i:05d}.jpg": JPEG for folder in tree.frames for i in range(1, 4)}
        for path, content in files.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content)
        return root

    return write


@pytest.fixture(scope="session")
def short_video(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An mp4 file of 2 seconds, 15 frames a second."""
    path = tmp_path_factory.mktemp("short") / "clip.mp4"
    write_clip(path, np.random.default_rng(0).integers(0, 256, (30, 32, 40, 3), dtype=np.uint8), fps=15)
    return path.read_bytes()


@pytest.fixture
def put(tmp_path: Path, short_video: bytes) -> Callable[..., Path]:
    """Writes annotation files (path -> text, or objects for JSON) and videos into tmp_path/data and returns it."""

    def write(annotations: dict[str, object], videos: Iterable[str]) -> Path:
        root = tmp_path / "data"
        files = {path: said if isinstance(said, str) else json.dumps(said) for path, said in annotations.items()}
        for path, content in {**files, **dict.fromkeys(videos, short_video)}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_bytes(content if isinstance(content, bytes) else content.encode())
        return root

    return write


@pytest.fixture
def read() -> Callable[..., Manifest]:
    """As ``data inspect`` would: by the first layout that fits, everything in train."""

    def read_first(path: Path, **more: object) -> Manifest:
        fit = candidates(survey(str(path)))[0]
        node = {"name": fit.name, **fit.settings, "val_fraction": 0, "test_fraction": 0, **more}
        return build_manifest(parse(DataSettings, node), trust=())

    return read_first


def stretches(manifest: Manifest) -> list[tuple[str, str, float, float | None]]:
    """(file, class, start, end) of every training clip; seconds rounded to milliseconds."""
    return [
        (
            Path(item.path).name,
            manifest.classes[item.label],
            round(item.start_seconds, 3),
            item.end_seconds and round(item.end_seconds, 3),
        )
        for item in manifest.splits["train"]
    ]


@pytest.fixture
def trained_on(read) -> Callable[..., list[tuple[str, str, float, float | None]]]:
    """What ``read`` puts into train: (file, class, start, end), seconds rounded to milliseconds."""
    return lambda path, **more: stretches(read(path, **more))
