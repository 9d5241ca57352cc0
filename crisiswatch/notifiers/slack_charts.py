"""The chart of an incident in Slack: drawn, uploaded and shown beside the alerts, which never wait for it.

A job draws, uploads (three calls), waits until Slack has processed the file, and edits the message as it is by then.
Whatever goes wrong is left to the next delivery of the incident; a process that is killed may upload once more.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from slack_sdk import WebClient

from crisiswatch.errors import DeliveryError
from crisiswatch.model import Delivery, Stage
from crisiswatch.notifiers.slack_calls import Pace, Refusal, call

__all__ = ["Charts", "Picture", "Shown"]

REDRAWN = timedelta(minutes=15)
"""How old the picture of an incident may get before an update draws it anew; news always does."""
LOOKS = (0.2, 0.3, 0.5, 1.0, 1.0, 2.0, 2.0, 3.0)
"""Seconds between looks at whether a file is processed."""
_KEPT = 256
_NOT_ALLOWED = frozenset({"missing_scope", "not_allowed_token_type", "no_permission", "access_denied"})
log = structlog.get_logger("crisiswatch.slack")


@dataclass(frozen=True, slots=True)
class Picture:
    """A file in Slack and the moment its figures are of; ``shared``: it can only be shown in the thread."""

    file: str = ""
    at: str = ""
    shared: bool = False

    @classmethod
    def of(cls, memory: Mapping[str, str]) -> Picture:
        """What earlier receipts tell."""
        return cls(memory.get("file", ""), memory.get("file_at", ""), bool(memory.get("shared")))

    def memory(self) -> dict[str, str]:
        """For the receipt; nothing while there was never a picture."""
        if not (self.at or self.file):
            return {}
        return {"file": self.file, "file_at": self.at, "shared": "1" if self.shared else ""}

    def outdated(self, delivery: Delivery) -> bool:
        """Whether it is worth another one."""
        now = delivery.incident.updated_at
        if self.shared or (self.file and self.at == now.isoformat()):
            return False
        if not (self.file and self.at) or delivery.stage not in (Stage.UPDATED, Stage.REMINDED):
            return True
        return now - datetime.fromisoformat(self.at) >= REDRAWN


@dataclass(eq=False)
class Shown:
    """An incident's message as it is. ``redraw`` edits it to show a file; who holds ``lock`` may edit it."""

    picture: Picture = Picture()
    redraw: Callable[[str], None] | None = None
    pending: str = ""
    lock: threading.RLock = field(default_factory=threading.RLock)


@dataclass(frozen=True, slots=True)
class _Job:
    delivery: Delivery
    channel: str
    ts: str


class Charts:
    """The pictures of one receiver.

    ``client`` gives a client of Slack. ``start`` is given the work, a piece at a time; a thread if not told otherwise.
    """

    def __init__(
        self,
        chart: Callable[[Delivery], bytes | None],
        client: Callable[[], WebClient],
        start: Callable[[Callable[[], None]], None] | None = None,
    ) -> None:
        self._chart = chart
        self._client = client
        self._start = start or _thread
        self._pause = threading.Event().wait
        self._shown: OrderedDict[str, Shown] = OrderedDict()
        self._jobs: OrderedDict[str, _Job] = OrderedDict()
        self._lock = threading.Lock()
        self._busy = False
        self._allowed = True

    @contextmanager
    def shown(self, delivery: Delivery) -> Iterator[Shown]:
        """The message of a delivery's incident, held so that no picture edits it meanwhile."""
        with self._lock:
            shown = self._shown.setdefault(delivery.incident.id, Shown())
            self._shown.move_to_end(delivery.incident.id)
            while len(self._shown) > _KEPT:
                self._shown.popitem(last=False)
        with shown.lock:
            if not shown.picture.file and not shown.picture.shared:
                shown.picture = Picture.of(delivery.memory)
            yield shown

    def want(self, delivery: Delivery, memory: Mapping[str, str]) -> None:
        """Have the picture of a delivery that was sent drawn and shown, if it is worth another one."""
        incident = delivery.incident.id
        with self._lock:
            shown = self._shown.get(incident)
            if shown is None or not self._allowed or not shown.picture.outdated(delivery):
                return
            self._jobs[incident] = _Job(delivery, memory["channel"], memory["ts"])
            while len(self._jobs) > _KEPT:
                self._jobs.popitem(last=False)
            if self._busy:
                return
            self._busy = True
        self._start(self._work)

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._jobs:
                    self._busy = False
                    return
                incident, job = self._jobs.popitem(last=False)
                shown = self._shown.get(incident)
            if shown is not None:
                self._do(job, shown)

    def _do(self, job: _Job, shown: Shown) -> None:
        try:
            self._show(job, shown)
        except DeliveryError as error:
            log.warning("chart_not_shown", incident=job.delivery.incident.id, error=error.detail)
            if isinstance(error, Refusal) and error.code in _NOT_ALLOWED:
                self._allowed = False  # until the next start: asking each time would only fill the log
        except Exception:  # a supervision point: the next picture is drawn all the same
            log.exception("chart_broke", incident=job.delivery.incident.id)

    def _show(self, job: _Job, shown: Shown) -> None:
        client, pace = self._client(), Pace()
        at = job.delivery.incident.updated_at.isoformat()
        file = shown.pending
        if not file:
            drawn = self._chart(job.delivery)
            if drawn is None:
                return
            file = shown.pending = _upload(client, pace, job, drawn)
        if not self._processed(client, pace, job, file):
            log.info("chart_waits", incident=job.delivery.incident.id, file=file)
            return  # the next delivery looks again
        with shown.lock:
            shown.pending = ""
            try:
                if shown.redraw is not None:
                    shown.redraw(file)
            except Refusal as refusal:
                if refusal.code != "invalid_blocks":
                    raise
            else:
                shown.picture = Picture(file, at)
                return
            shown.picture = Picture("", at, shared=True)
        drawn = self._chart(job.delivery)
        if drawn is not None:
            _upload(client, pace, job, drawn, thread=True)

    def _processed(self, client: WebClient, pace: Pace, job: _Job, file: str) -> bool:
        """Whether Slack has made something of a file: until then no message may show it."""
        for seconds in (*LOOKS, 0.0):
            answer = call(pace, job.delivery.id, client.files_info, file=file)
            if (answer.get("file") or {}).get("mimetype"):
                return True
            if seconds:
                self._pause(seconds)
        return False


def _upload(client: WebClient, pace: Pace, job: _Job, drawn: bytes, *, thread: bool = False) -> str:
    """Bring a picture to Slack, for nobody to see yet, or into the thread; gives its file's id."""
    where = {"channel": job.channel, "thread_ts": job.ts} if thread else {}
    answer = call(
        pace,
        job.delivery.id,
        client.files_upload_v2,
        content=drawn,
        filename="chart.png",
        title="Mentions over time",
        alt_txt="Chart of mentions over time",
        **where,
    )
    return str(answer["file"]["id"])


def _thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="slack-charts", daemon=True).start()
