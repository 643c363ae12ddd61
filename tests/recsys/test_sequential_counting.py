"""Models that count what comes next: one contract for all, and what each one means."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys.sequential.content import Content
from recsys.sequential.ease import Ease
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.held_out import every_step
from recsys.sequential.item_knn import ItemKnn
from recsys.sequential.measure import ranks
from recsys.sequential.mixture import Mixture
from recsys.sequential.nearby import Nearby
from recsys.sequential.personal_popularity import PersonalPopularity
from recsys.sequential.popularity import Popularity
from recsys.sequential.port import SequentialModel
from recsys.sequential.registry import NAMES, load_model, open_model
from recsys.sequential.repeats import Repeats
from recsys.sequential.sequences import Sequences, leave_one_out
from recsys.sequential.session_knn import SessionKnn
from recsys.sequential.successors import Successors
from recsys.types import FloatArray

COUNTING = (
    "popularity",
    "personal-popularity",
    "successors",
    "nearby",
    "item-knn",
    "session-knn",
    "ease",
    "repeats",
    "mixture",
    "successors+session-knn",
)
N_ITEMS = 40


def _walks(n: int, *, seed: int, follow: float = 0.8, repeats: bool = True) -> Sequences:
    """Sequences in which an item is mostly followed by the next one."""
    rng = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        steps = [int(rng.integers(N_ITEMS))]
        while len(steps) < 8:
            near = (steps[-1] + 1) % N_ITEMS
            drawn = near if rng.random() < follow else int(rng.integers(N_ITEMS))
            if repeats or drawn not in steps:
                steps.append(drawn)
        made.append(steps)
    return Sequences.of(made, [f"item {number}" for number in range(N_ITEMS)])


@pytest.fixture(scope="module")
def walks() -> Sequences:
    return _walks(300, seed=1)


@pytest.fixture(scope="module")
def fitted(walks: Sequences) -> dict[str, SequentialModel]:
    return {name: open_model(name).fit(walks) for name in COUNTING}


@pytest.mark.parametrize("name", COUNTING)
def test_every_model_says_its_name_and_scores_all_items(fitted: dict[str, SequentialModel], name: str) -> None:
    model = fitted[name]
    assert isinstance(model, SequentialModel)
    assert model.name in (name, "mixture")
    scores = model.scores(_walks(5, seed=2))
    assert scores.shape == (5, N_ITEMS)
    assert not np.isnan(scores).any()


@pytest.mark.parametrize("name", COUNTING)
def test_each_prefix_is_scored_as_if_alone(fitted: dict[str, SequentialModel], name: str) -> None:
    prefixes = _walks(40, seed=3)
    together = fitted[name].scores(prefixes)
    for row in range(0, 40, 13):
        np.testing.assert_allclose(fitted[name].scores(prefixes.take([row]))[0], together[row], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", COUNTING)
def test_an_empty_prefix_is_answered(fitted: dict[str, SequentialModel], name: str) -> None:
    empty = Sequences.of([[], [3]], [f"item {number}" for number in range(N_ITEMS)])
    assert not np.isnan(fitted[name].scores(empty)).any()


@pytest.mark.parametrize("name", COUNTING)
def test_a_model_that_was_saved_is_read_back_the_same(
    fitted: dict[str, SequentialModel], name: str, tmp_path: Path
) -> None:
    prefixes = _walks(20, seed=4)
    fitted[name].save(tmp_path / "model")
    loaded = load_model(tmp_path / "model")
    assert type(loaded) is type(fitted[name])
    np.testing.assert_array_equal(loaded.scores(prefixes), fitted[name].scores(prefixes))


@pytest.mark.parametrize("name", COUNTING)
def test_what_items_are_numbered_says_nothing(fitted: dict[str, SequentialModel], walks: Sequences, name: str) -> None:
    """Published files number items by where they come first, which betrays what was held out."""
    other = np.random.default_rng(5).permutation(N_ITEMS)
    turned = Sequences.of([other[one] for one in walks], walks.names)
    prefixes = _walks(20, seed=6)
    moved = Sequences.of([other[one] for one in prefixes], walks.names)
    again = open_model(name).fit(turned).scores(moved)[:, other]
    np.testing.assert_allclose(again, fitted[name].scores(prefixes), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["successors", "nearby", "item-knn", "session-knn", "ease", "mixture"])
def test_what_was_planted_is_found_and_what_was_not_is_not(fitted: dict[str, SequentialModel], name: str) -> None:
    questions = every_step(_walks(60, seed=7))
    by_count = ranks(fitted["popularity"], questions, repeats=True)
    found = ranks(fitted[name], questions, repeats=True)
    assert np.mean(found <= 5) > 2 * np.mean(by_count <= 5)
    rng = np.random.default_rng(8)
    noise = Sequences.of(rng.integers(N_ITEMS, size=(300, 8)), [f"item {number}" for number in range(N_ITEMS)])
    asked = every_step(Sequences.of(rng.integers(N_ITEMS, size=(60, 8)), noise.names))
    in_noise = ranks(open_model(name).fit(noise), asked, repeats=True)
    assert np.mean(in_noise <= 5) < 0.25


@pytest.mark.parametrize("name", COUNTING)
def test_nothing_to_learn_from_is_refused(name: str) -> None:
    with pytest.raises(SequentialModelError):
        open_model(name).fit(Sequences.of([[], []], ["a", "b"]))


@pytest.mark.parametrize("name", COUNTING)
def test_what_was_not_fitted_is_not_asked(name: str, tmp_path: Path) -> None:
    with pytest.raises(SequentialModelError):
        open_model(name).scores(Sequences.of([[0]], ["a"])) if "+" not in name else open_model(name).save(tmp_path)


def test_items_of_another_catalogue_are_refused(fitted: dict[str, SequentialModel]) -> None:
    with pytest.raises(SequentialModelError, match="it knows 40 items, and the prefixes are of 1"):
        fitted["nearby"].scores(Sequences.of([[0]], ["a"]))


ABC = ("a", "b", "c", "d")


def _of(*sequences: list[int]) -> Sequences:
    return Sequences.of(sequences, ABC)


def test_popularity_counts_steps_and_late_ones_more_if_asked() -> None:
    train = _of([0, 0, 1], [2, 1])
    assert Popularity().fit(train).scores(_of([3])).tolist() == [[2, 2, 1, 0]]
    assert Popularity(half_life=0.5).fit(train).scores(_of([3])).tolist() == [[1, 1.5, 1, 0]]


def test_personal_popularity_is_the_published_mixture_of_shares() -> None:
    scores = PersonalPopularity(epsilon=0.01).fit(_of([0, 1], [0, 2])).scores(_of([3, 3, 2, 0], []))
    expected = 0.99 * np.array([0.25, 0, 0.25, 0.5]) + 0.01 * np.array([0.5, 0.25, 0.25, 0])
    np.testing.assert_allclose(scores[0], expected, rtol=1e-6)
    np.testing.assert_allclose(scores[1], 0.01 * np.array([0.5, 0.25, 0.25, 0]), rtol=1e-6)


def test_successors_count_what_came_right_after_and_never_over_the_end() -> None:
    model = Successors(decay=0.5).fit(_of([0, 1, 2], [0, 1], [3]))
    assert model.scores(_of([1, 0])).tolist() == [[0, 2, 0.5, 0]]


def test_nearby_weighs_distance_direction_and_how_often_items_are() -> None:
    plain = Nearby(reach=1e9, slope=1.0, back=0.5, decay=0.5, beta=0.0, alpha=0.0)
    assert plain.fit(_of([0, 1, 2])).scores(_of([0], [2, 1])).tolist() == [
        [0, 1, 0.5, 0],
        [0.5 + 0.5 * 0.25, 0.5 * 0.5, 1, 0],
    ]
    scaled = Nearby(reach=1e9, slope=1.0, back=0.0, beta=0.5, alpha=1.0).fit(_of([0, 1], [0, 1], [0, 1], [0, 2]))
    np.testing.assert_allclose(scaled.scores(_of([0]))[0], [0, 3 / 2 / 3, 1 / 2 / 1, 0], rtol=1e-6)


def test_item_knn_is_the_cosine_of_columns() -> None:
    scores = ItemKnn().fit(_of([0, 1], [0, 1, 2], [0])).scores(_of([1]))
    np.testing.assert_allclose(scores[0], [2 / np.sqrt(6), 0, 1 / np.sqrt(2), 0], rtol=1e-6)


def test_session_knn_hears_only_the_nearest_sequences() -> None:
    train = _of([0, 1], [0, 1, 2, 2], [0, 3])
    all_three = SessionKnn(n_neighbours=3, decay=1.0, idf=0.0).fit(train).scores(_of([0, 1]))[0]
    np.testing.assert_allclose(all_three[3], 1 / np.sqrt(2), rtol=1e-6)
    nearest = SessionKnn(n_neighbours=2, decay=1.0, idf=0.0).fit(train).scores(_of([0, 1]))[0]
    np.testing.assert_allclose(nearest, [2 / np.sqrt(2) + 2 / np.sqrt(3)] * 2 + [2 / np.sqrt(3), 0], rtol=1e-6)


def test_ease_agrees_with_its_definition(walks: Sequences) -> None:
    """Each column is the ridge regression of that item on all others (Steck, 2019), solved here one by one."""
    held = np.zeros((len(walks), N_ITEMS))
    held[walks.sequence_rows, walks.items] = 1
    weights = np.zeros((N_ITEMS, N_ITEMS))
    for item in range(N_ITEMS):
        others = np.arange(N_ITEMS) != item
        rest = held[:, others]
        weights[others, item] = np.linalg.solve(rest.T @ rest + 10 * np.eye(N_ITEMS - 1), rest.T @ held[:, item])
    prefix = _walks(1, seed=9)
    row = np.bincount(prefix.items, minlength=N_ITEMS)
    np.testing.assert_allclose(Ease(penalty=10.0).fit(walks).scores(prefix)[0], row @ weights, atol=1e-4)


def test_ease_refuses_a_catalogue_that_it_cannot_invert() -> None:
    train = Sequences.of([[0, 1]], [str(number) for number in range(20_001)])
    with pytest.raises(SequentialModelError, match="take item-knn or nearby"):
        Ease().fit(train)


def test_content_ranks_what_is_described_alike_and_knows_nothing_of_the_rest() -> None:
    vectors = np.array([[1, 0], [1, 0.1], [-1, 0], [0, 0]], dtype=np.float32)
    scores = Content(vectors).fit(_of([0, 1])).scores(_of([0]))[0]
    assert scores[1] > 0
    assert scores[[0, 2, 3]].tolist() == [0, 0, 0]
    with pytest.raises(SequentialModelError, match="no vectors for 4 items"):
        Content().fit(_of([0]))


def test_repeats_are_as_likely_as_they_were_counted() -> None:
    """In training, what was there just before comes again in two of three sequences, and nothing else does."""
    train = _of(*([[0, 1, 1], [2, 3, 3], [1, 0, 2]] * 200))
    scores = Repeats().fit(train).scores(_of([0, 3], [2]))
    assert scores[0, 3] > 5 * scores[0, 0]
    assert scores[0, [1, 2]].tolist() == [0, 0]
    assert scores[1].nonzero()[0].tolist() == [2]


def test_repeats_are_likelier_for_who_repeats() -> None:
    train = _of(*([[0, 0, 0, 0], [0, 1, 2, 3]] * 100))
    once, often = Repeats().fit(train).scores(_of([1, 2, 3], [1, 1, 1]))
    assert often[1] > 2 * once[3]


def test_a_mixture_gives_no_weight_to_what_says_nothing(walks: Sequences) -> None:
    noise = np.random.default_rng(10).normal(size=(N_ITEMS, 3)).astype(np.float32)
    mixture = Mixture({"nearby": Nearby(), "noise": Content(noise)}).fit(walks)
    assert mixture.weights is not None
    weights = dict(zip(mixture.models, mixture.weights.tolist(), strict=True))
    assert weights["nearby"] > 2 * weights["noise"]


def test_a_mixture_of_one_long_sequence_for_each_listener_holds_out_steps() -> None:
    listeners = _walks(120, seed=11, repeats=False)
    train, questions = leave_one_out(listeners)
    mixture = Mixture().fit(train)
    assert "ease" in mixture.models
    found = ranks(mixture, questions, repeats=False)
    assert np.mean(found <= 5) > 0.6


def test_a_mixture_never_ties_what_was_listened_to_with_what_was_not() -> None:
    model = open_model("successors+item-knn").fit(_of([0, 1], [2, 2, 2], [2]))
    assert model.scores(_of([0]))[0].argsort()[::-1].tolist()[:2] == [1, 2]


def test_the_sum_of_two_models_divides_each_by_its_largest_score() -> None:
    train, prefix = _of([0, 1, 2], [0, 1], [0, 3, 1]), _of([0])
    parts = [Successors().fit(train).scores(prefix)[0], ItemKnn().fit(train).scores(prefix)[0]]
    together = open_model("successors+item-knn").fit(train).scores(prefix)[0]
    np.testing.assert_allclose(together, sum(part / part.max() for part in parts), atol=1e-5)


def test_content_reaches_every_part_of_a_sum() -> None:
    vectors = {"name": np.eye(4, dtype=np.float32)[[0, 0, 1, 2]], "caption": np.eye(4, dtype=np.float32)[[0, 0, 1, 2]]}
    model = open_model("successors+content", content=vectors).fit(_of([0, 2], [1, 3], [2, 3]))
    assert model.scores(_of([0]))[0].argsort()[::-1].tolist()[:2] == [2, 1]
    assert model.scores(_of([0]))[0, 1] == pytest.approx(1.0, abs=1e-5)


def test_a_mixture_made_for_sessions_mixes_what_content_there_is(walks: Sequences) -> None:
    noise = np.random.default_rng(3).standard_normal((walks.n_items, 4)).astype(np.float32)
    mixture = open_model("mixture", by="lines", content={"caption": noise}).fit(walks)
    assert isinstance(mixture, Mixture)
    assert {"repeats", "content_caption"} <= set(mixture.models)


def test_a_model_that_learns_by_gradient_is_made_for_sessions_where_it_is_to_be() -> None:
    made = open_model("sasrec", by="lines", steps=3)
    assert (made.settings.max_length, made.settings.steps) == (30, 3)  # type: ignore[attr-defined]
    assert open_model("sasrec").settings.max_length == 50  # type: ignore[attr-defined]


def test_variants_fuse_content_or_count_what_is_played_often(walks: Sequences) -> None:
    vectors = np.random.default_rng(3).standard_normal((walks.n_items, 4)).astype(np.float32)
    fused = open_model("gru4rec:concat", content={"name": vectors, "caption": vectors}, steps=3, dim=8)
    assert fused.features.vectors.shape == (walks.n_items, 8)  # type: ignore[attr-defined]
    assert fused.settings.fusion == "concat"  # type: ignore[attr-defined]
    assert np.isfinite(fused.fit(walks).scores(walks.take([0]))).all()
    assert open_model("bert4rec:own-counts").settings.own_counts  # type: ignore[attr-defined]
    with pytest.raises(SequentialModelError, match="no vectors to fuse"):
        open_model("sasrec:add")
    for name in ("sasrec:film", "ease:add", "sasrec:"):
        with pytest.raises(SequentialModelError, match="there is no such variant"):
            open_model(name)


def test_the_ensemble_is_the_mixture_with_sasrec_beside_it_and_is_read_back_the_same(
    walks: Sequences, tmp_path: Path
) -> None:
    made = open_model("ensemble", seed=3, steps=5, dim=8, n_heads=1).fit(walks)
    prefixes = walks.shortened(np.minimum(walks.lengths, 3))
    parts = [model.scores(prefixes) for model in made.models.values()]  # type: ignore[attr-defined]
    counted, learnt = (part / np.abs(part).max(axis=1, keepdims=True) for part in parts)
    np.testing.assert_allclose(made.scores(prefixes), counted + 0.6 * learnt, atol=1e-5)
    made.save(tmp_path)
    again = load_model(tmp_path)
    assert again.name == "ensemble"
    np.testing.assert_allclose(again.scores(prefixes), made.scores(prefixes), atol=1e-5)


def test_a_model_that_is_not_there_is_named_with_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(SequentialModelError, match=", ".join(NAMES[:3])):
        open_model("markov")
    with pytest.raises(SequentialModelError, match="it cannot be made so"):
        open_model("ease", epochs=3)
    with pytest.raises(SequentialModelError, match=r"no readable model\.json"):
        load_model(tmp_path)


def test_half_of_a_saved_model_is_refused(fitted: dict[str, SequentialModel], tmp_path: Path) -> None:
    fitted["nearby"].save(tmp_path)
    (tmp_path / "counts.npz").write_bytes((tmp_path / "counts.npz").read_bytes()[:100])
    with pytest.raises(SequentialModelError, match="fit and save the model anew"):
        load_model(tmp_path)


def test_what_a_model_can_say_nothing_of_is_never_first_in_a_mixture() -> None:
    """A model may score below 0: what it knows nothing of must not come before that."""

    class Below(Popularity):
        def scores(self, prefixes: Sequences) -> FloatArray:
            scores = np.full((len(prefixes), prefixes.n_items), -np.inf, dtype=np.float32)
            scores[:, :2] = (-3.0, -1.0)
            return scores

    train = Sequences.of([[0, 1, 2], [2, 1, 0]], ["a", "b", "c"])
    summed = Mixture({"below": Below()}, weights=[1.0]).fit(train)
    assert summed.scores(train.take([0])).argmax() == 1
