"""The terminal's alert, word for word, and on terminals that can do little."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from crisiswatch.errors import Rejected, TryLater
from crisiswatch.model import Stage
from crisiswatch.notifiers.console import ConsoleNotifier, draw
from crisiswatch.testing.notifiers import HOSTILE_TEXTS, a_delivery, some_evidence
from tests.notifiers.common import WHOLE, words

GOLDEN = """\
╭─  WARNING · new  ────────────────────────────────────────────────────────────╮
│                                                                              │
│  Acme Coffee: unusual wave of negative mentions                              │
│  131 in 15 minutes from 96 accounts; usual for this hour is about 8. Main    │
│  theme: burnt beans.                                                         │
│  Nobody has taken it yet.                                                    │
│  ! Source helpdesk has been silent since 3 Mar 2026, 08:00 UTC: the figures  │
│  may be too low.                                                             │
│                                                                              │
│  Figures                                                                     │
│  Mentions now          131 in 15 minutes                                     │
│  Normal for this hour  about 8 (mostly 3 to 14)                              │
│  Times normal          16 times                                              │
│  By chance alone       about once in 21 years                                │
│  Different accounts    96                                                    │
│  Opened                3 Mar 2026, 09:15 UTC; 140 mentions in all            │
│  Of everything said    73 %                                                  │
│  Reach                 up to 482,000 people                                  │
│  Sources               social 90, reviews 41                                 │
│  Languages             English 100, Italian 31                               │
│  Trend, 5 min steps    ▁▁▁▁▁▁▁▁▄█                                            │
│                                                                              │
│  Why this alert                                                              │
│  Most crises start as a jump in complaints against the brand's own normal.   │
│  Usually about 8 in 15 minutes (3 to 14); 131 now. So unusual by chance      │
│  alone: about once in 21 years.                                              │
│  ✓ chance alone would bring this about once a month or more rarely: about    │
│    once in 21 years                                                          │
│  ✓ at least 20 mentions came in: 131 did                                     │
│  ✓ at least 12 different accounts wrote: 96 did                              │
│                                                                              │
│  Themes                                                                      │
│  burnt beans · The new blend tastes burnt and nobody answers                 │
│                                                                              │
│  What people say                                                             │
│  “The new blend tastes burnt and nobody answers”                             │
│    First · Th••• · social · 09:04 UTC · 12 reactions · 900 followers         │
│    https://social.example/1?a=1&b=2                                          │
│                                                                              │
│  What to do now                                                              │
│  1. Take the lead and press "I have it"                                      │
│     duty-comms · within 10 minutes, by 09:25 UTC                             │
│  2. Check whether the claim is true                                          │
│     product · within 30 minutes, by 09:45 UTC                                │
│  3. Agree one holding line; nobody replies before                            │
│     head-of-comms · within 45 minutes, by 10:00 UTC                          │
│                                                                              │
╰──────────────────────────── crisiswatch explain acme-coffee-negative-wave-1 ─╯
"""


def test_an_alert_reads_like_this():
    paper = io.StringIO()
    ConsoleNotifier(words(), paper).send(a_delivery())
    assert paper.getvalue() == GOLDEN


CASE = """\
╭─  DRILL · CRITICAL · waiting for you  ───────────────────────────────────────╮
│                                                                              │
│  DRILL: this is an exercise, nothing has happened.                           │
│  Acme Coffee: the wave of negative mentions is now critical                  │
│  ▶ Not done in time: Check whether the claim is true (due 09:25 CET).        │
│  U0ADALACE has it since 3 Mar 2026, 09:02 CET.                               │
│                                                                              │
│  What to do now                                                              │
│   ✓ Take the lead                                                            │
│     U0ADALACE, 09:02 CET                                                     │
│  2. Check whether the claim is true                                          │
│     OVERDUE · product · by 09:25 CET                                         │
│  3. Agree one holding line                                                   │
│     head of comms · by 09:40 CET                                             │
│                                                                              │
│  Promised                                                                    │
│  Next update by 10:00 CET, promised by U0ADALACE                             │
│                                                                              │
│  Holding statement (English), for a person to check and publish              │
│  We know of the lids.                                                        │
│  We are looking into it.                                                     │
│                                                                              │
│  Holding statement (Italian), for a person to check and publish              │
│  Sappiamo dei coperchi.                                                      │
│                                                                              │
│  The incident: https://crisiswatch.example/incidents/acme.wave.1             │
│                                                                              │
╰──────────────────────────────────────────── crisiswatch explain acme.wave.1 ─╯
"""


def test_what_people_have_done_and_promised_and_what_waits_for_whom_reads_like_this():
    document = replace(
        WHOLE,
        stage=Stage.REMINDED,
        reminder="Not done in time: Check whether the claim is true (due 09:25 CET).",
        drill=True,
        **dict.fromkeys(("facts", "trend", "warnings", "why", "themes", "posts"), ()),
        **dict.fromkeys(("summary", "sector", "note", "because", "story"), ""),
    )
    assert draw(document) == CASE


def test_colour_is_only_for_terminals():
    document = words()(a_delivery())
    assert "\x1b[" not in draw(document)
    assert "\x1b[" in draw(document, colour=True)


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=range(len(HOSTILE_TEXTS)))
def test_no_text_breaks_the_frame_or_moves_the_cursor(text):
    drawn = draw(words()(a_delivery(evidence=some_evidence(text))))
    assert "\x1b" not in drawn
    assert "\x00" not in drawn
    assert all(line[0] in "╭│╰" and line[-1] in "╮│╯" for line in drawn.splitlines())


def test_a_terminal_that_knows_only_ascii_still_shows_the_alert():
    raw = io.BytesIO()
    with io.TextIOWrapper(raw, encoding="ascii", write_through=True) as terminal:
        ConsoleNotifier(words(), terminal).send(a_delivery())
        assert b"unusual wave of negative mentions" in raw.getvalue()


class Broken(io.StringIO):
    def __init__(self, error: OSError) -> None:
        super().__init__()
        self.error = error

    def write(self, text: str) -> int:
        raise self.error


@pytest.mark.parametrize(("error", "kind"), [(BrokenPipeError(), Rejected), (BlockingIOError(), TryLater)])
def test_an_output_that_is_gone_or_slow(error, kind):
    with pytest.raises(kind):
        ConsoleNotifier(words(), Broken(error)).send(a_delivery())
