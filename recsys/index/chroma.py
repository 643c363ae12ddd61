"""The Chroma index: one persistent collection per modality, searched with a certificate.

Serves a folder made by `build_chroma`, read only. The certificate is worth as much as the lists are right: a
modality whose graph was measured to miss tracks (see `chroma_build`) has its lists made by one exact matrix
product instead, and no list is trusted to its very end.
"""

from __future__ import annotations

import logging
import math
import weakref
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from recsys.errors import CatalogueMismatchError
from recsys.index.base import Projections
from recsys.index.bounds import ScoreBounds
from recsys.index.certified import FEW, CertifiedIndex
from recsys.index.chroma_build import LARGE_GRAPH, build_chroma
from recsys.index.chroma_folder import (
    COMPLETE,
    ChromaFolderError,
    Groups,
    collection_name,
    open_client,
    read_card,
    sample_digest,
)
from recsys.index.chroma_server import SEARCH_S, ChromaServer, ChromaServerError, close_client
from recsys.jam.score import Mixer
from recsys.types import FloatArray, IntArray, Modality

_LOG = logging.getLogger(__name__)

__all__ = ["ChromaFolderError", "ChromaIndex", "ChromaLists", "ChromaServer", "build_chroma"]

#: Share of the top 100 that a graph must have found when it was built, to be asked at all.
MIN_RECALL = 0.99


class ChromaIndex(CertifiedIndex):
    """Serves a folder made by `build_chroma`, read only."""

    name = "chroma"

    def __init__(
        self,
        folder: Path,
        projections: Projections,
        mix: Mixer,
        *,
        cap: int | None = None,
        few: int = FEW,
        fall_back: bool = True,
        threads: int = 2,
        server: ChromaServer | None = None,
    ) -> None:
        """Open the folder and ask every collection once, because the first query loads the graph.

        Raises:
            ChromaFolderError: the folder was never completed, or its collections are on another server.
            CatalogueMismatchError: it holds other vectors than `projections`.
            ChromaServerError: its server cannot be reached.
        """
        lists = ChromaLists(folder, projections, server)
        bounds = ScoreBounds.load(folder, projections)
        super().__init__(projections, mix, lists, bounds=bounds, cap=cap, few=few, fall_back=fall_back, threads=threads)
        self._chroma_lists = lists

    def close(self) -> None:
        """Release the folder."""
        self._chroma_lists.close()


class ChromaLists:
    """The collections of one folder as lists of rows."""

    def __init__(self, folder: Path, projections: Projections, server: ChromaServer | None = None) -> None:
        """Open every collection; raises as `ChromaIndex` does."""
        card = read_card(folder / COMPLETE)
        if card is None or "recall" not in card:
            raise ChromaFolderError(folder, f"it has no {COMPLETE} of this version, so it was never completed")
        expected = sample_digest(projections)
        if card["sample"] != expected:
            raise CatalogueMismatchError(f"the folder {folder}", found=card["sample"], expected=expected)
        self.recall: dict[str, float] = card["recall"]
        self._projections = projections
        self._row = {track_id: row for row, track_id in enumerate(card["track_ids"])}
        self._groups: dict[Modality, Groups] = {}
        self._group_of: dict[Modality, IntArray] = {}
        self._server = self._server_of(folder, card.get("server"), server)
        client = open_client(folder) if self._server is None else self._server.open(SEARCH_S)
        # Whoever serves a newer generation forgets this one, perhaps while a turn still searches it.
        self._release = weakref.finalize(self, *((client.close,) if self._server is None else (close_client, client)))
        self._collections = {}
        for modality in projections.modalities:
            with np.load(folder / f"{modality.value}.npz") as arrays:
                groups = Groups(arrays["members"], arrays["starts"])
            self._groups[modality] = groups
            self._group_of[modality] = np.full(projections.n_tracks, -1, np.int64)
            self._group_of[modality][groups.first] = np.arange(len(groups.starts) - 1)
            name = collection_name(modality, card.get("prefix", ""))
            with self._asking():
                self._collections[modality] = client.get_collection(name, embedding_function=None)
                self._top(modality, np.ones(projections.dim, np.float32), 1)

    @staticmethod
    def _server_of(folder: Path, url: str | None, server: ChromaServer | None) -> ChromaServer | None:
        """The server that has the collections of a folder, if one has."""
        if url is None:
            return None
        if server is None or server.url != url:
            said = f"SEGUE_CHROMA_URL is {server.url}" if server else "SEGUE_CHROMA_URL is not set"
            raise ChromaFolderError(folder, f"its collections are on the Chroma server {url}, and {said}")
        return server

    def _asking(self) -> AbstractContextManager[None]:
        return nullcontext() if self._server is None else self._server.asking()

    def top(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
        """Return the rows (nearly) most similar to a vector, and the similarity at which the list ends.

        Tracks that share a vector come along together, so that there may be more than k. Of a server that does not
        answer nothing is known.
        """
        try:
            with self._asking():
                return self._top(modality, vector, k)
        except ChromaServerError as error:
            _LOG.warning("searching without it: %s", error)
            return np.empty(0, np.int64), math.inf

    def _top(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
        if len(self._groups[modality].members) == 0:
            return np.empty(0, np.int64), -math.inf
        if self.recall[modality] < MIN_RECALL:
            return self._top_by_product(modality, vector, k)
        return self._top_by_graph(modality, vector, k)

    def _top_by_graph(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
        groups = self._groups[modality]
        n_groups = len(groups.starts) - 1
        # A search that looks at no more candidates than it returns is least reliable at its end: look further.
        n_results = min(k if 2 * k <= LARGE_GRAPH[2] else 2 * k, n_groups)
        found = self._collections[modality].query(query_embeddings=[vector], n_results=n_results, include=["distances"])
        first = np.fromiter((self._row[track_id] for track_id in found["ids"][0]), np.int64)
        group = self._group_of[modality][first]
        if len(group) < n_results:  # part of the graph is beyond reach
            end = math.inf
        elif len(group) == n_groups:
            end = -math.inf
        else:
            end = 1 - found["distances"][0][k - 1]  # space ip: distance = 1 − inner product
        return groups.rows(group), end

    def _top_by_product(self, modality: Modality, vector: FloatArray, k: int) -> tuple[IntArray, float]:
        rows = np.sort(self._groups[modality].members)
        similarities = (self._projections.item[modality] @ vector)[rows]
        if k >= len(rows):
            return rows, -math.inf
        order = np.argpartition(-similarities, k - 1)[:k]
        return rows[order], float(similarities[order[-1]])

    def close(self) -> None:
        """Release the folder."""
        self._release()
