"""``videoai doctor`` against this machine, and against machines where something is missing."""

import importlib
import math
import sys
from importlib import metadata
from pathlib import Path

import av
import pytest
import torch

from videoai.cli import doctor as module
from videoai.cli.doctor import Check, doctor, exit_code, folder_check, main, package_check, report, torchcodec_check


def by_name(checks: list[Check]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def broken_import(monkeypatch: pytest.MonkeyPatch, name: str, error: Exception) -> None:
    """Make one package installed but unable to import, as a missing system library does."""

    def import_module(asked: str, package: str | None = None) -> object:
        if asked == name:
            raise error
        return real(asked, package)

    real = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", import_module)


def test_a_machine_that_can_run_these_tests_gets_exit_code_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert doctor() == 0
    printed = capsys.readouterr().out
    assert metadata.version("torch") in printed
    assert "libx264 wrote 8 frames, PyAV read 8" in printed


def test_doctor_takes_no_settings() -> None:
    with pytest.raises(ValueError, match=r"'device=cuda' is not understood: videoai doctor takes no settings\."):
        main(["device=cuda"])


def test_the_report_covers_packages_devices_decoders_and_room() -> None:
    checks = by_name(report())
    assert {
        "python",
        "torch",
        "torchvision",
        "av",
        "hydra-core",
        "timm",
        "pytorchvideo",
        "tensorboard",
    } <= checks.keys()
    assert {"cpu", "h264", "torchcodec", "this folder", "cache"} <= checks.keys()
    assert "libavcodec" in checks["av"].detail


def test_whatever_is_missing_comes_with_a_command() -> None:
    assert [check for check in report() if check.status == "missing" and not check.fix] == []


def test_a_package_that_is_not_installed_names_the_pip_command() -> None:
    check = package_check("no-such-package-of-videoai", ">=2")
    assert check == Check(check.name, "missing", "not installed", 'pip install "no-such-package-of-videoai>=2"')


def test_a_package_that_is_too_old_is_missing_and_names_both_versions() -> None:
    check = package_check("numpy", ">=999")
    assert check.status == "missing"
    assert metadata.version("numpy") in check.detail
    assert ">=999" in check.detail
    assert check.fix == 'pip install "numpy>=999"'


def test_a_package_that_does_not_import_is_missing_and_says_why_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    broken_import(monkeypatch, "numpy", OSError("\nlibblas.so.3: cannot open\nTraceback ..."))
    check = package_check("numpy", "")
    assert check.status == "missing"
    assert check.detail == "does not import: libblas.so.3: cannot open"
    assert check.fix == 'pip install --force-reinstall "numpy"'


def test_torchcodec_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metadata, "version", lambda name: "0.17.0")
    broken_import(
        monkeypatch, "torchcodec.decoders", RuntimeError("Could not load libtorchcodec.\n\nLikely causes: ...")
    )
    check = torchcodec_check()
    assert check.status == "warn"
    assert check.detail.endswith("Could not load libtorchcodec.")
    assert "ffmpeg" in check.fix
    assert exit_code([check]) == 0


def test_a_probe_that_breaks_is_a_line_and_not_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> list[Check]:
        raise RuntimeError("the driver is too old\nmore")

    monkeypatch.setattr(module, "PROBES", (("gpu", broken, "nvidia-smi"),))
    assert report()[-1] == Check("gpu", "missing", "the driver is too old", "nvidia-smi")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_breaks_is_a_line_of_its_own() -> None:
    check = module.cuda_check(7)
    assert (check.name, check.status, check.fix) == ("cuda:7", "missing", "nvidia-smi")
    assert check.detail


@pytest.mark.parametrize(("error", "status"), [(0.006, "ok"), (0.7, "warn"), (math.nan, "warn")])
def test_a_gpu_whose_bf16_convolutions_are_wrong_is_warned_of(error, status, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("videoai.engine.conv3d_error.bf16_conv3d_error", lambda device: error)
    check = module.conv3d_check("cuda:0", torch.device("cuda:0"), "H200")
    assert check.status == status and check.detail.startswith("H200; conv3d in bf16 is off fp32 by ")
    assert ("trainer.precision=fp32" in check.detail) == bool(check.fix) == (status == "warn")


@pytest.mark.gpu
def test_every_gpu_here_is_well() -> None:
    checks = module.gpu_checks()
    assert len(checks) == torch.cuda.device_count() and {check.status for check in checks} == {"ok"}, checks


def test_pyav_without_libx264_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    def encode(num_frames: int) -> bytes:
        av.Codec("libx264-that-is-not-here", "w")  # what PyAV itself raises then
        return b""

    monkeypatch.setattr(module, "_encode_h264", encode)
    check = by_name(module.decoder_checks())["h264"]
    assert check.status == "missing"
    assert "libx264-that-is-not-here" in check.detail
    assert check.fix.startswith("pip install")


def test_something_missing_gives_exit_code_1_and_prints_its_fix_unwrapped(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    fix = "pip install " + "x" * 200  # longer than any terminal
    monkeypatch.setattr(module, "report", lambda: [Check("x[0]", "missing", "[Errno 2] no", fix)])
    assert doctor() == 1
    printed = capsys.readouterr().out
    assert f"x[0]: {fix}\n" in printed
    assert "[Errno 2] no" in printed


def test_a_cache_folder_that_does_not_exist_yet_is_judged_by_its_parent(tmp_path: Path) -> None:
    check = folder_check("cache", tmp_path / "a" / "b", "export X=/y")
    assert check.status in ("ok", "warn")
    assert not (tmp_path / "a").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc, a folder that nobody can write to, root included")
def test_a_folder_that_cannot_be_written_is_missing() -> None:
    check = folder_check("cache", Path("/proc"), "export X=/y")
    assert check.status == "missing"
    assert "cannot write" in check.detail
    assert check.fix == "export X=/y"
