"""Cameras that fail for half an hour: how old judged frames are, what memory does, and whether every outage is told.

    python scripts/soak_stream.py CHECKPOINT FILM.mp4 OUT --cameras 4 --minutes 30

Each camera is a real RTSP server (tests/live/rtsp_server.py says what it needs) that plays FILM, H.264 and longer than
a minute. Every minute (``--every``) each of them is killed and comes back five seconds later. ``videoai stream`` runs
meanwhile as a process of its own.
"""

import argparse
import json
import shlex
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

SERVER = Path(__file__).parents[1] / "tests" / "live" / "rtsp_server.py"
OUTAGE_SECONDS = 5.0
WARM_SECONDS = 60.0  # until memory is judged
OLDEST_MS = 200.0


class Camera:
    """An RTSP server that is killed and comes back."""

    def __init__(self, film: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.film, self.num_outages, self.back_at = film, 0, float("inf")
        self.start()

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/cam"

    def start(self) -> None:
        self.process = subprocess.Popen(["/usr/bin/python3", SERVER, str(self.port), self.film], stdout=subprocess.PIPE)
        assert self.process.stdout and self.process.stdout.readline() == b"ready\n"
        self.back_at = float("inf")

    def fail(self) -> None:
        self.process.kill()
        self.process.wait()
        self.num_outages, self.back_at = self.num_outages + 1, time.monotonic() + OUTAGE_SECONDS


def resident_mb(process: int) -> float:
    """Memory of a process."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * 4096 / 1e6


def soak(running: subprocess.Popen[bytes], cameras: list[Camera], seconds: float, every: float) -> list[float]:
    """Kills cameras in turn until the time is over. Returns MB of the process, a sample a second."""
    began, memory, failed = time.monotonic(), list[float](), 0
    while (now := time.monotonic()) < began + seconds:
        memory.append(resident_mb(running.pid))
        due = int((now - began) / every * len(cameras))
        if due > failed and now < began + seconds - 2 * OUTAGE_SECONDS:
            cameras[failed % len(cameras)].fail()
            failed += 1
        for camera in cameras:
            if time.monotonic() > camera.back_at:
                camera.start()
        time.sleep(1.0)
    return memory


def judged(out: Path, log: str, cameras: list[Camera], memory: list[float]) -> dict[str, object]:
    """The figures."""
    lines = [json.loads(line) for line in (out / "events.jsonl").read_text().splitlines()]
    summary = json.loads((out / "summary.json").read_text())
    ages = np.array([line["latency_ms"] for line in lines if line["latency_ms"] is not None])
    warm = memory[int(WARM_SECONDS) :] or memory
    streams = summary["streams"]
    return {
        "lines": len(lines),
        "windows": summary["windows"],
        "age of the newest judged frame, ms, p50 p95 p99 max": [
            round(float(one), 1) for one in np.percentile(ages, (50, 95, 99, 100))
        ],
        f"lines older than {OLDEST_MS:g} ms": int((ages > OLDEST_MS).sum()),
        "outages made": sum(camera.num_outages for camera in cameras),
        "outages told": log.count("connecting again in 0.5 s"),
        "reconnects told": log.count("connected again"),
        "reconnects in the summary": sum(one["reconnects"] for one in streams),
        "frames": sum(one["frames"] for one in streams),
        "frames dropped": sum(one["dropped"] for one in streams),
        "windows left out": sum(one["windows_skipped"] for one in streams),
        "memory, MB after a minute, then at each tenth of the time": [
            round(float(one)) for one in np.interp(np.linspace(0, len(warm) - 1, 11), range(len(warm)), warm)
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint")
    parser.add_argument("film")
    parser.add_argument("out", type=Path)
    parser.add_argument("--cameras", type=int, default=4)
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--every", type=float, default=60.0, help="seconds from an outage of a camera to its next")
    parser.add_argument("--settings", default="hop_seconds=0.25 policy=latest", help="of videoai stream")
    given = parser.parse_args()
    cameras = [Camera(given.film) for _ in range(given.cameras)]
    sources = ",".join(f"'{camera.url}'" for camera in cameras)
    words = [f"checkpoint={given.checkpoint}", f"source=[{sources}]", f"run_dir={given.out}"]
    command = [sys.executable, "-m", "videoai", "stream", *words, *shlex.split(given.settings)]
    log = given.out.with_suffix(".log")
    with log.open("wb") as errors:
        running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=errors)
        try:
            memory = soak(running, cameras, 60 * given.minutes, given.every)
        finally:
            running.send_signal(signal.SIGTERM)
            code = running.wait(60)
            for camera in cameras:
                camera.process.kill()
    figures = {"exit code": code, **judged(given.out, log.read_text(), cameras, memory)}
    print("\n".join(f"{name}: {value}" for name, value in figures.items()))


if __name__ == "__main__":
    main()
