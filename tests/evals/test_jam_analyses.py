"""What weighs most in JAM's mixtures, requests that name an artist, and what a data set holds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from scipy.sparse import csr_array

from evals import jam_artists, jam_modalities, jam_statistics
from evals.errors import EvaluationDataError, UnknownSystemError
from evals.jam import open_named
from evals.jam_artists import ARTIST, SENTENCES, askable, draw_requests, modalities_of_names, task_of, with_names
from evals.jam_modalities import choose_models, taste_summaries, weigh
from evals.jam_removal import evaluate_removal
from evals.main import command_line
from recsys.jam.blocks import ItemInputs
from recsys.jam.dataset import JamDataset
from recsys.jam.files import write_jam
from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_system import JointSystem
from recsys.jam.mixing import MixingModel
from recsys.jam.task import JamSystem, JamTask
from recsys.jam.trained import TrainedSystem, mixing
from recsys.jam.trainer import LISTWISE, PAPER
from recsys.types import FloatArray, IntArray
from tests.evals.test_jam import StyleEncoder
from tests.jam_data import dataset, encode
from tests.recsys.jam_tasks import split_of
from tests.recsys.jam_tasks import task_of as small_task

QUICK = replace(PAPER, size=8, epochs=1, batch=128, threads=1)
BRIEF = replace(LISTWISE, size=16, epochs=8, batch=64, learning_rate=5e-3, threads=1)


class Letters:
    """Encodes a text by which letters and digits it holds."""

    name, dim = "letters", 37

    def encode(self, texts: Sequence[str]) -> FloatArray:
        known = "abcdefghijklmnopqrstuvwxyz0123456789"
        rows = np.array([[*(text.lower().count(one) for one in known), 0.1] for text in texts])
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32).reshape(len(texts), 37)


class Weighed(TrainedSystem):
    """A model that is not trained and whose weights are known: the first modality, or the second for even items."""

    def __init__(self, n_items: int) -> None:
        super().__init__(mixing("cross", "cross"), QUICK)
        ones = np.ones((n_items, 2), np.float32)
        self.net = MixingModel(ItemInputs.of({"Sound": ones, "words": ones}), query_dim=26, user_dim=0, dim=2)
        share = torch.tensor([0.75, 0.25]).repeat((n_items + 1) // 2)[:n_items]  # of words
        weights = torch.stack([1 - share, share])  # (M, N)
        self.net.modality_weights = lambda query, items: weights[:, None, :].expand(-1, len(query), -1)  # type: ignore[method-assign]
        self.n_items = n_items

    @property
    def model(self) -> MixingModel:
        return self.net

    def score(self, texts: Sequence[str], users: IntArray, *, how_much_me: float = 1.0) -> FloatArray:
        return np.tile(-np.arange(self.n_items, dtype=np.float32), (len(texts), 1))


def test_shares_of_the_heaviest_modality_by_hand() -> None:
    asked = split_of([("a", 0, [0, 2, 5]), ("b", 1, [7])])
    found, rankings = weigh(Weighed(15), asked, small_task([("a", 0, [1])], n_users=2, n_items=15).encode)
    assert found["heaviest_words@10"] == [0.5, 0.5]
    assert found["heaviest_sound@10"] == [0.5, 0.5]
    assert found["heaviest_words_of_targets"] == pytest.approx([2 / 3, 0])
    assert found["heaviest_sound_of_targets"] == pytest.approx([1 / 3, 1])
    assert found["weight_words@10"] == pytest.approx([0.5, 0.5])
    assert [one.rows.tolist() for one in rankings] == [list(range(10))] * 2
    # Items come in the order of their rows: answers at ranks 1, 3 and 6 of three.
    ideal = 1 + 1 / np.log2(3) + 1 / 2
    assert found["ndcg@10"][0] == pytest.approx((1 + 1 / 2 + 1 / np.log2(7)) / ideal)


def test_taste_is_the_mean_of_unit_vectors_of_those_items_that_have_the_modality() -> None:
    sound = np.array([[2.0, 0], [0, 5.0], [0, 0]], np.float32)
    plays = [(0, 0, 9.0), (0, 1, 1.0), (0, 2, 1.0), (1, 2, 4.0)]
    task = small_task([("a", 2, [1])], n_users=3, n_items=3, plays=plays, item_features={"sound": sound})
    assert taste_summaries(task)["sound"].tolist() == [[0.5, 0.5], [0, 0], [0, 0]]
    bare = replace(task, dataset=replace(task.dataset, plays=None))
    assert taste_summaries(bare)["sound"].tolist() == [[0, 0], [0, 0], [0, 1]]


def test_models_are_fitted_on_listeners_as_given_and_on_their_taste(tmp_path: Path) -> None:
    data = replace(dataset(), user_features={"cf": np.eye(24, 3, dtype=np.float32)})
    data.item_features["extra"] = np.ones((data.n_items, 2), np.float32)  # type: ignore[index]
    write_jam(tmp_path / "planted", data)
    seen: list[JamTask] = []

    class Listening(TrainedSystem):
        def fit(self, task: JamTask, **options: object) -> None:
            seen.append(task)
            super().fit(task, **options)  # type: ignore[arg-type]

    report = jam_modalities.evaluate(
        tmp_path / "planted",
        (1, 2),
        ("moe1",),
        split="val",
        encoder=StyleEncoder(),
        make=lambda name: Listening(mixing(name, "moe", n_kept=1), QUICK),
    )
    assert [list(task.dataset.user_features) for task in seen] == [["cf"], ["cf"], *[["content", "extra"]] * 2]
    assert list(report.results) == ["moe1", "moe1-taste"]
    for figures in report.results.values():
        shares = [figures["all"][f"heaviest_{name}@10"].mean for name in ("content", "extra")]
        assert sum(shares) == pytest.approx(1)
        assert figures["all"]["weight_extra@10"].mean == pytest.approx(shares[1]), "one modality is kept"
        assert figures["all"]["ndcg@10"].n == 2 * 40


def test_what_a_missing_modality_costs_is_paired_by_query(tmp_path: Path) -> None:
    data = replace(dataset(), user_features={"cf": np.eye(24, 3, dtype=np.float32)})
    data.item_features["noise"] = np.random.default_rng(1).normal(size=(data.n_items, 2))  # type: ignore[index]
    write_jam(tmp_path / "planted", data)
    report = evaluate_removal(tmp_path / "planted", (1,), split="val", encoder=StyleEncoder(), settings=BRIEF)
    assert list(report.results) == ["cross", "cross-dropout"]
    for figures in report.results.values():
        assert list(figures) == ["all", "without content", "without noise"]
        for subset in ("without content", "without noise"):
            lost = figures["all"]["ndcg@10"].mean - figures[subset]["ndcg@10"].mean
            assert figures[subset]["loss_ndcg@10"].mean == pytest.approx(lost, abs=1e-6)
        assert figures["without content"]["loss_ndcg@10"].mean > 0, "what decides is missed"
    gain = report.results["cross-dropout"]["all"]["gain_ndcg@10"].mean
    assert gain == pytest.approx(
        report.results["cross-dropout"]["all"]["ndcg@10"].mean - report.results["cross"]["all"]["ndcg@10"].mean,
        abs=1e-6,
    )


def test_what_has_no_weights_is_a_clear_error() -> None:
    with pytest.raises(UnknownSystemError, match="no system 'avg'"):
        choose_models("avg")
    assert choose_models("all") == ("cross", "moe1", "moe2", "moe2-query")
    with pytest.raises(EvaluationDataError, match="Popularity gives modalities no weights; choose some of cross"):
        weigh(open_named("pop"), split_of([("a", 0, [0])]), encode)


def named() -> JamDataset:
    """The planted data set with real names, some of which are shared, empty or asked for in training."""
    names = [
        *("Coldplay", "Radiohead", "Muse", "Twins", " twins", "", "ROCK", "Air", "Moby", "Portishead", "Sigur Rós"),
        *("Massive Attack", "Daft Punk", "Tool", "The Beatles", "The Cure", "U2", "Blur", "Oasis", "Pulp", "Nirvana"),
        *("Pearl Jam", "Placebo", "Garbage", "Beck", "Feist", "Interpol", "Editors", "Bloc Party", "Arcade Fire"),
        *("Enya", "Sade", "Seal", "Dido", "Moloko", "Goldfrapp", "Lamb", "Hooverphonic", "Morcheeba", "Tricky"),
    ]
    return replace(dataset(), item_names=tuple(names))


def test_only_names_that_say_who_is_meant_are_asked_for() -> None:
    assert np.setdiff1d(np.arange(40), askable(named())).tolist() == [3, 4, 5, 6]
    requests = draw_requests(named(), 20, 1)
    assert len(requests.rows) == len(set(requests.rows.tolist())) == 20
    assert sum(requests.bare) == 10
    names = named().item_names
    assert names is not None
    for row, text, bare in zip(requests.rows.tolist(), requests.texts, requests.bare, strict=True):
        assert text == names[row] if bare else text in {one.format(names[row]) for one in SENTENCES}
    assert draw_requests(named(), 20, 1).texts == requests.texts
    assert draw_requests(named(), 20, 2).texts != requests.texts
    assert len(draw_requests(named(), 500, 1).rows) == 36
    with pytest.raises(EvaluationDataError, match=r"artists\.tsv"):
        draw_requests(replace(named(), item_names=None), 20, 1)


def test_each_row_sees_what_it_says() -> None:
    data = named()
    names = data.item_names or ()
    letters = Letters().encode
    table = letters(list(data.item_names or ()))
    data = replace(data, item_features={**data.item_features, "name": table})
    assert modalities_of_names(data, letters) == ["name"]
    requests = draw_requests(data, 10, 1)
    tasks = {name: task_of(name, data, ["name"], letters, requests, 1) for name in jam_artists.SYSTEMS}
    assert {name: list(task.dataset.item_features) for name, task in tasks.items()} == {
        "segue-jam": ["content"],
        "segue-jam-artist": ["content", ARTIST],
        "segue-jam-artist-asked": ["content", ARTIST],
        "segue": ["content", "name"],
    }
    artist = tasks["segue-jam-artist"].dataset.item_features[ARTIST]
    np.testing.assert_allclose(artist[7], table[7])
    assert not artist[5].any(), "no name, no modality"
    train = data.splits["train"]
    assert all(task.train is train for name, task in tasks.items() if name != "segue-jam-artist-asked")
    more = tasks["segue-jam-artist-asked"].train
    assert len(more) == len(train) + 26
    answered = {text: more.relevant(number).tolist() for number, text in enumerate(more.texts) if text in names}
    assert all(names[row] == text for text, (row,) in answered.items())
    assert not {row for (row,) in answered.values()} & set(requests.rows.tolist())


def test_names_come_at_any_time_and_the_others_keep_their_order() -> None:
    data = named()
    train = data.splits["train"]
    mixed = with_names(train, data, np.arange(10, 30), 3)
    others = [number for number, text in enumerate(mixed.texts) if text not in (data.item_names or ())]
    assert [mixed.texts[number] for number in others] == list(train.texts)
    places = np.setdiff1d(np.arange(len(mixed)), others)
    assert places.min() < 60
    assert places.max() > 160


def test_three_rows_and_a_fourth_from_one_run(tmp_path: Path) -> None:
    write_jam(tmp_path / "planted", named())

    def make(name: str) -> JamSystem:
        if name == "segue":
            return jam_artists.open_one(name)
        return JointSystem("translation", JointSettings(dim=8, epochs=2, n_negatives=16))

    report = jam_artists.evaluate(
        tmp_path / "planted", (1, 2), jam_artists.SYSTEMS, encoder=Letters(), n_artists=20, make=make
    )
    assert list(report.results) == list(jam_artists.SYSTEMS)
    for subsets in report.results.values():
        counts = {subset: figures["hit@1"].n for subset, figures in subsets.items()}
        assert counts == {"all": 40, "name": 20, "sentence": 20}
    means = {name: subsets["all"]["mrr@10"].mean for name, subsets in report.results.items()}
    assert means["segue"] > 0.8
    assert means["segue"] > means["segue-jam"] + 0.3


def test_statistics_are_those_of_the_files(tmp_path: Path) -> None:
    data = replace(dataset(), plays=csr_array(dataset().plays))
    write_jam(tmp_path / "planted", data)
    results = jam_statistics.evaluate(tmp_path / "planted", (0,)).results["planted"]
    assert list(results) == ["all", "train", "val", "item-content"]
    assert results["train"]["queries"].mean == 200
    assert results["val"]["pairs"].mean == 80
    assert results["all"]["indexed_items"].mean == 40
    assert results["all"]["plays"].mean == 24 * 6
    assert results["item-content"]["present"].mean == 40 - 6
    assert results["item-content"]["width"].mean == 6


@pytest.mark.parametrize("name", ["statistics", "modalities", "artists"])
def test_commands_print_and_write_their_figures(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    write_jam(tmp_path / "planted", named())
    for where in ("evals.jam.open_named", "evals.jam_artists.open_named"):
        monkeypatch.setattr(where, quick)
    arguments = ["eval", name, "--data", str(tmp_path / "planted"), "--seeds", "3"]
    arguments += ["--json", str(tmp_path / "out.json")]
    if name != "statistics":
        arguments += ["--models", {"modalities": "cross", "artists": "segue-jam"}[name]]
    with pytest.raises(SystemExit) as ended:
        command_line().main(args=arguments, prog_name="segue")
    captured = capsys.readouterr()
    assert ended.value.code == 0, captured.err
    figures = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert figures["command"] == f"segue eval {name}"
    assert figures["seeds"] == [3]
    assert all(next(iter(subsets)) == "all" for subsets in figures["results"].values())
    assert next(iter(figures["results"])) in captured.out


def quick(name: str, **_: object) -> JamSystem:
    """A small system by the name of a large one."""
    if name == "segue-jam":
        return JointSystem("translation", JointSettings(dim=8, epochs=1))
    return TrainedSystem(mixing(name, "cross"), QUICK)
