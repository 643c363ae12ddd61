"""A generation learnt from real requests: the joint space of `recsys.jam.joint` over the tracks of a catalogue.

The requests come from a data set in the JAM file format that is also a source of the catalogue, so its items are
tracks. Tracks of other sources are in the catalogue too; they have no modality of the data set and are found by words,
facets and the counts alone.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from recsys.catalogue import Catalogue
from recsys.encoders.text import TextEncoder
from recsys.errors import CatalogueMismatchError, RecsysError
from recsys.generations import Generation
from recsys.jam.dataset import JamDataset, JamSplit
from recsys.jam.joint import CARD_FILE, Joint
from recsys.jam.joint_model import JointSettings
from recsys.jam.joint_system import MADE_OF_REQUESTS
from recsys.jam.joint_train import drop_state, fit_joint
from recsys.jam.memory import cosine_neighbours
from recsys.jam.queries import encode_queries
from recsys.jam.requests import Requests
from recsys.ranking import RankingWeights
from recsys.spaces import TrackSpaces
from recsys.types import FloatArray, IntArray, Modality, Progress, TrackId
from recsys.unit import unit_rows

if TYPE_CHECKING:
    from recsys.jam.helpers import Helpers

FOLDER = "joint"
#: What the parts of the ranking count for beside a learnt joint space, whose head weighs company, popularity and what
#: was heard already itself; words and preferences stay. Chosen on the last tenth of lastfm-jam's training requests
#: (docs/jam.md).
WEIGHTS = RankingWeights(translation=1.0, company=0.0, popularity=0.0, heard=0.0)


class NoRequestsError(RecsysError, ValueError):
    """A data set has no training requests, or none of its items is in the catalogue."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"cannot learn from {name}: {problem}; expected a JAM folder with a train_split.tsv")
        self.name, self.problem = name, problem


@dataclass(frozen=True)
class RequestData:
    """Real requests to learn from, and where they were read."""

    dataset: JamDataset
    path: str
    fingerprint: str
    track_ids: Mapping[str, TrackId]  # item id → track of the catalogue

    def requests(self, catalogue: Catalogue, encoder: TextEncoder, cache: Path | None) -> Requests:
        """Put the training requests into the catalogue's rows; answers outside it are left out.

        Raises:
            NoRequestsError: there are none.
        """
        dataset = self.dataset
        split = dataset.splits.get("train")
        if split is None or not len(split):
            raise NoRequestsError(dataset.name, "it has no training requests")
        row_of = {track_id: row for row, track_id in enumerate(catalogue.track_ids)}
        rows = np.array([row_of.get(self.track_ids.get(one, ""), -1) for one in dataset.item_ids], np.int64)  # (N,)
        if not (rows >= 0).any():
            raise NoRequestsError(dataset.name, "none of its items is in the catalogue")
        split = _renumbered(split, rows)
        tables: dict[str, FloatArray] = {}
        for name, features in dataset.item_features.items():
            if name not in MADE_OF_REQUESTS:
                table = np.zeros((len(catalogue), features.shape[1]), np.float32)
                table[rows[rows >= 0]] = unit_rows(features)[rows >= 0]
                tables[modality_name(name)] = table
        plays = None if dataset.plays is None else _columns(dataset.plays, rows, len(catalogue))
        vectors = encode_queries(split.texts, encoder, cache)
        near = None if plays is None else cosine_neighbours(plays)
        return Requests(split, vectors, tables, plays, dataset.n_users, len(catalogue), near)


def learn(
    building: Path,
    catalogue: Catalogue,
    encoder: TextEncoder,
    data: RequestData,
    settings: JointSettings,
    *,
    seed: int,
    cache: Path | None,
    state: Path,
    spaces: TrackSpaces | None = None,
    helpers: Helpers | None = None,
    progress: Progress | None = None,
) -> Joint:
    """Fit the joint space of a generation, or read the one that an interrupted run left.

    Spaces of tracks that were brought in join the data set's modalities, in place of those of the same name. `state` is
    the folder by which a fit that was interrupted goes on; it is gone when the fit has ended. `helpers` fit with us.

    Raises:
        NoRequestsError: there is nothing to learn from.
        TooFewRequestsError: there is too little.
        CheckpointError: the state is damaged.
    """
    folder = building / FOLDER
    if (folder / CARD_FILE).exists():
        return Joint.load(folder)
    requests = data.requests(catalogue, encoder, cache)
    if spaces is not None:
        requests = replace(requests, tables={**requests.tables, **spaces.tables})
    if helpers is not None:
        helpers.ask(requests, settings, seed)
    processes = None if helpers is None else helpers.processes
    joint = fit_joint(requests, settings, seed=seed, folder=state, processes=processes, progress=progress)
    card = {
        **joint.card,
        "encoder": encoder.name,
        "catalogue": catalogue.fingerprint,
        "data": Path(data.path).name,
        "mixer": "cross",
        "spaces": {} if spaces is None else dict(spaces.fingerprints),
        "trained_at": time.time(),
    }
    replace(joint, card=card).save(folder)
    drop_state(state)
    return Joint.load(folder)


def read_card(folder: Path) -> dict[str, Any]:
    """Read what a generation's folder says of its learnt joint space, without its vectors."""
    card: dict[str, Any] = json.loads((folder / FOLDER / CARD_FILE).read_text(encoding="utf-8"))
    return card


def open_joint(folder: Path, catalogue: Catalogue, encoder: TextEncoder) -> Joint:
    """Open the learnt joint space of a generation's folder.

    Raises:
        CatalogueMismatchError: it was learnt on another catalogue, or with another encoder.
    """
    joint = Joint.load(folder / FOLDER)
    for what, found, expected in (
        ("the learnt joint space", joint.card["catalogue"], catalogue.fingerprint),
        ("the text encoder of the learnt joint space", joint.card["encoder"], encoder.name),
    ):
        if found != expected:
            raise CatalogueMismatchError(what, found=str(found), expected=expected)
    return joint


def modality_name(name: str) -> Modality:
    """Name a data set's modality as the index does: in lower case, "_" for everything but letters and digits."""
    plain = re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")
    return Modality(plain if plain[:1].isalpha() else f"m_{plain}")


def settings_digest(settings: JointSettings, data: RequestData, seed: int) -> Sequence[Any]:
    """Return what decides the model besides catalogue and encoder."""
    chosen = {name: value for name, value in asdict(settings).items() if name != "threads"}
    return [data.fingerprint, chosen, seed]


def learned_from(generation: Generation) -> str | None:
    """Return the data folder that a generation was learnt from, None for one trained on synthetic listeners."""
    found = generation.manifest.get("data")
    return None if found is None else str(found)


def is_learned(folder: Path) -> bool:
    """Tell whether a generation's folder holds a learnt joint space."""
    return (folder / FOLDER / CARD_FILE).exists()


def _renumbered(split: JamSplit, rows: IntArray) -> JamSplit:
    """Turn items into track rows; queries that lose all answers go."""
    queries, items = split.pairs
    here = rows[items] >= 0
    counts = np.bincount(queries[here], minlength=len(split))
    left = JamSplit(
        split.query_idxs, split.texts, split.users, np.concatenate([[0], np.cumsum(counts)]), rows[items[here]]
    )
    return left.take(np.flatnonzero(counts > 0))


def _columns(matrix: csr_array, rows: IntArray, n_columns: int) -> csr_array:
    """Renumber the columns of a matrix (U, N); those at -1 go."""
    entries = matrix.tocoo()
    here = rows[entries.col] >= 0
    kept = (entries.data[here], (entries.row[here], rows[entries.col[here]]))
    return csr_array(kept, shape=(matrix.shape[0], n_columns), dtype=np.float32)
