"""Every row of the table keeps the same contract."""

import copy
import functools
import io
import subprocess
import sys
import warnings
from typing import NamedTuple

import pytest
import torch
from torch import Tensor, nn

from videoai.models import MODELS, TARGETS, create_model, names

NUM_CLASSES = 5


class Case(NamedTuple):
    clip: tuple[int, int, int]  # (T, H, W), far below the model's real input where that is slow
    other: tuple[int, int, int]  # a second size
    parameters: int  # at 400 classes
    tensors: int  # in the state dict


# Published: r3d_18, mc3_18 and r2plus1d_18 have torchvision's meta["num_params"], slowfast_r50 the 34.57 M of
# PyTorchVideo's model zoo. The others are ours, frozen: a change here breaks every checkpoint.
CASES = {
    "tiny_r3d": Case((8, 32, 32), (16, 48, 40), 237_824, 44),
    "tiny_r2plus1d": Case((8, 32, 32), (16, 48, 40), 238_373, 74),
    "small_r3d": Case((8, 32, 32), (16, 48, 40), 2_064_952, 62),
    "small_r2plus1d": Case((8, 32, 32), (16, 48, 40), 2_066_061, 104),
    "r3d_18": Case((4, 32, 32), (6, 48, 32), 33_371_472, 122),
    "mc3_18": Case((4, 32, 32), (6, 48, 32), 11_695_440, 122),
    "r2plus1d_18": Case((4, 32, 32), (6, 48, 32), 31_505_325, 224),
    "slowfast_r50": Case((8, 32, 32), (12, 64, 32), 34_566_488, 662),
    "cnn_lstm": Case((4, 32, 32), (6, 64, 48), 12_078_224, 131),
    "tiny_cnn_gru": Case((8, 32, 32), (16, 48, 40), 112_208, 35),
    "tiny_video_transformer": Case((16, 32, 32), (8, 48, 40), 253_712, 62),
    "vivit_s": Case((4, 32, 32), (2, 48, 32), 22_116_880, 152),
    "frame_only": Case((8, 32, 32), (16, 48, 40), 86_688, 26),
}
NO_FULLGRAPH = {"cnn_lstm", "tiny_cnn_gru"}  # Dynamo breaks the graph at nn.LSTM and nn.GRU
OURS = sorted(set(CASES) - {"r3d_18", "mc3_18", "r2plus1d_18", "slowfast_r50"})

every_model = pytest.mark.parametrize("name", list(CASES))


@functools.cache
def shared(name: str) -> nn.Module:
    """One model per name for the tests that only read it; the others take a copy."""
    torch.manual_seed(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pytorchvideo's own dependencies warn on import
        return create_model(name, num_classes=NUM_CLASSES).eval()


def clips(size: tuple[int, int, int], *, batch: int = 2) -> Tensor:
    return torch.randn(batch, 3, *size, generator=torch.Generator().manual_seed(1))


def test_every_model_of_the_table_is_tested_here() -> None:
    assert names() == list(MODELS) == list(TARGETS) == list(CASES)


@every_model
def test_parameters_and_tensors_are_what_they_were(name: str) -> None:
    model = copy.deepcopy(shared(name))
    model.reset_classifier(400)  # pyright: ignore[reportCallIssue]
    assert sum(p.numel() for p in model.parameters()) == CASES[name].parameters
    assert len(model.state_dict()) == CASES[name].tensors


@every_model
def test_every_parameter_gets_a_gradient(name: str) -> None:
    model = copy.deepcopy(shared(name)).train()
    with torch.no_grad():
        for parameter in model.parameters():
            if not parameter.any():  # norms and biases that start at zero hold back what lies behind them
                parameter.fill_(0.1)
    torch.manual_seed(0)
    logits = model(clips(CASES[name].clip))
    assert logits.shape == (2, NUM_CLASSES)
    nn.functional.cross_entropy(logits, torch.tensor([0, 1])).backward()
    without = [n for n, p in model.named_parameters() if p.grad is None or not p.grad.any()]
    assert without == []
    assert all(p.grad.isfinite().all() for p in model.parameters() if p.grad is not None)


@every_model
@torch.inference_mode()
def test_forward_is_features_then_head_at_two_sizes(name: str) -> None:
    model = shared(name)
    for size in (CASES[name].clip, CASES[name].other):
        video = clips(size)
        features = model.forward_features(video)  # pyright: ignore[reportCallIssue]
        assert features.shape[0] == 2 and features.ndim == 2
        logits = model(video)
        assert logits.shape == (2, NUM_CLASSES)
        torch.testing.assert_close(model.forward_head(features), logits)  # pyright: ignore[reportCallIssue]


@every_model
@torch.inference_mode()
def test_clips_of_a_batch_do_not_see_each_other(name: str) -> None:
    model, video = shared(name), clips(CASES[name].clip)
    # other batch sizes pick other kernels: float32 rounding, no more
    torch.testing.assert_close(model(video)[1:], model(video[1:]), rtol=1e-3, atol=1e-5)


@every_model
def test_reset_classifier_changes_the_head_alone(name: str) -> None:
    model = copy.deepcopy(shared(name))
    before = {key: tensor.clone() for key, tensor in model.state_dict().items()}
    model.reset_classifier(7)  # pyright: ignore[reportCallIssue]
    after = model.state_dict()
    changed = {key for key in after if not torch.equal(after[key], before[key])}
    assert changed in ({"head.weight", "head.bias"}, {"fc.weight", "fc.bias"})
    with torch.inference_mode():
        assert model(clips(CASES[name].clip)).shape == (2, 7)


@pytest.mark.parametrize("name", ["tiny_r3d", "tiny_cnn_gru", "tiny_video_transformer", "frame_only"])
def test_reset_classifier_keeps_the_dtype(name: str) -> None:
    model = copy.deepcopy(shared(name)).double()
    model.reset_classifier(7)  # pyright: ignore[reportCallIssue]
    assert {p.dtype for p in model.parameters()} == {torch.float64}


@every_model
def test_a_saved_model_gives_the_same_logits_when_loaded(name: str) -> None:
    file = io.BytesIO()
    torch.save(shared(name).state_dict(), file)
    file.seek(0)
    torch.manual_seed(1)
    other = create_model(name, num_classes=NUM_CLASSES).eval()
    video = clips(CASES[name].clip)
    with torch.inference_mode():
        assert not torch.equal(other(video), shared(name)(video))
        other.load_state_dict(torch.load(file, weights_only=True))
        assert torch.equal(other(video), shared(name)(video))


@every_model
@torch.inference_mode()
def test_bfloat16_stays_near_float32(name: str) -> None:
    model, video = shared(name), clips(CASES[name].clip)
    wanted = model.forward_features(video)  # pyright: ignore[reportCallIssue]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        given = model.forward_features(video)  # pyright: ignore[reportCallIssue]
    # bfloat16 keeps 8 bits: 0.4 % a rounding, of random sign, over up to 50 layers
    assert (given.float() - wanted).norm() < 0.05 * wanted.norm()


@pytest.mark.parametrize("name", [name for name in OURS if name not in NO_FULLGRAPH])
def test_our_models_compile_to_one_graph(name: str) -> None:
    torch.compiler.reset()
    model, video = copy.deepcopy(shared(name)), clips(CASES[name].clip)
    compiled = torch.compile(model, backend="eager", fullgraph=True)  # backend eager: tracing is what can fail
    with torch.no_grad():
        torch.testing.assert_close(compiled(video), model(video))


@pytest.mark.gpu
@pytest.mark.parametrize("name", list(CASES))
def test_no_backward_on_the_gpu_is_called_nondeterministic(name: str) -> None:
    if not torch.cuda.is_available():
        pytest.skip("needs a GPU")
    model = copy.deepcopy(shared(name)).cuda().train()
    video = clips(CASES[name].other).cuda()  # the other size also interpolates positions
    torch.use_deterministic_algorithms(True, warn_only=True)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model(video).sum().backward()
    finally:
        torch.use_deterministic_algorithms(False)
    assert [str(w.message) for w in caught if "deterministic implementation" in str(w.message)] == []


def test_the_same_seed_gives_the_same_initial_weights() -> None:
    torch.manual_seed(0)
    again = create_model("tiny_r3d", num_classes=NUM_CLASSES).state_dict()
    assert all(torch.equal(again[key], tensor) for key, tensor in shared("tiny_r3d").state_dict().items())


def test_options_reach_the_model() -> None:
    narrow = create_model("tiny_r3d", num_classes=2, width=8)
    assert sum(p.numel() for p in narrow.parameters()) < 60_000


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    with pytest.raises(ValueError, match=r"unknown name 'tiny_r3'\. Did you mean 'tiny_r3d'\? Choose from: .*vivit_s"):
        create_model("tiny_r3", num_classes=2)


@pytest.mark.parametrize("name", OURS)
def test_an_unknown_option_is_refused_with_what_there_is(name: str) -> None:
    with pytest.raises(ValueError, match=r"does not take 'dropuot'\. Did you mean 'dropout'\? It takes: num_classes, "):
        create_model(name, num_classes=2, dropuot=0.5)


def test_an_error_inside_a_model_is_not_taken_for_a_wrong_option() -> None:
    with pytest.raises(ValueError, match=r"model\.width=65 must be a multiple of model\.num_heads=4"):
        create_model("tiny_video_transformer", num_classes=2, width=65)


def test_importing_the_package_imports_no_model() -> None:
    code = "import sys, videoai.models; print([m for m in ('timm', 'torchvision', 'pytorchvideo') if m in sys.modules])"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
