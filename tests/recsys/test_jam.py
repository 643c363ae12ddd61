"""JAM: the loss against a hand-worked case, the model against its numpy scorer, and learning that can fail."""

from __future__ import annotations

import math
from pathlib import Path

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


def test_listwise_loss_of_a_hand_worked_case() -> None:
    scores = torch.tensor([[2.0, 1.0, 0.0, 5.0]])
    positive = torch.tensor([[True, True, False, False]])
    ignored = torch.tensor([[False, False, False, True]])
    expected = (math.log(1 + math.exp(-2)) + math.log(1 + math.exp(-1))) / 2
    assert float(listwise_softmax(scores, positive, ignored)) == pytest.approx(expected, abs=1e-6)


def inputs(seed: int = 0) -> tuple[dict[Modality, FloatArray], np.ndarray]:
    rng = np.random.default_rng(seed)
    tables = {m: rng.standard_normal((N, D_IN)).astype(np.float32) / 4 for m in MODALITIES}
    present = rng.random((N, 2)) < 0.8
    present[0] = False
    for column, m in enumerate(MODALITIES):
        tables[m][~present[:, column]] = 0
    return tables, present


class Served:
    """Trained weights as serving sees them: projections and the exact index."""

    def __init__(
        self, weights: dict[str, FloatArray], tables: dict[Modality, FloatArray], present: np.ndarray, mixer: str
    ) -> None:
        self.fitted = Checkpoint(weights, {"modalities": [m.value for m in MODALITIES], "mixer": mixer})

        def mapped(layer: str, column: int, m: Modality) -> FloatArray:
            vectors = self.fitted.project(layer, tables[m]) * present[:, column : column + 1]
            return np.ascontiguousarray(vectors, np.float32)

        item = {m: mapped(f"item.{m}", c, m) for c, m in enumerate(MODALITIES)}
        keys = {m: mapped(f"mixer_key.{m}", c, m) for c, m in enumerate(MODALITIES)}
        self.index = ExactIndex(Projections(item, keys, present), cross_mix if mixer == "cross" else average_mix)

    def scores(self, query: FloatArray, user: FloatArray) -> FloatArray:
        u, q, key = (self.fitted.project(*pair) for pair in (("user", user), ("query", query), ("mixer_query", query)))
        return self.index.score(JointPoint(u, q, key), np.arange(N))


@pytest.mark.parametrize("mixer", ["cross", "average"])
def test_the_model_and_the_scorer_that_serves_agree(mixer: Mixer) -> None:
    rng = np.random.default_rng(1)
    model = JamModel(MODALITIES, text_dim=D_IN, item_dim=D_IN, dim=8, mixer=mixer, seed=3)
    for parameter in model.parameters():
        parameter.data.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(2)))
    query = rng.standard_normal((4, D_IN)).astype(np.float32)
    user = rng.standard_normal((4, 2 * D_IN)).astype(np.float32)
    tables, present = inputs()
    items = torch.from_numpy(np.stack(list(tables.values()), axis=1))
    with torch.no_grad():
        together = model(torch.from_numpy(query), torch.from_numpy(user), items, torch.from_numpy(present))
        rows = [torch.from_numpy(x) for x in (query, user)]
        alone = torch.cat([model(*(x[i : i + 1] for x in rows), items, torch.from_numpy(present)) for i in range(4)])
    np.testing.assert_allclose(together, alone, atol=1e-5)
    served = Served({n: v.detach().numpy() for n, v in model.state_dict().items()}, tables, present, mixer)
    for row in range(4):
        np.testing.assert_allclose(together[row], served.scores(query[row], user[row]), atol=2e-5)
    assert float(together[:, 0].abs().max()) == 0.0  # a track without any modality


def test_a_listener_without_history_is_exactly_zero() -> None:
    model = JamModel(MODALITIES, text_dim=D_IN, item_dim=D_IN, dim=8)
    assert torch.count_nonzero(model.user(torch.zeros(3, 2 * D_IN))) == 0


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
    assert (tmp_path / "cut" / "training.pt").exists()
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
