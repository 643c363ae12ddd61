"""JAM: the loss against a hand-worked case, the model against its numpy scorer, and learning that can fail."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.index.base import JointPoint, Projections
from recsys.index.exact import ExactIndex
from recsys.jam import checkpoint
from recsys.jam.checkpoint import Checkpoint, CheckpointError
from recsys.jam.score import average_mix, cross_mix
from recsys.jam.train import TrainingSettings, fold_in_all, train
from recsys.synthesis import Triple
from recsys.types import FloatArray, Modality

torch = pytest.importorskip("torch")
from recsys.jam.losses import listwise_softmax  # noqa: E402
from recsys.jam.model import JamModel, Mixer  # noqa: E402

D_IN, N, MODALITIES = 16, 120, (Modality.TEXT, Modality.TAGS)
WIDTHS: dict[str, int] = {m.value: D_IN for m in MODALITIES}


def test_listwise_loss_of_a_hand_worked_case() -> None:
    scores = torch.tensor([[2.0, 1.0, 0.0, 5.0]])
    positive = torch.tensor([[True, True, False, False]])
    ignored = torch.tensor([[False, False, False, True]])
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))) / 2
    assert float(listwise_softmax(scores, positive, ignored)) == pytest.approx(expected, abs=1e-6)


def inputs(seed: int = 0, widths: dict[str, int] | None = None) -> tuple[dict[Modality, FloatArray], np.ndarray]:
    rng = np.random.default_rng(seed)
    tables = {
        Modality(m): rng.standard_normal((N, width)).astype(np.float32) / 4 for m, width in (widths or WIDTHS).items()
    }
    present = rng.random((N, len(tables))) < 0.8
    present[0] = False
    for column, m in enumerate(tables):
        tables[m][~present[:, column]] = 0
    return tables, present


class Served:
    """Trained weights as serving sees them: projections and the exact index."""

    def __init__(
        self, weights: dict[str, FloatArray], tables: dict[Modality, FloatArray], present: np.ndarray, mixer: str
    ) -> None:
        self.fitted = Checkpoint(weights, {"modalities": [m.value for m in tables], "mixer": mixer})

        def mapped(layer: str, column: int, m: Modality) -> FloatArray:
            vectors = self.fitted.project(layer, tables[m]) * present[:, column : column + 1]
            return np.ascontiguousarray(vectors, np.float32)

        item = {m: mapped(f"item.{m}", c, m) for c, m in enumerate(tables)}
        keys = {m: mapped(f"mixer_key.{m}", c, m) for c, m in enumerate(tables)}
        self.index = ExactIndex(Projections(item, keys, present), cross_mix if mixer == "cross" else average_mix)

    def scores(self, query: FloatArray, user: FloatArray) -> FloatArray:
        u, q, key = (self.fitted.project(*pair) for pair in (("user", user), ("query", query), ("mixer_query", query)))
        return self.index.score(JointPoint(u, q, key), np.arange(N))


@pytest.mark.parametrize("others", [False, True], ids=["one width", "three widths"])
@pytest.mark.parametrize("mixer", ["cross", "average"])
def test_the_model_and_the_scorer_that_serves_agree(mixer: Mixer, others: bool) -> None:
    rng = np.random.default_rng(1)
    widths = WIDTHS | ({"cf": 5, "lyrics": 24} if others else {})
    model = JamModel(widths, text_dim=D_IN, dim=8, mixer=mixer, seed=3)
    for parameter in model.parameters():
        parameter.data.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)))
    query = rng.standard_normal((4, D_IN)).astype(np.float32)
    user = rng.standard_normal((4, sum(widths.values()))).astype(np.float32)
    tables, present = inputs(widths=widths)
    items = [torch.from_numpy(table) for table in tables.values()]
    with torch.no_grad():
        together = model(torch.from_numpy(query), torch.from_numpy(user), items, torch.from_numpy(present))
        rows = [torch.from_numpy(x) for x in (query, user)]
        alone = torch.cat([model(*(x[i : i + 1] for x in rows), items, torch.from_numpy(present)) for i in range(4)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    served = Served(model.arrays(), tables, present, mixer)
    for row in range(4):
        np.testing.assert_allclose(together[row], served.scores(query[row], user[row]), atol=2e-5)
    assert float(together[:, 0].abs().max()) == 0.0  # a track without any modality


def test_a_listener_without_history_is_exactly_zero() -> None:
    model = JamModel(WIDTHS | {"cf": 5}, text_dim=D_IN, listener_dim=3, dim=8)
    assert torch.count_nonzero(model.user(torch.zeros(3, 2 * D_IN + 5 + 3))) == 0


def planted(seed: int, shuffled: bool) -> tuple[list[Triple], FloatArray, dict[Modality, FloatArray]]:
    """Six groups of tracks, three themes by two styles: the request names the theme, the history the style."""
    rng = np.random.default_rng(seed)
    theme, style = np.arange(N) % 3, np.arange(N) % 2
    tables = {}
    for m in MODALITIES:
        centre = rng.standard_normal((3, D_IN))[theme] + rng.standard_normal((2, D_IN))[style]
        tables[m] = (centre + 0.3 * rng.standard_normal((N, D_IN))).astype(np.float32) / 4
    words = rng.standard_normal((3, D_IN))
    triples, queries = [], []
    for _ in range(400):
        asked, taste = int(rng.integers(3)), int(rng.integers(2))
        if shuffled:
            answers = rng.permutation(N)[:8]
        else:
            answers = rng.permutation(np.flatnonzero((theme == asked) & (style == taste)))[:8]
        history = rng.permutation(np.flatnonzero(style == taste))[:4]
        triples.append(Triple("", history, np.sort(answers)))
        queries.append((words[asked] + 0.3 * rng.standard_normal(D_IN)) / 4)
    return triples, np.array(queries, dtype=np.float32), tables


SETTINGS = TrainingSettings(dim=8, steps=150, batch=32, n_negatives=60, learning_rate=1e-2, threads=1)


def precision(folder: Path, shuffled: bool) -> dict[str, float]:
    """Share of held-out queries' first ten that lie in the answers' group."""
    triples, queries, tables = planted(5, shuffled)
    present = np.ones((N, 2), dtype=bool)
    weights, _ = train(triples, queries, tables, present, SETTINGS, folder)
    served = Served(weights, tables, present, "cross")
    users = fold_in_all(triples, tables, present)
    hits: dict[str, list[float]] = {"both": [], "request": [], "taste": []}
    for number in range(360, 400):
        for name, (words, taste) in {"both": (1, 1), "request": (1, 0), "taste": (0, 1)}.items():
            top = np.argsort(-served.scores(words * queries[number], np.float32(taste) * users[number]))[:10]
            hits[name].append(float(np.mean(top % 6 == triples[number].answers[0] % 6)))
    return {name: float(np.mean(values)) for name, values in hits.items()}


def test_training_finds_planted_structure_and_none_in_shuffled_data(tmp_path: Path) -> None:
    found, shuffled = precision(tmp_path / "a", shuffled=False), precision(tmp_path / "b", shuffled=True)
    chance = 1 / 6
    assert found["both"] > 0.8
    assert 2 * chance < max(found["request"], found["taste"]) < found["both"] - 0.2
    assert shuffled["both"] < 2 * chance


def test_a_run_stopped_midway_continues_to_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.jam.train.CHECKPOINT_STEPS", 40)
    triples, queries, tables = planted(5, shuffled=False)
    present = np.ones((N, 2), dtype=bool)
    whole, _ = train(triples, queries, tables, present, SETTINGS, tmp_path / "whole")

    class StoppedError(Exception):
        pass

    def stop_at(_: str, step: int, __: int) -> None:
        if step == 97:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(triples, queries, tables, present, SETTINGS, tmp_path / "cut", stop_at)
    assert (tmp_path / "cut" / "training.safetensors").exists()
    steps: list[int] = []
    resumed, _ = train(triples, queries, tables, present, SETTINGS, tmp_path / "cut", lambda _, s, __: steps.append(s))
    assert steps[0] == 81
    for name, value in whole.items():
        np.testing.assert_array_equal(resumed[name], value)


def test_a_checkpoint_round_trips_and_a_missing_one_says_what_to_do(tmp_path: Path) -> None:
    checkpoint.save(tmp_path, {"query.weight": np.eye(3, dtype=np.float32)}, {"modalities": ["text"], "mixer": "cross"})
    loaded = checkpoint.load(tmp_path)
    np.testing.assert_array_equal(loaded.project("query", np.ones(3, np.float32)), np.ones(3))
    with pytest.raises(CheckpointError, match="segue train"):
        checkpoint.load(tmp_path / "nowhere")
    (tmp_path / checkpoint.WEIGHTS_FILE).write_bytes(b"torn")
    with pytest.raises(CheckpointError, match="segue train"):
        checkpoint.load(tmp_path)


def test_untrained_each_modality_keeps_its_own_likeness() -> None:
    """One rotation for the text encoder's width, its own for any other: a history finds what is like it."""
    model = JamModel(WIDTHS | {"cf": 40, "cf2": 40}, text_dim=D_IN, dim=8, seed=5)
    weights = model.arrays()
    for same in ("item.text", "item.tags", "mixer_key.text"):
        np.testing.assert_array_equal(weights[f"{same}.weight"], weights["query.weight"])
    assert not np.allclose(weights["item.cf.weight"], weights["item.cf2.weight"])
    for number, (name, width) in enumerate(model.widths.items()):
        start = sum(list(model.widths.values())[:number])
        columns = weights["user.weight"][:, start : start + width]
        np.testing.assert_allclose(columns, 0.35 * weights[f"item.{name}.weight"], rtol=1e-6)
        turned = weights[f"item.{name}.weight"] @ weights[f"item.{name}.weight"].T
        np.testing.assert_allclose(turned, turned[0, 0] * np.eye(8), atol=1e-4)


def test_a_modality_may_have_the_name_of_anything() -> None:
    for name in ("train", "keys", "of_text", "item", "query", "weight"):
        names = JamModel(WIDTHS | {name: 4}, text_dim=D_IN, dim=8).arrays()
        assert {f"item.{name}.weight", f"mixer_key.{name}.bias", "item.text.weight", "query.weight"} <= set(names)


def space_planted(seed: int) -> tuple[list[Triple], FloatArray, dict[Modality, FloatArray], np.ndarray]:
    """What the request asks for shows only in a space of another width, which lacks every sixth track."""
    triples, queries, tables = planted(seed, shuffled=False)
    rng = np.random.default_rng(seed + 1)
    theme, style = np.arange(N) % 3, np.arange(N) % 2
    for m in MODALITIES:  # what is stated tells the style, not the theme
        tables[m] = (rng.standard_normal((2, D_IN))[style] + 0.3 * rng.standard_normal((N, D_IN))).astype(np.float32)
        tables[m] /= 4
    tables[Modality("cf")] = rng.standard_normal((3, 5))[theme].astype(np.float32) / 2
    present = np.ones((N, 3), dtype=bool)
    present[::6, 2] = False
    tables[Modality("cf")][::6] = 0
    return triples, queries, tables, present


def recall(figures: dict[str, Any], name: str) -> float:
    return float(figures["held_out"][f"recall@10_{name}"])


def first_ten(weights: dict[str, FloatArray], tables: Any, present: np.ndarray, triples: Any, queries: Any) -> float:
    served, users = Served(weights, tables, present, "cross"), fold_in_all(triples, tables, present)
    hits = []
    for number in range(360, 400):
        top = np.argsort(-served.scores(queries[number], users[number]))[:10]
        hits.append(float(np.mean(top % 6 == triples[number].answers[0] % 6)))
    return float(np.mean(hits))


def test_a_space_of_another_width_is_learnt_from(tmp_path: Path) -> None:
    triples, queries, tables, present = space_planted(5)
    weights, figures = train(triples, queries, tables, present, SETTINGS, tmp_path / "with")
    without = {m: tables[m] for m in MODALITIES}
    fewer, _ = train(triples, queries, without, present[:, :2], SETTINGS, tmp_path / "without")
    assert first_ten(weights, tables, present, triples, queries) > 0.6
    assert first_ten(fewer, without, present[:, :2], triples, queries) < 0.5
    assert recall(figures, "both") > recall(figures, "without_cf")


def test_a_space_is_fitted_to_a_model_that_stays_as_it_is(tmp_path: Path) -> None:
    triples, queries, tables, present = space_planted(5)
    fewer = {m: tables[m] for m in MODALITIES}
    before, figures = train(triples, queries, fewer, present[:, :2], SETTINGS, tmp_path / "base")
    base = Checkpoint(before, {"modalities": [m.value for m in MODALITIES], "mixer": "cross", "model_id": "base"})
    weights, added = train(triples, queries, tables, present, SETTINGS, tmp_path / "only", base=base, only="cf")
    for name, value in before.items():
        if name != "user.weight":
            np.testing.assert_array_equal(weights[name], value)
    np.testing.assert_array_equal(weights["user.weight"][:, : 2 * D_IN], before["user.weight"])
    assert set(weights) - set(before) == {
        f"{part}.cf.{kind}" for part in ("item", "mixer_key") for kind in ("weight", "bias")
    }
    start = JamModel(WIDTHS | {"cf": 5}, text_dim=D_IN, dim=8, seed=SETTINGS.seed).arrays()
    for name in ("item.cf.weight", "mixer_key.cf.weight"):
        assert not np.allclose(weights[name], start[name])
    assert not np.allclose(weights["user.weight"][:, 2 * D_IN :], start["user.weight"][:, 2 * D_IN :])
    # Without the space it is the very model that it was added to.
    assert recall(added, "without_cf") == recall(figures, "both")
    with_it = first_ten(weights, tables, present, triples, queries)
    assert with_it > first_ten(before, fewer, present[:, :2], triples, queries) + 0.1


def test_listeners_own_vectors_are_learnt_where_their_histories_show_them(tmp_path: Path) -> None:
    """Each listener's own vector tells the style that nothing else does, since no history is given."""
    triples, queries, tables = planted(5, shuffled=False)
    triples = [Triple(t.text, t.history[:0], t.answers) for t in triples]
    present = np.ones((N, 2), dtype=bool)
    own = np.eye(2, dtype=np.float32)[[int(t.answers[0]) % 2 for t in triples]]
    weights, figures = train(triples, queries, tables, present, SETTINGS, tmp_path / "own", own={"people": own})
    assert weights["user.weight"].shape == (8, 2 * D_IN + 2)
    assert recall(figures, "both") > recall(figures, "without_people")
    nobody = np.zeros_like(own)
    idle, _ = train(triples, queries, tables, present, SETTINGS, tmp_path / "idle", own={"people": nobody})
    assert not idle["user.weight"][:, 2 * D_IN :].any()  # where nobody shows what they mean, they mean nothing
