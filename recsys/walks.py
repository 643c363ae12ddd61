"""Conversations made of item collections: what a listener would say on the way to a playlist, and what they would like.

A conversation walks over *places* (`recsys.walk_ground`) to a target: the listener wishes for some tracks of each stop,
asks turn by turn for a part of them, is shown a slate of the asked-for set, likes what was wished for and dislikes the
rest, reacts, and asks for the next. The goal is what was liked, as in CPCD. Source of the idea: Leszczynski et al.,
"Talk the Walk" (2023): biased walks between item collections, a slate of each, an utterance that asks for the next. The
kinds of turns, and the grammar that words them (`recsys.walk_words`), are ours.

How many turns, likes and names there are follows the 400 training dialogues of CPCD (Chaganty et al. 2023); compare
with `segue eval walks`. Nothing depends on what is not handed in: the same arguments give the same conversations, and
the first of many are those of few.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from recsys.catalogue import Catalogue
from recsys.dialogues import Dialogue
from recsys.errors import RecsysError
from recsys.query_text import template_query
from recsys.synthesis import Triple
from recsys.types import FloatArray, IntArray
from recsys.walk_ground import Ground, Place
from recsys.walk_talk import Talk, WalkSettings
from recsys.walk_words import Ask, Writer

#: Characters of a request that are encoded at most, as in the product (`assistant.session.MAX_QUERY_TEXT`).
MAX_TEXT = 800
#: Words of a playlist's name that are said.
_MAX_NAME_WORDS = 6
#: Draws of a conversation until one likes anything.
_MAX_DRAWS = 50


class NoGroundError(RecsysError, ValueError):
    """There is no collection of enough tracks to walk on."""

    def __init__(self, n_tracks: int, n_collections: int) -> None:
        super().__init__(
            f"{n_collections:,} collections over {n_tracks:,} tracks leave nothing to walk on; give collections of at "
            f"least {_FEWEST} tracks of the catalogue, or a catalogue of more tracks"
        )
        self.n_tracks, self.n_collections = n_tracks, n_collections


#: Tracks of a collection that is walked on.
_FEWEST = 4


@dataclass(frozen=True, slots=True)
class Walk:
    """One conversation with what made it."""

    dialogue: Dialogue
    asks: tuple[Ask, ...]  # the facts of each turn
    stops: tuple[int, ...]  # numbers of the places, the target last
    places: tuple[Place, ...] = field(repr=False)  # the stops themselves


def walk_dialogues(
    catalogue: Catalogue,
    n: int,
    rng: np.random.Generator,
    *,
    collections: Sequence[IntArray] | None = None,
    names: Sequence[str] | None = None,
    vectors: FloatArray | None = None,
    writer: Writer | None = None,
    settings: WalkSettings = WalkSettings(),
) -> list[Dialogue]:
    """Make n conversations over a catalogue; see `walks` for the arguments and errors."""
    made = walks(
        catalogue,
        n,
        rng,
        collections=collections,
        names=names,
        vectors=vectors,
        writer=writer,
        settings=settings,
    )
    return [walk.dialogue for walk in made]


def walks(
    catalogue: Catalogue,
    n: int,
    rng: np.random.Generator,
    *,
    collections: Sequence[IntArray] | None = None,
    names: Sequence[str] | None = None,
    vectors: FloatArray | None = None,
    writer: Writer | None = None,
    settings: WalkSettings = WalkSettings(),
) -> list[Walk]:
    """Make n conversations, with the facts of each turn.

    Args:
        catalogue: of N tracks.
        n: how many.
        rng: decides.
        collections: rows of playlists; the catalogue's own where not given. Where given, goals hold tracks of these
            alone, unless `settings.beyond`.
        names: what the collections are called, one each; nobody names a collection without one.
        vectors: (N, D) of the tracks, such as of their texts; they tell which artists and collections are near.
        writer: words turns anew; asked after the grammar, so that the facts are the same with and without.
        settings: how they go.

    Raises:
        NoGroundError: no collection has enough tracks, and none can be made.
        ValueError: not one name, or not one vector, for each.
    """
    if vectors is not None and len(vectors) != len(catalogue):
        raise ValueError(f"{len(vectors):,} vectors for {len(catalogue):,} tracks; give one for each")
    if names is not None and len(names) != len(collections or ()):
        raise ValueError(f"{len(names):,} names for {len(collections or ()):,} collections; give one for each")
    ground = _ground(catalogue, rng, collections, names, vectors, settings)
    n_given, n_made = len(ground.given), len(ground.places) - len(ground.given)
    if not ground.places:
        raise NoGroundError(len(catalogue), n_given)
    seeds = rng.integers(2**63, size=n)
    made: list[Walk] = []
    for number, seed in enumerate(seeds.tolist()):
        own = np.random.default_rng(seed)
        for _ in range(_MAX_DRAWS):
            of_made = n_made and (not n_given or own.random() < settings.made_share)
            target = int(own.integers(n_given, n_given + n_made)) if of_made else int(own.integers(n_given))
            n_stops = 1 + int(own.choice(len(settings.stops), p=np.array(settings.stops) / sum(settings.stops)))
            stops = ground.walk(target, n_stops, settings.bias, own)
            talk = Talk(ground, stops, settings, own)
            turns = talk.hold(writer)
            if goal := [one for turn in turns for one in turn.liked]:
                break
        else:
            raise NoGroundError(len(catalogue), n_given)
        goal = [goal[at] for at in own.permutation(len(goal))]
        dialogue = Dialogue(f"walk-{number}-{'.'.join(map(str, stops))}", tuple(turns), tuple(goal))
        made.append(Walk(dialogue, tuple(talk.asks), tuple(stops), tuple(ground.places[stop] for stop in stops)))
    return made


def triples_of(dialogues: Sequence[Dialogue], catalogue: Catalogue) -> list[Triple]:
    """Make every turn an example for JAM: the words so far, the likes so far, and the tracks that are still missing.

    The words are those of all turns, the newest last, and the oldest are cut. Tracks that the catalogue does not have
    are left out, and turns at which nothing is missing. As a conversation may name the playlist that it is made of,
    tracks of one playlist alone are taken to have no tags, as in `recsys.synthesis`.
    """
    triples = []
    members = np.concatenate([np.empty(0, dtype=np.int64), *map(np.unique, catalogue.collection_rows)])
    of_one = np.bincount(members, minlength=len(catalogue)) == 1
    for dialogue in dialogues:
        heard = ""
        liked: list[str] = []
        goal = catalogue.rows(dict.fromkeys(dialogue.goal))
        for turn in dialogue.turns:
            heard = f"{heard} {turn.utterance}".strip()
            history = catalogue.rows(dict.fromkeys(liked))
            missing = goal[~np.isin(goal, history)]
            if len(missing):
                triples.append(Triple(_newest(heard, MAX_TEXT), np.sort(history), missing, goal[of_one[goal]]))
            liked += turn.liked
    return triples


def _called(name: str) -> str:
    """A playlist's name as it is said: its first words, without signs."""
    return " ".join(template_query("", name).replace(",", "").split()[:_MAX_NAME_WORDS])


def _newest(text: str, at_most: int) -> str:
    """The end of a text, from the beginning of a word on."""
    if len(text) <= at_most:
        return text
    return text[-at_most - 1 :].partition(" ")[2] or text[-at_most:]


def _ground(
    catalogue: Catalogue,
    rng: np.random.Generator,
    collections: Sequence[IntArray] | None,
    names: Sequence[str] | None,
    vectors: FloatArray | None,
    settings: WalkSettings,
) -> Ground:
    allowed = np.ones(len(catalogue), dtype=bool)
    if collections is None:
        rows, called = catalogue.collection_rows, [one.name for one in catalogue.collections]
    else:
        rows, called = list(collections), list(names) if names is not None else [""] * len(collections)
        if not settings.beyond:
            allowed[:] = False
            allowed[np.concatenate([np.empty(0, dtype=np.int64), *rows])] = True
    given = [
        Place(np.unique(members), _called(name) if settings.say_names else "")
        for members, name in zip(rows, called, strict=True)
        if len(np.unique(members)) >= _FEWEST
    ]
    ground = Ground(catalogue, given, vectors, allowed)
    if settings.made_share > 0 or not given:
        ground.add_made(settings.n_made, np.random.default_rng(int(rng.integers(2**63))))
    return ground
