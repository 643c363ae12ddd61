"""What all pretrained audio encoders do alike: cut windows, batch them, run the model, average.

Batches hold windows of one length only. A mask would not do: in most of these models what pads a shorter window leaks
into its vector all the same (see each family), and nearly all windows of tracks have one length anyway.

Shapes: n windows, S samples of a window, B windows of a batch, D width of the encoder.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from recsys.audio.base import AudioCard
from recsys.audio.pretrained.loading import MissingWeightsError, choose_device, weights_digest
from recsys.types import FloatArray

#: Windows encoded at a time on a CPU (where 10 s of sound take some 100 MB on their way through a model) and on a GPU.
_ON_CPU, _ON_GPU = 2, 32
#: What Hugging Face's feature extractors add to the variance of a waveform before they divide by its root.
_VARIANCE_FLOOR = 1e-7


class PretrainedEncoder:
    """A model that is loaded, as an `AudioEncoder`."""

    def __init__(
        self,
        card: AudioCard,
        model: Any,
        folder: Path,
        vectors: Callable[[Any, Any], Any],
        *,
        prepare: Callable[[FloatArray], FloatArray] | None = None,
        parts: Callable[[FloatArray], list[FloatArray]] | None = None,
        threads: int = 1,
        device: str | None = None,
    ) -> None:
        """Take a model.

        Args:
            card: what it is.
            model: a torch module.
            folder: where its weights are.
            vectors: of the model and what was prepared, a tensor whose first axis is B, makes a tensor (B, D).
            prepare: makes of waveforms (B, S) what the model reads; by default they are read as they are.
            parts: what of a window is read at a time; its vector is their mean. By default equal parts of at most the
                card's window.
            threads: cores that one call may use.
            device: of torch; by default a GPU where there is one.

        Raises:
            WeightsError: a GPU was asked for that is not there.
            MissingWeightsError: the model's vectors have another width than the card says.
        """
        import torch

        torch.set_num_threads(threads)
        self.card = card
        self.identity = f"{card.name}, weights {weights_digest(folder)}"
        self._device = choose_device(device)
        self._model = model.eval().to(self._device)
        self._vectors, self._prepare = vectors, prepare
        self._parts = parts or partial(equal_parts, longest=int(card.window_s * card.rate))
        width = self._forward([np.zeros(card.rate // 10, np.float32)]).shape[1]
        if width != card.dim:
            raise MissingWeightsError(
                card, folder, f"its weights make vectors of {width:,} numbers where {card.dim:,} were expected"
            )

    def encode(self, windows: Sequence[FloatArray]) -> FloatArray:
        """Return one vector per window (n, D), whatever else is encoded with it."""
        sums = np.zeros((len(windows), self.card.dim), np.float64)
        counts = np.zeros((len(windows), 1))
        by_length: dict[int, list[tuple[int, FloatArray]]] = defaultdict(list)
        for row, window in enumerate(windows):
            for part in self._parts(np.asarray(window, np.float32)):
                by_length[len(part)].append((row, part))
                counts[row] += 1
        batch = _ON_CPU if self._device == "cpu" else _ON_GPU
        for _, group in sorted(by_length.items()):
            for start in range(0, len(group), batch):
                chunk = group[start : start + batch]
                for (row, _), vector in zip(chunk, self._forward([part for _, part in chunk]), strict=True):
                    sums[row] += vector
        return np.asarray(sums / np.maximum(counts, 1), dtype=np.float32)

    def _forward(self, parts: Sequence[FloatArray]) -> FloatArray:
        """Map B waveforms (S,) to vectors (B, D)."""
        import torch

        waves = np.stack(parts)
        given = waves if self._prepare is None else self._prepare(waves)
        # TF32, which GPUs use for convolutions unless told otherwise, would make another vector than a CPU does.
        with torch.inference_mode(), torch.backends.cudnn.flags(enabled=True, allow_tf32=False):
            found = self._vectors(self._model, torch.from_numpy(given).to(self._device))
        return np.asarray(found.float().cpu().numpy())


def equal_parts(window: FloatArray, longest: int) -> list[FloatArray]:
    """Cut a window (S,) into parts of one length, as few as have at most `longest` samples each.

    Up to one sample less than there are parts is dropped at the end.
    """
    n_parts = max(1, -(-len(window) // longest))
    size = len(window) // n_parts
    return [window[start * size : (start + 1) * size] for start in range(n_parts)]


def repeated_parts(window: FloatArray, length: int) -> list[FloatArray]:
    """Repeat a window (S,) from its start until it fills whole parts of `length` samples, and cut it into them."""
    n_parts = max(1, -(-len(window) // length))
    return list(np.resize(window, (n_parts, length)))


def unit_variance(waves: FloatArray) -> FloatArray:
    """Bring each waveform of (B, S) to mean zero and variance one, as Wav2Vec2FeatureExtractor does."""
    centred = waves - waves.mean(axis=1, keepdims=True)
    scaled = centred / np.sqrt(waves.var(axis=1, keepdims=True) + _VARIANCE_FLOOR)
    return np.asarray(scaled, dtype=np.float32)


def mean_of_last(model: Any, waves: Any) -> Any:
    """Return the mean over time (B, D) of the last hidden state (B, T, D) of a transformer of Hugging Face."""
    return model(waves).last_hidden_state.mean(dim=1)
