"""How `videoai serve` stands many clients at once: python scripts/benchmark_serve.py CHECKPOINT VIDEO [CLIENTS].

Starts a server of CHECKPOINT, and then twice as many clients at the same moment, each with one upload of VIDEO: once
each takes the first answer that it gets, once it comes back after 429 when Retry-After says. Prints JSON: answers by
status, what was lost, seconds of the answers (p50, p95, p99, most), and the memory of the server and its processes.
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

MOST_TRIES = 1000
LOST = "lost"  # no answer at all


class Client(threading.Thread):
    """One upload. ``statuses``: of each try; ``seconds``: from its first byte to its last answer."""

    def __init__(self, port: int, video: bytes, gate: threading.Barrier, comes_back: bool) -> None:
        super().__init__(daemon=True)
        self.port, self.video, self.gate, self.comes_back = port, video, gate, comes_back
        self.statuses: list[int | str] = []
        self.seconds = 0.0

    def run(self) -> None:
        self.gate.wait()
        started = time.monotonic()
        for _ in range(MOST_TRIES if self.comes_back else 1):
            status, retry = self.ask()
            self.statuses.append(status)
            if status != 429 or not self.comes_back:
                break
            time.sleep(retry)
        self.seconds = time.monotonic() - started

    def ask(self) -> tuple[int | str, float]:
        """Status, and the seconds of Retry-After."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request("POST", "/predict", self.video, {"Content-Type": "video/mp4"})
            answer = connection.getresponse()
            answer.read()
            return answer.status, float(answer.headers.get("Retry-After", 1))
        except (OSError, http.client.HTTPException):
            return LOST, 0.0
        finally:
            connection.close()


def burst(port: int, video: bytes, num_clients: int, *, comes_back: bool) -> dict[str, Any]:
    """All clients at once. Returns: plain data."""
    gate = threading.Barrier(num_clients)
    clients = [Client(port, video, gate, comes_back) for _ in range(num_clients)]
    started = time.monotonic()
    for one in clients:
        one.start()
    for one in clients:
        one.join()
    took = time.monotonic() - started
    answered = [one.seconds for one in clients if one.statuses[-1] == 200]
    return {
        "last_answers": {str(key): value for key, value in Counter(one.statuses[-1] for one in clients).items()},
        "tries": sum(len(one.statuses) for one in clients),
        "lost": sum(one.statuses.count(LOST) for one in clients),
        "seconds": round(took, 2),
        "answers_a_second": round(len(answered) / took, 1),
        "seconds_of_200": {
            name: round(float(np.percentile(answered, share)), 2)
            for name, share in (("p50", 50), ("p95", 95), ("p99", 99), ("most", 100))
        },
    }


def memory_mb(process: int) -> float:
    """Resident memory of a process and its children, Linux alone."""
    children = [one for path in Path(f"/proc/{process}/task").glob("*/children") for one in path.read_text().split()]
    own = next(line for line in Path(f"/proc/{process}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(own.split()[1]) / 1000 + sum(memory_mb(int(child)) for child in children)


def main() -> None:
    """The command."""
    checkpoint, path, *rest = sys.argv[1:]
    num_clients, video = int(rest[0]) if rest else 200, Path(path).read_bytes()
    command = [sys.executable, "-m", "videoai", "serve", f"checkpoint={checkpoint}", "port=0", "device=cpu"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline().rpartition(":")[2])
        idle = memory_mb(server.pid)
        record = {"clients": num_clients, "video_bytes": len(video), "load_before": os.getloadavg()[0]}
        record["alone"] = burst(port, video, 1, comes_back=False)
        record["at_once"] = burst(port, video, num_clients, comes_back=False)
        record["coming_back"] = burst(port, video, num_clients, comes_back=True)
        record["memory_mb"] = {"before": round(idle), "after": round(memory_mb(server.pid))}
        server.terminate()
    record["exit_code"] = server.returncode
    print(json.dumps(record, indent=1))


if __name__ == "__main__":
    main()
