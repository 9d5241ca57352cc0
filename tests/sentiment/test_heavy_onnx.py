from __future__ import annotations

import math
import shutil
import subprocess
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto

from crisiswatch.model import Mention, Score, Scorer, Sentiment, Text
from crisiswatch.sentiment import score_mentions
from crisiswatch.sentiment.heavy import ModelFolderError, OnnxScorer, TransformersScorer, open_folder
from crisiswatch.testing.pure import ScorerContract
from tests.sentiment.heavy_model import NAMES, make_folder, make_model


def reckoned(bad: float, good: float) -> tuple[float, float, float]:
    """Softmax of 4 x bad, 1, 4 x good: what the tiny model says of a text of this mean."""
    raised = [math.exp(4 * bad), math.e, math.exp(4 * good)]
    return tuple(each / sum(raised) for each in raised)  # type: ignore[return-value]


def parts(score: Score) -> tuple[float, float, float]:
    return score.negative, score.neutral, score.positive


def told(scorer: Scorer, *texts: str) -> list[tuple[float, float, float]]:
    return [parts(score) for score in scorer.score([Text(text) for text in texts])]


class TestOnnxContract(ScorerContract):
    @pytest.fixture(autouse=True)
    def _folder(self, tmp_path: Path) -> None:
        self.folder = make_folder(tmp_path / "tiny")

    def scorer(self) -> Scorer:
        return OnnxScorer(self.folder)


class Watched:
    """A session that notes the shapes it is given."""

    def __init__(self, session: Any) -> None:
        self.session = session
        self.shapes: list[tuple[int, ...]] = []

    def run(self, outputs: list[str], given: dict[str, Any]) -> Any:
        self.shapes.append(given["input_ids"].shape)
        return self.session.run(outputs, given)


def watch(scorer: OnnxScorer) -> Watched:
    scorer._session = watched = Watched(scorer._session)
    return watched


def test_scores_are_the_softmax_of_what_the_model_says(tmp_path: Path) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny"))
    texts = ("awful", "awful awful great", "great late", "table", "never seen before")
    wanted = [reckoned(1, 0), reckoned(2 / 3, 1 / 3), reckoned(0.25, 0.5), reckoned(0, 0), reckoned(0, 0)]
    for got, want in zip(told(scorer, *texts), wanted, strict=True):
        assert got == pytest.approx(want, abs=1e-6)
    labels = [score.label for score in scorer.score([Text(text) for text in texts])]
    assert labels == [Sentiment.NEGATIVE, Sentiment.NEGATIVE, Sentiment.POSITIVE, *[Sentiment.NEUTRAL] * 2]
    assert not scorer.score([Text("awful")])[0].calibrated


@pytest.mark.parametrize("names", [("positive", "negative", "neutral"), ("neutral", "positive", "negative")])
def test_the_order_of_the_models_outputs_does_not_matter(tmp_path: Path, names: tuple[str, ...]) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny", names=names))
    assert told(scorer, "awful late", "great")[0] == pytest.approx(reckoned(0.75, 0), abs=1e-6)
    assert told(scorer, "awful late", "great")[1] == pytest.approx(reckoned(0, 1), abs=1e-6)


def test_probabilities_of_classes_on_one_side_add_up(tmp_path: Path) -> None:
    stars = tuple(f"{count} star{'s' * (count > 1)}" for count in range(1, 6))
    model = make_model(("nothing", "negative", "neutral", "positive", "nothing"))
    scorer = OnnxScorer(make_folder(tmp_path / "tiny", model, names=stars))
    raised = [1, math.exp(4), math.e, 1, 1]  # of "awful"
    wanted = [(raised[0] + raised[1]) / sum(raised), raised[2] / sum(raised), (raised[3] + raised[4]) / sum(raised)]
    assert told(scorer, "awful")[0] == pytest.approx(wanted, abs=1e-6)


def test_numbered_labels_are_read_with_a_warning(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "tiny", make_model(), names=("LABEL_0", "LABEL_1", "LABEL_2"))
    with pytest.warns(UserWarning, match="tiny.*read as negative, neutral, positive"):
        scorer = OnnxScorer(folder)
    assert told(scorer, "awful")[0] == pytest.approx(reckoned(1, 0), abs=1e-6)
    assert "LABEL_0" in scorer.notes[0]


def test_batches_hold_texts_of_like_length_and_give_the_order_back(tmp_path: Path) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny"), batch=3)
    watched = watch(scorer)
    texts = ["great " * 9, "awful", "table " * 5, "late", "", "thanks thanks", "awful " * 9]
    got = told(scorer, *texts)
    assert watched.shapes == [(3, 2), (3, 9)]
    means = [(0, 1), (1, 0), (0, 0), (0.5, 0), None, (0, 0.5), (1, 0)]
    for each, mean in zip(got, means, strict=True):
        assert each == pytest.approx(reckoned(*mean) if mean else (0, 1, 0), abs=1e-6)


def test_the_number_of_threads_is_the_models_own_and_changes_no_score(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "tiny")
    one, two = OnnxScorer(folder), OnnxScorer(folder, threads=2)
    assert one._session.get_session_options().intra_op_num_threads == 1
    assert two._session.get_session_options().intra_op_num_threads == 2
    assert told(one, "awful late", "great") == told(two, "awful late", "great")


def test_only_the_first_tokens_of_a_long_text_are_read(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "tiny")
    text = "awful " * 8 + "great " * 3_000
    assert told(OnnxScorer(folder, longest=8), text)[0] == pytest.approx(reckoned(1, 0), abs=1e-6)
    assert told(OnnxScorer(folder, longest=16), text)[0] == pytest.approx(reckoned(0.5, 0.5), abs=1e-6)


def test_a_model_that_takes_fewer_tokens_gets_fewer(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "tiny", config={"max_position_embeddings": 10})
    assert told(OnnxScorer(folder), "awful " * 8 + "great " * 8)[0] == pytest.approx(reckoned(1, 0), abs=1e-6)


def test_a_text_with_nothing_to_read_is_neutral(tmp_path: Path) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny"))
    texts = ["", " \n\t ", "https://example.org/great", "\ud800"]
    assert told(scorer, *texts) == [(0.0, 1.0, 0.0)] * 4
    assert list(scorer.score([])) == []


@given(st.lists(st.text(st.characters(codec=None, exclude_categories=())), max_size=5))
def test_no_text_makes_it_raise(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    global _shared  # noqa: PLW0603
    if _shared is None:
        _shared = OnnxScorer(make_folder(tmp_path_factory.mktemp("odd") / "tiny"), batch=2)
    for got in told(_shared, *texts):
        assert sum(got) == pytest.approx(1.0)


_shared: OnnxScorer | None = None


def test_brand_words_names_and_addresses_are_hidden(tmp_path: Path) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny"))
    plain, hidden = scorer.score([Text("united"), Text("united", None, ("United",))])
    assert parts(plain) == pytest.approx(reckoned(0, 1), abs=1e-6)
    assert parts(hidden) == pytest.approx(reckoned(0, 0), abs=1e-6)
    assert told(scorer, "@bob awful https://x.example/great")[0] == pytest.approx(reckoned(0.5, 0), abs=1e-6)


def test_a_model_trained_the_xlm_t_way_gets_its_own_stand_ins(tmp_path: Path) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny", options={"mask": "xlm-t"}))
    # @user is (1, 1), http is (0.5, 1), "it" for the brand word is (0, 0)
    (score,) = scorer.score([Text("@bob united https://x.example/awful www.y.example", None, ("united",))])
    assert parts(score) == pytest.approx(reckoned(0.5, 0.75), abs=1e-6)
    assert scorer._folder.readable(Text("ciao @a, me@b.it: HTTP://c.d")) == "ciao @user, me@b.it: http"


@pytest.mark.parametrize(
    "model",
    [
        make_model(inputs=("input_ids", "attention_mask", "token_type_ids")),
        make_model(kind=TensorProto.INT32),
        make_model(shape=(1, "tokens")),
        make_model(shape=("texts", 16)),
        make_model(output="scores"),
    ],
    ids=["token types", "32 bits", "one text at a time", "one length", "another output"],
)
def test_exports_differ_and_the_scores_do_not(tmp_path: Path, model: Any) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny", model))
    got = told(scorer, "awful " * 40, "great late", "table", "thanks")
    wanted = [reckoned(1, 0), reckoned(0.25, 0.5), reckoned(0, 0), reckoned(0, 0.5)]
    for each, want in zip(got, wanted, strict=True):
        assert each == pytest.approx(want, abs=1e-6)


def test_filling_goes_where_the_tokenizer_wants_it_and_is_never_read(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "tiny")
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_padding(direction="left", pad_id=0, length=64)
    tokenizer.save(str(folder / "tokenizer.json"))
    scorer = OnnxScorer(folder)
    watched = watch(scorer)
    got = told(scorer, "awful late", "great")
    assert watched.shapes == [(2, 2)]
    assert got[0] == pytest.approx(reckoned(0.75, 0), abs=1e-6)
    assert got[1] == pytest.approx(reckoned(0, 1), abs=1e-6)


# --- which model gave a score


def test_the_model_id_changes_with_all_that_changes_scores_and_with_nothing_else(tmp_path: Path) -> None:
    def model(name: str, **how: Any) -> str:
        folder = make_folder(tmp_path / name / "tiny", **how)
        (folder / "README.md").write_text(f"notes on {name}\n", "utf-8")
        return OnnxScorer(folder).model

    first = model("a")
    assert first.startswith("tiny-")
    assert len(first) == len("tiny-") + 10
    assert model("b") == first
    others = [
        model("c", options={"mask": "xlm-t"}),
        model("d", options={"name": "tiny"}, names=("positive", "neutral", "negative")),
        OnnxScorer(tmp_path / "a" / "tiny", longest=64).model,
    ]
    (tmp_path / "a" / "tiny" / "model.onnx").write_bytes(make_model(output="scores").SerializeToString())
    others.append(OnnxScorer(tmp_path / "a" / "tiny").model)
    assert len({first, *others}) == 5
    assert all(each.startswith("tiny-") for each in others)


def test_a_folder_can_be_given_a_name(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "4f1ab2", options={"name": "our-tweets"})
    assert OnnxScorer(folder).score([Text("awful")])[0].model.startswith("our-tweets-")


# --- what can be wrong with a folder


def fault(folder: Path, **how: Any) -> str:
    """What is said about a folder: always its name, what is wrong, and what to do."""
    with pytest.raises(ModelFolderError) as caught:
        open_folder(folder, **how)
    said = str(caught.value)
    assert said.startswith(f"{folder}: ")
    assert caught.value.remedy in said
    assert "\n" not in said
    return said.removeprefix(f"{folder}: ")


def test_a_name_of_a_hub_is_no_folder_and_nothing_is_downloaded() -> None:
    assert "no such folder" in fault(Path("somebody/some-model"))


def test_an_empty_folder_is_told_what_to_hold(tmp_path: Path) -> None:
    assert "neither model.onnx nor model*.safetensors nor pytorch_model*.bin" in fault(tmp_path)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    folder = make_folder(tmp_path / "tiny")
    (folder / name).unlink()
    assert f"{name} is missing" in fault(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "crisiswatch.json"])
@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe\x00", b"7"])
def test_a_damaged_json_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    folder = make_folder(tmp_path / "tiny", options={})
    (folder / name).write_bytes(content)
    assert fault(folder).startswith(name)


@pytest.mark.parametrize("keep", [0, 1, 100, -40])
def test_a_damaged_model_is_named(tmp_path: Path, keep: int) -> None:
    folder = make_folder(tmp_path / "tiny")
    whole = (folder / "model.onnx").read_bytes()
    (folder / "model.onnx").write_bytes(whole[:keep])
    assert "model.onnx" in fault(folder)
    (folder / "model.onnx").write_bytes(b"nonsense" * 100)
    assert "model.onnx is damaged, incomplete or of an unknown kind" in fault(folder)


@pytest.mark.parametrize("name", ["model.onnx", "tokenizer.json"])
def test_a_pointer_of_git_lfs_is_told_from_the_file(tmp_path: Path, name: str) -> None:
    folder = make_folder(tmp_path / "tiny")
    (folder / name).write_text("version https://git-lfs.example/spec/v1\noid sha256:12\nsize 9\n", "utf-8")
    assert fault(folder) == f"{name} is only a pointer of Git LFS; fetch it: git lfs pull"


@pytest.mark.parametrize("options", [{"mask": "xlmt"}, {"masks": "plain"}, {"mask": ["plain"]}])
def test_an_unknown_option_is_refused(tmp_path: Path, options: dict[str, Any]) -> None:
    said = fault(make_folder(tmp_path / "tiny", options=options))
    assert said == 'crisiswatch.json has something unknown in it; it may have "name" and "mask": "plain" or "xlm-t"'


@pytest.mark.parametrize("kind", ["regression", "multi_label_classification"])
def test_a_model_of_another_kind_is_refused(tmp_path: Path, kind: str) -> None:
    assert kind in fault(make_folder(tmp_path / "tiny", config={"problem_type": kind}))


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (make_model((*NAMES, "more")), r"gives the shape (2, 4) for 2 texts, config.json has 3 classes"),
        (make_model(inputs=("ids", "attention_mask")), "takes ids, attention_mask, not input_ids"),
        (make_model(inputs=("input_ids", "attention_mask", "position_ids")), "position_ids, not input_ids with"),
        (make_model(shape=(4, "tokens")), "takes input_ids of shape [4, 'tokens']"),
        (make_model(kind=TensorProto.FLOAT, inputs=("attention_mask", "input_ids")), "damaged"),
        (make_model(words=5), "fails on 128 tokens"),
    ],
    ids=["classes", "names", "more inputs", "fixed batch", "no whole numbers", "another tokenizer"],
)
def test_a_model_that_does_not_fit_is_refused_when_it_is_opened(tmp_path: Path, model: Any, words: str) -> None:
    assert words in fault(make_folder(tmp_path / "tiny", model))


@pytest.mark.parametrize("library", ["onnxruntime", "tokenizers"])
def test_a_missing_extra_is_named_with_the_command_that_brings_it(
    tmp_path: Path, library: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_folder(tmp_path / "tiny")
    monkeypatch.setitem(sys.modules, library, None)
    assert fault(folder) == "an ONNX model needs the extra onnx; pip install 'crisiswatch[onnx]'"


@pytest.mark.parametrize("how", [{"batch": 0}, {"threads": 0}, {"longest": 7}])
def test_settings_that_make_no_sense_are_refused(tmp_path: Path, how: dict[str, int]) -> None:
    for kind in (OnnxScorer, TransformersScorer):
        with pytest.raises(ValueError, match="at least 1 and longest at least 8"):
            kind(tmp_path, **how)  # type: ignore[arg-type]


def test_a_text_the_model_has_no_number_for_costs_only_itself(tmp_path: Path) -> None:
    scorer = OnnxScorer(make_folder(tmp_path / "tiny"))

    def mention(text: str) -> Mention:
        return Mention(uid=f"x:{text}", source="x", created_at=datetime(2026, 1, 1, tzinfo=UTC), text=text)

    scores, failed = score_mentions(scorer, [mention("awful"), mention("broken"), mention("great")])
    assert failed == 1
    assert [score.model == scorer.model for score in scores] == [True, False, True]


def test_nothing_heavy_is_imported_before_a_folder_is_opened() -> None:
    code = (
        "import sys, crisiswatch.sentiment.heavy, crisiswatch.sentiment.budget;"
        "sys.exit(any(name in sys.modules for name in ('onnxruntime', 'tokenizers', 'transformers', 'torch')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_onnx_is_taken_where_a_folder_holds_both(tmp_path: Path) -> None:
    folder = make_folder(tmp_path / "tiny")
    (folder / "model.safetensors").write_bytes(b"weights")
    assert isinstance(open_folder(str(folder)), OnnxScorer)


def test_weights_beside_the_graph_belong_to_the_version(tmp_path: Path) -> None:
    first = make_folder(tmp_path / "tiny")
    second = shutil.copytree(first, tmp_path / "more" / "tiny")
    (second / "model.onnx_data").write_bytes(b"weights")
    assert OnnxScorer(first).model != OnnxScorer(second).model


def test_scores_are_plain_numbers(tmp_path: Path) -> None:
    scores: Sequence[Score] = OnnxScorer(make_folder(tmp_path / "tiny")).score([Text("awful")])
    assert [type(part) for part in parts(scores[0])] == [float] * 3
