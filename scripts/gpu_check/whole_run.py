"""A run from files to answers: train, stop and continue, evaluate, predict, with the settings that a user has."""

from pathlib import Path
from typing import Any

import torch
from arguments import parse
from rows import add, finish, part

import videoai
from videoai.core.cache import cache_folder
from videoai.core.checkpoint import load

STEPS = 20


def main() -> None:
    options = parse(__doc__)
    steps = 4 if options.small else STEPS
    how: dict[str, Any] = {"device": options.device, "data": {"name": "motion16", "size": "tiny"}, "logger": []}
    if options.small:
        how |= {"loading": {"num_workers": 1}}
    with part(what="train"):
        done = train(options.work / "whole", steps, how)
        add(what="train", value=f"{done.step} steps in {done.seconds} s, {done.best}")
        recorded = load(done.checkpoint)["config"]["trainer"]
        settled = {key: recorded[key] for key in ("precision", "layout", "num_threads", "compile")}
        add(what="auto took", value=str(settled))
    for deterministic in (False, True) if options.device == "cuda" else (True,):
        with part(what="continue", deterministic=deterministic):
            folders = [options.work / f"{name}_{deterministic}" for name in ("whole", "parts")]
            for folder, stops in zip(folders, ((steps,), (steps // 2, steps)), strict=True):
                for stop in stops:
                    train(folder, stop, {**how, "deterministic": deterministic}, **settled)
            weights = [load(folder / "checkpoints/last.pt")["model"] for folder in folders]
            add(what=f"continued after half of the steps, deterministic={deterministic}", value=difference(*weights))
    with part(what="evaluate"):
        checkpoint = str(options.work / "whole/checkpoints/last.pt")
        for precision in ("fp32", "bf16") if options.device == "cuda" else ("fp32",):
            results = videoai.evaluate(
                checkpoint, device=options.device, precision=precision, run_dir=str(options.work / precision)
            ).results
            add(what=f"evaluate in {precision}", value=f"top-1 {results['video_top1']:.1%}")
    with part(what="predict"):
        clip = next(cache_folder().glob("motion16-tiny-*/test/*/*.mp4"))
        (answer,) = videoai.predict(checkpoint, str(clip), device=options.device)
        add(what="predict", value=str(answer.to_dict()["top"][0]))
    finish()


def train(folder: Path, steps: int, how: dict[str, Any], **settled: Any) -> Any:
    """``steps`` steps of the same schedule, whatever their number; saved at the end."""
    trainer = {"max_steps": steps, "batch_size": 8, "log_every": 10, "eval_every": STEPS, **settled}
    return videoai.train(how, run_dir=str(folder), model="tiny_r3d", trainer=trainer)


def difference(whole: dict[str, torch.Tensor], parts: dict[str, torch.Tensor]) -> str:
    """On a GPU some kernels add up in an order that varies, unless the run is deterministic."""
    if all(torch.equal(value, parts[name]) for name, value in whole.items()):
        return "the same weights to the bit"
    worst = max(float((value.double() - parts[name].double()).abs().max()) for name, value in whole.items())
    return f"weights differ by up to {worst:.2g}"


if __name__ == "__main__":
    main()
