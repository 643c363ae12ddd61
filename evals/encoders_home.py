"""The app's own events, and what its index knows of the tracks: its spaces, and the text and tags of what it serves.

What the app made of listening (`cf`, a space of that name) is of the plays that are held out, and is never opened.

Shapes: I tracks that somebody played.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from evals.encoders_data import Facts, StudyData, known_facts
from evals.errors import EvaluationDataError
from recsys.catalogue import Catalogue
from recsys.cold.content import Content
from recsys.cold.interactions import Interactions
from recsys.predicted import is_collaborative
from recsys.types import FloatArray, IntArray, Progress


def read_home(home: Path, *, progress: Progress) -> StudyData:
    """Read the app's own events, and the content of its tracks; nothing is written.

    Raises:
        EvaluationDataError: there is nothing of these.
    """
    from recsys import generations
    from recsys.sequential.reading_logs import read_events
    from recsys.store import Store

    database = home / "segue.db"
    if not database.is_file():
        raise EvaluationDataError(f"{home} holds no segue.db; give the data folder of an installation")
    store = Store.open(f"sqlite:///{database.as_posix()}")
    try:
        plays = read_events(store, progress=progress)
    finally:
        store.close()
    if not len(plays):
        raise EvaluationDataError(f"nobody has played anything in {home}; import a history first")
    serving = generations.current(home).folder
    catalogue = Catalogue.load(serving / "catalogue")
    place = {track_id: row for row, track_id in enumerate(catalogue.track_ids)}
    pairs = Interactions.of_plays(plays)
    rows = np.array([place.get(name, -1) for name in pairs.item_ids], dtype=np.int64)
    artists = [catalogue.artists[row][0] if row >= 0 and catalogue.artists[row] else "" for row in rows.tolist()]
    numbers = {name: number for number, name in enumerate(dict.fromkeys(artists))}
    groups = np.array([numbers[artist] if artist else len(numbers) + row for row, artist in enumerate(artists)])
    pairs = Interactions.of(
        pairs.listeners, pairs.items, pairs.listener_ids, pairs.item_ids, groups=groups, times=pairs.times
    )
    known = known_facts(artists)
    genres = tuple(catalogue.genres[row] if row >= 0 else () for row in rows.tolist())
    facts = Facts(genres, known.countries, known.languages, known.tags, {**known.about, "genres": "the catalogue"})
    encoders = _content(home, serving, rows, pairs.item_ids)
    return StudyData("events", pairs, encoders, facts, ("the plays are this installation's own",))


def _content(home: Path, serving: Path, rows: IntArray, track_ids: Sequence[str]) -> dict[str, Content]:
    """Return what says something of any of the tracks."""
    from recsys.embeddings import EmbeddingTable
    from recsys.spaces import track_spaces

    tables: dict[str, FloatArray] = {}
    for folder in sorted((serving / "embeddings").iterdir()):
        vectors = EmbeddingTable.open(folder).vectors
        tables[folder.name] = np.where((rows >= 0)[:, None], vectors[np.maximum(rows, 0)], np.float32(0))
    tables |= track_spaces(home, track_ids).tables
    return {
        name: Content(name, np.asarray(table, dtype=np.float32))
        for name, table in tables.items()
        if not is_collaborative(name) and table.any()  # what is made of listening is no content
    }
