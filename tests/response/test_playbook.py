"""Steps that a receiver does by itself, and promises that doing a step makes."""

from __future__ import annotations

from crisiswatch.model import Act, HumanAction, IncidentOpened, Level, Reminder, Stage, Tick
from crisiswatch.model.alert import PlaybookStep
from crisiswatch.response import Called, Plan, respond
from tests.response.stories import ID, NOON, at, opening, rising, snapshot

PLAN = Plan(
    (
        PlaybookStep("Freeze what is scheduled", webhook="freezer", on=Level.CRITICAL),
        PlaybookStep("Say when more comes", "spokesperson", 60, "The next update", 120),
    )
)


def do(case, minutes, act, plan=PLAN, **detail):
    return respond(case, HumanAction(at(minutes), ID, act, "U1", detail), plan)


def test_a_receiver_is_told_once_the_level_of_its_step_is_reached() -> None:
    case, _, (first,) = respond(None, opening(), PLAN)
    assert first.joining == ()
    case, lines, (sent,) = respond(case, rising(5), PLAN)
    assert (sent.stage, sent.joining) == (Stage.ESCALATED, ("freezer",))
    step = case.steps[0]
    assert (step.asked, step.asked_in, step.done_at) == ("freezer", sent.case.revision, None)
    assert [line.text for line in lines] == ["Rose to critical.", "Step 1, asked of freezer: Freeze what is scheduled"]
    assert sent.case == case  # the message shows that it was asked
    again, _, _ = respond(case, rising(9, version=3), PLAN)
    assert again.steps == case.steps


def test_an_incident_that_opens_at_that_level_tells_it_at_once() -> None:
    case, _, (sent,) = respond(None, IncidentOpened(NOON, snapshot(level=Level.CRITICAL)), PLAN)
    assert sent.joining == ("freezer",)
    assert (case.steps[0].asked, case.steps[0].asked_in) == ("freezer", sent.case.revision)


def test_a_step_is_done_once_its_receiver_was_told_and_not_before() -> None:
    case, _, _ = respond(None, IncidentOpened(NOON, snapshot(level=Level.CRITICAL)), PLAN)
    assert respond(case, Called(at(1), 1, "waiting"), PLAN) == (case, (), ())
    case, lines, (sent,) = respond(case, Called(at(2), 1, "sent"), PLAN)
    assert (case.steps[0].done_by, case.steps[0].done_at, sent.stage) == ("crisiswatch", at(2), Stage.UPDATED)
    assert [line.text for line in lines] == ["Step 1, told to freezer: Freeze what is scheduled"]
    assert respond(case, Called(at(3), 1, "dead"), PLAN) == (case, (), ())
    opened, _, _ = do(case, 4, Act.STEP_REOPENED, step="1")
    assert opened.steps[0].asked == ""  # it was told already, and whoever opened it again knows better
    assert respond(opened, Called(at(5), 1, "sent"), PLAN)[0].steps[0].done_at is None


def test_what_could_not_be_told_is_said_and_told_later_it_is_done_all_the_same() -> None:
    case, _, _ = respond(None, IncidentOpened(NOON, snapshot(level=Level.CRITICAL)), PLAN)
    case, lines, (sent,) = respond(case, Called(at(50), 1, "dead"), PLAN)
    assert (sent.stage, sent.reminder) == (
        Stage.REMINDED,
        Reminder("step_failed", "Freeze what is scheduled", numbers=(1,)),
    )
    assert lines[-1].text == "Step 1, freezer could not be told: Freeze what is scheduled"
    assert respond(case, Called(at(51), 1, "dead"), PLAN) == (case, (), ())
    case, _, _ = respond(case, Called(at(55), 1, "sent"), PLAN)
    assert case.steps[0].done_at == at(55)


def test_what_is_held_back_says_so_and_who_does_it_by_hand_has_done_it() -> None:
    case, _, _ = respond(None, IncidentOpened(NOON, snapshot(level=Level.CRITICAL)), PLAN)
    case, lines, (sent,) = respond(case, Called(at(1), 1, ""), PLAN)
    assert (case.steps[0].answer, sent.stage) == ("held", Stage.UPDATED)
    assert lines[-1].text == "Step 1 is held back from freezer: Freeze what is scheduled"
    case, _, _ = do(case, 2, Act.STEP_DONE, step="1")
    assert respond(case, Called(at(3), 1, "sent"), PLAN)[0].steps[0].done_by == "U1"


def test_doing_a_step_makes_its_promise_which_rings() -> None:
    case, _, _ = respond(None, opening(), PLAN)
    case, lines, _ = do(case, 10, Act.STEP_DONE, step="2")
    (promise,) = case.promises
    assert (promise.text, promise.due, promise.by) == ("The next update", at(130), "U1")
    assert lines[-1].text == "Promised by doing step 2: The next update"
    case, _, sent = respond(case, Tick(at(120)), PLAN)
    assert [each.reminder.kind for each in sent if each.reminder] == ["promise_due"]


def test_a_step_that_is_opened_and_done_again_promises_no_second_time() -> None:
    case, _, _ = respond(None, opening(), PLAN)
    for minutes, act in ((1, Act.STEP_DONE), (2, Act.STEP_REOPENED), (3, Act.STEP_DONE)):
        case, _, _ = do(case, minutes, act, step="2")
    assert len(case.promises) == 1


def test_a_playbook_that_was_changed_meanwhile_does_nothing_to_other_steps() -> None:
    case, _, _ = respond(None, opening(), PLAN)
    other = Plan((PlaybookStep("Something else", webhook="freezer"), PLAN.steps[1]))
    case, _, (sent,) = respond(case, rising(5), other)
    assert sent.joining == ()
    assert case.steps[0].done_at is None


def test_who_says_i_have_it_has_done_the_step_that_asks_to_say_so() -> None:
    plan = Plan((PlaybookStep("Take the lead and say so", "duty", 10, by_taking=True), PlaybookStep("Find out", "", 9)))
    for act, detail in ((Act.ACKNOWLEDGE, {}), (Act.ASSIGN, {"to": "U2"})):
        case, _, _ = respond(None, opening(), plan)
        case, lines, (sent,) = do(case, 3, act, plan, **detail)
        assert [(step.done_by, step.done_at) for step in case.steps] == [("U1", at(3)), ("", None)]
        assert lines[-1].text == "Step 1 done by taking it: Take the lead and say so"
        assert sent.case == case  # one message shows both
        case, _, sent = respond(case, Tick(at(30)), plan)
        assert [each.reminder.subject for each in sent if each.reminder] == ["Find out"]
    case, _, _ = do(case, 31, Act.STEP_REOPENED, plan, step="1")
    case, _, _ = do(case, 32, Act.ACKNOWLEDGE, plan)
    assert case.steps[0].done_at is None  # it was taken before: who opened the step again had a reason


def test_a_step_that_is_done_by_taking_it_makes_its_promise_too() -> None:
    plan = Plan((PlaybookStep("Take it", promise="A first word", promise_minutes=60, by_taking=True),))
    case, _, _ = respond(None, opening(), plan)
    case, _, _ = do(case, 3, Act.ACKNOWLEDGE, plan)
    assert [(each.text, each.due) for each in case.promises] == [("A first word", at(63))]
