"""What use taught, as a data set in the JAM file format: requests, who made them, the tracks that answered them.

Items are all tracks of the catalogue, in its order, with the vectors that are served. Requests are divided by time: the
latest tenth is `test`, the tenth before it `val`, the rest `train`; of one or two, all is `train`.

The play history of the format is undated, so whatever is in it may be an answer that somebody tries to predict. Only
plays from before the first request of `val` count, and of the sessions whose requests are in the data none at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import accumulate

import numpy as np
from scipy.sparse import csr_array

from recsys.catalogue import Catalogue
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.types import Event, EventKind, FloatArray, IntArray
from recsys.usage import Answered

#: One request in so many is in `val`, and as many are in `test`.
_ONE_IN = 10
#: With fewer there is nothing to divide.
_LEAST_DIVIDED = 3
#: A play that was broken off earlier says that the track was not wanted.
_LEAST_COMPLETION = 1 / 3


def dataset_of_use(
    name: str,
    requests: Sequence[Answered],
    texts: Sequence[str],
    events: Mapping[str, Sequence[Event]],
    catalogue: Catalogue,
    tables: Mapping[str, FloatArray],
    *,
    with_ids: bool = False,
) -> JamDataset:
    """Put requests and their answers into the format.

    Args:
        name: of the data set.
        requests: by time, each with an answer that is in the catalogue.
        texts: what each is to say.
        events: what each listener did, oldest first.
        catalogue: whose tracks are the items.
        tables: vectors of its tracks per modality (N, D), zero where absent.
        with_ids: name listeners by their ids; otherwise they are numbered by their first request.
    """
    listeners = list(dict.fromkeys(one.shown.listener_id for one in requests))
    number_of = {listener_id: number for number, listener_id in enumerate(listeners)}
    lists = [catalogue.rows(one.track_ids) for one in requests]
    n_requests = len(requests)
    whole = JamSplit(
        np.arange(n_requests),
        tuple(texts),
        np.array([number_of[one.shown.listener_id] for one in requests], dtype=np.int64),
        np.array([0, *accumulate(map(len, lists))], dtype=np.int64),
        np.concatenate(lists),
    )
    parts = divide(n_requests)
    until = requests[parts["val"][0]].shown.at if "val" in parts else float("inf")
    plays = _plays(requests, events, catalogue, listeners, until)
    return JamDataset(
        name,
        {split: whole.take(rows) for split, rows in parts.items()},
        tuple(listeners) if with_ids else tuple(f"listener-{number + 1}" for number in range(len(listeners))),
        tuple(catalogue.track_ids),
        {},
        dict(tables),
        tuple(_name(catalogue, row) for row in range(len(catalogue))),
        plays if plays.nnz else None,
    )


def divide(n_requests: int) -> dict[str, IntArray]:
    """Divide positions 0 to n-1, by time, into the splits of the format; empty ones are left out."""
    held = max(n_requests // _ONE_IN, 1) if n_requests >= _LEAST_DIVIDED else 0
    rows = np.arange(n_requests)
    parts = {"train": rows[: n_requests - 2 * held], "val": rows[n_requests - 2 * held : n_requests - held]}
    parts["test"] = rows[n_requests - held :] if held else rows[:0]
    return {split: found for split, found in parts.items() if len(found)}


def _plays(
    requests: Sequence[Answered],
    events: Mapping[str, Sequence[Event]],
    catalogue: Catalogue,
    listeners: Sequence[str],
    until: float,
) -> csr_array:
    """How often each listener played each track (U, N), as far as that gives nothing away."""
    row_of = {track_id: row for row, track_id in enumerate(catalogue.track_ids)}
    asked = {(one.shown.listener_id, one.shown.session_id) for one in requests}
    counts: dict[tuple[int, int], int] = {}
    for number, listener_id in enumerate(listeners):
        for event in events.get(listener_id, ()):
            row = row_of.get(event.track_id)
            broken_off = event.completion is not None and event.completion < _LEAST_COMPLETION
            if event.kind is not EventKind.PLAY or row is None or broken_off:
                continue
            if event.at < until and (listener_id, event.session_id) not in asked:
                counts[number, row] = counts.get((number, row), 0) + event.times
    places = np.array(list(counts), dtype=np.int64).reshape(-1, 2)
    return csr_array(
        (np.array(list(counts.values()), dtype=np.float32), (places[:, 0], places[:, 1])),
        shape=(len(listeners), len(catalogue)),
    )


def _name(catalogue: Catalogue, row: int) -> str:
    """A track as one line: title and artists."""
    artists = ", ".join(catalogue.artists[row])
    return " ".join(f"{catalogue.titles[row]} – {artists}".split())
