"""What Slack sends when somebody presses something: the payload, signed for a request URL, or over a web socket.

    payload = press(slack.roots()[0], "Not negative", at=now, url=slack.answer_url, user="U0ADA")
    payload = push(slack.roots()[0], "snooze", "For 1 hour", at=now, url=slack.answer_url)
    signed = sign(slack.signing_secret, payload, now)  # to be posted with its headers
    envelope = slack.socket.send(payload)

A press is made of the message as it stands, so a menu that is not there can't be pressed.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import socket
import struct
import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from slack_sdk.signature import SignatureVerifier

__all__ = ["FakeSocket", "Signed", "press", "push", "sign"]

_MAGIC = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _CLOSE, _PING, _PONG = 1, 8, 9, 10

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as Slack sends it to a request URL."""

    body: bytes
    headers: dict[str, str]


def sign(secret: str, payload: Json, at: datetime) -> Signed:
    """The request with this payload, signed now (``at``)."""
    body = urlencode({"payload": json.dumps(payload)}).encode()
    stamp = str(int(at.timestamp()))
    signature = SignatureVerifier(secret).generate_signature(timestamp=stamp, body=body)
    headers = {
        "content-type": "application/x-www-form-urlencoded",
        "x-slack-request-timestamp": stamp,
        "x-slack-signature": str(signature),
    }
    return Signed(body, headers)


def press(message: Any, choice: str, *, at: datetime, url: str, post: int = 0, user: str = "U0ADA") -> Json:
    """The payload when ``user`` chooses ``choice`` in the menu of a message's post number ``post``.

    ``message`` is a `crisiswatch.testing.fake_slack.SlackMessage`, ``url`` takes the answer. LookupError if it is not
    there to be chosen.
    """
    blocks = json.loads(json.dumps(message.blocks))
    menus = [block for block in blocks if block.get("accessory", {}).get("type") == "overflow"]
    block = menus[post]
    menu = block["accessory"]
    option = next((each for each in menu["options"] if each["text"]["text"] == choice), None)
    if option is None:
        raise LookupError(f"there is no {choice!r} to be chosen")
    action = {
        "type": "overflow",
        "action_id": menu["action_id"],
        "block_id": block["block_id"],
        "selected_option": option,
        "action_ts": f"{at.timestamp():.6f}",
    }
    return _payload(message, action, url=url, user=user)


def push(message: Any, name: str, chosen: str = "", *, at: datetime, url: str, user: str = "U0ADA") -> Json:
    """The payload when ``user`` presses what has the action id ``name``, choosing an option's words or a person's id.

    LookupError if that is not there to be pressed or chosen.
    """
    action: Json = {"action_id": name, "action_ts": f"{at.timestamp():.6f}"}
    for block in message.blocks:
        for element in (*block.get("elements", ()), block.get("accessory", {})):
            if element.get("action_id") == name:
                return _payload(message, action | _pushed(element, block, chosen), url=url, user=user)
    raise LookupError(f"there is no {name!r} to be pressed")


def _pushed(element: Json, block: Json, chosen: str) -> Json:
    found: Json = {"type": element["type"], "block_id": block["block_id"]}
    if element["type"] == "button":
        return found | {"value": element["value"], "text": element["text"]}
    if element["type"] == "users_select":
        return found | {"selected_user": chosen}
    option = next((each for each in element["options"] if each["text"]["text"] == chosen), None)
    if option is None:
        raise LookupError(f"there is no {chosen!r} to be chosen")
    return found | {"selected_option": option}


def _payload(message: Any, action: Json, *, url: str, user: str) -> Json:
    return {
        "type": "block_actions",
        "user": {"id": user, "username": "ada", "team_id": "T0FAKE"},
        "api_app_id": "A0FAKE",
        "team": {"id": "T0FAKE", "domain": "fake"},
        "container": {"type": "message", "message_ts": message.ts, "channel_id": message.channel},
        "channel": {"id": message.channel, "name": "pr-alerts"},
        "message": message.wire(metadata=True),
        "response_url": url,
        "actions": [action],
    }


@dataclass(eq=False)
class _Line:
    """One open web socket."""

    sock: socket.socket
    lock: threading.Lock = field(default_factory=threading.Lock)

    def write(self, opcode: int, data: bytes) -> None:
        size = len(data)
        head = bytes([0x80 | opcode])
        head += bytes([size]) if size < 126 else bytes([126]) + struct.pack("!H", size)
        if size > 0xFFFF:
            head = bytes([0x80 | opcode, 127]) + struct.pack("!Q", size)
        with self.lock:
            self.sock.sendall(head + data)

    def read(self) -> tuple[int, bytes]:
        """The next frame a client sent, unmasked; OSError when the line is cut."""
        first, second = self._take(2)
        size = second & 0x7F
        if size == 126:
            size = struct.unpack("!H", self._take(2))[0]
        elif size == 127:
            size = struct.unpack("!Q", self._take(8))[0]
        mask = self._take(4) if second & 0x80 else b"\0\0\0\0"
        data = self._take(size)
        return first & 0x0F, bytes(byte ^ mask[at % 4] for at, byte in enumerate(data))

    def _take(self, count: int) -> bytes:
        found = b""
        while len(found) < count:
            part = self.sock.recv(count - len(found))
            if not part:
                raise ConnectionResetError
            found += part
        return found


class FakeSocket:
    """The far end of Socket Mode: web sockets on a free port.

    ``acknowledged`` are the envelopes that were, in their order; ``opened`` counts connections ever made.
    """

    def __init__(self) -> None:
        self.acknowledged: list[str] = []
        self.opened = 0
        self._lines: list[_Line] = []
        self._sent = 0
        self._lock = threading.Lock()
        self._server = socket.create_server(("127.0.0.1", 0))
        self._threads = [threading.Thread(target=self._accept, name="fake-socket", daemon=True)]

    @property
    def url(self) -> str:
        """Where a client connects; the ticket is Slack's way of knowing who does."""
        return f"ws://127.0.0.1:{self._server.getsockname()[1]}/link/?ticket=fake"

    @property
    def open(self) -> int:
        """Connections that stand."""
        with self._lock:
            return len(self._lines)

    def start(self) -> None:
        """Begin to listen."""
        self._threads[0].start()

    def stop(self) -> None:
        """Cut everything and close the port."""
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self.cut()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(5)

    def send(self, payload: Json, *, envelope: str = "", kind: str = "interactive") -> str:
        """Send an envelope over the newest connection; gives its id. Give one again to send it once more."""
        with self._lock:
            self._sent += 1
            name = envelope or f"envelope-{self._sent}"
            line = self._lines[-1]
        told = {"envelope_id": name, "type": kind, "accepts_response_payload": True, "payload": payload}
        line.write(_TEXT, json.dumps(told).encode())
        return name

    def refresh(self) -> None:
        """Say on every connection that it will be closed soon, as Slack does every few hours."""
        with self._lock:
            lines = list(self._lines)
        for line in lines:
            line.write(_TEXT, json.dumps({"type": "disconnect", "reason": "refresh_requested"}).encode())

    def cut(self) -> None:
        """Cut every connection."""
        with self._lock:
            lines, self._lines = self._lines, []
        for line in lines:
            with contextlib.suppress(OSError):
                line.sock.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._server.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(_Line(sock),), name="fake-socket-line", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, line: _Line) -> None:
        with line.sock, contextlib.suppress(OSError):
            self._shake_hands(line)
            while True:
                opcode, data = line.read()
                if opcode == _PING:
                    line.write(_PONG, data)
                elif opcode == _TEXT:
                    with self._lock:
                        self.acknowledged.append(json.loads(data)["envelope_id"])
                elif opcode == _CLOSE:
                    break
        with self._lock:
            if line in self._lines:
                self._lines.remove(line)

    def _shake_hands(self, line: _Line) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += line._take(1)  # noqa: SLF001
        headers = {
            name.strip().lower(): value.strip()
            for name, _, value in (row.partition(":") for row in head.decode().split("\r\n"))
        }
        accept = base64.b64encode(
            hashlib.sha1(f"{headers['sec-websocket-key']}{_MAGIC}".encode()).digest()  # noqa: S324  (the protocol's)
        ).decode()
        line.sock.sendall(
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Accept: {accept}\r\n\r\n".encode()
        )
        hello = {"type": "hello", "num_connections": 1, "connection_info": {"app_id": "A0FAKE"}}
        line.write(_TEXT, json.dumps(hello).encode())
        with self._lock:
            self._lines.append(line)
            self.opened += 1
