"""`crisiswatch drill`: an exercise, run by the daemon where one runs, else by this process; and its report."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from crisiswatch.alerts.words import clean, clip
from crisiswatch.cli import page
from crisiswatch.cli.open import load_config, sqlite_file
from crisiswatch.cli.page import Format
from crisiswatch.clock import SystemClock
from crisiswatch.config import Loaded
from crisiswatch.drill import Alone, report_lines, request_from
from crisiswatch.errors import CrisiswatchError
from crisiswatch.logs import configure
from crisiswatch.store import Store
from crisiswatch.store.leases import held

__all__ = ["drill"]

LOOK_EVERY = 0.5
_ENDING = "Ending the drill: everybody who was told is told that it is over."

View = Mapping[str, Any]


def drill(told: Mapping[str, object], config: Path, answer: Format, store: Path | None) -> int:
    """Run one exercise and print its report; 0 if somebody took it, 1 if nobody did."""
    loaded = load_config(config)
    configure(replace(loaded.settings.log, level="error"))
    request_from(told)
    with _daemon(loaded) as daemon:
        report = _alone(loaded, told, answer, store) if daemon is None else _by_daemon(daemon, told, answer, store)
    if answer is Format.JSON:
        page.print_json(report)
    else:
        _show(report, loaded)
    return 0 if any(each.get("acknowledged_by") for each in report["incidents"]) else 1


def _show(report: View, loaded: Loaded) -> None:
    del loaded
    headline, *lines = report_lines(report)
    page.heading(headline)
    for line in lines:
        page.line(line, indent=2)
    rows = [
        (name, f"{told['sent']} sent", f"{told['failed']} failed", f"{told['waiting']} waiting")
        for name, told in report["messages"].items()
    ]
    page.heading("Messages")
    page.table(("receiver", "", "", ""), rows)


# -- where it runs ----------------------------------------------------------------------------------------------------


@contextmanager
def _daemon(loaded: Loaded) -> Iterator[Any | None]:
    """A client of the daemon that runs on this configuration; None if none does."""
    import httpx

    web = loaded.settings.web
    host = "127.0.0.1" if web.host in ("0.0.0.0", "") else "[::1]" if web.host == "::" else web.host  # noqa: S104
    headers = {} if web.token is None else {"authorization": f"Bearer {web.token.reveal()}"}
    with httpx.Client(base_url=f"http://{host}:{web.port}", headers=headers, timeout=15.0, trust_env=False) as client:
        try:
            there = bool(web.port) and client.get("/-/healthy").status_code in {200, 503}
        except httpx.HTTPError:
            there = False
        if not there:
            _nobody_holds(loaded)
        yield client if there else None


def _nobody_holds(loaded: Loaded) -> None:
    """Refuse where a daemon holds the store though it does not answer: both would share what people press in Slack."""
    url = loaded.settings.store.reveal()
    file = sqlite_file(url)
    if file is None or not file.exists():
        return
    with Store.open(url) as store:
        if held(store.engine, "daemon", SystemClock().now()):
            raise CrisiswatchError(
                "a daemon runs on this store but does not answer at web.port; "
                "give that a fixed port, so that it can run the drill, or stop it"
            )


def _by_daemon(client: Any, told: Mapping[str, object], answer: Format, store: Path | None) -> View:
    if store is not None:
        raise CrisiswatchError("a daemon runs, and keeps the drill's store to itself; leave --store out")
    begun = _asked(client, "POST", "/api/v1/drills", json=dict(told))
    name = begun["id"]

    def look() -> View:
        return _asked(client, "GET", f"/api/v1/drills/{name}")

    page.note(f"The daemon runs the drill {name}; Ctrl-C ends it.")
    return _follow(look, lambda: _asked(client, "POST", f"/api/v1/drills/{name}/end"), answer)


def _asked(client: Any, method: str, path: str, **more: Any) -> View:
    import httpx

    try:
        said = client.request(method, path, **more)
        body = said.json()
    except (httpx.HTTPError, ValueError) as error:
        raise CrisiswatchError("the daemon does not answer any more; it ends the drill if it can") from error
    if said.status_code != 200:
        detail = body.get("error") if isinstance(body, dict) else None
        raise CrisiswatchError(f"the daemon refused: {clip(clean(str(detail or said.status_code)), 300)}")
    found: View = body
    return found


def _alone(loaded: Loaded, told: Mapping[str, object], answer: Format, store: Path | None) -> View:
    if store is not None and store.exists():
        raise CrisiswatchError(f"{store} is there already; a drill needs a store of its own")
    url = "" if store is None else f"sqlite:///{store}"
    with Alone(loaded, request_from(told), SystemClock(), store_url=url) as alone:
        page.note(f"No daemon answers, so that this process runs the drill {alone.drill.id}; Ctrl-C ends it.")
        return _follow(alone.drill.view, alone.drill.end, answer)


def _follow(look: Callable[[], View], end: Callable[[], object], answer: Format) -> View:
    """Tell what happens while it happens, until it is over; the first Ctrl-C ends it truthfully."""
    shown: set[tuple[str, int]] = set()
    waiting = threading.Event()
    while True:
        try:
            view = look()
            if answer is Format.TEXT:
                _tell(view, shown)
            if view["state"] == "over":
                return view
            waiting.wait(LOOK_EVERY)
        except KeyboardInterrupt:
            page.note(_ENDING)
            end()


def _tell(view: View, shown: set[tuple[str, int]]) -> None:
    for incident in view["incidents"]:
        for number, line in enumerate(incident["log"]):
            if (incident["id"], number) in shown:
                continue
            shown.add((incident["id"], number))
            seconds = max(round(line["after_seconds"] or 0), 0)
            page.line(
                f"{seconds // 60:3d}:{seconds % 60:02d}  {clean(line['actor'])}: {clean(line['text'])}", wrap=False
            )
