"""Every key of every file and every word is checked as the command line's are."""

import re
from pathlib import Path

import pytest

from videoai.compose.settings import from_arguments, from_keywords
from videoai.settings.gan import TrainGanSettings
from videoai.settings.parse import GAN_HINTS, HINTS, flatten
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
        "its first line is 'trainer: {max_steps: 2}' and must be '# @package _global_'",
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
        "a file holds settings, each as NAME: VALUE",
    ),
    "experiment/t.yaml": (
        "# @package _global_\noptim: {name: sgd}\n",
        "experiment=t",
        "in a file, under defaults: - override /optim: sgd",
    ),
    "experiment/u.yaml": (
        "# @package _global_\n1: 4\n",
        "experiment=u",
        "a file holds settings, each as NAME: VALUE, and the names are text",
    ),
    "experiment/v.yaml": (
        "# @package _global_\ntrainer: null\n",
        "experiment=v",
        "trainer=null: a group of settings",
    ),
    "experiment/w.yaml": (
        "# @package _global_\ntrainer.max_steps: 4\n",
        "experiment=w",
        "'trainer.max_steps': a key of a file has no dot. Write max_steps: below trainer:",
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
        "s.yaml:1: this is no YAML: a [ begins here, and then: expected ',' or ']'",
    ),
    "trainer/brace.yaml": (
        "max_steps: 3\nbatch_size: {a: 3\n\nprecision: fp32\n",
        "trainer=brace",
        "brace.yaml:2: this is no YAML: a { begins here, and then: expected ',' or '}'",
    ),
    "trainer/quote.yaml": (
        "max_steps: 3\nprecision: 'fp32\n\nbatch_size: 4\n",
        "trainer=quote",
        "quote.yaml:2: this is no YAML: a quote begins here, and then: found unexpected end of stream",
    ),
    "trainer/colon.yaml": (
        "precision fp32\nmax_steps: 3\n",
        "trainer=colon",
        "colon.yaml:2: this is no YAML: mapping values are not allowed here; the line has a second colon",
    ),
    "experiment/y.yaml": (
        "\ufeff# @package _global_\ntrainer: {max_steps: 2}\n",
        "experiment=y",
        "begins with a byte order mark (BOM)",
    ),
    "experiment/octal.yaml": (
        "# @package _global_\nseed: 010\n",
        "experiment=octal",
        "octal.yaml, line 2: YAML reads 010 as 8. Write 8, or '010' for text",
    ),
    "trainer/base60.yaml": (
        "max_steps: 1:30\n",
        "trainer=base60",
        "base60.yaml, line 1: YAML reads 1:30 as 90",
    ),
    "experiment/z.yaml": (
        "# @package _globl_\ntrainer: {max_steps: 2}\n",
        "experiment=z",
        "its first line is '# @package _globl_' and must be",
    ),
    "experiment/aa.yaml": (
        "# @package _global_\noptim: {lr: '${trainer.lrr}'}\n",
        "experiment=aa",
        "${trainer.lrr}: no file gives a setting of this name a value",
    ),
    "experiment/bb.yaml": (
        "# @package _global_\noptim: {lr: '${double:3}'}\n",
        "experiment=bb",
        "${double:...}: no such function",
    ),
    "experiment/cc.yaml": (
        "# @package _global_\noptim: {lr: '${trainer.lr'}\n",
        "experiment=cc",
        "cannot read the setting",
    ),
    "experiment/dd.yaml": (
        "# @package _global_\ndefaults: [/optim: sgd, _self_]\n",
        "experiment=dd",
        "write under defaults: - override /optim: NAME",
    ),
    "experiment/ee.yaml": (
        "# @package _global_\ndefaults: [optim: sgd]\n",
        "experiment=ee",
        "cannot follow the default {'optim': 'sgd'}. Write - override /GROUP: NAME",
    ),
    "experiment/ff.yaml": (
        "# @package _global_\ndefaults: [override optim: sgd]\n",
        "experiment=ff",
        "cannot follow the default {'override optim': 'sgd'}. Write - override /GROUP: NAME",
    ),
    "experiment/gg.yaml": (
        "# @package _global_\ndefaults: [override /optm: sgd]\n",
        "experiment=gg",
        "there is no group 'optm' of files. Did you mean optim?",
    ),
    "experiment/hh.yaml": (
        "# @package _global_\ndefaults: [override /optim: sgdd]\n",
        "experiment=hh",
        "optim=sgdd: no such choice. Did you mean sgd?",
    ),
    "optim/ii.yaml": (
        "nmae: sgd\nlr: 0.1\n",
        "optim=ii",
        "optim has no name. It has 'nmae'. Did you mean name?",
    ),
    "experiment/rr.yaml": (
        "# @package _global_\nseed: 010\n",
        'experiment="rr"',
        "rr.yaml, line 2: YAML reads 010 as 8",
    ),
    "experiment/ss.yaml": (
        "# @package _global_\nseed: 3\n",
        "experiment=./ss",
        "experiment=./ss: give the name alone of a file that stands in experiment/",
    ),
    "experiment/tt.yaml": (
        "# @package _global_\ndefaults: [override /experiment: gestures, _self_]\n",
        "experiment=tt",
        "would do nothing. Another experiment below this one: - gestures",
    ),
    "optim/uu.yaml": (
        "defaults: [override /schedule: step, _self_]\nname: sgd\n",
        "optim=uu",
        "From a file of optim write - override /schedule@_global_.schedule: step",
    ),
    "experiment/vv.yaml": (
        "# @package _global_\nclip: {std: [58.4, 57.1, 57.4]}\n",
        "experiment=vv",
        "clip.std=[58.4, 57.1, 57.4]: give a list of 3 numbers above 0 to 1",
    ),
    "experiment/ww.yaml": (
        "# @package _global_\nname: 1.10\n",
        "experiment=ww",
        "name=1.1: give text, or null. A number that is text stands in quotes",
    ),
    "experiment/xx.yaml": (
        "# @package _global_\noptim: {_target_: null}\n",
        "experiment=xx",
        "optim._target_=null: give package.module.Class",
    ),
    "experiment/yy.yaml": (
        "# @package _global_\ndata: {flip_labels: [a, b]}\n",
        "experiment=yy",
        "experiment/yy.yaml: Cannot merge pairs, NAME: VALUE, with a list",
    ),
    "experiment/kk.yaml": (
        "# @package _global_\ntrainer: {ema_decay: 1}\n",
        "experiment=kk",
        "trainer.ema_decay=1: give a number from 0 up, below 1, or auto, or null",
    ),
    "experiment/ll.yaml": (
        "# @package _global_\n# @package trainer\nseed: 3\n",
        "experiment=ll",
        "'# @package trainer' is a second package",
    ),
    "experiment/mm.yaml": (
        "# @package _global_\ntrainer: {1: 2}\n",
        "experiment=mm",
        "unknown setting 'trainer.1'",
    ),
    "experiment/nn.yaml": (
        "# @package _global_\nhydra: {jobb: 1}\n",
        "experiment=nn",
        "hydra.jobb is no setting of Hydra",
    ),
    "augment/oo.yaml": (
        "defaults: [_self_, standard]\nscale: [0.1, 0.2]\n",
        "augment=oo",
        "what stands behind _self_ in its list of defaults would replace settings of this file",
    ),
    "model/pp.yaml": (
        "name: tiny_r3dd\n",
        "model=pp",
        "model.name=tiny_r3dd: no such choice. Did you mean tiny_r3d?",
    ),
    "model/qq.yaml": (
        "_target_: mine.Net\n",
        "model=qq",
        "picks no clip. Add clip=NAME",
    ),
    "model/jj.yaml": (
        "_traget_: mine.Net\n",
        "model=jj",
        "model has no name. It has '_traget_'. Did you mean _target_?",
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
        "experiment/w.yaml",
    )  # values of several files together
    assert name in str(refused.value) or word in str(refused.value) or name in has_no_single_file


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("defaults: [mine, _self_]", "chooses itself, by way of its list of defaults"),
        ("defaults: [optional optim: sgd, _self_]", "cannot follow the default"),
        ("defaults: [override /optim: [sgd, adamw]]", "cannot follow the default"),
        ("defaults: [override /optim: null, _self_]", "cannot follow the default"),
        ("defaults: [override /optim: sgd, override /optim: adamw]", "chooses optim twice"),
        ("defaults: [/train]", "cannot follow the default"),
        ("defaults: {override /optim: sgd}", "give a list: - override /optim: NAME"),
        ("3: 4", "the names are text"),
        ("[1, 2]", "a file holds settings"),
        ("trainer: [{max_steps: 3}]", "write its settings below it"),
        ("trainer: ???", "write its settings below it"),
        ("optim: {lr: '${oc.env:NOT_SET}'}", "Environment variable 'NOT_SET' not found"),
        ("trainer: {max_steps: '${trainer.max_steps}'}", "Recursive interpolation"),
    ],
)
def test_what_hydra_would_pass_over_is_refused_with_the_file(text, message, tmp_path: Path):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text(f"# @package _global_\n{text}\n")
    with pytest.raises(ValueError, match=rf"experiment/mine\.yaml: .*{re.escape(message)}"):
        from_arguments(TrainSettings, ["--config-dir", str(tmp_path), "experiment=mine"]).settings()


@pytest.mark.parametrize("typed", [True, False])
def test_the_name_of_an_own_preset_is_not_changed_alone(typed, tmp_path: Path):
    for folder, text in (
        ("optim", "name: sgd\nlr: 3\n"),
        ("experiment", "# @package _global_\noptim: {name: adamw}\n"),
    ):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "mine.yaml").write_text(text)
    word = "optim.name=adamw" if typed else "experiment=mine"
    with pytest.raises(ValueError, match="optim.name=adamw: the other settings of optim are those of optim=mine"):
        from_arguments(TrainSettings, ["--config-dir", str(tmp_path), "optim=mine", word])


def test_the_last_of_two_words_counts_and_the_other_is_named(caplog):
    assert from_arguments(TrainSettings, ["seed=1", "seed=2"]).settings().seed == 2
    assert "seed=1 is not used: seed=2 comes after it" in caplog.text
    caplog.clear()
    from_arguments(TrainSettings, ["seed=2", "seed=2"])
    assert caplog.text == ""


def test_a_class_in_an_experiment_gets_what_stands_beside_it_alone(tmp_path: Path):
    (tmp_path / "experiment").mkdir()
    text = "# @package _global_\noptim: {_target_: torch.optim.Adam, lr: 0.1}\n"
    (tmp_path / "experiment" / "mine.yaml").write_text(text)
    words = ["--config-dir", str(tmp_path), "experiment=mine", "optim.eps=0.5"]
    optim = from_arguments(TrainSettings, words).settings().optim
    assert optim == {"_target_": "torch.optim.Adam", "lr": 0.1, "eps": 0.5}


def test_a_package_of_hydra_in_another_file_is_refused(tmp_path: Path):
    (tmp_path / "optim").mkdir()
    (tmp_path / "optim" / "mine.yaml").write_text("# @package trainer\nmax_steps: 3\n")
    with pytest.raises(ValueError, match=r"optim/mine\.yaml: has the line '# @package trainer', which only files"):
        from_arguments(TrainSettings, ["--config-dir", str(tmp_path), "optim=mine"])


def test_a_file_of_another_encoding_is_refused_with_its_name(tmp_path: Path):
    (tmp_path / "optim").mkdir()
    (tmp_path / "optim" / "mine.yaml").write_bytes("name: sgd\n".encode("utf-16"))
    with pytest.raises(ValueError, match=r"optim/mine\.yaml: this is not UTF-8"):
        from_arguments(TrainSettings, ["--config-dir", str(tmp_path), "optim=mine"])


def test_settings_of_hydra_in_a_file_are_said_to_have_no_effect(tmp_path: Path, caplog):
    (tmp_path / "experiment").mkdir()
    (tmp_path / "experiment" / "mine.yaml").write_text("# @package _global_\nhydra: {run: {dir: x}}\n")
    from_arguments(TrainSettings, ["--config-dir", str(tmp_path), "experiment=mine"])
    assert "mine.yaml: the settings below hydra: are not used" in caplog.text


def test_a_wrong_keyword_is_not_blamed_on_the_preset_that_it_changes():
    with pytest.raises(ValueError, match="^optim.lr=fast: give a number above 0"):
        from_keywords(TrainSettings, {"optim": {"name": "sgd", "lr": "fast"}})


def test_a_folder_with_nearly_the_name_of_a_group_is_said_not_to_be_read(tmp_path: Path, caplog):
    (tmp_path / "optims").mkdir()
    (tmp_path / "optims" / "mine.yaml").write_text("name: sgd\n")
    from_arguments(TrainSettings, ["--config-dir", str(tmp_path)])
    assert "optims/mine.yaml is not read: no group is called 'optims'. Did you mean optim?" in caplog.text


def test_a_generators_rate_is_hinted_at_by_its_own_name():
    for word in ("lr=1e-3", "optim.lr=1e-3"):
        with pytest.raises(ValueError, match="Did you mean optim.lr_generator"):
            from_arguments(TrainGanSettings, [word])


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("optim=conf/optim/mine.yaml", "give the name alone, optim=mine, and its folder by --config-dir DIR"),
        ("optim._traget_=mine.Sgd", "Did you mean optim._target_?"),
        ("num_classes=3", "The classes come from the data"),
        ("trainer.max_step=2", "unknown setting 'trainer.max_step'. Did you mean trainer.max_steps"),
        ("lr=0.1", "Did you mean optim.lr"),
        ("model=r3d_81", "model=r3d_81: no such choice. Did you mean r3d_18"),
        ("model.wdth=3", "unknown setting 'model.wdth'. Did you mean model.width"),
        ("model.pretrained=torchvision/r3d_18", "Published weights by id: weights=ID"),
        ("trainer.max_steps=[", "cannot read the setting"),
        ("optim=3", "optim=3: optim takes a name (adamw, sgd). Single settings are given one by one"),
        ("data={name: csv}", "data takes a name (activitynet, "),
        ("experiment=null", "experiment takes a name ("),
        (
            "optim.name=sgd",
            "optim.name=sgd: the other settings of optim are those of optim=adamw. Choose both with",
        ),
        ("model.name=tiny_r3dd", "model.name=tiny_r3dd: no such choice. Did you mean tiny_r3d?"),
        ("optim.lr=1e-3,3e-4", "one run for each value: videoai train -m ...; a list: optim.lr=[1e-3,3e-4]"),
        ("--config-dir", "--config-dir (nothing): no such folder"),
        ("+trainer.max_steps=3", "settings are key=value; +, ~ and hydra.* are of no use here"),
        ("hydra.job.name=x", "of no use here"),
        ("max_steps", "'max_steps' is not understood; write trainer.max_steps=VALUE: settings are key=value"),
        ("--lr=0.1", "'--lr=0.1' is not understood; write optim.lr=0.1: settings"),
        ("--batch-size", "write trainer.batch_size=VALUE"),
        (f"optim.lr={'9' * 400}", "give a number above 0"),
        ("seed =3", "cannot read the setting"),
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
    with pytest.raises(ValueError, match="unknown setting 'model'"):
        from_arguments(EvaluateSettings, ["model=r3d_18", "model.width=3"])
    with pytest.raises(ValueError, match="unknown setting 'viewss'. Did you mean views"):
        from_arguments(EvaluateSettings, ["viewss=1x1"])


def test_keywords_start_from_presets_too():
    given = {"data": {"name": "folder", "root": "clips"}, "model": "r3d_18", "trainer.max_steps": 3}
    settings = from_keywords(TrainSettings, given).settings()
    assert (settings.model["name"], settings.clip.size, settings.trainer.max_steps) == ("r3d_18", 112, 3)
    assert Path(settings.data.source["root"]).is_absolute()
    assert settings.name == "clips-r3d_18" and settings.run_dir is None
    own = from_keywords(TrainSettings, {"optim": {"_target_": "torch.optim.Adam", "lr": 1e-3}}).settings()
    assert own.optim == {"_target_": "torch.optim.Adam", "lr": 1e-3}


@pytest.mark.parametrize("word", ["name=größe", 'name="größe"', "name=日本"])
def test_words_beyond_ascii_need_no_quotes(word):
    composed = from_arguments(TrainSettings, [word, "data.only=[süß x,b]"])
    assert composed.whole["name"] in ("größe", "日本") and list(composed.whole["data"]["only"]) == ["süß x", "b"]


def test_every_hint_names_a_setting_that_there_is():
    words = ([], ["optim=sgd"], ["data=folder"], ["data=csv"], ["model=r3d_18"])
    keys = {key for some in words for key in flatten(from_arguments(TrainSettings, some).whole)}
    assert {*HINTS.values()} <= keys | {key.partition(".")[0] for key in keys}
    assert {*GAN_HINTS.values()} <= {*flatten(from_arguments(TrainGanSettings, []).whole)}
