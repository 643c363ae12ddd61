"""Tracks and what is said of their attributes: which track a row of a file names, and how each is asked about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from assistant.lookups import Asked
    from recsys.annotations import Annotation
    from recsys.attributes.by_audio import Regression
    from recsys.attributes.files import AttributeRow
    from recsys.catalogue import Catalogue
    from recsys.store import Store
    from recsys.types import FloatArray, Track, TrackId

#: How sure a file's value is by how its track was found in the catalogue; annotators, too, err.
_SURE_BY = {"ids": 0.98, "path": 0.98, "name": 0.95, "spelling": 0.85, "title": 0.7}


def match_rows(
    catalogue: Catalogue, rows: Sequence[AttributeRow]
) -> tuple[dict[TrackId, tuple[AttributeRow, float]], list[str]]:
    """Find the catalogue's tracks that rows of a file name, with how sure each is, and name the rows that name none.

    Another version of a work is another recording, and does not count. Of several rows for a track the surest does.
    """
    from assistant.entries import OWN_ID, Entry
    from assistant.matching import match

    entries = [
        Entry(row.title, row.artist, ids={OWN_ID if kind == "id" else kind: one for kind, one in row.ids.items()})
        for row in rows
    ]
    matched: dict[TrackId, tuple[AttributeRow, float]] = {}
    unmatched: list[str] = []
    for row, found in zip(rows, match(catalogue, entries, versions=False), strict=True):
        if found.track_id is None or found.how not in _SURE_BY:
            unmatched.append(f"{row.artist} – {row.title}" if row.title else next(iter(row.ids.values())))
            continue
        sure = _SURE_BY[found.how]
        if found.track_id not in matched or sure > matched[found.track_id][1]:
            matched[found.track_id] = (row, sure)
    return matched, unmatched


def found_by_sound(ids: Sequence[TrackId], predicted: FloatArray, fitted: Regression) -> list[Annotation]:
    """Write what was found by sound as annotations, without the attributes that are not found better than by a mean."""
    from recsys.attributes.scales import Scale, levels
    from recsys.attributes.values import AUDIO, annotation

    filled = [(column, one.key) for column, one in enumerate(fitted.held_out) if one.beats_mean]
    steps = levels(predicted, Scale.FIVE)
    sure = {
        (key, step): fitted.confidence(key, step / Scale.FIVE.n_steps)
        for _, key in filled
        for step in range(Scale.FIVE.n_steps + 1)
    }
    if not filled:
        return []
    return [
        annotation(
            track_id,
            {key: (float(predicted[row, column]), sure[key, int(steps[row, column])]) for column, key in filled},
            AUDIO,
        )
        for row, track_id in enumerate(ids)
    ]


def asked_about(track: Track) -> Asked:
    """How answers about a track are kept.

    By its own id: a concert's recording is another one, whatever its title is without "(Live)".
    """
    from assistant.lookups import Asked

    return Asked(track.title, track.artists[0], mbid=track.track_id)


def said_by(store: Store, source: str) -> set[TrackId]:
    """The tracks of which a source says something."""
    return {track_id for track_id, said in store.annotations.of().items() if any(one.source == source for one in said)}


def values_from(store: Store, *sources: str, least: float = 0.5) -> dict[TrackId, dict[str, float]]:
    """The surest attributes (0–1) of each track among what some sources say, of at least some confidence."""
    from recsys.attributes.values import surest

    found: dict[TrackId, dict[str, float]] = {}
    for track_id, said in store.annotations.of().items():
        values = surest((one for one in said if one.source in sources), least=least)
        if values:
            found[track_id] = {key: one.value for key, one in values.items()}
    return found
