"""Events to an MQTT broker (OASIS MQTT 3.1.1), one JSON object a message, through paho-mqtt."""

import json
import logging
import time
from dataclasses import dataclass
from threading import Event
from typing import Any
from urllib.parse import unquote, urlsplit

from videoai.live.sender import Sender

logger = logging.getLogger(__name__)

SCHEMES = {"mqtt": 1883, "mqtts": 8883}  # scheme -> port, as IANA registers them
AT_LEAST_ONCE = 1  # quality of service: the broker acknowledges each message
POLL_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 30  # between two attempts to connect
NEEDS_PAHO = "mqtt= needs paho-mqtt: pip install 'videoai[mqtt]'."


@dataclass(frozen=True)
class Broker:
    """Where messages go."""

    host: str
    port: int
    topic: str
    user: str | None
    password: str | None
    encrypted: bool

    @property
    def name(self) -> str:
        """For people: without user and password."""
        return f"{self.host}:{self.port}"


def broker_of(url: str) -> Broker:
    """mqtt://[user:password@]host[:port]/topic. Raises: ValueError: it is none."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise ValueError(f"mqtt={url}: the port is no number from 1 to 65535.") from None
    topic = unquote(parts.path.removeprefix("/"))
    is_plain = not set(url) & {"#", "?"} and not set(topic) & {"#", "+", "\0"}
    if parts.scheme not in SCHEMES or not parts.hostname or not topic or not is_plain:
        raise ValueError(
            f"mqtt={url}: give mqtt://HOST/TOPIC or mqtts://USER:PASSWORD@HOST:PORT/TOPIC, without #, + and ?."
        )
    return Broker(
        host=parts.hostname,
        port=port or SCHEMES[parts.scheme],
        topic=topic,
        user=parts.username and unquote(parts.username),
        password=parts.password and unquote(parts.password),
        encrypted=parts.scheme == "mqtts",
    )


def check_mqtt(url: str) -> None:
    """Before anything runs. Raises: ImportError: no paho-mqtt. ValueError: no such URL."""
    broker_of(url)
    new_client()


def new_client() -> Any:
    """paho's. Raises: ImportError."""
    try:
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion
    except ImportError as error:
        raise ImportError(NEEDS_PAHO) from error
    return Client(CallbackAPIVersion.VERSION2)


class Mqtt(Sender):
    """Publishes each event and waits until the broker has it. While the broker is away, events wait."""

    def __init__(self, url: str) -> None:
        """Raises: as ``check_mqtt``."""
        super().__init__("mqtt")
        self.broker = broker_of(url)
        self.client = new_client()
        self.client.reconnect_delay_set(1, LONGEST_WAIT_SECONDS)
        if self.broker.user:
            self.client.username_pw_set(self.broker.user, self.broker.password)
        if self.broker.encrypted:
            self.client.tls_set()
        self.client.on_connect = self._told
        self.client.on_disconnect = self._left
        self.client.on_connect_fail = lambda *_: self._away("no answer")
        self.client.on_publish = lambda *_: self.acknowledged.set()  # one message is on its way at a time
        self.acknowledged = Event()
        self.is_away = False

    def run(self) -> None:
        """What the thread does."""
        self.client.connect_async(self.broker.host, self.broker.port)
        self.client.loop_start()
        super().run()
        self.client.disconnect()
        self.client.loop_stop()

    def deliver(self, line: dict[str, Any]) -> bool:
        """Until the broker acknowledged it, or there is no time left. paho sends it again after a lost connection."""
        self.acknowledged.clear()
        self.client.publish(self.broker.topic, json.dumps(line, ensure_ascii=False), qos=AT_LEAST_ONCE)
        while not self.acknowledged.wait(POLL_SECONDS):
            if time.monotonic() > self.latest:
                return False
        return True

    def _told(self, *answer: Any) -> None:
        """paho: client, userdata, flags, reason, properties."""
        reason = answer[3]
        if reason.is_failure:
            self._away(str(reason).lower())
        elif self.is_away:
            self.is_away = False
            logger.warning("mqtt: connected to %s again", self.broker.name)

    def _left(self, *answer: Any) -> None:
        """paho: client, userdata, flags, reason, properties."""
        if answer[3].is_failure and self.latest == float("inf"):
            self._away(str(answer[3]).lower())

    def _away(self, why: str) -> None:
        if not self.is_away:
            logger.warning("mqtt: %s: %s; events wait", self.broker.name, why)
        self.is_away = True
