"""What came after what in this installation: sessions of its listeners, or the playlists of its catalogue.

A step is a track of the catalogue, where it first came in its session: a continuation repeats nothing, so nothing is
learnt of repeats. Playlists have no times; their order here is drawn, so that what is held out is any of them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from recsys.catalogue import Catalogue
from recsys.sequential.errors import SequenceDataError
from recsys.sequential.plays import Plays
from recsys.sequential.sequences import Sequences
from recsys.sequential.sessions import SessionSettings, sessions_of

#: Sequences below which nothing can be told apart from chance: a fifth of them is held out.
LEAST = 100
#: A longer pause ends a session, as in the multimodal E4SRec paper.
_SESSIONS = SessionSettings(gap_s=20 * 60, least_steps=2, first_listens=True)
#: Longer playlists are read up to here: they are collections rather than orders.
_LONGEST = 500


@dataclass(frozen=True)
class Steps:
    """Sequences of a catalogue's tracks, the earliest first, by track id."""

    sequences: Sequences
    source: Literal["sessions", "playlists"]
    n_listeners: int = 0


def steps_of_plays(plays: Plays, catalogue: Catalogue) -> Steps | None:
    """Cut what listeners played into sessions of the catalogue's tracks, by the time they began; None where none is."""
    known = np.array([len(catalogue.rows((name,))) > 0 for name in plays.names], dtype=np.bool_)
    if not len(plays) or not known.any():
        return None
    try:
        sessions = sessions_of(plays.kept(known[plays.items]), _SESSIONS)
    except SequenceDataError:
        return None
    assert sessions.times is not None
    order = np.argsort(sessions.times[sessions.offsets[:-1]], kind="stable")
    n_listeners = len({owner.rpartition("/")[0] for owner in sessions.owners})
    return Steps(sessions.take(order), "sessions", n_listeners)


def steps_of_playlists(catalogue: Catalogue, *, seed: int) -> Steps | None:
    """Take the catalogue's playlists in their order; None where there is none of two tracks."""
    members = [np.asarray(rows[:_LONGEST]) for rows in catalogue.collection_rows if len(rows) > 1]
    if not members:
        return None
    drawn = np.random.default_rng(seed).permutation(len(members))
    used, items = np.unique(np.concatenate([members[number] for number in drawn]), return_inverse=True)
    ends = np.cumsum([len(members[number]) for number in drawn])
    names = [catalogue.track_ids[row] for row in used.tolist()]
    return Steps(Sequences.of(np.split(items, ends[:-1]), names), "playlists")


def choose_steps(plays: Plays, catalogue: Catalogue, *, seed: int, least: int = LEAST) -> Steps | None:
    """Choose what is learnt from: the listeners' sessions where there are enough, else playlists; None for too few."""
    for found in (steps_of_plays(plays, catalogue), steps_of_playlists(catalogue, seed=seed)):
        if found is not None and len(found.sequences) >= least:
            return found
    return None


def divided(sequences: Sequences, share: float) -> tuple[Sequences, Sequences]:
    """Hold out the last share of sequences; of the others, those that were not over when the first of them began."""
    n_kept = len(sequences) - max(round(share * len(sequences)), 1)
    earlier, later = np.arange(n_kept), np.arange(n_kept, len(sequences))
    if sequences.times is not None:
        begins = sequences.times[sequences.offsets[n_kept]]
        earlier = earlier[sequences.times[sequences.offsets[earlier + 1] - 1] < begins]
    return replace(sequences.take(earlier), times=None), replace(sequences.take(later), times=None)
