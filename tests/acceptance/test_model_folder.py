"""The model of a folder in the running daemon: put in force by a reload, seen in the metrics, refused when it is none."""

from __future__ import annotations

from tests.acceptance.test_reload import edit
from tests.acceptance.world import World, until
from tests.sentiment.heavy_model import make_folder


def test_a_model_of_ones_own_reads_from_the_reload_on(here: World) -> None:
    make_folder(here.folder / "tiny")
    edit(here, "crisiswatch.yaml", "{scorer: vader}", "{folder: ./tiny, fallback: vader, budget: 2s}")
    assert here.app.reload() == (True, [])
    here.at(1)
    here.push(here.mention(1, "Acme Coffee: awful awful awful"))
    until(lambda: here.metric("scored_texts_total", scorer="main") == 1, "the text is counted")
    assert here.metric("scored_texts_total", scorer="fallback") == 0
    stored = next(iter(here.app.store.stream()))
    assert stored.score.model.startswith("tiny-")
    assert stored.score.label.value == "negative"
    edit(here, "crisiswatch.yaml", "./tiny", "./tinny")
    good, (problem,) = here.app.reload()
    assert not good
    assert "CW059: `./tinny` is no model" in problem
    here.push(here.mention(2, "Acme Coffee: awful again"))
    until(lambda: here.metric("scored_texts_total", scorer="main") == 2, "the old model reads on")
