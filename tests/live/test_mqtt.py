"""Events at a real MQTT broker, mosquitto."""

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager

import pytest

from videoai.live.mqtt import Mqtt, broker_of

pytest.importorskip("paho.mqtt", reason="needs paho-mqtt: pip install 'videoai[mqtt]'")
from paho.mqtt.client import Client  # after the skip
from paho.mqtt.enums import CallbackAPIVersion

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/opt/homebrew/sbin")
needs_broker = pytest.mark.skipif(not MOSQUITTO, reason="needs mosquitto: apt-get install mosquitto")
SECONDS = 15


@pytest.fixture
def port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(is_so) -> None:
    latest = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < latest
        time.sleep(0.02)


def answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def broker(port: int, folder, *lines: str):
    """Runs until the block ends."""
    config = folder / "mosquitto.conf"
    config.write_text(
        "\n".join([f"listener {port} 127.0.0.1", "user root", *(lines or ["allow_anonymous true"])]) + "\n"
    )
    running = subprocess.Popen([str(MOSQUITTO), "-c", config], stderr=subprocess.DEVNULL)
    try:
        until(lambda: answers(port))
        yield
    finally:
        running.kill()
        running.wait()


@contextmanager
def listener(port: int, topic: str, **login):
    """What comes to a topic, as a list that grows."""
    taken, ready = [], []
    client = Client(CallbackAPIVersion.VERSION2)
    if login:
        client.username_pw_set(**login)
    client.on_message = lambda client, data, message: taken.append((message.topic, json.loads(message.payload)))
    client.on_subscribe = lambda *_: ready.append(True)
    client.connect("127.0.0.1", port)
    client.loop_start()
    client.subscribe(topic, qos=1)
    until(lambda: ready)
    yield taken
    client.disconnect()
    client.loop_stop()


def counts(sender: Mqtt) -> tuple[int, int]:
    return sender.num_sent, sender.num_lost


@needs_broker
def test_each_event_reaches_the_topic_once_and_in_order(port, tmp_path):
    lines = [{"event": "start", "label": f"löpa {number}"} for number in range(50)]
    with broker(port, tmp_path), listener(port, "house/#") as taken:
        sender = Mqtt(f"mqtt://127.0.0.1:{port}/house/door%201")
        sender.start()
        for line in lines:
            sender.send(line)
        sender.close()
        until(lambda: len(taken) == len(lines))
    assert taken == [("house/door 1", line) for line in lines]
    assert counts(sender) == (50, 0)


@needs_broker
def test_events_wait_for_a_broker_that_comes_late(port, tmp_path, caplog):
    sender = Mqtt(f"mqtt://127.0.0.1:{port}/t")
    sender.start()
    sender.send({"event": "start"})
    until(lambda: "events wait" in caplog.text)
    with broker(port, tmp_path), listener(port, "t") as taken:
        until(lambda: taken)
        sender.close()
    assert counts(sender) == (1, 0) and taken == [("t", {"event": "start"})]


@needs_broker
def test_a_broker_asks_for_a_password(port, tmp_path, caplog):
    subprocess.run(["mosquitto_passwd", "-b", "-c", tmp_path / "users", "ann", "p@ss:word"], check=True)
    (tmp_path / "users").chmod(0o644)
    access = ("allow_anonymous false", f"password_file {tmp_path / 'users'}")
    tmp_path.chmod(0o755)
    with broker(port, tmp_path, *access), listener(port, "t", username="ann", password="p@ss:word") as taken:
        known, stranger = Mqtt(f"mqtt://ann:p%40ss%3Aword@127.0.0.1:{port}/t"), Mqtt(f"mqtt://127.0.0.1:{port}/t")
        for sender in (known, stranger):
            sender.start()
        known.send({"event": "start"})
        until(lambda: taken and "not authorized" in caplog.text)
        known.close()
        stranger.close()
    assert counts(known) == (1, 0)
    assert "p@ss" not in caplog.text


def test_without_a_broker_events_are_lost_and_counted(port, monkeypatch):
    monkeypatch.setattr("videoai.live.sender.LAST_SECONDS", 0.3)
    sender = Mqtt(f"mqtt://127.0.0.1:{port}/t")
    sender.start()
    for _ in range(3):
        sender.send({"event": "start"})
    sender.close()
    assert counts(sender) == (0, 3)


@pytest.mark.parametrize(
    "url", ["http://host/t", "mqtt://host", "mqtt://host/", "mqtt:///t", "mqtt://host:x/t", "mqtt://host/a/#", "t"]
)
def test_what_is_no_broker_and_topic_is_refused(url):
    with pytest.raises(ValueError, match="mqtt="):
        broker_of(url)
