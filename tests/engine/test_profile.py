import gzip
import json

import pytest
import torch

from videoai.engine.profile import Profiler, check_steps


def test_the_trace_holds_the_steps_that_were_asked_for(make_trainer, caplog):
    caplog.set_level("INFO")
    make_trainer(stop=5, profiler=Profiler(make_trainer.folder, steps=(2, 3))).fit()
    (path,) = make_trainer.folder.glob("*.json.gz")
    events = json.loads(gzip.decompress(path.read_bytes()))["traceEvents"]
    updates = [event for event in events if event.get("name", "").startswith("Optimizer.step#")]
    assert len(updates) == 2
    assert "steps-2-3-rank0.json.gz: the trace of these steps" in caplog.text


def test_a_trace_that_cannot_be_written_does_not_end_training(make_trainer, caplog):
    (make_trainer.folder / "file").touch()
    trainer = make_trainer(stop=2, profiler=Profiler(make_trainer.folder / "file", steps=(1, 1)))
    trainer.fit()
    assert trainer.step == 2
    assert "profile.steps: " in caplog.text and "cannot be written" in caplog.text


def test_memory_that_ran_out_is_written_and_the_error_says_where(tmp_path, monkeypatch):
    recorded = []
    monkeypatch.setattr(torch.cuda.memory, "_record_memory_history", lambda **options: recorded.append(options))
    monkeypatch.setattr(torch.cuda.memory, "_dump_snapshot", lambda path: open(path, "w").close())
    with (
        pytest.raises(torch.OutOfMemoryError, match=r"CUDA out of memory; .*memory-rank0.pickle says what holds it"),
        Profiler(tmp_path / "profile", memory=True),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB")
    assert (tmp_path / "profile" / "memory-rank0.pickle").exists()
    assert [options.get("enabled", "all") for options in recorded] == ["all", None]


def test_steps_that_the_run_does_not_have_are_refused_early(caplog):
    with pytest.raises(ValueError, match=r"profile.steps=\[50,60\]: the run ends at step 20"):
        check_steps((50, 60), first_step=0, stop_step=20)
    check_steps((5, 6), first_step=5, stop_step=20)
    assert "goes on behind step 5" in caplog.text
