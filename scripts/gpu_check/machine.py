"""What this machine is, and its ceilings: nothing below can be faster."""

import os
import platform
import subprocess
import time
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import torch
from arguments import parse
from rows import add, finish, part

PACKAGES = ("torch", "torchvision", "timm", "av", "torchcodec", "transformers", "accelerate", "pytest", "numpy")


def main() -> None:
    options = parse(__doc__)
    for fact, value in {**software(), **hardware()}.items():
        add(what=fact, value=value)
    if options.device == "cuda":
        for fact, value in gpu().items():
            add(what=fact, value=value)
    side = 512 if options.small else 8192
    device = torch.device(options.device)
    for name, dtype, tf32 in (
        ("bf16", torch.bfloat16, False),
        ("fp32", torch.float32, False),
        ("tf32", torch.float32, True),
    ):
        with part(what=f"matrix product in {name}"):
            torch.backends.cuda.matmul.allow_tf32 = tf32
            add(what=f"matrix product in {name}, {side} x {side}, TFLOP/s", value=product_rate(side, dtype, device))
    with part(what="copies"):
        add(what="copy on the device, GB/s read and written", value=copy_rate(device, device, options.small) * 2)
        add(what="copy from pinned memory, GB/s", value=copy_rate(torch.device("cpu"), device, options.small))
    finish()


def software() -> dict[str, str]:
    """Versions."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    asked = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return {"commit": asked.stdout.strip() or "no git checkout", "python": platform.python_version(), **found}


def hardware() -> dict[str, str]:
    """The machine without its GPU."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    shm = os.statvfs("/dev/shm") if Path("/dev/shm").is_dir() else None
    return {
        "system": platform.platform(),
        "cores": str(len(os.sched_getaffinity(0))),
        "memory, GiB": f"{memory:.0f}",
        "/dev/shm, GiB": f"{shm.f_bavail * shm.f_frsize / 2**30:.1f}" if shm else "none",
    }


def gpu() -> dict[str, str]:
    """The GPU and its libraries."""
    about = torch.cuda.get_device_properties(0)
    query = ["nvidia-smi", "--query-gpu=driver_version,clocks.sm,power.limit", "--format=csv,noheader"]
    try:
        driver = subprocess.run(query, capture_output=True, text=True, check=False, timeout=10).stdout.strip()
    except (OSError, subprocess.TimeoutExpired) as error:
        driver = str(error)
    return {
        "gpu": f"{torch.cuda.device_count()} x {about.name}, {about.total_memory / 2**30:.1f} GiB",
        "capability": f"{about.major}.{about.minor}, {about.multi_processor_count} multiprocessors",
        "driver, clock, power limit": driver,
        "CUDA, cuDNN, NCCL": f"{torch.version.cuda}, {torch.backends.cudnn.version()}, {torch.cuda.nccl.version()}",
    }


def product_rate(side: int, dtype: torch.dtype, device: torch.device) -> float:
    """TFLOP/s of a product of random matrices: with zeros it would be faster."""
    left, right = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    return 2 * side**3 / seconds_of(lambda: left @ right, device) / 1e12


def copy_rate(source: torch.device, target: torch.device, small: bool) -> float:
    """GB/s."""
    size = 2**22 if small else 2**30
    given = torch.randint(256, (size,), dtype=torch.uint8, device=source)
    given = given.pin_memory() if source.type == "cpu" and target.type == "cuda" else given
    place = torch.empty(size, dtype=torch.uint8, device=target)
    return size / seconds_of(lambda: place.copy_(given, non_blocking=True), target) / 1e9


def seconds_of(call: Callable[[], object], device: torch.device, repeats: int = 10) -> float:
    """The mean of ten calls, after three."""
    wait = torch.cuda.synchronize if device.type == "cuda" else lambda: None
    for _ in range(3):
        call()
    wait()
    began = time.perf_counter()
    for _ in range(repeats):
        call()
    wait()
    return (time.perf_counter() - began) / repeats


if __name__ == "__main__":
    main()
