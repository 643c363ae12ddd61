"""Do synthetic conversations look like real ones? Both side by side, counted alike.

Task. Nothing is ranked: real dialogues in the form of the Conversational Playlist Curation Dataset are described, and
beside them conversations made of the same catalogue (`recsys.walks`):

    real           the dialogues of the file
    walks          as many, over the goal playlists of those dialogues
    walks alone    as many, over the catalogue alone: its own playlists, or neighbourhoods made of it

Conventions. An artist is named where their folded name of more than three letters is in the folded utterance and they
have a track in the dialogue's goal, so that misspelt names and those of nobody's goal count in neither. Turns count
from 0. `all` and `turn t` hold turns; figures of whole dialogues stand in `all`. Dialogues with an empty goal are left
out. One dialogue's turns are resampled together. Several seeds make several sets of conversations.

    turns, goal, goal_artists   of a dialogue: turns, tracks of the goal, their main artists
    goal_named                  share of the goal by artists that any turn names
    likes, dislikes             of a turn
    unliked                     whether nothing is liked in a turn
    words                       of the utterance
    names                       artists that the utterance names
    named                       whether it names any
    liked_named                 where it does and something is liked: the share of the likes by artists it names
    liked_known                 where it does not: the share by artists of whom something was liked before
    found                       whether BM25 finds a track of the goal among its first ten by the utterance's words
    found_liked                 likewise by all words so far and the liked tracks that were heard of
    novel                       whether no other utterance of the set says the same (folded)

Reference: Chaganty et al. (2023), "Beyond Single Items: Exploring User Preferences in Item Sets with the
Conversational Playlist Curation Dataset"; Leszczynski et al. (2023), "Talk the Walk".
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from evals.errors import EvaluationDataError
from evals.metrics import summarise
from evals.report import Report
from recsys.catalogue import Catalogue
from recsys.dialogue_files import read_dialogues
from recsys.dialogues import Dialogue, DialogueTurn, heard
from recsys.retrieval.lexical import LexicalIndex
from recsys.retrieval.top import top
from recsys.sources import read_source
from recsys.text import artist_key, fold
from recsys.types import Progress, TrackId
from recsys.walks import walk_dialogues

REAL, WALKS, ALONE = SYSTEMS = ("real", "walks", "walks alone")
#: Turns that have a subset of their own.
N_TURNS = 5
#: Folded names of so many letters or fewer are words too often: "Ye", "Snap".
_SHORT_NAME = 3

#: Tracks that are looked at of what words find.
_DEPTH = 10

#: Metric → (dialogue id, value) per unit.
_Values = dict[str, list[tuple[str, float]]]


def evaluate(
    catalogue: Path, dialogues: Path, n: int | None, seeds: Sequence[int], *, progress: Progress | None = None
) -> Report:
    """Describe the dialogues of a file and n conversations of each kind per seed; as many as the file has by default.

    Raises:
        DialogueFileError: the dialogues cannot be read.
        EvaluationDataError: they have no track of the catalogue.
        SourceError: the catalogue cannot be read.
        NoGroundError: there is nothing to make conversations of.
    """
    content = read_source(catalogue)
    tracks = Catalogue.from_tracks(content.tracks, content.collections)
    real = read_held(dialogues, tracks)
    goals = [tracks.rows(dict.fromkeys(one.goal)) for one in real]
    made: dict[str, list[Dialogue]] = {WALKS: [], ALONE: []}
    for done, seed in enumerate(seeds, start=1):
        for name, collections in ((WALKS, goals), (ALONE, None)):
            drawn = walk_dialogues(tracks, n or len(real), np.random.default_rng(seed), collections=collections)
            made[name] += [Dialogue(f"{seed}:{one.id}", one.turns, one.goal) for one in drawn]
        if progress:
            progress("walk", done, len(seeds))
    said = {"catalogue": catalogue, "dialogues": dialogues, "conversations": n or len(real)}
    report = Report("segue eval walks", said, seeds)
    for name, those in {REAL: real, **made}.items():
        for subset, metrics in describe(those, tracks).items():
            for metric, values in metrics.items():
                report.add(name, subset, metric, summarise([one for _, one in values], groups=[g for g, _ in values]))
    return report


def read_held(path: Path, catalogue: Catalogue) -> list[Dialogue]:
    """Read dialogues with those of their tracks that the catalogue has; those of an empty goal are left out.

    Raises:
        DialogueFileError: the file cannot be read as dialogues.
        EvaluationDataError: no goal has a track of the catalogue.
    """
    known = set(catalogue.track_ids)

    def kept(ids: Iterable[TrackId]) -> tuple[TrackId, ...]:
        return tuple(one for one in ids if one in known)

    read = read_dialogues(path)
    held = [
        Dialogue(
            one.id,
            tuple(replace(turn, liked=kept(turn.liked), disliked=kept(turn.disliked)) for turn in one.turns),
            kept(one.goal),
        )
        for one in read
    ]
    if not any(one.goal for one in held):
        raise EvaluationDataError(
            f"none of the {len(read)} dialogues of {path.name} is after a track of the catalogue; "
            "give --catalogue the tracks.jsonl that belongs to --dialogs"
        )
    return [one for one in held if one.goal]


def describe(dialogues: Sequence[Dialogue], catalogue: Catalogue) -> Mapping[str, _Values]:
    """Count what the module's docstring says: subset → metric → (dialogue id, value) per turn or dialogue."""
    artists = {
        track_id: tuple(map(artist_key, names))
        for track_id, names in zip(catalogue.track_ids, catalogue.artists, strict=True)
    }
    index = LexicalIndex.build([catalogue.text_of(row) for row in range(len(catalogue))])
    said = Counter(fold(turn.utterance) for one in dialogues for turn in one.turns)
    found: dict[str, _Values] = {subset: {} for subset in ("all", *(f"turn {turn}" for turn in range(N_TURNS)))}
    for one in dialogues:
        in_goal = {artist for track_id in one.goal for artist in artists[track_id]}
        named_ever: set[str] = set()
        known: set[str] = set()
        for number, turn in enumerate(one.turns):
            named = named_in(turn.utterance, in_goal)
            values = _turn(turn, named, known, artists) | {"novel": float(said[fold(turn.utterance)] == 1)}
            values |= _found(one, number, catalogue, index)
            for subset in ("all", f"turn {number}"):
                for metric, value in values.items() if subset in found else ():
                    found[subset].setdefault(metric, []).append((one.id, value))
            named_ever |= named
            known.update(artist for track_id in turn.liked for artist in artists[track_id])
        whole = {
            "turns": len(one.turns),
            "goal": len(one.goal),
            "goal_artists": len({artists[track_id][0] for track_id in one.goal}),
            "goal_named": _share(one.goal, named_ever, artists),
        }
        for metric, value in whole.items():
            found["all"].setdefault(metric, []).append((one.id, float(value)))
    return {subset: metrics for subset, metrics in found.items() if metrics}


def named_in(utterance: str, artists: Iterable[str]) -> set[str]:
    """Tell which of some artists, by key, an utterance names."""
    text = f" {fold(utterance)} "
    return {artist for artist in artists if len(artist) > _SHORT_NAME and f" {artist} " in text}


def _turn(
    turn: DialogueTurn, named: set[str], known: set[str], artists: Mapping[TrackId, tuple[str, ...]]
) -> dict[str, float]:
    values: dict[str, float] = {
        "likes": len(turn.liked),
        "dislikes": len(turn.disliked),
        "unliked": not turn.liked,
        "words": len(turn.utterance.split()),
        "names": len(named),
        "named": bool(named),
    }
    if turn.liked and named:
        values["liked_named"] = _share(turn.liked, named, artists)
    elif turn.liked and known:
        values["liked_known"] = _share(turn.liked, known, artists)
    return {metric: float(value) for metric, value in values.items()}


def _found(dialogue: Dialogue, number: int, catalogue: Catalogue, index: LexicalIndex) -> dict[str, float]:
    """Tell whether words find any of what is still to be found at a turn; nothing where there is nothing."""
    known = heard(dialogue, number)
    liked = catalogue.rows(track_id for turn in known.liked for track_id in turn)
    missing = np.setdiff1d(catalogue.rows(dialogue.goal), liked)
    if not len(missing):
        return {}
    texts = {
        "found": known.utterances[-1],
        "found_liked": " ".join((*known.utterances, *(catalogue.text_of(row) for row in liked.tolist()))),
    }
    found = {}
    for metric, text in texts.items():
        scores = index.scores(text)
        scores[liked] = 0
        found[metric] = float(np.isin(top(scores, _DEPTH), missing).any())
    return found


def _share(ids: Sequence[TrackId], of: set[str], artists: Mapping[TrackId, tuple[str, ...]]) -> float:
    """The share of tracks that have one of the artists."""
    return sum(1 for track_id in ids if of.intersection(artists[track_id])) / len(ids)
