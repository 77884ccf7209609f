import copy
import faulthandler
import json
import math
import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from videoai.core.types import Clips
from videoai.engine.average import Average
from videoai.engine.best import Best
from videoai.engine.interrupt import Interrupt, Interrupted
from videoai.engine.precision import Precision
from videoai.engine.progress import Progress
from videoai.engine.schedule import Schedule
from videoai.engine.step_timeout import StepTimeout


def weights(trainer) -> dict[str, torch.Tensor]:
    return {
        **trainer.learner.model.state_dict(),
        **{f"ema.{k}": v for k, v in (trainer.average.state_dict() or {}).items()},
    }


def same(first, second) -> bool:
    a, b = weights(first), weights(second)
    return a.keys() == b.keys() and all(torch.equal(a[key], b[key]) for key in a)


@pytest.mark.parametrize("stop", [1, 4, 5, 6, 9])  # an evaluation comes after step 5
def test_stopping_at_any_step_and_going_on_gives_the_weights_of_never_stopping(make_trainer, stop):
    options = {"ema_decay": 0.9, "accumulate": 2}
    straight = make_trainer(folder="straight", **options)
    straight.fit()
    make_trainer(stop=stop, **options).fit()
    resumed = make_trainer(**options)
    resumed.restore(make_trainer.load("last"))
    assert resumed.step == stop
    resumed.fit()
    assert same(straight, resumed)


def test_the_checkpoint_of_another_model_is_refused_in_one_line(make_trainer):
    make_trainer(stop=1).fit()
    state = make_trainer.load("last")
    name = next(iter(state["model"]))
    del state["model"][name]
    with pytest.raises(ValueError, match=f"checkpoint of step 1 does not fit the model.*{name}") as refused:
        make_trainer().restore(state)
    assert "\n" not in str(refused.value)


def test_the_seed_is_what_makes_two_runs_equal(make_trainer):
    first, second, other = make_trainer(), make_trainer(), make_trainer(seed=1)
    for trainer in (first, second, other):
        trainer.fit()
    assert same(first, second)
    assert not same(first, other)  # dropout differs


def test_accumulating_two_halves_is_one_whole_batch(make_trainer):
    """Without batch norm and dropout, which see micro-batches, and by SGD: AdamW hides the scale of a gradient. 1e-6:
    the order of a float32 sum."""

    class Plain(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.head = nn.Linear(3, 2)

        def forward(self, video: torch.Tensor) -> torch.Tensor:
            return self.head(video.mean((2, 3, 4)))

    def halves(start: int) -> Iterator[Clips]:
        for clips in stream(start // 2):
            for rows in (slice(0, 2), slice(2, 4)):
                yield Clips(*(None if part is None else part[rows] for part in clips))

    stream, task = make_trainer().batches, type(make_trainer().learner)
    torch.manual_seed(0)
    model = Plain()
    first, second = (
        make_trainer(task=task(one), optimizer=torch.optim.SGD(one.parameters(), lr=0.1), **options)
        for one, options in (
            (model, {"batches": stream}),
            (copy.deepcopy(model), {"batches": halves, "accumulate": 2}),
        )
    )
    first.fit()
    second.fit()
    assert torch.allclose(first.learner.model.head.weight, second.learner.model.head.weight, atol=1e-6)


def test_evaluation_sees_the_moving_average_of_the_weights_after_every_step(make_trainer):
    """Its closed form: the first weights, then 0.9 of the average and 0.1 of the new ones. 1e-6: float32."""
    trained, evaluated = [], []

    def evaluate(model, step):
        for actual, module in ((trained, trainer.learner.model), (evaluated, model)):
            state = module.state_dict()
            actual.append({name: value.clone() for name, value in state.items() if value.is_floating_point()})
        return {"top1": 0.5}

    trainer = make_trainer(evaluate=evaluate, ema_decay=0.9, accumulate=2, cadence={"eval_every": 1})
    trainer.fit()
    expected = trained[0]
    for step, weights in enumerate(trained):
        expected = {name: expected[name].lerp(value, 0.1 if step else 1.0) for name, value in weights.items()}
        torch.testing.assert_close(evaluated[step], expected, rtol=0, atol=1e-6)
    assert len(evaluated) == 10 and not torch.equal(evaluated[-1]["head.weight"], trained[-1]["head.weight"])


@pytest.mark.parametrize("ema_decay", [None, 0.9])
def test_evaluation_is_in_evaluation_mode_and_the_next_step_in_training_mode(make_trainer, ema_decay):
    modes = []

    class Watched(type(make_trainer().learner)):
        def train_step(self, clips, precision, position):
            modes.append(("train", self.model.training))
            return super().train_step(clips, precision, position)

    def evaluate(model, step):
        modes.append(("evaluate", model.training))
        return {"top1": 0.5}

    task = Watched(make_trainer().learner.model)
    make_trainer(stop=2, task=task, evaluate=evaluate, ema_decay=ema_decay, cadence={"eval_every": 1}).fit()
    assert modes == [("train", True), ("evaluate", False)] * 2


@pytest.mark.parametrize("scale", [1.0, 2.0**16])  # fp16 scales the loss, so that small gradients do not vanish
def test_a_step_is_as_long_as_the_clipped_gradient(make_trainer, scale):
    class Steep(type(make_trainer().learner)):
        def train_step(self, clips, precision, position):
            return {"loss": 100 * super().train_step(clips, precision, position)["loss"]}

    model, precision = make_trainer().learner.model, Precision("fp32", device=torch.device("cpu"))
    precision.scaler = torch.amp.GradScaler("cpu", init_scale=scale)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    schedule = Schedule(total_steps=10, name="constant", warmup=0.0)
    options = {"precision": precision, "optimizer": optimizer, "schedule": schedule}
    before = nn.utils.parameters_to_vector(model.parameters()).detach().clone()
    trainer = make_trainer(stop=1, task=Steep(model), max_grad_norm=0.01, **options)
    trainer.fit()
    moved = nn.utils.parameters_to_vector(model.parameters()).detach() - before
    assert moved.norm().item() == pytest.approx(0.5 * 0.01, rel=1e-3)  # torch divides by the norm + 1e-6
    (record,) = (json.loads(line) for line in trainer.log.path.read_text().splitlines() if '"train"' in line)
    assert record["grad_norm"] > 1  # the true one, neither clipped nor scaled
    assert record["grad_norm"] < 1000


def test_it_learns(make_trainer):
    trainer = make_trainer()
    trainer.fit()
    losses = [json.loads(line)["loss"] for line in trainer.log.path.read_text().splitlines() if '"train"' in line]
    assert len(losses) == 10
    assert sum(losses[-3:]) < 0.8 * sum(losses[:3])


def test_a_loss_that_is_not_finite_stops_before_the_weights_are_touched(make_trainer):
    class Explodes:
        def __init__(self, model: nn.Module) -> None:
            self.model = model

        def train_step(self, clips, precision, position):
            loss = self.model(clips.video.permute(0, 2, 1, 3, 4).float()).sum()
            return {"loss": loss * float("nan") if position == 3 else loss * 1e-6}

    trainer = make_trainer(task=Explodes(make_trainer().learner.model), cadence={"save_every": 1})
    with pytest.raises(ValueError, match="step 4: loss is nan .*The checkpoint of step 3 is good"):
        trainer.fit()
    assert all(torch.isfinite(p).all() for p in trainer.learner.model.parameters())
    assert make_trainer.load("last")["step"] == 3


@pytest.mark.parametrize(("save_every", "noticed_after"), [(99, 5), (4, 4)])
def test_where_the_host_does_not_wait_a_broken_step_updates_nothing_and_is_named_later(
    make_trainer, save_every, noticed_after
):
    """As on a GPU: the precision is of another device, and the optimizer is fused."""

    class Explodes(type(make_trainer().learner)):
        def train_step(self, clips, precision, position):
            weights.append(self.model.head.weight.detach().clone())
            loss = super().train_step(clips, precision, position)["loss"]
            return {"loss": loss * float("nan") if position == 2 else loss}

    weights: list[torch.Tensor] = []
    model = make_trainer().learner.model
    trainer = make_trainer(
        task=Explodes(model),
        precision=Precision("fp32", device=torch.device("meta")),
        optimizer=torch.optim.AdamW(model.parameters(), fused=True),
        cadence={"log_every": 5, "save_every": save_every},
    )
    with pytest.raises(ValueError, match=r"step 3: loss is nan .*Nothing was saved before"):
        trainer.fit()
    assert len(weights) == noticed_after
    assert torch.equal(weights[2], weights[3]) and not torch.equal(weights[1], weights[2])
    assert all(torch.isfinite(p).all() for p in model.parameters())
    assert not (make_trainer.folder / "run" / "last.pt").exists()


def test_broken_weights_are_never_saved(make_trainer):
    trainer = make_trainer()
    with torch.no_grad():
        trainer.learner.model.head.weight[0, 0] = float("inf")
    with pytest.raises(ValueError, match="head.weight is not finite; not saved. Nothing was saved before."):
        trainer.save(["last"])
    assert not (make_trainer.folder / "run" / "last.pt").exists()


def test_a_checkpoint_that_cannot_be_written_ends_training_at_the_next_step_and_the_one_before_is_named(make_trainer):
    """Step 2 is on the disk, step 4 is not: the disk is full. Without the end, ten steps would be made."""

    def write(name, state):
        if state["step"] == 4:
            raise OSError("last.pt: no room")

    trainer = make_trainer(write=write, cadence={"save_every": 2, "eval_every": 100})
    with pytest.raises(OSError, match="no room"):
        trainer.fit()
    assert trainer.step in (5, 6)  # at the latest when the next one is due
    assert trainer.sound_checkpoint() == "The checkpoint of step 2 is good."


def test_steps_go_on_while_a_checkpoint_is_written_which_holds_the_weights_of_its_step(make_trainer):
    written, finish = {}, threading.Event()

    def write(name, state):
        if state["step"] == 2:
            finish.wait(timeout=60)
        written[state["step"]] = copy.deepcopy(state)

    def on_clips(clips):
        if trainer.step == 3:  # the second step behind the checkpoint, which is still being written
            assert not written
            finish.set()

    trainer = make_trainer(write=write, on_clips=on_clips, stop=4, cadence={"save_every": 2}, ema_decay=0.9)
    trainer.fit()
    make_trainer(stop=2, folder="two", ema_decay=0.9).fit()
    alone = make_trainer.load("last", "two")
    for key in ("model", "ema"):
        assert all(torch.equal(value, written[2][key][name]) for name, value in alone[key].items())
    assert torch.equal(alone["optimizer"]["state"][0]["exp_avg"], written[2]["optimizer"]["state"][0]["exp_avg"])


def test_the_end_of_training_waits_for_the_last_checkpoint(make_trainer):
    def write(name, state):
        time.sleep(0.2)
        written.append((name, state["step"]))

    written = []
    trainer = make_trainer(write=write, stop=2, cadence={"eval_every": 100})
    trainer.fit()
    assert written == [("best", 2), ("last", 2)]


def test_the_best_checkpoint_is_the_best_and_ties_go_to_the_lower_loss(make_trainer):
    values = iter([(0.5, 1.0), (0.7, 1.0), (0.7, 0.8), (0.6, 0.1)])

    def evaluate(model, step):
        top1, loss = next(values)
        return {"top1": top1, "loss": loss}

    trainer = make_trainer(stop=8, evaluate=evaluate, cadence={"eval_every": 2})
    trainer.fit()
    assert make_trainer.load("best")["step"] == trainer.best.step == 6
    assert make_trainer.load("last")["step"] == 8


def test_the_last_step_is_evaluated_and_logged_whatever_the_pace(make_trainer):
    evaluated = []

    def evaluate(model, step):
        evaluated.append(step)
        return {"top1": 0.5}

    trainer = make_trainer(stop=7, evaluate=evaluate, cadence={"eval_every": 3, "log_every": 5})
    trainer.fit()
    assert evaluated == [3, 6, 7]
    records = [json.loads(line) for line in trainer.log.path.read_text().splitlines()]
    assert [record["step"] for record in records if record["split"] == "train"] == [5, 7]


def test_each_group_of_weights_follows_the_schedule_from_its_own_rate(make_trainer):
    task = make_trainer().learner
    groups = [
        {"params": task.model.conv.parameters(), "lr": 0.01},
        {"params": task.model.head.parameters(), "lr": 0.1},
    ]
    trainer = make_trainer(stop=1, task=task, optimizer=torch.optim.SGD(groups))
    trainer.fit()
    factor = trainer.schedule(0)
    assert [group["lr"] for group in trainer.optimizer.param_groups] == pytest.approx([0.01 * factor, 0.1 * factor])
    (record,) = (json.loads(line) for line in trainer.log.path.read_text().splitlines() if '"train"' in line)
    assert record["lr"] == pytest.approx(0.1 * factor)


def test_every_clip_of_a_step_is_counted_and_shown_once(make_trainer):
    counted, shown = [], []

    class Counting(Progress):
        def step(self, step, num_clips, timed):
            counted.append((step, num_clips))
            super().step(step, num_clips, timed)

    on_clips = lambda clips: shown.append(len(clips.label))  # noqa: E731
    make_trainer(stop=2, accumulate=3, progress=Counting(2), on_clips=on_clips).fit()
    assert counted == [(1, 12), (2, 12)]
    assert shown == [4] * 6


def test_activations_that_are_computed_again_leave_the_statistics_of_clips_seen_once(make_trainer):
    class Checkpointed(type(make_trainer().learner.model)):
        def forward(self, video):
            maps = checkpoint(lambda given: self.norm(self.conv(given)), video, use_reentrant=False)
            return self.head(maps.mean((2, 3, 4)))

    trainer = make_trainer(stop=2, task=type(make_trainer().learner)(Checkpointed()))
    trainer.fit()
    assert trainer.learner.model.norm.num_batches_tracked == 2


def test_a_step_is_watched_and_an_evaluation_is_not(make_trainer, monkeypatch):
    """The first step has ten times as long."""
    told = []
    monkeypatch.setattr(faulthandler, "dump_traceback_later", lambda seconds, **options: told.append(seconds))
    monkeypatch.setattr(faulthandler, "cancel_dump_traceback_later", lambda: told.append("off"))

    def evaluate(model, step):
        told.append("evaluate")
        return {"top1": 0.5}

    trainer = make_trainer(stop=2, evaluate=evaluate, step_timeout=StepTimeout(60.0), cadence={"eval_every": 1})
    trainer.fit()
    assert told == [600.0, "off", "evaluate", 60.0, "off", "evaluate", "off"]


def test_patience_stops_early(make_trainer):
    trainer = make_trainer(cadence={"eval_every": 1, "patience": 3})
    trainer.fit()
    assert trainer.step == 4  # the first is the best, three are no better
    again = make_trainer(cadence={"eval_every": 1, "patience": 3})
    again.restore(make_trainer.load("last"))
    again.fit()
    assert again.step == 4


def test_a_run_that_should_stop_is_saved_and_can_go_on(make_trainer):
    told = []

    def should_stop(evaluation, value):
        told.append((evaluation, value))
        return evaluation == 2

    trainer = make_trainer(cadence={"eval_every": 2}, should_stop=should_stop)
    trainer.fit()
    assert trainer.step == make_trainer.load("last")["step"] == 4
    assert [evaluation for evaluation, _ in told] == [1, 2]
    assert told[-1][1] == trainer.metrics["top1"]
    again = make_trainer(cadence={"eval_every": 2})
    again.restore(make_trainer.load("last"))
    again.fit()
    assert again.step == again.cadence.stop_step > 4


def test_a_signal_saves_and_says_where(make_trainer):
    def evaluate(model, step):
        os.kill(os.getpid(), signal.SIGTERM)
        return {"top1": 0.5, "loss": 1.0}

    trainer = make_trainer(evaluate=evaluate)
    with pytest.raises(Interrupted, match="SIGTERM: saved at step 5") as caught:
        trainer.fit()
    assert caught.value.exit_code == 75
    assert make_trainer.load("last")["step"] == 5
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_signal_in_the_last_step_stops_nothing_and_is_kept_for_who_trains_several(make_trainer):
    def signal_at_10(model, step):
        if step == 10:
            os.kill(os.getpid(), signal.SIGTERM)
        return {"top1": 0.5, "loss": 1.0}

    interrupt = Interrupt()
    trainer = make_trainer(evaluate=signal_at_10, interrupt=interrupt)
    trainer.fit()
    assert trainer.step == 10
    with pytest.raises(Interrupted, match="SIGTERM: finished runs/a; rerun the command to continue") as caught:
        interrupt.stop_after("runs/a")
    assert caught.value.exit_code == 75


def test_a_run_that_begins_after_a_signal_stops_at_its_first_step(make_trainer):
    interrupt = Interrupt()
    interrupt.received = signal.SIGTERM
    with pytest.raises(Interrupted, match="saved at step 1"):
        make_trainer(interrupt=interrupt).fit()


def test_a_checkpoint_is_plain_data_with_the_documented_keys(make_trainer):
    make_trainer(ema_decay=0.9).fit()
    state = make_trainer.load("last")
    expected = {
        "format",
        "config",
        "classes",
        "clip",
        "model",
        "ema",
        "optimizer",
        "step",
        "best",
        "judge",
        "metrics",
        "tuned",
        "versions",
    }
    assert set(state) == expected
    assert state["best"]["value"] == 0.5


def test_log_lines_hold_rate_speed_and_waiting(make_trainer):
    trainer = make_trainer()
    trainer.fit()
    record = json.loads(trainer.log.path.read_text().splitlines()[0])
    speed = {"clips_per_second", "data_wait", "step_seconds_p50", "step_seconds_p95"}
    assert {"step", "split", "loss", "lr", "grad_norm", *speed} <= set(record)


def test_ten_steps_give_the_golden_losses(make_trainer, golden):
    """A change that is not meant to change numbers must not. 1e-4: convolutions differ between chips in the last
    bits."""
    trainer = make_trainer(ema_decay=0.9, accumulate=2)
    trainer.fit()
    losses = [json.loads(line)["loss"] for line in trainer.log.path.read_text().splitlines() if '"train"' in line]
    golden("trainer_ten_steps", losses, 1e-4)


def test_a_part_of_the_model_may_be_averaged_and_evaluated_alone(make_trainer):
    modules = []

    def evaluate(model, step):
        modules.append(type(model).__name__)
        return {"top1": 0.5}  # without a loss

    task = make_trainer().learner
    trainer = make_trainer(task=task, average=Average(task.model.conv, decay=0.9), evaluate=evaluate)
    trainer.fit()
    assert modules == ["Conv3d", "Conv3d"]
    assert set(make_trainer.load("last")["ema"]) == {"n_averaged", "module.weight", "module.bias"}


@pytest.mark.parametrize(("value", "loss"), [(math.nan, 1.0), (0.9, math.nan), (math.inf, 1.0), (0.9, math.inf)])
def test_what_is_not_finite_is_never_the_best(value, loss):
    best = Best()
    assert not best.update(value, loss, 1)
    assert best.update(0.1, 2.0, 2)
    assert not best.update(value, loss, 3)
    assert (best.value, best.step, best.stale) == (0.1, 2, 1)


def test_pictures_are_shown_of_evaluations_that_are_the_best_so_far(make_trainer):
    values, shown = iter((0.3, 0.2, 0.5, float("nan"), 0.5)), []
    trainer = make_trainer(
        cadence={"eval_every": 2},
        evaluate=lambda model, step: {"top1": next(values), "loss": 1.0},
        show_best=shown.append,
    )
    trainer.fit()
    assert shown == [2, 6]


def test_the_first_clips_are_shown_with_what_they_teach(make_trainer, monkeypatch):
    got, trainer = [], make_trainer(stop=2)
    monkeypatch.setattr(trainer.log, "clips", lambda *given: got.append(given))
    trainer.fit()
    ((step, name, video, captions),) = got
    first = next(trainer.batches(0))
    assert (step, name) == (1, "input")
    assert torch.equal(video, first.video[:4])
    assert captions == [["down", "up"][label] for label in first.label[:4]]
