"""GRU4Rec, SASRec and BERT4Rec: what they learn from planted transitions, and what must not change their scores."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from recsys.sequential import trainer as trainer_module
from recsys.sequential.batches import Packed
from recsys.sequential.bert4rec import Bert4Rec, Bert4RecSettings
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.gru4rec import Gru4Rec, Gru4RecSettings
from recsys.sequential.item_features import ItemFeatures
from recsys.sequential.measure import ranks
from recsys.sequential.neural import NeuralModel, NeuralSettings
from recsys.sequential.port import SequentialModel
from recsys.sequential.sasrec import SasRec, SasRecSettings
from recsys.sequential.sequences import Questions, Sequences, leave_one_out

N_ITEMS = 30
NAMES = [f"track {number}" for number in range(N_ITEMS)]
SMALL = {"dim": 16, "max_length": 12, "batch": 32, "steps": 150, "learning_rate": 0.02, "warmup": 10, "dropout": 0.1}
MODELS: dict[str, tuple[type[NeuralModel], NeuralSettings]] = {
    "gru4rec": (Gru4Rec, Gru4RecSettings(**SMALL, hidden=24)),
    "sasrec": (SasRec, SasRecSettings(**SMALL, n_heads=1, layout="published", by_distance=False)),
    "bert4rec": (Bert4Rec, Bert4RecSettings(**SMALL | {"steps": 250}, last_share=0.5)),
}


def planted(n_sequences: int = 150, seed: int = 3, noise: float = 0.05) -> Sequences:
    """Walks on a ring of tracks: after each comes the one seven on, but for a few chance steps."""
    generator = np.random.default_rng(seed)
    walks = []
    for _ in range(n_sequences):
        walk = [int(generator.integers(N_ITEMS))]
        for _ in range(int(generator.integers(3, 10))):
            chance = generator.random() < noise
            walk.append(int(generator.integers(N_ITEMS)) if chance else (walk[-1] + 7) % N_ITEMS)
        walks.append(walk)
    return Sequences.of(walks, NAMES)


def shuffled(sequences: Sequences) -> Sequences:
    """The same sequences with tracks drawn from all of them, so that nothing follows from anything."""
    return replace(sequences, items=np.random.default_rng(5).permutation(sequences.items))


def first_place(model: NeuralModel, questions: Questions) -> float:
    return float((ranks(model, questions, repeats=True) == 1).mean())


@pytest.fixture(scope="module", params=list(MODELS))
def fitted(request: pytest.FixtureRequest) -> NeuralModel:
    kind, settings = MODELS[request.param]
    return kind(settings).fit(planted())


def fresh(seed: int = 11, n_sequences: int = 40) -> Questions:
    return leave_one_out(planted(n_sequences, seed, noise=0.0))[1]


def test_planted_transitions_are_learnt(fitted: NeuralModel) -> None:
    assert isinstance(fitted, SequentialModel)
    assert first_place(fitted, fresh()) > 0.8


@pytest.mark.parametrize("name", list(MODELS))
def test_nothing_is_learnt_where_nothing_follows(name: str) -> None:
    kind, settings = MODELS[name]
    assert first_place(kind(replace(settings, steps=100)).fit(shuffled(planted())), fresh()) < 0.3


@pytest.mark.parametrize(
    "changes",
    [
        {"loss": "sampled", "n_negatives": 10},
        {"loss": "gbce", "n_negatives": 10, "steps": 250},
        {"layout": "pre-norm", "n_heads": 2, "by_distance": True},
        {"own_counts": True},
        {"own_counts": True, "loss": "sampled", "n_negatives": 10},
    ],
    ids=lambda changes: " ".join(f"{name}={value}" for name, value in changes.items()),
)
def test_each_loss_learns_them(changes: dict[str, object]) -> None:
    settings = replace(MODELS["sasrec"][1], **changes)  # type: ignore[arg-type]
    assert first_place(SasRec(settings).fit(planted()), fresh()) > 0.6


def test_one_negative_a_step_learns_which_are_near() -> None:
    """Negatives are never of the sequence itself, so that all of a sequence is near; which is next is learnt late."""
    settings = replace(MODELS["sasrec"][1], loss="bce", steps=100, own_counts=True)
    assert (ranks(SasRec(settings).fit(planted()), fresh(), repeats=True) <= 8).mean() > 0.6
    assert (ranks(SasRec(settings).fit(shuffled(planted())), fresh(), repeats=True) <= 8).mean() < 0.5


def test_scores_do_not_change_with_what_is_scored_beside_them(fitted: NeuralModel) -> None:
    prefixes = Sequences.of([[1, 8], [4], list(range(12)), [], [9, 9, 16, 23, 0]], NAMES)
    together = fitted.scores(prefixes)
    for row in range(len(prefixes)):
        np.testing.assert_allclose(together[row], fitted.scores(prefixes.take([row]))[0], atol=2e-5)


def test_only_the_last_steps_are_seen(fitted: NeuralModel) -> None:
    recent = [*range(12)]
    seen = fitted._longest_seen
    long, short = Sequences.of([[5, 5, 5, *recent]], NAMES), Sequences.of([recent[-seen:]], NAMES)
    np.testing.assert_allclose(fitted.scores(long), fitted.scores(short), atol=2e-5)


def test_an_empty_prefix_is_answered_by_how_often_items_occur(fitted: NeuralModel) -> None:
    counts = np.bincount(planted().items, minlength=N_ITEMS)
    order = np.argsort(-fitted.scores(Sequences.of([[]], NAMES))[0], kind="stable")
    np.testing.assert_array_equal(order, np.argsort(-counts, kind="stable"))


def test_later_steps_change_no_earlier_state(fitted: NeuralModel) -> None:
    """But where what is hidden is found from both sides."""
    with torch.inference_mode():
        vectors = fitted.table()
        whole, begun = torch.tensor([3, 10, 17, 24]), torch.tensor([3, 10, 2, 5])
        if isinstance(fitted, Bert4Rec):
            packed, hidden = Packed.of(np.array([4])), torch.tensor([1])
            states = [fitted._cloze(vectors[items], hidden, packed) for items in (whole, begun)]
            assert not torch.allclose(states[0], states[1], atol=1e-3)
            return
        body = fitted.network.get_submodule("body")
        states = [body(vectors[items], Packed.of(np.array([4]))) for items in (whole, begun)]
        torch.testing.assert_close(states[0][:2], states[1][:2])
        assert not torch.allclose(states[0][2:], states[1][2:], atol=1e-3)


def test_a_saved_model_scores_as_before(fitted: NeuralModel, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model")
    assert sorted(path.suffix for path in (tmp_path / "model").iterdir()) == [".json", ".safetensors"]
    again = type(fitted).load(tmp_path / "model")
    prefixes = fresh().prefixes
    np.testing.assert_array_equal(again.scores(prefixes), fitted.scores(prefixes))
    assert again.settings == fitted.settings
    others = [kind for kind, _ in MODELS.values() if kind is not type(fitted)]
    with pytest.raises(SequentialModelError, match="holds the model"):
        others[0].load(tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").write_bytes(b"\x80\x04.")
    with pytest.raises(SequentialModelError, match="cannot be read"):
        type(fitted).load(tmp_path / "model")


def test_the_seed_decides_everything_and_nothing_else_is_drawn_from() -> None:
    settings = replace(MODELS["sasrec"][1], steps=12)
    before = torch.get_rng_state()
    runs = [SasRec(replace(settings, seed=seed)).fit(planted()).scores(fresh().prefixes) for seed in (1, 1, 2)]
    assert torch.equal(before, torch.get_rng_state())
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0], runs[2])


class KilledError(Exception):
    """Stands for a kill."""


@pytest.mark.parametrize("loss", ["softmax", "bce"])
def test_a_killed_training_is_continued_as_if_nothing_had_been(
    loss: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trainer_module, "_KEEP_EVERY", 10)
    settings = replace(MODELS["sasrec"][1], steps=40, loss=loss, validate_every=8)  # type: ignore[arg-type]
    questions, told = fresh(), []

    def kill(stage: str, done: int, total: int) -> None:
        told.append(done)
        if done == 27:
            raise KilledError

    with pytest.raises(KilledError):
        SasRec(settings, state=tmp_path).fit(planted(), validation=questions, progress=kill)
    again = SasRec(settings, state=tmp_path)
    again.fit(planted(), validation=questions, progress=lambda stage, done, total: told.append(done))
    whole = SasRec(settings).fit(planted(), validation=questions)
    assert told == [*range(1, 28), *range(21, 41)]
    assert again.losses == whole.losses
    np.testing.assert_array_equal(again.scores(questions.prefixes), whole.scores(questions.prefixes))
    assert not list(tmp_path.iterdir())


def test_training_stops_when_validation_gets_no_better_and_keeps_the_best() -> None:
    settings = replace(MODELS["sasrec"][1], steps=400, validate_every=10, patience=2, decay=False)
    # Questions that cannot be answered: the first weights are as good as any.
    answers = fresh()
    wrong = Questions(answers.prefixes, np.random.default_rng(0).integers(0, N_ITEMS, len(answers)))
    model = SasRec(settings).fit(planted(), validation=wrong)
    assert len(model.losses) < 400
    longer = SasRec(settings).fit(planted(), validation=answers)
    assert first_place(longer, answers) > 0.8


def rarely_heard() -> tuple[Sequences, Questions, np.ndarray]:
    """300 tracks of 10 kinds, each heard hardly twice; after a kind comes the one three on. With the kinds (300,)."""
    generator = np.random.default_rng(4)
    kinds = np.repeat(np.arange(10), 30)
    first = generator.integers(0, 10, 160)
    walks = [[int(generator.integers(30)) + 30 * ((kind + 3 * step) % 10) for step in range(4)] for kind in first]
    names = [f"track {number}" for number in range(300)]
    return Sequences.of(walks[:110], names), leave_one_out(Sequences.of(walks[110:], names))[1], kinds


@pytest.mark.parametrize("fusion", ["initialise", "add", "concat"])
def test_content_tells_what_rarely_heard_tracks_have_in_common(fusion: str) -> None:
    train, questions, kinds = rarely_heard()
    noise = np.random.default_rng(2).normal(scale=0.1, size=(300, 10))
    content = (np.eye(10)[kinds] + noise).astype(np.float32)
    settings = SasRecSettings(**SMALL | {"steps": 40}, deviation=0.1, fusion=fusion)  # type: ignore[arg-type]

    def share_of_kind(features: ItemFeatures) -> float:
        """Of the first ten tracks, those of the kind that comes next."""
        scores = SasRec(settings, features=features).fit(train).scores(questions.prefixes)
        first = np.argsort(-scores, axis=1)[:, :10]
        return float((kinds[first] == kinds[questions.targets][:, None]).mean())

    everywhere = np.ones(300, dtype=np.bool_)
    of_content = share_of_kind(ItemFeatures(content, everywhere))
    assert of_content > 0.35
    assert of_content > share_of_kind(ItemFeatures(np.random.default_rng(3).permutation(content), everywhere)) + 0.2


def test_content_that_is_absent_changes_nothing() -> None:
    vectors = np.random.default_rng(2).normal(size=(N_ITEMS, 8)).astype(np.float32)
    present = np.arange(N_ITEMS) % 3 != 0
    other = np.where(present[:, None], vectors, np.float32(9))
    settings = replace(MODELS["gru4rec"][1], steps=15)
    scores = [
        Gru4Rec(settings, features=ItemFeatures(one, present)).fit(planted()).scores(fresh().prefixes)
        for one in (vectors, other)
    ]
    np.testing.assert_array_equal(scores[0], scores[1])


@pytest.mark.parametrize("fusion", ["initialise", "add", "concat"])
def test_a_model_with_content_is_loaded_without_it(fusion: str, tmp_path: Path) -> None:
    features = ItemFeatures(np.eye(N_ITEMS, dtype=np.float32), np.arange(N_ITEMS) > 2)
    settings = replace(MODELS["bert4rec"][1], fusion=fusion, steps=5)  # type: ignore[arg-type]
    model = Bert4Rec(settings, features=features).fit(planted())
    model.save(tmp_path)
    prefixes = fresh().prefixes
    np.testing.assert_array_equal(Bert4Rec.load(tmp_path).scores(prefixes), model.scores(prefixes))


def test_what_cannot_be_done_is_said() -> None:
    with pytest.raises(SequentialModelError, match="no sequence has 2 steps"):
        SasRec().fit(Sequences.of([[1], [2]], NAMES))
    with pytest.raises(SequentialModelError, match="batch is 0; give at least 1"):
        Gru4Rec(Gru4RecSettings(batch=0))
    with pytest.raises(SequentialModelError, match="loss is 'bpr'; give one of auto, softmax"):
        Gru4Rec(Gru4RecSettings(loss="bpr"))  # type: ignore[arg-type]
    with pytest.raises(SequentialModelError, match="dim 64 cannot be shared by 3 heads"):
        Bert4Rec(Bert4RecSettings(n_heads=3))
    with pytest.raises(SequentialModelError, match="features of 3 items for 30"):
        SasRec(features=ItemFeatures(np.eye(3, dtype=np.float32), np.ones(3, dtype=np.bool_))).fit(planted())
    with pytest.raises(SequentialModelError, match="fit it on sequences of the same items first"):
        Bert4Rec().scores(planted())
