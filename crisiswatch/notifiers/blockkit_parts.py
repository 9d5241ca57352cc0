"""The parts of an incident's message in Slack, from its headline to its foot; each is a few blocks, or none."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import partial

from slack_sdk.models.blocks import (
    Block,
    DividerBlock,
    HeaderBlock,
    ImageBlock,
    MarkdownTextObject,
    PlainTextObject,
    SectionBlock,
)
from slack_sdk.models.blocks.basic_components import SlackFile

from crisiswatch.alerts.document import Document, Fact, Quote, Task
from crisiswatch.alerts.phrases import phrase
from crisiswatch.alerts.words import sparkline
from crisiswatch.model import Act, Stage
from crisiswatch.notifiers.blockkit_text import (
    escape,
    lines,
    link,
    named,
    plain,
    section,
    small,
    struck,
    units,
)
from crisiswatch.notifiers.slack_acts import beside
from crisiswatch.notifiers.slack_labels import menu

__all__ = [
    "CLOCK",
    "DOTS",
    "chart",
    "criteria",
    "drill",
    "figures",
    "foot",
    "head",
    "more_figures",
    "notices",
    "posts",
    "promises",
    "steps",
    "trend",
    "verdict_head",
    "whose",
    "why",
]

DOTS = {
    "critical": "\N{LARGE RED CIRCLE}",
    "warning": "\N{LARGE ORANGE CIRCLE}",
    "watch": "\N{LARGE YELLOW CIRCLE}",
    "calming": "\N{LARGE BLUE CIRCLE}",
    "resolved": "\N{LARGE GREEN CIRCLE}",
}
CLOCK = "\N{ALARM CLOCK}"
"""What stands before everything that somebody is waited for."""

_MARKS = {True: "✓", False: "✗", None: "?"}
_HERO, _BESIDE = 4, 2

Offers = Mapping[str, Sequence[str]]


def drill(document: Document) -> str:
    """What every part of an exercise begins with; nothing where it is none."""
    return f"*{document.drill_word}* · " if document.drill else ""


def head(document: Document, limit: int) -> list[Block]:
    """The headline, the level and the stage, and the alert's own words."""
    words = plain(document.headline, 125 if document.drill else 145)
    words = f"{document.drill_word} · {words}" if document.drill else words
    blocks: list[Block] = [HeaderBlock(text=PlainTextObject(text=f"{DOTS[document.mood]} {words}", emoji=True))]
    line = f"{drill(document)}*{escape(document.banner, 60)}*"
    if document.link:
        line += f"  ·  {link(document.link, phrase(document.language, 'open_incident'))}"
    blocks.append(small(line))
    if document.drill:
        blocks.append(section(f"*{escape(document.drill_line, 200)}*"))
    if document.summary:
        blocks.append(section(escape(document.summary, limit)))
    return blocks


def notices(document: Document, limit: int) -> list[Block]:
    """What changes how the figures are to be read, and what somebody is waited for."""
    rows = []
    if document.stage is Stage.REMINDED and document.reminder:
        rows.append(f"{CLOCK} *{escape(document.reminder, limit)}*")
    if document.sector:
        before = phrase(document.language, "sector", names="\n").partition("\n")[0]
        others = document.sector.removeprefix(before)
        rows.append(f"*{phrase(document.language, 'whole_sector')}*  ·  {escape(others, limit)}")
    rows += [f":warning: {escape(warning, limit)}" for warning in document.warnings[:3]]
    if document.note:
        rows.append(f":seedling: {escape(document.note, limit)}")
    return [section("\n".join(rows))] if rows else []


def figures(document: Document, shown: int, limit: int) -> list[Block]:
    """The four figures that tell how bad it is, large, and a small line with who and since when."""
    facts = document.facts[: min(shown, _HERO + _BESIDE)]
    blocks: list[Block] = []
    if hero := facts[:_HERO]:
        blocks.append(SectionBlock(fields=[_field(fact, limit) for fact in hero]))
    if line := "  ·  ".join(_figure(fact, limit) for fact in facts[_HERO:]):
        blocks.append(small(line))
    return blocks


def more_figures(document: Document, shown: int, limit: int) -> list[str]:
    """The other figures, a row each: they go with what people say."""
    return [_figure(fact, limit) for fact in document.facts[_HERO + _BESIDE : shown]]


def _figure(fact: Fact, limit: int) -> str:
    return f"{escape(fact.label, 60)} *{escape(fact.value, limit) or '-'}*"


def _field(fact: Fact, limit: int) -> MarkdownTextObject:
    words = f"{escape(fact.label, 60)}\n*{escape(fact.value, limit) or '-'}*"
    return MarkdownTextObject(text=words, verbatim=True)


def trend(document: Document) -> list[Block]:
    """The figures as a line of bars, where there is no picture."""
    if not any(document.trend):
        return []
    minutes = 5 * min(len(document.trend), 48)
    return [small(f"`{sparkline(document.trend)}`  {phrase(document.language, 'trend_line', n=str(minutes))}")]


def chart(document: Document, file: str) -> list[Block]:
    """The picture that was uploaded as ``file``."""
    alt = plain(f"{phrase(document.language, 'trend_picture')} {document.headline}. {document.summary}", 1_000)
    return [ImageBlock(alt_text=alt, slack_file=SlackFile(id=file))]


def whose(document: Document, people: Collection[str]) -> list[Block]:
    """Who has it: just above the button to take it."""
    return [section(f"*{named(escape(document.status, 400), people)}*")] if document.status else []


def criteria(document: Document, shown: int, limit: int) -> list[Block]:
    """What to look at before somebody says that it is over: just above the button that says so."""
    rows = [f"•  {escape(each, limit)}" for each in document.criteria[:shown]]
    return lines(f"*{phrase(document.language, 'criteria')}*", rows) if rows else []


def steps(
    document: Document, offered: Offers, people: Collection[str], *, shown: int, buttons: int, limit: int
) -> list[Block]:
    """The playbook with its clocks. What is done is struck through; what is open can be pressed."""
    numbered = list(enumerate(document.steps, 1))
    kept = [pair for pair in numbered if not pair[1].done][:shown]
    kept = sorted([*kept, *[pair for pair in numbered if pair[1].done][: shown - len(kept)]])
    if not kept:
        return []
    done = sum(bool(task.done) for task in document.steps)
    say = partial(phrase, document.language)
    count = f"  ·  {say('steps_done', n=str(done), all=str(len(document.steps)))}" if done else ""
    blocks: list[Block] = [DividerBlock()]
    rows: list[str] = [f"*{say('steps')}*{count}"]
    for number, task in kept:
        row = _task(number, task, people, limit, document.language)
        if task.done or buttons < 1 or str(number) not in offered.get(Act.STEP_DONE, ()):
            rows.append(row)
            continue
        buttons -= 1
        blocks += lines("", rows)
        rows = []
        blocks.append(section(row, beside(Act.STEP_DONE, number, document.key, document.language)))
    if len(kept) < len(numbered):
        rows.append(f"_{say('and_more', n=str(len(numbered) - len(kept)))}_")
    return [*blocks, *lines("", rows)]


def _task(number: int, task: Task, people: Collection[str], limit: int, lang: str) -> str:
    step = escape(task.step, limit)
    if task.done:
        return f"✓  {struck(step)}  _{named(escape(task.done, 160), people)}_"
    details = " · ".join(escape(part, 100) for part in (task.role, task.due) if part)
    late = f"*{phrase(lang, 'late')}*" if task.overdue else ""
    details = f"\n{late}{' · ' if late and details else ''}{details}".rstrip()
    return f"{CLOCK if task.overdue else f'{number}.'}  {step}{details}"


def promises(document: Document, offered: Offers, people: Collection[str], *, shown: int) -> list[Block]:
    """What was promised, kept or not."""
    if not document.promises or not shown:
        return []
    blocks: list[Block] = [DividerBlock()]
    rows: list[str] = [f"*{phrase(document.language, 'what_promised')}*"]
    for number, promise in list(enumerate(document.promises, 1))[-shown:]:
        row = f"•  {named(escape(promise, 300), people)}"
        if str(number) not in offered.get(Act.PROMISE_KEPT, ()):
            rows.append(row)
            continue
        blocks += lines("", rows)
        rows = []
        blocks.append(section(row, beside(Act.PROMISE_KEPT, number, document.key, document.language)))
    return [*blocks, *lines("", rows)]


def posts(document: Document, figures: Sequence[str], *, menus: bool, shown: int, limit: int) -> list[Block]:
    """Themes, the figures of who speaks and where, the first post and the loudest ones."""
    if not figures and not (shown and (document.posts or document.themes)):
        return []
    first = f"*{phrase(document.language, 'posts')}*"
    if document.themes and shown:
        first += "  ·  " + ", ".join(escape(theme, 60) for theme in document.themes[:8])
    first = "\n".join([first, *figures])
    quotes = document.posts[:shown]
    if not menus:
        return [DividerBlock(), *lines(first, [_quote(post, limit) for post in quotes])]
    lang = document.language
    said = [section(_quote(post, limit).rstrip("\n"), menu(post.uid, lang) if post.uid else None) for post in quotes]
    asked = phrase(lang, "misread")
    return [DividerBlock(), section(first), *said, *([small(asked)] if any(post.uid for post in quotes) else [])]


def _quote(post: Quote, limit: int) -> str:
    byline = escape(post.byline, 200)
    if post.url:
        byline = link(post.url, byline)
    return f"> {escape(post.text, limit)}\n> {byline}\n"


def why(document: Document, much: int) -> list[Block]:
    """What the rule asked for and what was seen: small, for who doubts it. ``much``: 0 nothing, 1 no conditions."""
    if not much or not (document.why or document.because or document.story):
        return []
    rows = [escape(document.because, 300), escape(document.story, 500)]
    if much > 1:
        rows += [f"{_MARKS[reason.held]}  {escape(reason.sentence, 240)}" for reason in document.why]
    told = [row for row in rows if row]
    title = f"*{phrase(document.language, 'why')}*"
    return [DividerBlock(), *(small(each) for each in _pages([title, *told]))] if told else []


def _pages(rows: Sequence[str]) -> list[str]:
    """Rows in texts that are short enough for a small line each."""
    pages = [""]
    for row in rows:
        whole = f"{pages[-1]}\n{row}" if pages[-1] else row
        if units(whole) > 2_000:
            pages.append(row)
        else:
            pages[-1] = whole
    return pages


def verdict_head(lang: str, *, over: bool) -> list[Block]:
    """What the verdict buttons ask."""
    more = f" {phrase(lang, 'worth_over')}" if over else ""
    return [DividerBlock(), section(f"*{phrase(lang, 'worth')}*{more}")]


def foot(document: Document) -> list[Block]:
    """Names for who looks it up later; the last line is a command."""
    if not document.footer:
        return []
    *rows, command = (escape(line, 250) for line in document.footer)
    return [small("  ·  ".join([*rows[:3], f"`{command.replace('`', '')}`"]))]
