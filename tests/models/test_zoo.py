"""Every row of the table keeps the same contract. A new row is tested without being asked.

Plain ``pytest`` takes the smallest model of each module, if it is light (lighter still where a test runs or compiles a
model twice); ``slow`` the smallest of the other modules; ``nightly`` every size.
"""

import copy
import functools
import hashlib
import inspect
import io
import json
import math
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import Tensor, nn

from tests.engine.host_syncs import NoHostSyncs
from videoai.core.build import resolve
from videoai.models import MODELS, TARGETS, create_model, names
from videoai.models.blocks import repeated_blocks

NUM_CLASSES = 5
GOLDEN = Path(__file__).parents[1] / "golden" / "zoo.json"
LIGHT = 12_000_000  # parameters: a second a test
LIGHTER = 4_000_000  # where one of 20 million takes ten seconds: two backward passes
LIGHTEST = 1_000_000  # where one of 3 million takes seven: compiling
HEAVY = 40_000_000  # a minute for all tests of a model
COMPILED = 20_000_000  # half a minute to compile one of 30 million


class Small(NamedTuple):
    """What a model is tested with, far below its real input where that is slow."""

    clip: tuple[int, int, int] = (8, 32, 32)  # T, H, W
    other: tuple[int, int, int] | None = (16, 48, 40)  # a second size; None = the architecture allows one only
    options: dict[str, Any] = {}  # noqa: RUF012 (never changed)


# By name, or by module for all of its names. A builder that takes num_frames and size gets those of the clip.
SMALL = {
    "torchvision_resnet": Small((4, 32, 32), (6, 48, 32)),
    "cnn_rnn": Small((4, 32, 32), (6, 64, 48)),
    "video_transformer": Small((16, 32, 32), (8, 48, 40)),
    # positions allow one size; at a drop path of 0.1, one of many branches would be dropped for both clips of a batch
    "vivit": Small((4, 32, 32), None, {"drop_path": 0.02}),
    "timesformer": Small((4, 32, 32), None, {"drop_path": 0.02}),
    "videomae": Small((4, 32, 32), None, {"drop_path": 0.02}),
    "videomae2_giant": Small((4, 28, 28), None, {"drop_path": 0.02}),
    "vjepa2": Small((4, 32, 32), (2, 48, 32)),
    "internvideo2": Small((2, 28, 28), None, {"drop_path": 0.02}),
    "x3d": Small((4, 32, 32), (6, 64, 40)),
    "movinet": Small((4, 32, 32), (6, 64, 40)),
    "csn": Small((8, 32, 32), (4, 64, 40)),
    "ipcsn_r152": Small((9, 40, 40), (4, 64, 40)),  # over one position, two norms in a row would leave no gradient
    "r2plus1d": Small((4, 32, 32), (6, 48, 40)),
    "c3d": Small((16, 32, 32), None),
    "tsn": Small((2, 32, 32), (3, 48, 32)),
    "tsm": Small((3, 32, 32), (4, 48, 32)),
    "tsm_nl_r50": Small((2, 64, 64), (3, 96, 64)),
    "trn": Small((3, 32, 32), (3, 48, 32)),  # made for one number of frames
    "tanet": Small((3, 32, 32), (3, 48, 32)),
    "convlstm": Small((4, 32, 32), (6, 64, 48)),
    "c2d": Small((4, 32, 32), (6, 48, 64)),
    "i3d": Small((4, 32, 32), (6, 48, 64)),
    "slow": Small((4, 32, 32), (3, 48, 64)),
    "slowfast": Small((8, 32, 32), (16, 48, 64)),
    "tpn": Small((8, 32, 32), (12, 48, 64)),
    "hiera": Small((4, 32, 32), None),
    "uniformer": Small((4, 64, 32), (8, 32, 64)),
    "uniformerv2": Small((2, 32, 32), None),
    "uniformerv2_l": Small((2, 28, 28), None),
    "uniformerv2_l336": Small((2, 28, 28), None),
    "clip": Small((2, 32, 32), None),
    "clip_l14": Small((2, 28, 28), None),
    "xclip": Small((2, 32, 32), None),
    "xclip_l14": Small((2, 28, 28), None),
    # without drop path, which would leave blocks of the largest without a gradient
    "mvit": Small((4, 32, 32), None, {"drop_path": 0.0}),
    "swin3d": Small((4, 32, 32), (6, 48, 40), {"drop_path": 0.0}),
}
NO_FULLGRAPH = {"cnn_rnn"}  # modules. Dynamo breaks the graph at nn.LSTM and nn.GRU
# Models whose blocks hold less than half of their parameters: the rest are linear layers (C3D, MoViNet-A0) or
# the ConvLSTM
SMALL_BLOCKS = {"c3d", "tiny_convlstm", "movinet_a0", "movinet_a0_stream"}
# Modules, and parameters that get no gradient: of the last block only the class token is read, and it has no position
NO_GRADIENT = {"mvit": r"blocks\.(15|23|47)\.attn\.(rel_pos_[thw]|pool_q\.pool\.weight)"}


def module_of(name: str) -> str:
    return MODELS[name].builder.partition(":")[0]


def small(name: str) -> Small:
    case = SMALL.get(name) or SMALL.get(module_of(name)) or Small()
    takes = inspect.signature(resolve(TARGETS[name], "model")).parameters
    sized = {"num_frames": case.clip[0], "size": case.clip[1]}
    return case._replace(options={key: value for key, value in sized.items() if key in takes} | case.options)


def on_meta(name: str) -> nn.Module:
    """At 400 classes and full size: shapes without memory."""
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return create_model(name, num_classes=400)


def facts(name: str) -> dict[str, Any]:
    """Parameters and tensors at 400 classes and full size."""
    model = on_meta(name)
    keys = "\n".join(f"{key} {list(tensor.shape)}" for key, tensor in sorted(model.state_dict().items()))
    return {
        "parameters": sum(p.numel() for p in model.parameters()),
        "tensors": len(model.state_dict()),
        "keys": hashlib.sha256(keys.encode()).hexdigest()[:16],
        "settings": hashlib.sha256("\n".join(settings(model)).encode()).hexdigest()[:16],
    }


# What no shape of a tensor shows, of the layers of torch and timm; of our own and torchvision's modules: every number
LAYER_SETTINGS = (
    *("eps", "momentum", "p", "kernel_size", "stride", "padding", "dilation", "groups", "approximate", "inplace"),
    *("num_layers", "bidirectional", "batch_first", "drop_prob"),
)


def settings(model: nn.Module) -> list[str]:
    """Strides, epsilons, heads, rates, choices: a line a module, and the parameters that do not learn."""
    lines = [f"frozen {key}" for key, parameter in model.named_parameters() if not parameter.requires_grad]
    for name, module in model.named_modules():
        ours = type(module).__module__.startswith(("videoai.", "torchvision."))
        facts = {
            key: value
            for key, value in sorted(vars(module).items())
            if (ours and key[0] != "_") or key in LAYER_SETTINGS
            if isinstance(value, (bool, int, float, str, list, tuple)) and key not in ("training", "checkpointing")
        }
        lines.append(f"{name} {type(module).__name__} {facts}")
    return lines


def golden_facts() -> dict[str, dict[str, Any]]:
    return json.loads(GOLDEN.read_text()) if GOLDEN.exists() else {}


def _tiers(light: float, heavy: float = HEAVY, other_sizes: pytest.MarkDecorator = pytest.mark.nightly) -> list[Any]:
    sizes = {name: golden_facts().get(name, {}).get("parameters", 0) for name in MODELS}
    smallest: dict[str, str] = {}
    for name in sorted(MODELS, key=lambda name: sizes[name]):
        smallest.setdefault(module_of(name), name)

    def marks(name: str) -> list[pytest.MarkDecorator]:
        if name not in smallest.values():
            return [other_sizes]
        return [] if sizes[name] < light else [pytest.mark.slow if sizes[name] < heavy else pytest.mark.nightly]

    return [pytest.param(name, marks=marks(name)) for name in MODELS]


every_model = pytest.mark.parametrize("name", _tiers(LIGHT), scope="module")
every_model_to_compile = pytest.mark.parametrize("name", _tiers(LIGHTEST, COMPILED), scope="module")
every_model_at_length = pytest.mark.parametrize("name", _tiers(LIGHTER), scope="module")


@functools.lru_cache(maxsize=2)  # scope="module" has them run model after model
def shared(name: str) -> nn.Module:
    """One model per name for the tests that only read it; the others take a copy."""
    return fresh(name).eval()


def fresh(name: str, seed: int = 0) -> nn.Module:
    torch.manual_seed(seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pytorchvideo's own dependencies warn on import
        return create_model(name, num_classes=NUM_CLASSES, **small(name).options)


def clips(size: tuple[int, int, int], *, batch: int = 2) -> Tensor:
    return torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(1))


def tensors(features: Any) -> list[Tensor]:
    return [features] if isinstance(features, Tensor) else list(features)


def test_there_is_a_golden_row_for_every_model() -> None:
    if os.environ.get("VIDEOAI_GOLDEN") == "write":
        rows = [f" {json.dumps(name)}: {json.dumps(facts(name))}" for name in names()]
        GOLDEN.write_text("{\n" + ",\n".join(rows) + "\n}\n")
    assert names() == list(MODELS) == list(golden_facts())
    assert list(TARGETS) == [
        *MODELS,
        "ensemble",
        "features",
        "per_frame",
        "text_classifier",
    ]  # which are made of others


def test_every_summary_stands_alone() -> None:
    """`videoai models NAME` prints it without its neighbours."""
    summaries = [card.summary for card in MODELS.values()]
    relative = re.compile(r"\b(the same|deeper|wider|larger|smaller than|twice|(half|third|sixth) (wider|as))\b")
    assert [summary for summary in summaries if relative.search(summary)] == []
    assert [summary for summary in summaries if summaries.count(summary) > 1] == []


@pytest.mark.parametrize("name", _tiers(math.inf, other_sizes=pytest.mark.slow))
def test_parameters_and_names_are_what_they_were(name: str) -> None:
    """A change here breaks every checkpoint. Refresh with VIDEOAI_GOLDEN=write and say in the commit why."""
    assert facts(name) == golden_facts()[name]


@every_model_at_length
def test_every_parameter_gets_a_gradient(name: str) -> None:
    model = fresh(name).train()
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():  # norms and biases that start at zero hold back what lies behind them
                parameter.fill_(0.1)
    torch.manual_seed(0)
    logits = model(clips(small(name).clip))
    assert logits.shape == (2, NUM_CLASSES)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    without = [n for n, p in model.named_parameters() if p.requires_grad and (p.grad is None or not p.grad.any())]
    expected = NO_GRADIENT.get(module_of(name), "nothing")
    assert [n for n in without if not re.match(expected, n)] == []
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


@every_model_at_length
@torch.inference_mode()
def test_forward_is_features_then_head_at_two_sizes(name: str) -> None:
    model: Any = shared(name)
    for size in filter(None, (small(name).clip, small(name).other)):
        video = clips(size)
        features = model.forward_features(video)
        assert all(part.shape[0] == 2 and part.ndim > 2 for part in tensors(features))
        assert model.forward_head(features, pre_logits=True).shape == (2, model.num_features)
        logits = model(video)
        assert logits.shape == (2, NUM_CLASSES)
        torch.testing.assert_close(model.forward_head(features), logits)


@every_model
@torch.inference_mode()
def test_clips_of_a_batch_do_not_see_each_other(name: str) -> None:
    model, video = shared(name), clips(small(name).clip)
    # other batch sizes pick other kernels: float32 rounding, no more
    torch.testing.assert_close(model(video)[1:], model(video[1:]), rtol=1e-3, atol=1e-5)


def versions(model: nn.Module) -> dict[str, tuple[int, int]]:
    """Where each tensor lies, and how often it was written to: no copy of a billion parameters to compare with."""
    return {key: (tensor.data_ptr(), tensor._version) for key, tensor in model.state_dict().items()}


@every_model
def test_reset_classifier_changes_the_head_alone(name: str) -> None:
    model: Any = copy.deepcopy(shared(name)).double()
    before = versions(model)
    model.reset_classifier(7)
    after = versions(model)
    changed = {key for key in after if after[key] != before.get(key)}
    assert {key.rpartition(".")[2] for key in changed} == {"weight", "bias"} and len(changed) == 2
    assert after.keys() == before.keys()
    assert {p.dtype for p in model.parameters()} == {torch.float64}
    model.float()
    with torch.inference_mode():
        video = clips(small(name).clip)
        assert model(video).shape == (2, 7)
        model.reset_classifier(0)
        pooled = model.forward_head(model.forward_features(video), pre_logits=True)
        torch.testing.assert_close(model(video), pooled)


@every_model_at_length
def test_a_saved_model_gives_the_same_logits_when_loaded(name: str) -> None:
    file = io.BytesIO()
    torch.save(shared(name).state_dict(), file)
    file.seek(0)
    other = fresh(name, seed=1).eval()
    video = clips(small(name).clip)
    with torch.inference_mode():
        assert not torch.equal(other(video), shared(name)(video))
        other.load_state_dict(torch.load(file, weights_only=True))
        # a model that was built in inference mode takes other kernels for its GRU: float32 rounding, no more
        torch.testing.assert_close(other(video), shared(name)(video), rtol=1e-4, atol=1e-6)
    assert all(torch.equal(tensor, shared(name).state_dict()[key]) for key, tensor in other.state_dict().items())


@every_model_at_length
@torch.inference_mode()
def test_bfloat16_stays_near_float32(name: str) -> None:
    model: Any = shared(name)
    video = clips(small(name).clip)
    wanted = model.forward_head(model.forward_features(video), pre_logits=True)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        given = model.forward_head(model.forward_features(video), pre_logits=True)
    # bfloat16 keeps 8 bits: 0.4 % a rounding, of random sign, over up to 50 layers
    assert (given.float() - wanted).norm() < 0.05 * wanted.norm()


@every_model_to_compile
def test_a_model_compiles_to_one_graph(name: str) -> None:
    if module_of(name) in NO_FULLGRAPH:
        pytest.skip("NO_FULLGRAPH says why")
    torch.compiler.reset()
    model, video = copy.deepcopy(shared(name)), clips(small(name).clip)
    compiled = torch.compile(model, backend="eager", fullgraph=True)  # backend eager: tracing is what can fail
    with torch.no_grad():
        torch.testing.assert_close(compiled(video), model(video))


@every_model_at_length
def test_activation_checkpointing_changes_no_gradient(name: str) -> None:
    gradients = []
    for checkpointing in (False, True):
        model: Any = fresh(name).train()
        model.set_grad_checkpointing(checkpointing)
        torch.manual_seed(0)  # dropout and drop path
        model(clips(small(name).clip)).sum().backward()
        gradients.append({key: p.grad for key, p in model.named_parameters() if p.grad is not None})
    assert gradients[0].keys() == gradients[1].keys()
    for key, gradient in gradients[0].items():
        # the same operations in the same order; some kernels split their sums by what memory is free
        torch.testing.assert_close(
            gradients[1][key], gradient, rtol=1e-4, atol=1e-5, msg=lambda m, key=key: f"{key}: {m}"
        )


@every_model
def test_every_parameter_has_a_depth(name: str) -> None:
    """timm's layer decay: the head has the full rate, what lies before it ever less."""
    from timm.optim import param_groups_layer_decay

    model: Any = shared(name)
    exempt = getattr(model, "no_weight_decay", set)()
    groups = param_groups_layer_decay(model, weight_decay=0.05, no_weight_decay_list=exempt, layer_decay=0.5)
    scale = {id(p): group["lr_scale"] for group in groups for p in group["params"]}
    by_name = {key: scale[id(p)] for key, p in model.named_parameters() if p.requires_grad}
    head = next(key for key, p in reversed(list(model.named_parameters())) if p.shape[:1] == (NUM_CLASSES,))
    assert by_name[head] == 1.0
    assert min(by_name.values()) <= 0.5
    assert set(exempt) <= {key for key, _ in model.named_parameters()}


@pytest.mark.parametrize("name", _tiers(math.inf, other_sizes=pytest.mark.slow))
def test_the_repeated_blocks_hold_most_parameters(name: str) -> None:
    model = on_meta(name)
    blocks = repeated_blocks(model)  # raises where two of them share a part
    in_blocks = sum(parameter.numel() for block in blocks for parameter in block.parameters())
    assert {id(block) for block in blocks} <= {id(module) for module in model.modules()}
    assert all(any(True for _ in block.parameters()) for block in blocks)
    assert (in_blocks > sum(p.numel() for p in model.parameters()) / 2) == (name not in SMALL_BLOCKS)


@every_model
@torch.inference_mode()
def test_the_repeated_blocks_are_called_once_each_and_in_their_order(name: str) -> None:
    model: Any = shared(name)
    blocks, called = repeated_blocks(model), []
    hooks = [block.register_forward_pre_hook(lambda block, _: called.append(id(block))) for block in blocks]
    model(clips(small(name).clip))
    for hook in hooks:
        hook.remove()
    assert called == [id(block) for block in blocks]


@every_model_at_length
def test_no_model_makes_the_host_wait_for_the_device(name: str) -> None:
    """Forward and backward at both sizes, on the meta device in place of a GPU."""
    case = small(name)
    with torch.device("meta"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = create_model(name, num_classes=NUM_CLASSES, **case.options).train()
    for size in filter(None, (case.clip, case.other)):
        video = torch.empty(2, 3, *size, device="meta")
        with NoHostSyncs():
            model(video).sum().backward()


@pytest.mark.gpu
@every_model
def test_no_backward_on_the_gpu_is_called_nondeterministic(name: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    model = copy.deepcopy(shared(name)).cuda().train()
    video = clips(small(name).other or small(name).clip).cuda()  # the other size also interpolates positions
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model(video).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)
    assert [str(w.message) for w in caught if "deterministic implementation" in str(w.message)] == []


def test_the_same_seed_gives_the_same_initial_weights() -> None:
    again = fresh("tiny_r3d").state_dict()
    assert all(torch.equal(again[key], tensor) for key, tensor in shared("tiny_r3d").state_dict().items())


def test_options_reach_the_model() -> None:
    narrow = create_model("tiny_r3d", num_classes=2, width=8)
    assert sum(p.numel() for p in narrow.parameters()) < 60_000


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown name 'tiny_r3'\. Did you mean tiny_r3d\? Choose from: .*vivit_s"):
        create_model("tiny_r3", num_classes=2)


@pytest.mark.parametrize("name", list(MODELS))
def test_an_unknown_option_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match=r"does not take 'dropuot'\..* It takes: num_classes, "):
        create_model(name, num_classes=2, dropuot=0.5)


def test_an_error_inside_a_model_is_not_taken_for_a_wrong_option() -> None:
    with pytest.raises(ValueError, match=r"model\.width=65 must be a multiple of model\.num_heads=4"):
        create_model("tiny_video_transformer", num_classes=2, width=65)


def test_importing_the_package_imports_no_model() -> None:
    code = "import sys, videoai.models; print([m for m in ('timm', 'torchvision', 'pytorchvideo') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
