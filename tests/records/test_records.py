"""Records of an incident: posts as they were, the log, the post-mortem; through the daemon and by themselves."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from string import Formatter

import pytest

from crisiswatch.keeping import keeper_for
from crisiswatch.model import Blind, CaseStep, Decision, Evidence, Post, Promise, Verdict, VerdictKind
from crisiswatch.records import Facts, Keeper, Snapshot, folder_of, kept_posts, post_mortem
from crisiswatch.records.phrases import PHRASES
from crisiswatch.response import adopt
from crisiswatch.response.plan import Plan
from crisiswatch.store import StoredMention
from tests.acceptance.world import World, world
from tests.store.samples import NOON, incident, stored

MINUTE = timedelta(minutes=1)


@pytest.fixture
def here(tmp_path: Path) -> Iterator[World]:
    with world(tmp_path) as found:
        yield found


def keeper(here: World) -> Keeper:
    return keeper_for(here.app._parts.loaded, here.app.store, here.folder / "records", 200)


def end(here: World) -> str:
    here.at(1)
    here.push(here.mention(1), here.mention(2))
    here.calm_down(2)
    name = str(here.incidents()[0]["id"])
    here.do(name, "acknowledge", "Bo")
    here.do(name, "step_done", step=1)
    here.do(name, "promise", text="Next update", due="2026-03-03T13:00:00Z")
    return name


def test_an_incident_leaves_its_posts_its_log_and_a_post_mortem(here: World) -> None:
    name = end(here)
    keep = keeper(here)
    folder = folder_of(here.folder / "records", name)
    assert keep.look(here.clock.now()) == 1
    posts = [json.loads(line) for line in (folder / "evidence.jsonl").read_text().splitlines()]
    assert [post["uid"] for post in posts] == ["m:1", "m:2"]
    assert {len(post["sha256"]) for post in posts} == {64}
    assert not (folder / "post-mortem.md").exists()
    assert keep.look(here.clock.now()) == 0  # nothing new
    here.do(name, "resolve")
    here.do(name, "promise_kept", promise=1)
    here.do(name, "verdict", kind="useful")
    assert keep.look(here.clock.now()) == 1
    text = (folder / "post-mortem.md").read_text()
    for words in (
        "Post-mortem: Acme Coffee",
        "by Bo",
        "Next update: kept by Ada",
        "useful, Ada",
        "chain is whole",
        "](chart.png)",
    ):
        assert words in text
    assert (folder / "chart.png").read_bytes().startswith(b"\x89PNG")
    log = [json.loads(line) for line in (folder / "decisions.jsonl").read_text().splitlines()]
    assert [line["number"] for line in log] == list(range(1, len(log) + 1))
    assert (folder / "post-mortem.md").stat().st_mode & 0o077 == 0o040


def test_what_the_store_forgets_the_records_forget(here: World) -> None:
    name = end(here)
    keep = keeper(here)
    keep.look(here.clock.now())
    here.app.store.purge(here.clock.now() + MINUTE, here.clock.now() - timedelta(days=9))
    assert keep.forget(here.clock.now()) == 2
    path = folder_of(here.folder / "records", name) / "evidence.jsonl"
    posts = [json.loads(line) for line in path.read_text().splitlines()]
    assert {(post["text"], post["author"], len(post["sha256"])) for post in posts} == {(None, None, 64)}
    assert all(post["taken_back_at"] for post in posts)
    assert keep.forget(here.clock.now()) == 0


def test_a_full_disk_leaves_the_old_file_and_is_tried_again(here: World, monkeypatch: pytest.MonkeyPatch) -> None:
    name = end(here)
    keep = keeper(here)
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "no space")))
        assert keep.look(here.clock.now()) == 0
    folder = folder_of(here.folder / "records", name)
    assert list(folder.iterdir()) == []
    assert keep.look(here.clock.now()) == 1
    assert {path.name for path in folder.iterdir()} == {"evidence.jsonl", "decisions.jsonl"}


def test_the_daemon_keeps_records_where_the_configuration_says_so(tmp_path: Path) -> None:
    with world(
        tmp_path, sources="  - {id: helpdesk, type: webhook, secret: {file: hook.secret}}\nrecords: {folder: ./kept}\n"
    ) as here:
        jobs = [job.id for job in here.app._scheduler.get_jobs()]
        assert "records" in jobs
        name = end(here)
        next(job for job in here.app._scheduler.get_jobs() if job.id == "records").func()
        assert (tmp_path / "kept" / folder_of(Path(), name).name / "evidence.jsonl").exists()


def test_who_took_it_while_it_waited_to_be_confirmed_is_said() -> None:
    one = incident()
    case = replace(adopt(one, NOON, Plan()), acknowledged_by="Ann", acknowledged_at=NOON + 90 * MINUTE)
    facts = Facts(
        incident=one, first=one, case=case, decisions=(), told_at=None, evidence=Evidence(), brand="Acme Coffee"
    )
    assert "| Taken after | 1 h 30 min, by Ann |" in post_mortem(facts)
    assert "nobody took it" in post_mortem(replace(facts, case=None))


@pytest.mark.parametrize("name", ["../../etc/x", "a/b c", "...", ""])
def test_no_incident_leads_out_of_the_folder(name: str) -> None:
    found = folder_of(Path("root"), name)
    assert found.parent == Path("root")
    assert found.name not in {"", ".", ".."}


def test_a_file_that_was_cut_off_goes_on() -> None:
    first = Snapshot({}).grown([stored(1), stored(2)], NOON)
    cut = Snapshot.read(first.text()[:-20])
    again = cut.grown([stored(1), stored(2), stored(3)], NOON)
    assert list(again.lines) == [stored(n).mention.uid for n in (1, 2, 3)]
    assert again.digest != first.digest


def test_the_earliest_and_the_loudest_are_kept() -> None:
    posts: list[StoredMention] = [
        replace(stored(n), mention=replace(stored(n).mention, likes=1000 if n == 9 else 0)) for n in range(1, 10)
    ]
    assert [each.mention.uid for each in kept_posts(posts, 4)] == [stored(n).mention.uid for n in (1, 2, 9)]
    assert kept_posts(posts, 0) == []


HOSTILE = "| <!channel> # [x](javascript:1) `" + "\n" * 3 + "\u202e"


def facts(lang: str = "en") -> Facts:
    over = replace(
        incident(9, brand="acme", resolved_at=NOON + 90 * MINUTE, reason="calm"),
        acknowledged_by="U1",
        acknowledged_at=NOON + 4 * MINUTE,
        blind=(Blind("x", NOON, None, "failing"),),
        title=HOSTILE,
    )
    case = replace(
        adopt(over, NOON, Plan()),
        steps=(
            CaseStep(step="Look", due=NOON + 5 * MINUTE, done_by="U1", done_at=NOON + 9 * MINUTE),
            CaseStep(step=HOSTILE, role="pr"),
        ),
        promises=(Promise(text="Update", due=NOON + 60 * MINUTE, by="U1", at=NOON, missed=True),),
        verdict=Verdict(VerdictKind.NOT_A_CRISIS, "U1", NOON, "joke"),
    )
    lines = (Decision(incident=over.id, number=1, at=NOON, actor="crisiswatch", kind="opened", text=HOSTILE),)
    post = Post(uid="x:1", source="x", at=NOON, text=HOSTILE, url="https://x.com/1", author="someone")
    return Facts(
        incident=over, first=incident(1), case=case, decisions=lines, told_at=NOON + MINUTE,
        evidence=Evidence(first=(post,), loudest=(post,), sources={"x": 3}), brand="Acme", lang=lang,
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "it", "de"])
def test_it_says_all_there_is_and_lets_nothing_in(lang: str) -> None:
    text = post_mortem(facts(lang), "chart.png")
    words = PHRASES.get(lang, PHRASES["en"])
    assert words["late"].format(who="U1", when="").rstrip(", ") in text
    assert words["not_done"] in text
    assert words["not_a_crisis"] in text
    assert words["missed"].split(" (")[0] in text
    assert words["log_broken"].split(":")[0] in text  # the line has no chain
    assert "<!channel>" not in text
    assert "\u202e" not in text
    assert "[x](javascript" not in text
    assert all(line.count(" | ") >= 1 for line in text.splitlines() if line.startswith("|"))
    assert text == post_mortem(facts(lang), "chart.png")


def test_both_languages_have_the_same_headings_and_fill_in_the_same() -> None:
    def holes(text: str) -> set[str | None]:
        return {name for _, name, _, _ in Formatter().parse(text)} - {None}

    english = {key: holes(text) for key, text in PHRASES["en"].items()}
    assert {key: holes(text) for key, text in PHRASES["it"].items()} == english


def test_the_command_prints_it_and_writes_all_of_it(
    here: World, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    from crisiswatch.cli.records import print_post_mortem
    from crisiswatch.errors import CrisiswatchError

    name = end(here)
    capsys.readouterr()
    assert print_post_mortem(name, here.config, None) == 0
    assert capsys.readouterr().out.startswith("# Post-mortem: Acme Coffee, ")
    assert print_post_mortem(name, here.config, tmp_path / "out") == 0
    folder = folder_of(tmp_path / "out", name)
    assert {path.name for path in folder.iterdir()} == {
        "evidence.jsonl", "decisions.jsonl", "post-mortem.md", "chart.png",
    }  # fmt: skip
    with pytest.raises(CrisiswatchError, match="there is no incident"):
        print_post_mortem("nothing", here.config, None)
