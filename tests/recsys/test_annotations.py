"""What is known of tracks beside what they state: kept apart, shown where nothing is stated, and marked."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recsys.annotations import Annotation
from recsys.catalogue import Catalogue
from recsys.constraints import check, closeness
from recsys.recommendation import count_all
from recsys.store import Store
from recsys.types import Constraint, Derived, Facet, Track
from recsys.vocabulary import load_vocabulary

TRACKS = [
    Track("a", "One", ("Ann",), tempo_bpm=90.0, key="A minor", ai_generated="no", details={"disc": 2}),
    Track("b", "Two", ("Ben",), key="C major"),
    Track("c", "Three", ("Cal",), genres=("jazz",)),
]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    opened = Store.open(f"sqlite:///{tmp_path / 'test.db'}")
    opened.add_source("mine", "", "csv", "1", TRACKS)
    return opened


def heard(track_id: str, field: str, value: object, confidence: float = 0.9) -> Annotation:
    return Annotation(track_id, field, value, confidence, "heard:test")  # type: ignore[arg-type]


def test_what_is_stated_is_never_overwritten_and_what_is_derived_is_marked(store: Store, tmp_path: Path) -> None:
    said = [
        heard("a", "tempo_bpm", 180.0),
        heard("b", "tempo_bpm", 120.0),
        heard("b", "genres", ["rock"]),
        heard("c", "genres", ["metal"]),
        heard("c", "tempo_bpm", 70.0, confidence=0.3),
        heard("c", "ai_generated", "yes", confidence=0.6),
    ]
    store.annotations.put("heard:test", {"a", "b", "c"}, said)
    store.annotations.put("artist", {"b"}, [Annotation("b", "genres", ("folk",), 0.95, "artist")])
    made = store.load_catalogue(False)
    made.save(tmp_path / "catalogue")
    for catalogue in (made, Catalogue.load(tmp_path / "catalogue")):
        a, b, c = (catalogue.track(row) for row in range(3))
        assert (a.tempo_bpm, dict(a.derived), dict(a.details)) == (90.0, {}, {"disc": 2})
        assert (b.tempo_bpm, b.genres) == (120.0, ("folk",))  # the surer one
        assert dict(b.derived) == {"tempo_bpm": Derived("heard:test", 0.9), "genres": Derived("artist", 0.95)}
        assert (c.genres, c.tempo_bpm, c.ai_generated) == (("jazz",), None, "yes")  # unsure ones are not shown
        assert catalogue.derived(Facet.TEMPO, heard=True).tolist() == [False, True, False]
        assert catalogue.derived(Facet.GENRE, heard=False).tolist() == [False, True, False]


def test_a_source_that_speaks_again_takes_back_what_it_said(store: Store) -> None:
    store.annotations.put("heard:test", {"b", "c"}, [heard("b", "energy", 0.5), heard("c", "energy", 0.4)])
    store.annotations.put("heard:test", {"b"}, [])
    assert list(store.annotations.of()) == ["c"]
    store.add_source("mine", "", "csv", "2", TRACKS)  # read again: what was heard stays
    assert store.load_catalogue(False).track(2).energy == pytest.approx(0.4)
    assert store.annotations.sources() == {"heard:test": 1}
    assert store.annotations.drop("heard:test") == 1
    assert store.load_catalogue(False).track(2).energy is None


def test_catalogues_that_nothing_was_derived_for_stay_what_they_were() -> None:
    plain, detailed = (Catalogue.from_tracks([Track("x", "T", ("A",), details=d)]) for d in ({}, {"disc": 1}))
    assert plain.fingerprint == detailed.fingerprint
    assert plain.content != detailed.content
    loud = Catalogue.from_tracks([Track("x", "T", ("A",), loudness_db=-9.5)])
    assert loud.fingerprint != plain.fingerprint
    assert loud.track(0).loudness_db == -9.5
    assert np.isnan(plain.loudness_db).all()


def test_keys_and_machines_can_be_asked_for(store: Store) -> None:
    store.annotations.put("heard:test", {"c"}, [heard("c", "key", "F# minor"), heard("c", "ai_generated", "yes")])
    catalogue = store.load_catalogue(False)
    minor = Constraint(Facet.KEY, ("minor",))
    whole = Constraint(Facet.KEY, ("C major",))
    no_machine = Constraint(Facet.AI, ("yes",), wanted=False, hard=True)
    checked = check(catalogue, load_vocabulary(), (minor, whole, no_machine))
    assert [met.tolist() for met in checked.met] == [[1, 0, 1], [0, 1, 0], [1, -1, 0]]
    assert checked.allowed().tolist() == [True, True, False]
    counts = count_all(catalogue, checked.pairs(), np.arange(3))
    assert [(c.n_met, c.n_heard, c.n_unknown) for c in counts] == [(2, 1, 0), (1, 0, 0), (1, 0, 1)]


@pytest.mark.parametrize(("field", "confidence"), [("title", 0.9), ("energy", 1.2)])
def test_what_cannot_be_annotated_is_refused(field: str, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"annotated|confidence"):
        heard("a", field, 1.0, confidence)


def test_what_is_less_sure_is_worth_less_and_never_less_than_what_is_unknown(store: Store) -> None:
    store.annotations.put("heard:test", {"b"}, [heard("b", "tempo_bpm", 92.0)])
    catalogue, vocabulary = store.load_catalogue(False), load_vocabulary()
    slow = Constraint(Facet.TEMPO, low=80, high=100)
    (met,) = check(catalogue, vocabulary, (slow,)).met
    stated, derived, unknown = closeness(catalogue, vocabulary, slow, met, catalogue.doubt(Facet.TEMPO)).tolist()
    assert stated == 1
    assert unknown < derived < stated
    assert derived == pytest.approx(1 - 0.1 * (1 - unknown))
