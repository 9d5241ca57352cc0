from __future__ import annotations

from crisiswatch.config import load
from tests.cli.support import golden


def test_the_starter_is_written_and_the_next_steps_are_told(crisiswatch, tmp_path):
    said = crisiswatch("init", tmp_path / "watch")
    assert (said.code, said.err) == (0, "")
    golden("init.txt", said.out)


def test_the_starter_passes_check_and_its_tests(crisiswatch, tmp_path):
    crisiswatch("init", tmp_path / "watch")
    config = tmp_path / "watch" / "crisiswatch.yaml"
    checked = crisiswatch("check", "--config", config)
    assert checked.code == 0
    assert "error" not in checked.out
    # One file of them through the command; tests/rules runs every story of every shipped rule.
    stories = tmp_path / "watch" / "rules" / "starter" / "product-safety.test.yaml"
    assert crisiswatch("test", "--config", config, stories).code == 0


def test_nothing_is_overwritten_unless_asked(crisiswatch, tmp_path):
    crisiswatch("init", tmp_path)
    config = tmp_path / "crisiswatch.yaml"
    config.write_text("mine")
    rule = next((tmp_path / "rules").rglob("*.yaml"))
    rule.unlink()
    said = crisiswatch("init", tmp_path)
    assert said.code == 2
    assert said.out == ""
    assert said.err.startswith("crisiswatch: <dir>/crisiswatch.yaml and ")
    assert "--force" in said.err
    assert config.read_text() == "mine"
    assert not rule.exists()
    assert crisiswatch("init", tmp_path, "--force").code == 0
    assert config.read_text() != "mine"
    assert rule.exists()


def test_the_folder_that_the_starter_reads_is_there_so_that_nobody_begins_blind(crisiswatch, tmp_path):
    crisiswatch("init", tmp_path / "watch")
    (source,) = load(tmp_path / "watch" / "crisiswatch.yaml").settings.sources
    assert source.options.path.is_dir()
    assert not list(source.options.path.iterdir())
