"""``videoai doctor``: is everything here that training needs, and what to type where it is not."""

import importlib
import platform
import shutil
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable
from importlib import metadata
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple

from videoai.core.cache import cache_folder
from videoai.core.cores import available_cores

if TYPE_CHECKING:
    import torch

PACKAGE = Path(__file__).resolve().parents[1]
GIB = 2**30
MIN_FREE_GIB = 5  # a checkpoint of a large model with its optimizer is 2 to 4 GiB, and two are kept
MIN_SHM_GIB = 1  # a batch of 8 clips of 32 x 224 x 224 is 40 MB, and every worker holds some
LOG_WIDTH = 160  # columns where there is no terminal to ask
PIP_AV = "pip install --force-reinstall --no-deps --only-binary=:all: av"  # the wheels bring FFmpeg with libx264


class Check(NamedTuple):
    """One line of the table."""

    name: str
    status: Literal["ok", "missing", "warn"]  # warn = works without, or is slow or tight
    detail: str
    fix: str = ""  # the command to type; "" = nothing to do


def main(arguments: list[str]) -> int:
    """Print the report. Raises: ValueError: any setting."""
    if settings := [argument for argument in arguments if argument != "debug=true"]:
        raise ValueError(f"'{settings[0]}' is not understood: videoai doctor takes no settings.")
    return doctor()


def doctor() -> int:
    """Print the report; returns the exit code: 0 = everything needed is here, 1 = something is missing."""
    from rich.console import Console
    from rich.table import Table

    checks = report()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else LOG_WIDTH)
    table = Table(box=None, pad_edge=False, show_header=False)
    colours = {"ok": "green", "warn": "yellow", "missing": "red"}
    for check in checks:
        table.add_row(check.name, f"[{colours[check.status]}]{check.status}", check.detail.replace("[", r"\["))
    console.print(table)
    for check in checks:
        if check.fix:  # below the table and unwrapped, to be copied
            console.print(f"{check.name}: {check.fix}", markup=False, soft_wrap=True)
    return exit_code(checks)


def exit_code(checks: Iterable[Check]) -> int:
    """0 when nothing is missing."""
    return int(any(check.status == "missing" for check in checks))


def report() -> list[Check]:
    """Every check, in the order of the table. Imports every package: some seconds."""
    checks = [Check("python", "ok", f"{platform.python_version()}, {platform.platform()}"), *package_checks()]
    for name, probe, fix in PROBES:
        try:
            checks += probe()
        except Exception as error:  # a doctor outlives every patient: a broken driver raises whatever it likes
            checks.append(Check(name, "missing", _first_line(error), fix))
    return checks


# ---- packages


def package_checks() -> list[Check]:
    """One check a requirement of this package: installed, importable, and new enough."""
    from packaging.requirements import Requirement

    try:
        lines = metadata.requires("videoai") or []
        own = Check("videoai", "ok", f"{metadata.version('videoai')}, {PACKAGE}")
    except metadata.PackageNotFoundError:  # a checkout on PYTHONPATH
        project = tomllib.loads((PACKAGE.parent / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        lines = project["dependencies"]
        own = Check("videoai", "warn", f"not installed, used from {PACKAGE}", f"pip install -e {PACKAGE.parent}")
    wanted = [Requirement(line) for line in lines]
    return [own, *(package_check(item.name, str(item.specifier)) for item in wanted if not item.marker)]


def package_check(name: str, versions: str) -> Check:
    """Import one package and compare its version.

    Args:
        name: as pip calls it.
        versions: what is allowed, e.g. ``">=2.11"``; "" = any.
    """
    from packaging.specifiers import SpecifierSet

    fix = f'pip install "{name}{versions}"'
    try:
        version = metadata.version(name)
        importlib.import_module(_module_of(name))
    except metadata.PackageNotFoundError:
        return Check(name, "missing", "not installed", fix)
    except Exception as error:  # ImportError, but also OSError for a library and RuntimeError for a wrong torch
        fix = f'pip install --force-reinstall "{name}{versions}"'
        return Check(name, "missing", f"does not import: {_first_line(error)}", fix)
    if not SpecifierSet(versions).contains(version, prereleases=True):
        return Check(name, "missing", f"{version}, but videoai needs {versions}", fix)
    return Check(name, "ok", version + _build_of(name))


def _module_of(name: str) -> str:
    others = {"hydra-core": "hydra", "pillow": "PIL", "pyyaml": "yaml", "scikit-learn": "sklearn"}
    return others.get(name, name.replace("-", "_"))  # metadata writes huggingface_hub with a hyphen


def _build_of(name: str) -> str:
    """What else tells builds of one version apart."""
    if name == "torch":
        return f", built for {_gpu_build() or 'CPUs only'}"
    if name == "av":
        import av

        parts = {part: ".".join(map(str, number)) for part, number in av.library_versions.items()}
        return f", libavcodec {parts['libavcodec']}, libavformat {parts['libavformat']}"
    return ""


# ---- devices


def cpu_checks() -> list[Check]:
    """Cores this process may use, and the instruction sets that make bfloat16 worth it."""
    import torch

    cores = available_cores()
    flags = getattr(torch.cpu, "get_capabilities", dict)()  # newer than torch 2.11
    names = [name for name in ("avx512_bf16", "amx_bf16", "amx_fp16", "sve") if flags.get(name)]
    level = torch.backends.cpu.get_cpu_capability()
    return [Check("cpu", "ok", ", ".join([f"{cores} cores", platform.machine(), level, *names]))]


def gpu_checks() -> list[Check]:
    """Every device that torch can use; a warning that says why when there is none."""
    import torch

    if torch.backends.mps.is_available():
        return [Check("gpu", "ok", "mps (Apple)")]
    if torch.cuda.is_available():
        return [cuda_check(index) for index in range(torch.cuda.device_count())]
    if build := _gpu_build():
        detail = f"none: torch is built for {build} but sees no device; the CPU is used"
        return [Check("gpu", "warn", detail, "rocm-smi" if torch.version.hip else "nvidia-smi")]
    if platform.system() == "Darwin":
        return [Check("gpu", "warn", "none: the CPU is used")]
    fix = "pip install --force-reinstall --index-url https://pypi.org/simple torch torchvision"
    return [Check("gpu", "warn", "none: this torch is built for CPUs only", fix)]


def _gpu_build() -> str:
    import torch

    if torch.version.hip:
        return f"ROCm {torch.version.hip}"
    return f"CUDA {torch.version.cuda}" if torch.version.cuda else ""


def cuda_check(index: int) -> Check:
    """One GPU: whether torch has kernels for it, whether those of 3-D convolutions in bf16 are right, free memory."""
    import torch

    from videoai.core.device import has_bf16

    name, device = f"cuda:{index}", torch.device("cuda", index)
    try:
        about = torch.cuda.get_device_properties(index)
        free = torch.cuda.mem_get_info(index)[0] / GIB  # other programs may hold the rest
        detail = (
            f"{about.name}, {free:.1f} of {about.total_memory / GIB:.1f} GiB free, capability {about.major}."
            f"{about.minor}, cuDNN {torch.backends.cudnn.version()}"
        )
        torch.zeros(1, device=device).add_(1).cpu()  # raises when torch has no kernels for this GPU
        return conv3d_check(name, device, detail) if has_bf16(device) else Check(name, "ok", f"{detail}, no bf16")
    except Exception as error:  # one broken GPU among several must not hide the others
        return Check(name, "missing", _first_line(error), "nvidia-smi")


def conv3d_check(name: str, device: "torch.device", detail: str) -> Check:
    """Whether a 3-D convolution in bf16 gives on ``device`` what fp32 gives on the CPU."""
    from videoai.engine.conv3d_error import MAX_CONV3D_ERROR, bf16_conv3d_error

    error = bf16_conv3d_error(device)
    said = f"{detail}; conv3d in bf16 is off fp32 by {error:.1%}"
    if error <= MAX_CONV3D_ERROR:
        return Check(name, "ok", said)
    return Check(name, "warn", f"{said}: wrong; train with trainer.precision=fp32", "pip install -U torch torchvision")


# ---- decoders


def decoder_checks() -> list[Check]:
    """Encode and decode a clip of eight frames in memory, and look for the optional decoder."""
    from av.error import FFmpegError

    try:
        decoded = _decode_h264(_encode_h264(num_frames=8))
        h264 = Check("h264", "ok", f"libx264 wrote 8 frames, PyAV read {decoded}")
    except (FFmpegError, ValueError) as error:  # ValueError: PyAV without libx264
        h264 = Check("h264", "missing", f"PyAV cannot write and read H.264: {_first_line(error)}", PIP_AV)
    return [h264, torchcodec_check()]


def _encode_h264(num_frames: int) -> bytes:
    import av
    import numpy as np

    buffer = BytesIO()
    with av.open(buffer, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        for value in range(num_frames):
            frame = av.VideoFrame.from_ndarray(np.full((64, 64, 3), value * 30, np.uint8), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return buffer.getvalue()


def _decode_h264(data: bytes) -> int:
    import av

    with av.open(BytesIO(data), "r") as container:
        return sum(1 for _ in container.decode(video=0))


def torchcodec_check() -> Check:
    """Optional: PyAV is the decoder unless you ask for this one."""
    from videoai.data.decode.choose import missing_torchcodec

    try:
        version = metadata.version("torchcodec")
    except metadata.PackageNotFoundError:
        return Check("torchcodec", "ok", "not installed; optional, PyAV decodes")
    if why := missing_torchcodec():
        fix = "apt-get install ffmpeg  # or conda install -c conda-forge ffmpeg: torchcodec loads FFmpeg's libraries"
        return Check("torchcodec", "warn", f"{version} does not load; optional: {why}", fix)
    return Check("torchcodec", "ok", version)


# ---- room


def room_checks() -> list[Check]:
    """Disk for runs and caches, and the shared memory that loader workers pass clips through."""
    checks = [
        folder_check("this folder", Path.cwd(), "df -h ."),
        folder_check("cache", cache_folder(), "export VIDEOAI_CACHE=/a/larger/disk"),  # clips and weights
    ]
    shm = Path("/dev/shm")
    if shm.is_dir():
        free = shutil.disk_usage(shm).free / GIB
        fix = "docker run --ipc=host ...  # or loading.num_workers=0" if free < MIN_SHM_GIB else ""
        checks.append(Check("/dev/shm", "warn" if fix else "ok", f"{free:.1f} GiB free", fix))
    return checks


def folder_check(name: str, folder: Path, fix: str) -> Check:
    """Room and permission in ``folder``, or in the nearest parent that exists already."""
    there = next(path for path in (folder, *folder.absolute().parents) if path.is_dir())
    free = shutil.disk_usage(there).free / GIB
    try:
        tempfile.TemporaryFile(dir=there).close()  # os.access knows nothing of read-only mounts and quotas
    except OSError as error:
        return Check(name, "missing", f"{folder}: cannot write ({error.strerror})", fix)
    tight = free < MIN_FREE_GIB
    return Check(name, "warn" if tight else "ok", f"{folder}: {free:.0f} GiB free", fix if tight else "")


def _first_line(error: BaseException) -> str:
    """An error in one line: its first line that says anything, at most 160 characters."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:160]


PROBES: tuple[tuple[str, Callable[[], list[Check]], str], ...] = (  # name, probe, what to type if it breaks
    ("cpu", cpu_checks, "pip install -U torch"),
    ("gpu", gpu_checks, "nvidia-smi"),
    ("h264", decoder_checks, PIP_AV),
    ("disk", room_checks, "df -h . /dev/shm"),
)
