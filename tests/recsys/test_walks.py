"""Synthetic conversations: seeded, within what was handed in, true to their facts, and on the move."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher

import numpy as np
import pytest

from recsys.catalogue import Catalogue
from recsys.dialogues import Dialogue, DialogueTurn
from recsys.sources.starter import read_starter
from recsys.text import artist_key, fold
from recsys.types import IntArray, Track
from recsys.walk_ground import Ground, Place
from recsys.walk_talk import WalkSettings
from recsys.walk_words import Act, Ask, WordSettings, grammar, keeps_facts, purposes, rewrite
from recsys.walks import MAX_TEXT, NoGroundError, Walk, triples_of, walk_dialogues, walks
from tests.planted import STYLES, planted_catalogue

CLEAN = WalkSettings(words=WordSettings(typo=0, name_typo=0, short=0, run_together=0))


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return planted_catalogue(with_playlists=True)


@pytest.fixture(scope="module")
def made(catalogue: Catalogue) -> list[Walk]:
    return draw(catalogue, 250)


def draw(
    catalogue: Catalogue,
    n: int,
    seed: int = 5,
    settings: WalkSettings = CLEAN,
    collections: Sequence[IntArray] | None = None,
) -> list[Walk]:
    return walks(catalogue, n, np.random.default_rng(seed), collections=collections, settings=settings)


def style_of(track_id: str) -> str:
    return track_id.split("-")[0]


def test_the_same_seed_makes_the_same_conversations_and_many_begin_like_few(catalogue: Catalogue) -> None:
    few = walk_dialogues(catalogue, 10, np.random.default_rng(1))
    assert few == walk_dialogues(catalogue, 30, np.random.default_rng(1))[:10]
    assert few != walk_dialogues(catalogue, 10, np.random.default_rng(2))
    assert len({one.id for one in few}) == 10


def test_likes_are_the_goal_and_dislikes_are_not_in_it(made: list[Walk]) -> None:
    for walk in made:
        turns = walk.dialogue.turns
        liked = [one for turn in turns for one in turn.liked]
        disliked = [one for turn in turns for one in turn.disliked]
        assert sorted(walk.dialogue.goal) == sorted(liked)
        assert liked
        assert not set(walk.dialogue.goal).intersection(disliked)
        assert len({*liked, *disliked}) == len(liked) + len(disliked), "a track was shown twice"
    assert sum(bool(turn.disliked) for walk in made for turn in walk.dialogue.turns) > 100


def test_goals_hold_tracks_of_the_given_collections_alone(catalogue: Catalogue) -> None:
    rng = np.random.default_rng(9)
    given = [np.sort(rng.choice(len(catalogue), 12, replace=False)) for _ in range(5)]
    allowed = set(np.concatenate(given).tolist())

    def goals(settings: WalkSettings) -> set[int]:
        drawn = draw(catalogue, 120, settings=settings, collections=given)
        return set(catalogue.rows(one for walk in drawn for one in walk.dialogue.goal).tolist())

    assert goals(CLEAN) <= allowed
    assert len(goals(CLEAN)) > 0.9 * len(allowed)
    assert goals(replace(CLEAN, beyond=True)) - allowed


def test_conversations_know_nothing_of_the_catalogues_playlists_beside_the_given(catalogue: Catalogue) -> None:
    given = [np.arange(0, 30), np.arange(60, 90)]
    bare = planted_catalogue()
    assert [walk.dialogue for walk in draw(catalogue, 40, collections=given)] == [
        walk.dialogue for walk in draw(bare, 40, collections=given)
    ]


def test_every_name_of_the_facts_is_in_the_utterance(made: list[Walk]) -> None:
    n_named = 0
    for walk in made:
        for ask, turn in zip(walk.asks, walk.dialogue.turns, strict=True):
            for name in ask.named:
                n_named += 1
                assert f" {artist_key(name)} " in f" {fold(turn.utterance)} ", (name, turn.utterance)
    assert n_named > 300


def likeness(key: str, text: str) -> float:
    """How much the part of a text that is most like a key is like it, in 0–1."""
    starts = range(max(1, len(text) - len(key) + 1))
    return max(SequenceMatcher(None, text[at : at + len(key)], key, False).ratio() for at in starts)


def test_misspelt_names_are_still_there(catalogue: Catalogue) -> None:
    settings = WalkSettings(words=WordSettings(name_typo=1.0))
    misspelt = 0
    for walk in draw(catalogue, 120, settings=settings):
        for ask, turn in zip(walk.asks, walk.dialogue.turns, strict=True):
            squeezed = fold(turn.utterance).replace(" ", "")
            for name in ask.named:
                key = artist_key(name).replace(" ", "")
                misspelt += key not in squeezed
                assert likeness(key, squeezed) >= 0.6, (name, turn.utterance)
    assert misspelt > 50


@pytest.mark.parametrize("rate", [0.05, 0.2])
def test_names_are_misspelt_as_often_as_was_set(catalogue: Catalogue, rate: float) -> None:
    settings = WalkSettings(words=WordSettings(name_typo=rate, typo=0, short=0, run_together=0))
    slips = [
        f" {artist_key(name)} " not in f" {fold(turn.utterance)} "
        for walk in draw(catalogue, 400, settings=settings)
        for ask, turn in zip(walk.asks, walk.dialogue.turns, strict=True)
        for name in ask.named
    ]
    assert 0.6 * rate < np.mean(slips) < 1.3 * rate


def test_a_turn_that_asks_for_artists_is_mostly_answered_with_them(made: list[Walk], catalogue: Catalogue) -> None:
    shares = []
    for walk in made:
        for ask, turn in zip(walk.asks, walk.dialogue.turns, strict=True):
            if ask.act is Act.ARTISTS and turn.liked:
                rows = catalogue.rows(turn.liked)
                shares.append(np.mean([catalogue.artists[row][0] in ask.artists for row in rows]))
    assert len(shares) > 100
    assert np.mean(shares) > 0.6


def test_the_walk_moves_from_one_set_to_the_other(catalogue: Catalogue) -> None:
    """Two places that share nothing: what is liked first is of the first, what is liked last of the target."""
    given = [np.array([row for row, one in enumerate(catalogue.track_ids) if style_of(one) == s]) for s in STYLES]
    settings = replace(CLEAN, stops=(0.0, 1.0), made_share=0.0)
    shares: dict[bool, list[float]] = {True: [], False: []}
    for walk in draw(catalogue, 120, settings=settings, collections=given):
        (first,), (target,) = ({style_of(catalogue.track_ids[row]) for row in place.rows} for place in walk.places)
        assert first != target
        turns = walk.dialogue.turns
        for number, turn in enumerate(turns):
            begins = 2 * number < len(turns)
            if turn.liked:
                shares[begins].append(np.mean([style_of(one) == (first if begins else target) for one in turn.liked]))
    # The rest are of artists of the same decade, who are related too.
    assert np.mean(shares[True]) > 0.85
    assert np.mean(shares[False]) > 0.85


def chain(n_places: int = 24, width: int = 10, shared: int = 5) -> Ground:
    """Places in a row: each shares half of its tracks with the next, and nothing with those beyond."""
    step = width - shared
    tracks = [Track(f"t{n:03d}", f"Title {n}", (f"Artist {n}",)) for n in range(step * n_places + shared)]
    places = [Place(np.arange(step * n, step * n + width)) for n in range(n_places)]
    return Ground(Catalogue.from_tracks(tracks), places, None, np.ones(len(tracks), dtype=bool))


def test_each_step_goes_to_a_related_place() -> None:
    ground, rng = chain(), np.random.default_rng(3)
    steps = [abs(np.diff(ground.walk(12, 4, 0.0, rng)))[:2] for _ in range(200)]
    assert np.mean(np.concatenate(steps) <= 2) > 0.6  # of 24 places; by chance a sixth


def test_the_bias_leads_to_the_target() -> None:
    ground = chain()

    def distance(bias: float) -> float:
        rng = np.random.default_rng(4)
        return float(np.mean([abs(ground.walk(12, 4, bias, rng)[2] - 12) for _ in range(200)]))

    assert distance(3.0) < distance(0.0)


def test_a_walk_visits_each_place_once_and_ends_at_its_target() -> None:
    ground, rng = chain(6), np.random.default_rng(5)
    for _ in range(50):
        walked = ground.walk(2, 4, 2.0, rng)
        assert walked[-1] == 2
        assert len(set(walked)) == 4
    assert len(ground.walk(2, 40, 2.0, rng)) == 6


def test_vectors_relate_what_shares_nothing_else() -> None:
    tracks = [Track(f"t{n:02d}", f"Title {n}", (f"Artist {n}",)) for n in range(40)]
    catalogue = Catalogue.from_tracks(tracks)
    vectors = np.random.default_rng(1).standard_normal((4, 8)).astype(np.float32)[np.arange(40) % 4]
    places = [Place(np.arange(first, 40, 8)) for first in range(8)]
    ground = Ground(catalogue, places, vectors, np.ones(40, dtype=bool))
    for place in range(8):
        related = ground.relation(place)
        related[place] = -1
        assert int(np.argmax(related)) == (place + 4) % 8
    best, _ = ground.related_artists
    assert all(one % 4 == artist % 4 for artist in range(40) for one in best[artist].tolist())


def test_a_track_without_a_vector_is_near_to_nothing_by_it() -> None:
    catalogue = Catalogue.from_tracks([Track(f"t{n:02d}", f"Title {n}", (f"Artist {n}",)) for n in range(40)])
    places = [Place(np.arange(first, 40, 8)) for first in range(8)]
    everything = np.ones(40, dtype=bool)
    vectors = np.random.default_rng(1).standard_normal((40, 8)).astype(np.float32) + 5
    vectors[places[3].rows] = 0
    assert Ground(catalogue, places, vectors, everything).relation(3).max() == pytest.approx(0.8)  # to itself
    nothing = Ground(catalogue, places, np.zeros((40, 8), dtype=np.float32), everything)
    np.testing.assert_array_equal(nothing.relation(3), Ground(catalogue, places, None, everything).relation(3))


def test_listeners_do_not_always_say_what_they_want_at_first(made: list[Walk]) -> None:
    openings = [walk.asks[0].act for walk in made]
    unsaid = np.mean([act in (Act.GREET, Act.PURPOSE) for act in openings])
    assert 0.2 < unsaid < 0.6
    texts = [walk.dialogue.turns[0].utterance for walk in made]
    assert len(set(texts)) > 0.9 * len(texts)


def test_the_starter_catalogue_is_asked_for_by_its_facets() -> None:
    content = read_starter()
    catalogue = Catalogue.from_tracks(content.tracks, content.collections)
    drawn = draw(catalogue, 60)
    asked = [(ask, turn.utterance) for walk in drawn for ask, turn in zip(walk.asks, walk.dialogue.turns, strict=True)]
    with_facets = [(ask.facets, text) for ask, text in asked if ask.facets]
    assert len(with_facets) > 40
    assert all(fold(facets) in fold(text) for facets, text in with_facets)


class Scripted:
    """A writer that answers every turn by a rule."""

    def __init__(self, answer: str) -> None:
        self.answer, self.told = answer, 0

    def complete(self, messages: Sequence[tuple[str, str]]) -> str:
        self.told += 1
        (_, instruction), (role, facts) = messages
        assert role == "human"
        assert instruction
        labels = ("Name, spelt so: ", "Music: ", "No longer wanted: ")
        given = [(line, label) for line in facts.splitlines() for label in labels if line.startswith(label)]
        return self.answer.format(names=" and ".join(line.removeprefix(label)[:-1] for line, label in given))


def test_a_writer_words_the_turns_and_changes_no_fact(catalogue: Catalogue) -> None:
    plain = draw(catalogue, 30)
    writer = Scripted("oh well {names} it is")
    written = walks(catalogue, 30, np.random.default_rng(5), settings=CLEAN, writer=writer)
    assert [walk.asks for walk in written] == [walk.asks for walk in plain]
    assert [walk.dialogue.goal for walk in written] == [walk.dialogue.goal for walk in plain]
    turns = [turn for walk in written for turn in walk.dialogue.turns]
    assert writer.told == len(turns)
    assert sum(turn.utterance.startswith("oh well") for turn in turns) > 0.95 * len(turns)


def test_what_a_writer_writes_is_refused_where_a_name_was_lost(catalogue: Catalogue) -> None:
    plain = draw(catalogue, 30)
    written = walks(catalogue, 30, np.random.default_rng(5), settings=CLEAN, writer=Scripted("something nice"))
    n_named = 0
    for one, other in zip(plain, written, strict=True):
        for ask, before, after in zip(one.asks, one.dialogue.turns, other.dialogue.turns, strict=True):
            if ask.named or ask.facets or ask.away:
                assert after.utterance == before.utterance
                n_named += 1
            else:
                assert after.utterance == "something nice"
    assert n_named > 30


@pytest.mark.parametrize(
    "text",
    ["", "some songs please", "word " * 61 + "nina simone", "nina simone and miles davis", "two\nlines of nina simone"],
    ids=["empty", "name lost", "too long", "name added", "two lines"],
)
def test_what_is_no_utterance_of_the_facts_is_refused(text: str) -> None:
    ask = Ask(Act.ARTISTS, artists=("Nina Simone",))
    assert rewrite(ask, "the draft", [], ["Miles Davis"], Scripted(text)) == "the draft"
    assert keeps_facts("got any nina simone?", ask, ["Miles Davis"])


def test_every_act_can_be_said_and_every_slot_filled() -> None:
    words = grammar()
    for act in Act:
        assert act.value in words["opening"] or act.value in words["turn"]
    slots = ("artists", "artist", "title", "album", "facets", "away", "purpose")
    for section in words.values():
        for templates in section.values():
            for template in templates:
                assert template.count("(") == template.count(")"), template
                bare = template
                for slot in slots:
                    bare = bare.replace("{" + slot + "}", "")
                assert "{" not in bare, template
                assert "}" not in bare, template
    assert len(purposes()) == len(set(purposes())) > 40


def test_names_of_the_given_collections_are_said_where_they_may_be(catalogue: Catalogue) -> None:
    given = [np.arange(0, 30), np.arange(60, 90)]
    names = ["zydeco brunch", "klezmer gym"]

    def said(say_names: bool) -> str:
        settings = replace(CLEAN, made_share=0.0, say_names=say_names)
        drawn = walk_dialogues(
            catalogue, 80, np.random.default_rng(1), collections=given, names=names, settings=settings
        )
        return " ".join(fold(turn.utterance) for one in drawn for turn in one.turns)

    assert all(name in said(True) for name in names)
    assert not any(name in said(False) for name in names)


def test_a_turn_is_an_example_of_what_is_still_missing() -> None:
    tracks = [Track(one, one.upper(), (f"Artist {one}",)) for one in "abcde"]
    catalogue = Catalogue.from_tracks(tracks)
    turns = (
        DialogueTurn("hello", liked=("a",), disliked=("e",)),
        DialogueTurn("more", liked=("b", "gone")),
        DialogueTurn("thanks", liked=("c",)),
        DialogueTurn("bye"),
    )
    triples = triples_of([Dialogue("d", turns, ("a", "b", "c", "gone"))], catalogue)
    assert [one.text for one in triples] == ["hello", "hello more", "hello more thanks"]
    assert [one.history.tolist() for one in triples] == [[], [0], [0, 1]]
    assert [sorted(one.answers.tolist()) for one in triples] == [[0, 1, 2], [1, 2], [2]]
    long = (*(DialogueTurn(f"word{n} " * 40) for n in range(5)), DialogueTurn("the last"))
    text = triples_of([Dialogue("d", long, ("a",))], catalogue)[-1].text
    assert len(text) <= MAX_TEXT
    assert text.endswith("the last")
    assert text.startswith("word")


def test_nothing_to_walk_on_is_said() -> None:
    tracks = [Track("a", "A", ("X",)), Track("b", "B", ("Y",))]
    with pytest.raises(NoGroundError, match="0 collections over 2 tracks"):
        walk_dialogues(Catalogue.from_tracks(tracks), 3, np.random.default_rng(1))


def test_what_does_not_belong_together_is_refused(catalogue: Catalogue) -> None:
    rng = np.random.default_rng(1)
    with pytest.raises(ValueError, match="3 vectors for 200 tracks"):
        walk_dialogues(catalogue, 3, rng, vectors=np.zeros((3, 4), dtype=np.float32))
    with pytest.raises(ValueError, match="1 names for 2 collections"):
        walk_dialogues(catalogue, 3, rng, collections=[np.arange(9), np.arange(9, 20)], names=["one"])
