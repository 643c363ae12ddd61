"""Text → unit vectors. The built-in encoder needs no network; any sentence-transformers model by name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol, runtime_checkable

import numpy as np

from recsys.encoders.folder_digest import folder_digest
from recsys.encoders.minilm import MiniLmEncoder, encodable
from recsys.encoders.pooled import PooledEncoder, find_preset, spans_of
from recsys.errors import WeightsError
from recsys.types import FloatArray, Progress


class TextEncoder(Protocol):
    """Turns texts into unit vectors whose inner product is their similarity.

    The vector of a text does not depend on the other texts of the call beyond 1e-6.
    """

    @property
    def name(self) -> str:
        """The model's name; vectors of encoders with different names are never mixed."""

    @property
    def dim(self) -> int:
        """The width of the vectors."""

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return one unit row per text (n, dim); texts beyond the model's longest are cut."""


@runtime_checkable
class WordEncoder(Protocol):
    """Turns the words of a text into vectors of what they mean there."""

    @property
    def name(self) -> str:
        """The model's name; states of encoders with different names are never mixed."""

    @property
    def state_dim(self) -> int:
        """The width of the vectors."""

    def states(self, text: str, spans: Sequence[tuple[int, int]]) -> FloatArray:
        """Return one row per span of characters (n, state_dim), zero where the text was too long to be read."""


@runtime_checkable
class TokenCounting(Protocol):
    """Tells where the tokens of a text lie, so that a long one can be cut where the encoder would."""

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return where each token begins and ends (exclusive), in characters, those beyond the longest text too."""


class SentenceTransformersEncoder:
    """Any sentence-transformers model, by its name on Hugging Face or as a folder."""

    def __init__(self, name: str, threads: int = 2) -> None:
        """Load the model on the CPU; the first time it is downloaded.

        Raises:
            WeightsError: there is no such model, neither in a folder nor in reach of the network.
        """
        import torch
        from sentence_transformers import SentenceTransformer

        torch.set_num_threads(threads)
        try:
            self._model = SentenceTransformer(name, device="cpu")
        except (OSError, ValueError) as error:
            raise WeightsError(
                f"cannot load the text encoder {name!r} ({error}); set SEGUE_TEXT_ENCODER to a "
                f"sentence-transformers model that exists, or to {MiniLmEncoder.name} which needs no network"
            ) from error
        self.name = f"{name}, weights {folder_digest(Path(name))}" if Path(name).is_dir() else name
        self.dim = int(self._model.get_embedding_dimension())

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return one unit row per text (n, dim)."""
        if not texts:
            return np.empty((0, self.dim), np.float32)
        vectors = self._model.encode(
            [encodable(text) for text in texts],
            batch_size=32,
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        return np.ascontiguousarray(vectors, dtype=np.float32)

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return where each token begins and ends (exclusive), in characters."""
        return spans_of(self._model.tokenizer, text)


def open_text_encoder(name: str, cache_folder: Path, threads: int = 2, progress: Progress | None = None) -> TextEncoder:
    """Open an encoder by name; what has to be prepared once is kept in `cache_folder`.

    Names are the built-in one, `paper` and `paper-padding` (see `recsys.encoders.pooled`), and those of
    sentence-transformers.

    Raises:
        WeightsError: the model does not exist, or its weights are not the pinned ones.
    """
    preset = find_preset(name)
    if preset is not None:
        return PooledEncoder(*preset, threads)
    if name.removeprefix("sentence-transformers/") == MiniLmEncoder.name:
        return MiniLmEncoder(cache_folder, threads, progress)
    return SentenceTransformersEncoder(name, threads)


def open_lyrics_encoder(
    name: str, cache_folder: Path, threads: int = 2, progress: Progress | None = None
) -> TextEncoder:
    """Open what encodes lyrics where `name` encodes requests: the same, but for the presets that have one of its own.

    Raises:
        WeightsError: as `open_text_encoder`.
    """
    preset = find_preset(name, lyrics=True)
    if preset is not None:
        return PooledEncoder(*preset, threads)
    return open_text_encoder(name, cache_folder, threads, progress)
