"""Reasons state only facts, say different things of different tracks, and fit on a line."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.explain import MAX_REASON, Context, explain_slate
from recsys.recommendation import Pick
from recsys.types import Constraint, Facet, Track
from recsys.vocabulary import load_vocabulary

ALISON = Track("ref", "Alison", ("Slowdive",))
SHOEGAZE = Constraint(Facet.GENRE, ("shoegaze",), text="shoegaze")


def pick(number: int, *, score: dict[str, Any] | None = None, **facts: Any) -> Pick:
    facts = {"title": f"Title {number}", "artists": (f"Artist {number}",)} | facts
    shares: dict[str, Any] = {"query_share": 0.8, "user_share": 0.2, "retrievers": ("translation",)}
    return Pick(number, Track(f"t{number}", **facts), 200.0, True, 1.0, **(shares | (score or {})))


def explain(*picks: Pick, **context: Any) -> tuple[str, ...]:
    return explain_slate(picks, Context(**context))


def test_a_reason_describes_the_track_and_names_its_cause() -> None:
    (reason,) = explain(
        pick(1, genres=("rock", "shoegaze"), moods=("dreamy",), year=1991, score={"nearest_liked": (7, 0.9)}),
        references={7: (ALISON, "liked")},
    )
    assert reason == "Dreamy shoegaze from 1991; close to “Alison” by Slowdive, which you liked."


def test_the_relation_to_the_reference_is_named() -> None:
    for relation, words in (("kept", "which you kept"), ("example", "one of your examples")):
        (reason,) = explain(pick(1, score={"nearest_liked": (7, 0.9)}), references={7: (ALISON, relation)})
        assert reason == f"Close to “Alison” by Slowdive, {words}."


def test_a_distant_reference_is_not_called_close() -> None:
    (reason,) = explain(pick(1, year=1991, score={"nearest_liked": (7, 0.3)}), references={7: (ALISON, "liked")})
    assert "Alison" not in reason


def test_a_wish_is_never_just_repeated() -> None:
    (reason,) = explain(pick(1, genres=("shoegaze",), country="ireland", score={"matched": (SHOEGAZE,)}))
    assert reason == "Shoegaze from Ireland."


def test_a_track_that_states_nothing_but_the_wish_is_named() -> None:
    (reason,) = explain(pick(1, genres=("shoegaze",), score={"matched": (SHOEGAZE,)}))
    assert reason == "“Title 1” by Artist 1: shoegaze, near your words in meaning."


def test_what_sets_a_track_apart_comes_first() -> None:
    same: dict[str, Any] = {"genres": ("shoegaze",), "year": 1991, "language": "english", "country": "united kingdom"}
    reasons = explain(pick(1, **same, instruments=("cello",)), pick(2, **same, moods=("warm",)), pick(3, **same))
    assert "cello" in reasons[0]
    assert "arm" in reasons[1]
    assert len(set(reasons)) == 3


def test_tracks_without_any_facts_still_get_different_reasons() -> None:
    bare = Track("x", "Same", ("Same",))
    twins = [Pick(n, Track(f"id{n}", "Same", ("Same",)), 200.0, True, 1.0, 0.0, 0.0) for n in range(2)]
    reasons = explain(Pick(9, bare, 200.0, True, 1.0, 0.0, 0.0), *twins)
    assert len(set(reasons)) == 3


def test_measured_moods_show_the_measure_and_not_a_label() -> None:
    mellow = Constraint(Facet.MOOD, ("mellow",), text="mellow")
    (reason,) = explain(pick(1, energy=0.31, score={"matched": (mellow,)}))
    assert reason == "Energy 0.31 (of 1) fits “mellow”."


def test_deep_cuts_state_the_popularity() -> None:
    (reason,) = explain(pick(1, popularity=0.12), fame=-0.8)
    assert reason == "Little known (popularity 0.12 of 1)."


def test_words_found_in_the_title_are_quoted() -> None:
    (reason,) = explain(
        pick(1, title="Fool in the Rain", score={"retrievers": ("lexical",)}), query_text="rain on the roof"
    )
    assert reason == "Its title has your “rain”."


def test_an_artist_asked_for_is_named() -> None:
    asked = Constraint(Facet.ARTIST, ("beatles",), text="beatles")
    (reason,) = explain(pick(1, artists=("The Beatles",), year=1966, score={"matched": (asked,)}))
    assert reason == "Track from 1966; by The Beatles, as you asked."


#: Names of letters that no vocabulary word and no sentence of ours is made of, so that what is left can be read.
NAMES = st.text("qxQX", min_size=1, max_size=60)
WILD_NAMES = st.text(min_size=1, max_size=60)
VOCABULARY = load_vocabulary()


@st.composite
def picks(draw: st.DrawFn, names: st.SearchStrategy[str] = NAMES) -> Pick:
    def words(facet: Facet) -> tuple[str, ...]:
        return tuple(draw(st.lists(st.sampled_from(VOCABULARY.words(facet)), max_size=3, unique=True)))

    level = st.none() | st.floats(0, 1, width=32)
    track = Track(
        draw(names),
        draw(names),
        tuple(draw(st.lists(names, max_size=2))),
        album=draw(st.none() | names),
        year=draw(st.none() | st.integers(1900, 2030)),
        genres=words(Facet.GENRE),
        moods=words(Facet.MOOD),
        activities=words(Facet.ACTIVITY),
        instruments=words(Facet.INSTRUMENT),
        vocal=draw(st.none() | st.sampled_from(VOCABULARY.words(Facet.VOCALS))),
        language=draw(st.none() | st.sampled_from(VOCABULARY.words(Facet.LANGUAGE))),
        country=draw(st.none() | st.sampled_from(VOCABULARY.words(Facet.COUNTRY))),
        energy=draw(level),
        valence=draw(level),
        popularity=draw(level),
        tempo_bpm=draw(st.none() | st.floats(40, 220, width=32)),
    )
    share = draw(st.floats(0, 1))
    matched = [Constraint(Facet.ERA, low=1990, high=1999)] if track.year and 1990 <= track.year <= 1999 else []
    matched += [Constraint(Facet.GENRE, track.genres[:1])] if track.genres else []
    matched += [Constraint(Facet.TEMPO, low=0)] if track.tempo_bpm is not None else []
    matched += [Constraint(Facet.ENERGY, low=0)] if track.energy is not None else []
    if not track.moods and track.energy is not None and track.energy <= 0.55:
        matched.append(Constraint(Facet.MOOD, ("mellow",)))
    return Pick(
        draw(st.integers(0, 999)),
        track,
        200.0,
        True,
        1.0,
        1 - share,
        share,
        retrievers=tuple(draw(st.sets(st.sampled_from(["translation", "lexical", "neighbours"])))),
        matched=tuple(matched),
        nearest_liked=draw(st.none() | st.just((7, 0.8))),
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(picks(), min_size=1, max_size=8), st.sampled_from([-0.8, 0.0, 0.8]), st.booleans())
def test_every_name_word_and_number_of_a_reason_is_a_fact(slate: list[Pick], fame: float, taste: bool) -> None:
    context = Context(references={7: (ALISON, "liked")}, fame=fame, has_taste=taste, discovery=0.5)
    for one, reason in zip(slate, explain_slate(slate, context), strict=True):
        track = one.track
        names = {track.title, track.album or "", track.track_id, track.artist, *track.artists, "Alison", "Slowdive"}
        for said in re.findall(r"[qxQX]{2,}|Alison|Slowdive", reason):
            assert any(said in name for name in names)
        levels = (track.energy, track.valence, track.popularity)
        numbers = {f"{level:.2f}" for level in levels if level is not None} | {"1"}  # "0.31 of 1"
        numbers |= {
            str(track.year),
            f"{track.tempo_bpm or 0:.0f}",
            f"{one.user_share * 100:.0f}",
            f"{100 - round(one.user_share * 100)}",
        }
        assert set(re.findall(r"\d+(?:\.\d+)?", reason)) <= numbers
        stated = {*track.genres, *track.moods, *track.activities, *track.instruments}
        stated |= {word for c in one.matched for word in c.values}
        stated |= {track.language or "", track.country or "", f"{track.vocal} vocals"}
        for facet in (Facet.GENRE, Facet.MOOD, Facet.ACTIVITY, Facet.INSTRUMENT):
            for word in VOCABULARY.words(facet):
                if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", reason.lower()):
                    assert any(word in known for known in stated), (word, reason)


@settings(max_examples=60, deadline=None)
@given(st.lists(picks(WILD_NAMES), min_size=1, max_size=8, unique_by=lambda one: one.track.track_id), WILD_NAMES)
def test_reasons_of_any_names_are_short_printable_and_different(slate: list[Pick], words: str) -> None:
    reasons = explain_slate(slate, Context(query_text=words, references={7: (ALISON, "liked")}, has_taste=True))
    for reason in reasons:
        assert 0 < len(reason) <= MAX_REASON
        reason.encode("utf-8")
        assert not set("\n\r\t\x00\u202e") & set(reason)
