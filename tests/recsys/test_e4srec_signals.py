"""What signals bring where they decide what comes next, and that they bring nothing where they do not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from evals.sequential_planted import completions, families, random_like, shuffled
from recsys.sequential.e4srec import E4SRec
from recsys.sequential.e4srec_settings import Completion, E4SRecSettings, LanguageModel
from recsys.sequential.fusion import FUSIONS, Fusion
from recsys.sequential.measure import ranks
from recsys.sequential.sequences import Sequences, leave_one_out
from recsys.types import FloatArray

_SETTINGS = E4SRecSettings(
    language_model=LanguageModel(
        shape={
            "hidden_size": 32,
            "intermediate_size": 48,
            "num_hidden_layers": 1,
            "num_attention_heads": 2,
            "num_key_value_heads": 2,
            "max_position_embeddings": 128,
        }
    ),
    dim=16,
    dropout=0.0,
    history=10,
    epochs=14,
    batch=16,
    warm_up=5,
    learning_rate=1e-2,
)
_LONGER = replace(_SETTINGS, epochs=24)


def _first(settings: E4SRecSettings, signals: dict[str, FloatArray], sequences: Sequences, at: int = 1) -> float:
    """Return how often the right next item comes first, or among the first so many."""
    known, questions = leave_one_out(sequences)
    model = E4SRec(settings, signals).fit(known)
    return float(np.mean(ranks(model, questions, repeats=sequences.has_repeats()) <= at))


def _ids(n_items: int) -> FloatArray:
    return np.random.default_rng(9).normal(size=(n_items, 12)).astype(np.float32)


@pytest.fixture(scope="module")
def deciding() -> tuple[Sequences, float]:
    """Return sequences that completion decides, and how often the right item comes first without it."""
    heard = completions(np.random.default_rng(1), matter=True)
    return heard, _first(_LONGER, {"id": _ids(heard.n_items)}, heard)


@pytest.mark.parametrize("completion", ["text", "scalar"])
def test_completion_brings_what_it_decides(completion: Completion, deciding: tuple[Sequences, float]) -> None:
    """Without it half of what comes next is a guess between two."""
    heard, without = deciding
    told = _first(replace(_LONGER, completion=completion), {"id": _ids(heard.n_items)}, heard)
    assert without < 0.65
    assert told > without + 0.1


def test_completion_brings_nothing_where_it_decides_nothing() -> None:
    heard = completions(np.random.default_rng(1), matter=False)
    ids = {"id": _ids(heard.n_items)}
    without = _first(_SETTINGS, ids, heard)
    assert without > 0.9
    assert _first(replace(_SETTINGS, completion="scalar"), ids, heard) <= without + 0.05


@pytest.fixture(scope="module")
def heard_and_vectors() -> tuple[Sequences, FloatArray, float]:
    heard, vectors = families(np.random.default_rng(4))
    return heard, vectors, _first(_SETTINGS, {"id": _ids(heard.n_items)}, heard, 10)


@pytest.mark.parametrize("fusion", FUSIONS)
def test_content_brings_what_the_id_cannot_tell(
    fusion: Fusion, heard_and_vectors: tuple[Sequences, FloatArray, float]
) -> None:
    heard, vectors, of_ids = heard_and_vectors
    both = {"id": _ids(heard.n_items), "audio": vectors}
    assert _first(replace(_SETTINGS, fusion=fusion), both, heard, 10) > of_ids + 0.15


def test_shuffled_and_random_content_bring_nothing(heard_and_vectors: tuple[Sequences, FloatArray, float]) -> None:
    heard, vectors, of_ids = heard_and_vectors
    rng = np.random.default_rng(5)
    for wrong in (shuffled(rng, vectors), random_like(rng, vectors)):
        assert _first(_SETTINGS, {"id": _ids(heard.n_items), "audio": wrong}, heard, 10) < of_ids + 0.1


def test_controls_keep_what_is_absent_absent() -> None:
    vectors = np.arange(1, 13, dtype=np.float32).reshape(6, 2)
    vectors[2] = 0
    rng = np.random.default_rng(0)
    mixed, drawn = shuffled(rng, vectors), random_like(rng, vectors)
    assert not mixed[2].any()
    assert not drawn[2].any()
    assert sorted(map(tuple, mixed.tolist())) == sorted(map(tuple, vectors.tolist()))
    assert mixed.tolist() != vectors.tolist()
    assert len(np.unique(drawn, axis=0)) == 6
