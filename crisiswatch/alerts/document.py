"""One alert as a document that knows no channel: what every receiver shows, in its own way.

All text in it is ready to be read and free of control characters, but not escaped: escaping is the channel's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial

from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import language as named
from crisiswatch.model import Level, Stage

__all__ = ["DRILL", "Document", "Fact", "Quote", "Reason", "Task"]


DRILL = phrase("en", "drill")
"""What every message of an exercise begins with."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One figure with its name: ``Fact("Normal now", "about 8 (3 to 14)")``."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Reason:
    """One gate of the rule as a sentence; ``held`` None means that it could not be judged yet."""

    sentence: str
    held: bool | None = True


@dataclass(frozen=True, slots=True)
class Quote:
    """A post as it may be shown: clipped text, masked author, and where and when (words); ``url`` is safe to link.

    ``uid`` is the mention's, for a receiver through which people may answer.
    """

    text: str
    byline: str
    url: str | None = None
    uid: str = ""


@dataclass(frozen=True, slots=True)
class Task:
    """A step of the playbook: what, who, and until when (words); empty where the step does not say.

    ``done`` says by whom and when (words); ``overdue``: its time is over and nobody has done it.
    """

    step: str
    role: str = ""
    due: str = ""
    done: str = ""
    overdue: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """An alert, channel-neutral. ``trend`` is matching mentions in five-minute steps, oldest first.

    ``story`` tells in a few sentences how the figures differ from what is usual. ``status`` says who has it; ``note``
    is honest about a baseline that is still learning; ``warnings`` name what the figures can't see; ``footer`` ends
    with the command that explains the incident. ``key`` is the incident's id (a notice's own), ``link`` its page.
    ``sector`` says that the whole sector is up. ``promises`` are in words, kept ones too; ``statements`` are holding
    statements by language, with the facts filled in, for a person to check and publish. ``buttons`` are the acts that
    make sense now, as ``act`` or ``act:detail`` (``step_done:3``), for a receiver that can carry them. ``reminder`` is
    what a ``reminded`` has to say. ``drill``: an exercise, which every part that may stand alone has to say,
    by ``drill_word`` or ``drill_line``.
    ``criteria`` are what people should look at before they say that it is over, while that is waited for.
    ``language`` is the one its words are in, for a channel that adds its own (`crisiswatch.alerts.phrases`).
    """

    brand: str
    headline: str
    level: Level
    stage: Stage
    opened_at: datetime
    summary: str = ""
    status: str = ""
    facts: tuple[Fact, ...] = ()
    trend: tuple[int, ...] = ()
    warnings: tuple[str, ...] = ()
    note: str = ""
    because: str = ""
    story: str = ""
    why: tuple[Reason, ...] = ()
    themes: tuple[str, ...] = ()
    posts: tuple[Quote, ...] = ()
    steps: tuple[Task, ...] = ()
    footer: tuple[str, ...] = ()
    key: str = ""
    link: str = ""
    sector: str = ""
    reminder: str = ""
    criteria: tuple[str, ...] = ()
    promises: tuple[str, ...] = ()
    statements: tuple[tuple[str, str], ...] = ()
    buttons: tuple[str, ...] = ()
    drill: bool = False
    language: str = "en"
    drill_word: str = "DRILL"
    drill_line: str = DRILL

    @property
    def mood(self) -> str:
        """``critical``, ``warning``, ``watch``, ``calming`` or ``resolved``: what the colour of a message follows."""
        if self.stage in (Stage.CALMING, Stage.RESOLVED):
            return self.stage.value
        return "watch" if self.level is Level.CALM else self.level.word

    @property
    def banner(self) -> str:
        """The level and stage in a few words: ``CRITICAL · escalated``, in Italian ``CRITICO · in peggioramento``."""
        if self.stage is Stage.RESOLVED:
            return phrase(self.language, "stage.resolved")
        said = phrase(self.language, f"stage.{self.stage.value}") or phrase(self.language, "stage.escalated")
        return f"{phrase(self.language, f'level.{self.level.word}').upper()} · {said}"

    def plain(self, *calls: str) -> str:
        """The alert as plain text, for e-mail's text part and wherever nothing else can be shown.

        ``calls`` are lines of the channel's own on what can be done at once, such as a link.
        """
        say = partial(phrase, self.language)
        lines = [self.drill_line, ""] if self.drill else []
        lines += [self.banner, self.headline, ""]
        lines += [f">> {self.reminder}", ""] if self.reminder else []
        lines += [line for line in (self.summary, self.sector, self.status, self.note, *calls) if line]
        lines += [f"! {warning}" for warning in self.warnings]
        lines += _section(say("criteria"), [f"  - {each}" for each in self.criteria])
        lines += _section(say("figures"), [f"  {fact.label}: {fact.value}" for fact in self.facts])
        lines += _section(
            say("why"),
            [f"  {line}" for line in (self.because, self.story) if line]
            + [f"  {_MARKS[reason.held]} {reason.sentence}" for reason in self.why],
        )
        lines += _section(say("themes"), [f"  {', '.join(self.themes)}"] * bool(self.themes))
        lines += _section(say("posts"), [line for post in self.posts for line in _quoted(post)])
        lines += _section(
            say("steps"), [f"  {n}. {_task(task, self.language)}" for n, task in enumerate(self.steps, 1)]
        )
        lines += _section(say("promised"), [f"  - {promise}" for promise in self.promises])
        for language, text in self.statements:
            lines += _section(say("statement", language=named(language, self.language)), [f"  {text}"])
        lines += ["", say("link", link=self.link)] if self.link else []
        lines += ["", "-- ", *self.footer]
        return "\n".join(lines) + "\n"


_MARKS = {True: "[x]", False: "[ ]", None: "[?]"}


def _section(title: str, lines: list[str]) -> list[str]:
    return ["", title, *lines] if lines else []


def _quoted(post: Quote) -> list[str]:
    lines = [f"  > {post.text}", f"    {post.byline}"]
    return [*lines, f"    {post.url}"] if post.url else lines


def _task(task: Task, lang: str) -> str:
    if task.done:
        return f"[{phrase(lang, 'done_mark')}] {task.step} ({task.done})"
    late = phrase(lang, "overdue") if task.overdue else ""
    details = ", ".join(part for part in (late, task.role, task.due) if part)
    return f"{task.step} ({details})" if details else task.step
