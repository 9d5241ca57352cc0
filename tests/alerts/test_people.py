from __future__ import annotations

from dataclasses import replace
from zoneinfo import ZoneInfo

from crisiswatch.alerts.document import Document
from crisiswatch.alerts.model import AlertDefinition, StageText
from crisiswatch.alerts.render import build
from crisiswatch.model import Case, Delivery, Phase, Reminder, Stage
from crisiswatch.notifiers.blockkit import blocks_for, reply_blocks
from crisiswatch.notifiers.console import draw
from crisiswatch.notifiers.html import page as mail
from crisiswatch.response import Ended
from crisiswatch.web.incident import Shown, render_incident
from tests.response.stories import PLAN, Story, at, does, opening, over, rising, snapshot

ALERT = AlertDefinition(
    id="wave",
    opened=StageText("New: {count}", "It began."),
    escalated=StageText("Worse: {count}", "It grows."),
    calming=StageText("Easing: {count}", "It eases."),
    resolved=StageText("Over: {total}", "It is over."),
    playbook=PLAN.steps,
    statements=(("en", "We know of {count} posts."), ("it", "Sappiamo di {count} messaggi.")),
)


def shown(
    case: Case,
    stage: Stage = Stage.UPDATED,
    lang: str = "en",
    reminder: Reminder | None = None,
    criteria: tuple[str, ...] = (),
    **fields,
):
    incident = replace(snapshot(), **fields)
    delivery = Delivery(id="i/1/r", receiver="r", stage=stage, incident=incident, case=case, reminder=reminder)
    return build(
        replace(ALERT, language=lang, criteria=criteria),
        delivery,
        "Acme",
        ZoneInfo("Europe/Rome"),
        {"rival": "Rival Foods"},
    )


def test_a_message_says_who_has_it_what_is_done_and_what_is_promised() -> None:
    story = Story(
        opening(),
        does(1, "acknowledge"),
        does(2, "assign", to="bo"),
        does(3, "snooze", for_="60"),
        does(4, "step_done", step="2"),
        does(5, "promise", text="next update", due=at(90).isoformat()),
        does(6, "verdict", kind="not_a_crisis", reason="irony"),
    )
    document = shown(replace(story.case, sector=("rival",), escalated_to=("boss",)))
    assert document.status == (
        "Assigned to bo by ada. Snoozed until 3 Mar 2026, 14:03 CET by ada. Escalated to boss. "
        "Verdict: not a crisis (ada): irony."
    )
    assert [(task.done, task.overdue) for task in document.steps] == [
        ("", False),
        ("done by ada, 3 Mar 2026, 13:04 CET", False),
        ("", False),
    ]
    assert document.steps[0].due == "within 10 minutes, by 13:10 CET"
    assert document.promises == ("next update: by 3 Mar 2026, 14:30 CET (ada)",)
    assert document.sector == "The whole sector is up: Rival Foods too."
    assert document.statements == (("en", "We know of 131 posts."), ("it", "Sappiamo di 131 messaggi."))
    assert document.buttons == (
        "assign",
        "wake",
        "resolve",
        "step_done:1",
        "step_done:3",
        "promise_kept:1",
        "verdict:useful|false_alarm|not_a_crisis",
    )
    for words in (document.status, document.promises[0], document.sector, "We know of 131 posts."):
        assert words in document.plain()


def test_a_new_message_offers_to_take_it() -> None:
    document = shown(Story(opening()).case, Stage.OPENED)
    assert document.status == "Nobody has taken it yet."
    assert document.buttons[:4] == ("acknowledge", "assign", "snooze:calm|60|240", "step_done:1")
    assert shown(Story(opening()).case, Stage.OPENED, trial=True).buttons == ()


def test_a_reminder_says_what_to_look_at_in_the_language_of_the_alert() -> None:
    late = Story(opening()).until(10).sent[-1]
    english = shown(late.case, Stage.REMINDED, reminder=late.reminder)
    assert (english.reminder, english.stage) == (
        "Not done in time: Take the lead (due 3 Mar 2026, 13:10 CET).",
        Stage.REMINDED,
    )
    assert english.steps[0].overdue
    italian = shown(late.case, Stage.REMINDED, "it", late.reminder)
    assert italian.reminder == "Non fatto in tempo: Take the lead (scadenza mar 3 marzo, 13:10 CET)."
    assert italian.status.startswith("Nessuno l'ha ancora preso in carico.")


def test_what_waits_to_be_confirmed_says_so_and_what_ended_goes_on_to_say_how() -> None:
    calm = {"phase": Phase.RESOLVED, "resolved_at": at(60), "reason": "calm"}
    story = Story(opening(), rising(5), over(60, story_level := rising(5).incident.level))
    waiting = shown(story.case, Stage.UPDATED, level=story_level, **calm)
    assert (waiting.stage, waiting.headline) == (Stage.CALMING, "Easing: 131")
    assert "waits for a person" in waiting.status
    assert waiting.buttons[0] == "stand_down"
    assert "snooze:60|240" in waiting.buttons
    assert shown(story.case, Stage.REMINDED, **calm).headline == "Easing: 131"
    again = Story(opening(), rising(5), over(60, story_level)).tell(Ended(at(90), "flared_up", "acme.wave.2"))
    ended = shown(again.case, Stage.UPDATED, **calm)
    assert (ended.stage, ended.buttons, ended.steps) == (
        Stage.RESOLVED,
        ("verdict:useful|false_alarm|not_a_crisis",),
        (),
    )
    assert ended.status == "It flared up again as acme.wave.2."
    story.tell(does(100, "stand_down", "bo"))
    assert shown(story.case, Stage.RESOLVED, **calm).status == (
        "bo confirmed that it is over. Closed because it has calmed down."
    )


def test_while_it_waits_to_be_confirmed_it_says_what_to_look_at_first() -> None:
    calm = {"phase": Phase.RESOLVED, "resolved_at": at(60), "reason": "calm"}
    story = Story(opening(), rising(5), over(60, rising(5).incident.level))
    shop = "The shop is open again"
    for lang, title in (("en", "It is over when all of this is so"), ("it", "È finita quando è vero tutto questo")):
        document = shown(story.case, Stage.CALMING, lang, criteria=(shop,), **calm)
        assert document.criteria == (shop,)
        slack, console = blocks_for(document, "tag"), draw(document)
        reply = reply_blocks(document, "tag")
        for text in (str(slack), str(reply), mail(document), console, document.plain(), web_page(document)):
            assert title in text
            assert shop in text
        assert '<option value="calm">' not in web_page(document)  # it is calm already
    story.tell(does(100, "stand_down", "bo"))
    assert shown(story.case, Stage.RESOLVED, criteria=(shop,), **calm).criteria == ()
    assert shown(Story(opening()).case, criteria=(shop,)).criteria == ()


def web_page(document: Document) -> str:
    return render_incident(Shown(document, []), by="", known=False, csrf="")
