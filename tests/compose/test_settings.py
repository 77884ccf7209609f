"""Every key of every file and every word is checked as the command line's are."""

import re
from pathlib import Path

import pytest

from videoai.compose.settings import from_arguments, from_keywords
from videoai.settings.training import TrainSettings
from videoai.settings.verbs import EvaluateSettings

FILES = {  # file -> text, the word that chooses it, the message
    "experiment/a.yaml": (
        "# @package _global_\ntrainer: {max_step: 2}\n",
        "experiment=a",
        "'trainer.max_step'. Did you mean trainer.max_steps",
    ),
    "experiment/b.yaml": (
        "# @package _global_\nfoo: 3\n",
        "experiment=b",
        "unknown setting 'foo'",
    ),
    "experiment/c.yaml": (
        "trainer: {max_steps: 2}\n",
        "experiment=c",
        "the file has no effect, because its first line is not '# @package _global_'",
    ),
    "augment/d.yaml": (
        "blur: 0.5\n",
        "augment=d",
        "unknown setting 'augment.blur'",
    ),
    "augment/e.yaml": (
        "_target_: no.such.module\n",
        "augment=e",
        "unknown setting 'augment._target_'",
    ),
    "model/f.yaml": (
        "name: tiny_r3d\nwdth: 3\n",
        "model=f",
        "unknown setting 'model.wdth'. Did you mean model.width",
    ),
    "model/g.yaml": (
        "name: tiny_r3d\nwidth: wide\n",
        "model=g",
        "model.width=wide: give a whole number from 1 up",
    ),
    "data/h.yaml": (
        "name: csv\npath: x.csv\nval_fractoin: 0.1\n",
        "data=h",
        "'data.val_fractoin'. Did you mean data.val_fraction",
    ),
    "data/i.yaml": (
        "name: cvs\npath: x.csv\n",
        "data=i",
        "data.name=cvs: no such choice. Did you mean csv",
    ),
    "optim/j.yaml": (
        "name: sgd\nmomentun: 0.9\n",
        "optim=j",
        "'optim.momentun'. Did you mean optim.momentum",
    ),
    "trainer/k.yaml": (
        "batch_size: 0\n",
        "trainer=k",
        "trainer.batch_size=0: give a whole number from 1 up",
    ),
    "clip/l.yaml": (
        "num_frames: 8\nsize: 32\nstrides: 2\n",
        "clip=l",
        "'clip.strides'. Did you mean clip.stride",
    ),
    "loading/m.yaml": (
        "workers: 2\n",
        "loading=m",
        "unknown setting 'loading.workers'",
    ),
    "augment/n.yaml": (
        "defaults: [standrad, _self_]\n",
        "augment=n",
        "augment=standrad: no such choice. Did you mean standard",
    ),
    "task/o.yaml": (
        "name: classify\nsmoothing: 0.1\n",
        "task=o",
        "unknown setting 'task.smoothing'",
    ),
    "optim/p.yaml": (
        "name: adamw\nlr: fast\n",
        "optim=p",
        "optim.lr=fast: give a number above 0",
    ),
    "trainer/q.yaml": (
        "trainer:\n  max_steps: 3\n",
        "trainer=q",
        "In a file of the group trainer write its settings without 'trainer:' above them",
    ),
    "trainer/r.yaml": (
        "- max_steps: 3\n",
        "trainer=r",
        "a group of settings, such as trainer.batch_size=",
    ),
    "experiment/t.yaml": (
        "# @package _global_\noptim: {name: sgd}\n",
        "experiment=t",
        "in a file, under defaults: - override /optim: sgd",
    ),
    "experiment/u.yaml": (
        "# @package _global_\n1: 4\n",
        "experiment=u",
        "unknown setting '1'",
    ),
    "experiment/v.yaml": (
        "# @package _global_\ntrainer: null\n",
        "experiment=v",
        "trainer=null: a group of settings",
    ),
    "experiment/w.yaml": (
        "# @package _global_\ntrainer.max_steps: 4\n",
        "experiment=w",
        "'trainer.max_steps' cannot be a key of a file: write 'max_steps:' below 'trainer:'",
    ),
    "optim/sgd.yaml": (
        "name: sgd\nlr: 0.7\n",
        "optim=sgd",
        "has the name of a preset of videoai, which would be read instead. Rename it, such as my_sgd.yaml",
    ),
    "optim/x.yml": (
        "name: sgd\n",
        "optim=x",
        "only files that end in .yaml are read",
    ),
    "trainer/s.yaml": (
        "max_steps: [3\n",
        "trainer=s",
        "s.yaml:2: this is no YAML: expected ',' or ']'",
    ),
}


@pytest.mark.parametrize("name", FILES)
def test_a_typo_in_a_file_is_refused_with_the_file(name, tmp_path: Path):
    text, word, message = FILES[name]
    (tmp_path / name).parent.mkdir()
    (tmp_path / name).write_text(text)
    with pytest.raises(ValueError, match=re.escape(message)) as refused:
        from_arguments(TrainSettings, ["--config-dir", str(tmp_path), word]).settings()
    has_no_single_file = (
        "experiment/t.yaml",
        "experiment/u.yaml",
        "experiment/w.yaml",
    )  # values of several files together
    assert name in str(refused.value) or word in str(refused.value) or name in has_no_single_file


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("trainer.max_step=2", "unknown setting 'trainer.max_step'. Did you mean trainer.max_steps"),
        ("lr=0.1", "Did you mean optim.lr"),
        ("model=r3d_81", "model=r3d_81: no such choice. Did you mean r3d_18"),
        ("model.wdth=3", "unknown setting 'model.wdth'. Did you mean model.width"),
        ("model.pretrained=torchvision/r3d_18", "Published weights by id: weights=ID"),
        ("trainer.max_steps=[", "cannot read the setting"),
        ("optim=3", "optim=3: optim takes a name (adamw, adamw_tiny, sgd). Single settings are given one by one"),
        ("data={name: csv}", "data takes a name (activitynet, "),
        ("experiment=null", "experiment takes a name ("),
        (
            "optim.name=sgd",
            "optim.name=sgd: the other settings of optim are those of optim=adamw_tiny. Choose both with",
        ),
        ("model.name=tiny_r3dd", "model.name=tiny_r3dd: no such choice. Did you mean tiny_r3d?"),
        ("optim.lr=1e-3,3e-4", "one run for each value: videoai train -m ...; a list: optim.lr=[1e-3,3e-4]"),
        ("--config-dir", "--config-dir (nothing): no such folder"),
        ("+trainer.max_steps=3", "settings are key=value; +, ~ and hydra.* are of no use here"),
        ("hydra.job.name=x", "of no use here"),
        ("max_steps", "'max_steps' is not understood"),
        ("--confg", "flags are --help, --config-dir DIR"),
        ("--config-dir=/no/such", "no such folder"),
    ],
)
def test_a_word_that_is_wrong_is_refused(word, message):
    model = ["model=r3d_18"] if "pretrained" in word else []
    with pytest.raises(ValueError, match=re.escape(message)):
        from_arguments(TrainSettings, [*model, word]).settings()


def test_a_class_of_ones_own_drops_the_options_of_the_preset():
    settings = from_arguments(TrainSettings, ["model._target_=mine.Net", "model.width=8"]).settings()
    assert settings.model == {"_target_": "mine.Net", "width": 8}
    settings = from_arguments(TrainSettings, ["optim._target_=torch.optim.Adam", "optim.lr=1e-3"]).settings()
    assert settings.optim == {"_target_": "torch.optim.Adam", "lr": 1e-3}


def test_jobs_without_presets_take_the_same_words():
    settings = from_arguments(EvaluateSettings, ["checkpoint=a b.pt", "trust=mine", "views=4x3"]).settings()
    assert (settings.checkpoint, settings.trust, settings.views) == ("a b.pt", ("mine",), "4x3")
    with pytest.raises(ValueError, match="checkpoint is not set"):
        from_arguments(EvaluateSettings, []).settings()
    with pytest.raises(ValueError, match="unknown setting 'viewss'. Did you mean views"):
        from_arguments(EvaluateSettings, ["viewss=1x1"])


def test_keywords_start_from_presets_too():
    given = {"data": {"name": "folder", "root": "clips"}, "model": "r3d_18", "trainer.max_steps": 3}
    settings = from_keywords(TrainSettings, given).settings()
    assert (settings.model["name"], settings.clip.size, settings.trainer.max_steps) == ("r3d_18", 112, 3)
    assert Path(settings.data.source["root"]).is_absolute()
    assert settings.name == "folder-r3d_18" and Path(settings.run_dir or "").parts[-2:] == ("runs", "folder-r3d_18")
    own = from_keywords(TrainSettings, {"optim": {"_target_": "torch.optim.Adam", "lr": 1e-3}}).settings()
    assert own.optim == {"_target_": "torch.optim.Adam", "lr": 1e-3}


@pytest.mark.parametrize("word", ["name=größe", 'name="größe"', "name=日本"])
def test_words_beyond_ascii_need_no_quotes(word):
    composed = from_arguments(TrainSettings, [word, "data.only=[süß x,b]"])
    assert composed.whole["name"] in ("größe", "日本") and list(composed.whole["data"]["only"]) == ["süß x", "b"]
