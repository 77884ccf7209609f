"""What the server measures, in the text format of Prometheus."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
WINDOWS = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counters of one server. Labels are few words of ours, never a client's."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        to = self.registry
        self.answers = Counter("videoai_answers", "Answers to POST /predict, by status", ["status"], registry=to)
        self.refused = Counter("videoai_refused", "Refusals of POST /predict, by reason", ["reason"], registry=to)
        self.seconds = Histogram("videoai_answer_seconds", "From head to answer", buckets=SECONDS, registry=to)
        self.read_seconds = Histogram("videoai_read_seconds", "Decoding of a video", buckets=SECONDS, registry=to)
        self.forward_windows = Histogram("videoai_forward_windows", "Windows in a pass", buckets=WINDOWS, registry=to)
        self.upload_bytes = Counter("videoai_upload_bytes", "Bytes of videos received", registry=to)
        self.in_flight = Gauge("videoai_in_flight", "Requests that are uploaded, wait or are answered", registry=to)

    def text(self) -> bytes:
        """The page."""
        return generate_latest(self.registry)
