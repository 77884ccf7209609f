import numpy as np

from videoai.data.motion16.dataset import motion16
from videoai.data.motion16.untrimmed import APART_SECONDS, CLASSES, FPS, actions_in, render_untrimmed
from videoai.data.untrimmed import untrimmed

SCENE = {"seed": 0, "split": "train", "index": 3, "num_frames": 180}


def test_a_video_is_a_function_of_its_place_alone_and_the_truth_needs_no_painting():
    frames, actions = render_untrimmed(**SCENE)
    again, _ = render_untrimmed(**SCENE)
    assert (frames == again).all()
    assert actions == actions_in(**SCENE)
    assert frames.shape == (180, 32, 32, 3)


def test_actions_overlap_and_those_of_one_class_stay_apart():
    overlapping = 0
    for index in range(20):
        actions = actions_in(**{**SCENE, "index": index, "num_frames": 360})
        for at, one in enumerate(actions):
            for other in actions[at + 1 :]:
                overlapping += other.first < one.end
                if one.label == other.label:
                    assert other.first - one.end > APART_SECONDS * FPS
    assert overlapping > 20


def test_the_picture_changes_most_while_a_sprite_moves():
    moving, still = [], []
    for index in range(6):
        frames, actions = render_untrimmed(**{**SCENE, "index": index, "level": "easy"})
        change = np.abs(np.diff(frames.astype(int), axis=0)).mean((1, 2, 3))
        acts = np.zeros(len(frames), bool)
        for action in actions:
            acts[action.first : action.end] = True
        moving += change[acts[1:]].tolist()
        still += change[~acts[1:]].tolist()
    assert np.median(moving) > 1.3 * np.median(still)


def test_the_built_in_variant_holds_its_events_as_spans(tmp_path):
    manifest = motion16(variant="untrimmed", size="tiny", root=tmp_path, num_workers=0)
    assert {*manifest.classes} <= {*CLASSES}
    videos = untrimmed(manifest).splits["val"]
    assert [len(item.spans) for item in videos] == [
        len(actions_in(seed=0, split="val", index=index, num_frames=180)) for index in range(4)
    ]
    assert motion16(variant="untrimmed", size="tiny", root=tmp_path).fingerprint() == manifest.fingerprint()
