"""The product's systems of `segue eval cpcd` on a planted catalogue: their names, what they find, what they may see."""

from __future__ import annotations

import json
import random
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assistant.querying import Defaults, heard_query
from assistant.session import SessionState
from evals import cpcd, cpcd_systems
from evals.cpcd import evaluate
from evals.cpcd_context import Context
from evals.cpcd_files import read_predictions
from evals.cpcd_systems import SYSTEMS
from recsys.catalogue import Catalogue
from recsys.dialogue_files import read_dialogues, write_tracks
from recsys.dialogues import Dialogue, Heard, heard
from recsys.jam.train import TrainingSettings
from recsys.lambdarank import RISING
from recsys.pipeline import build, open_recommender
from recsys.recommendation import Query
from recsys.recommender import RankingWeights, Recommender
from recsys.retrieval.fusion import RETRIEVERS
from recsys.types import Track
from recsys.vocabulary import load_vocabulary
from tests.evals.test_cpcd import BY_ARTIST, CATALOGUE, planted_dialogues, scrambled, written
from tests.words_encoder import WordsEncoder

PRODUCT = ("segue", "segue-without-jam", "segue-synthetic", "fusion")
DEFAULTS = Defaults(slate_size=20, max_per_artist=2, how_much_me=1.0)


@pytest.fixture(scope="module")
def recommender(tmp_path_factory: pytest.TempPathFactory) -> Recommender:
    home, encoder = tmp_path_factory.mktemp("home"), WordsEncoder()
    # Names alone, as CPCD has them.
    bare = [Track(t, CATALOGUE.titles[row], CATALOGUE.artists[row]) for row, t in enumerate(CATALOGUE.track_ids)]
    build(
        home,
        Catalogue.from_tracks(bare),
        load_vocabulary(),
        encoder,
        TrainingSettings(steps=5, batch=16, n_negatives=20, threads=1),
    )
    return open_recommender(home, load_vocabulary(), encoder, weights=RankingWeights(jitter=0))[0]


@pytest.fixture
def context(recommender: Recommender, monkeypatch: pytest.MonkeyPatch) -> type[Context]:
    """A run over the planted catalogue, asked by the words themselves."""

    class Agent:
        def __init__(self) -> None:
            self.recommender = recommender

        def hear(self, known: Heard) -> Query:
            query = heard_query(CATALOGUE, SessionState(), known, DEFAULTS, seed=1)
            return Query(
                " ".join(known.utterances),
                **{k: getattr(query, k) for k in ("conversation", "liked_rows", "now", "exclude")},
            )

    class Planted(Context):
        @cached_property
        def assistant(self) -> Any:
            return SimpleNamespace(serving=Agent)

        def settings(self) -> dict[str, Any]:
            return {}

    monkeypatch.setattr(cpcd, "Context", Planted)
    monkeypatch.setattr(cpcd_systems, "N_WALKS", 5)
    return Planted


@pytest.fixture
def tracks(tmp_path: Path) -> Path:
    write_tracks(tmp_path / "tracks.jsonl", CATALOGUE)
    return tmp_path / "tracks.jsonl"


def test_the_product_and_each_of_its_retrievers_are_systems() -> None:
    assert set(SYSTEMS) >= {*PRODUCT, *RETRIEVERS, "bm25", "random"}


def test_nothing_that_is_hidden_changes_what_the_product_answers(
    context: type[Context], tracks: Path, tmp_path: Path
) -> None:
    names = ("segue", "fusion")
    dialogues = planted_dialogues(5)
    training = written(tmp_path / "training.jsonl", [Dialogue(f"t-{d.id}", d.turns, d.goal) for d in dialogues])
    plain, other = written(tmp_path / "plain.jsonl", dialogues), tmp_path / "other.jsonl"
    rng = random.Random(1)
    raw = [json.loads(line) for line in plain.read_text(encoding="utf-8").splitlines()]
    other.write_text("".join(json.dumps(scrambled(one, 1, rng)) + "\n" for one in raw), encoding="utf-8")
    answers = {}
    for path in (plain, other):
        folder = tmp_path / path.stem
        evaluate(tracks, path, names, (3,), training=training, written=folder, against="fusion")
        asked, known = read_dialogues(path), dict.fromkeys(CATALOGUE.track_ids)
        read = {name: read_predictions(folder / f"{name}.jsonl", asked, known) for name in names}
        answers[path] = {(name, d.id): read[name][d.id][1] for name in names for d in asked}
    assert answers[plain] == answers[other]
    assert len(set(map(tuple, answers[plain].values()))) > len(dialogues), "they do differ from each other"


def test_systems_find_what_is_named_and_do_not_bring_what_was_liked(context: type[Context], tracks: Path) -> None:
    dialogues = planted_dialogues(8)
    asked = dialogues[0]
    artist = asked.turns[0].utterance.removeprefix("something by ")
    with context(tracks) as opened:
        for name in ("segue", "fusion"):
            system = SYSTEMS[name](opened, 3)
            system.fit(dialogues[1:])
            assert system.name == name
            first = system.rank(heard(asked, 0), 100)
            assert set(first[:5]) == set(BY_ARTIST[artist]), name
            known = heard(asked, 2)
            assert not set(system.rank(known, 100)) & {one for ids in known.liked for one in ids}, name
            assert system.rank(heard(asked, 0), 100) == first, name
            assert len(set(first)) == len(first)


def test_a_variant_leaves_features_out_and_the_made_ranker_counts_no_playlist(
    context: type[Context], tracks: Path
) -> None:
    dialogues = planted_dialogues(3)
    learnt = {}
    with context(tracks) as opened:
        for name in ("segue", "segue-without-jam", "segue-synthetic"):
            system: Any = SYSTEMS[name](opened, 3)
            system.fit(dialogues)
            learnt[name] = set(system._recommender.conversations.learned.names)
    assert learnt["segue"] - learnt["segue-without-jam"] == {"jam_words", "jam_taste"}
    assert learnt["segue"] - learnt["segue-synthetic"] == RISING


def test_a_slate_is_shown_by_the_product_and_by_no_retriever(context: type[Context], tracks: Path) -> None:
    asked = heard(planted_dialogues(1)[0], 0)
    with context(tracks) as opened:
        fusion, entities = SYSTEMS["fusion"](opened, 3), SYSTEMS["entities"](opened, 3)
        for system in (fusion, entities):
            system.fit(planted_dialogues(3))
        shown = fusion.show(asked, 8)
        assert entities.show(asked, 8) is None
    assert shown is not None
    assert len(set(shown)) == 8
