"""What a language model says of the next item without having learnt from any listening, by the items' texts alone.

The zero-shot of the papers reads a head that was never trained, so it answers by chance. Two ways that can answer:

    embeds  an item is the mean of the last layer's states over the words of its text, less the catalogue's mean; the
            score is the cosine with the mean of the history's items
    ranks   the log-likelihood of the item's text behind the history's texts, less that behind no history, which takes
            away that some texts are likely anywhere (Holtzman et al., 2021). The best by `embeds` are ranked so; all
            others come behind them in the order of `embeds`

Shapes: B prefixes, I items, K candidates of one prefix, L places, H width of the language model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal, Self, get_args

import numpy as np
import torch
from torch import Tensor

from recsys.sequential.e4srec_settings import LanguageModel, model_from
from recsys.sequential.e4srec_training import recent
from recsys.sequential.errors import SequentialModelError
from recsys.sequential.language_models import last_hidden, open_language_model, require_for
from recsys.sequential.port import silent
from recsys.sequential.saved import read_card, write_card, write_weights
from recsys.sequential.sequences import Questions, Sequences
from recsys.types import FloatArray, IntArray, Progress
from recsys.unit import unit_rows

Way = Literal["embeds", "ranks"]
_MODEL, _WEIGHTS = "text-zero-shot", "text-zero-shot.safetensors"
_ASKED = "A listener played, in this order: {history}. Next comes: "
_NOTHING = "nothing"

#: The last items that are told.
_HISTORY = 20


def unit_about_mean(vectors: FloatArray) -> FloatArray:
    """Return vectors (I, H) less the mean of those that are there, of length one; rows of zeros, absent, stay so."""
    there = np.asarray(vectors.any(axis=1))
    centred = np.where(there[:, None], vectors - vectors[there].mean(axis=0), 0)
    return unit_rows(centred.astype(np.float32))


def likeness(vectors: FloatArray, prefixes: Sequences, *, history: int = _HISTORY) -> FloatArray:
    """Score items (B, I) by their cosine with the mean of a prefix's last items; -inf for one without a vector.

    Args:
        vectors: (I, H) of length one, zero where absent.
        prefixes: B of them.
        history: how many of their last items are looked at.
    """
    told = np.stack([vectors[row].sum(axis=0) for row in recent(prefixes, history)])  # (B, H)
    out = np.asarray(unit_rows(told) @ vectors.T, dtype=np.float32)
    out[:, ~vectors.any(axis=1)] = -np.inf
    return out


class TextZeroShot:
    """Scores the next item by the texts of the history, with a language model as it is."""

    def __init__(
        self,
        language_model: LanguageModel,
        *,
        way: Way = "embeds",
        texts: Sequence[str] | None = None,
        n_candidates: int = 200,
        history: int = _HISTORY,
        batch: int = 16,
        device: str = "cpu",
    ) -> None:
        """Choose the language model and the way.

        Args:
            language_model: real weights by name; nothing of them is changed.
            way: how it answers.
            texts: one for each item (I,), by default the items' names.
            n_candidates: K of `ranks`.
            history: the last items that are told.
            batch: texts that go through the model at a time.
            device: where the model is.

        Raises:
            SequentialModelError: no way has such a name, the language model has none, or this machine lacks what it
                needs.
        """
        if way not in get_args(Way):
            raise SequentialModelError(_MODEL, f"no way is called {way!r}", "name one of embeds, ranks")
        if language_model.name is None:
            raise SequentialModelError(
                _MODEL, "a language model without weights can say nothing", "name one, or give its folder"
            )
        require_for(language_model, device)
        self.language_model, self.way = language_model, way
        self.n_candidates, self.history, self.batch, self.device = n_candidates, history, batch, device
        self._texts = tuple(texts) if texts is not None else None
        self._model: Any = None
        self._vectors = np.zeros((0, 0), np.float32)  # (I, H) of length one, zero where a text has no word

    @property
    def name(self) -> str:
        """What it is called in reports."""
        return f"text-zero-shot-{self.way}"

    def fit(self, train: Sequences, *, validation: Questions | None = None, progress: Progress = silent) -> Self:
        """Read the texts of the items; no sequence is looked at.

        Raises:
            SequentialModelError: there is not one text for each item, or the language model cannot be opened.
        """
        if self._texts is None:
            self._texts = train.names
        if len(self._texts) != train.n_items:
            raise SequentialModelError(
                self.name, f"{len(self._texts):,} texts for {train.n_items:,} items", "give one text for each item"
            )
        self._open()
        self._vectors = self._embedded(progress)
        return self

    def scores(self, prefixes: Sequences) -> FloatArray:
        """Score every item, (B, I); -inf for an item whose text has no word.

        Raises:
            SequentialModelError: it is not fitted, or the prefixes are of another catalogue.
        """
        if len(self._vectors) != prefixes.n_items:
            raise SequentialModelError(
                self.name,
                f"fitted on {len(self._vectors):,} items and asked about {prefixes.n_items:,}",
                "fit it on sequences of the same items",
            )
        out = likeness(self._vectors, prefixes, history=self.history)
        if self.way == "ranks":
            for row, history in enumerate(recent(prefixes, self.history)):
                chosen = np.argsort(-out[row], kind="stable")[: self.n_candidates]
                chosen = chosen[np.isfinite(out[row, chosen])]
                gain = self._likelihood(history, chosen) - self._likelihood(history[:0], chosen)
                rest = out[row][np.isfinite(out[row])].max(initial=0)
                out[row, chosen] = gain - gain.min(initial=0) + rest + 1
        return out

    def save(self, folder: Path) -> None:
        """Write the items' vectors and texts; the language model is kept by its name."""
        write_weights(folder / _WEIGHTS, {"vectors": torch.from_numpy(self._vectors)})
        options = {key: getattr(self, key) for key in ("way", "n_candidates", "history", "batch", "device")}
        card = {"language_model": asdict(self.language_model), "options": options, "texts": self._texts}
        write_card(folder, _MODEL, card, len(self._vectors))

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Read a model that `save` wrote.

        Raises:
            SequentialModelError: the folder holds no such model, or its language model cannot be opened.
        """
        from safetensors import SafetensorError
        from safetensors.numpy import load_file

        try:
            card = read_card(folder, _MODEL)["settings"]
            vectors = load_file(folder / _WEIGHTS)["vectors"]
            model = cls(model_from(card["language_model"]), texts=card["texts"], **card["options"])
        except (OSError, ValueError, KeyError, TypeError, SafetensorError) as error:
            raise SequentialModelError(
                _MODEL, f"no readable model in {folder} ({error})", "fit and save one there"
            ) from error
        model._vectors = vectors
        if model.way == "ranks":
            model._open()
        return model

    def _open(self) -> None:
        opened, self._encode = open_language_model(self.language_model, (), device=self.device)
        self._model = opened.eval()
        begin = self._model.config.bos_token_id
        self._begin = [begin] if isinstance(begin, int) else []

    def _embedded(self, progress: Progress) -> FloatArray:
        """Return the vectors (I, H) of all texts."""
        tokens = [self._encode(text) for text in self._texts or ()]
        vectors = np.zeros((len(tokens), int(self._model.config.hidden_size)), np.float32)
        order = sorted((row for row in range(len(tokens)) if tokens[row]), key=lambda row: len(tokens[row]))
        for first in range(0, len(order), self.batch):
            rows = order[first : first + self.batch]
            begin = len(self._begin)
            laid, lengths = self._laid([self._begin + tokens[row] for row in rows])
            with torch.inference_mode():
                states = last_hidden(self._model, self._model.get_input_embeddings()(laid)).float()  # (B, L, H)
            places = torch.arange(laid.shape[1], device=laid.device)[None, :]
            of_text = ((places >= begin) & (places < lengths[:, None])).to(states.dtype)[:, :, None]
            vectors[rows] = ((states * of_text).sum(dim=1) / of_text.sum(dim=1)).cpu().numpy()
            progress("reading texts", first + len(rows), len(order))
        return unit_about_mean(vectors)

    def _likelihood(self, history: IntArray, candidates: IntArray) -> FloatArray:
        """Return the log-likelihood (K,) of candidates' texts behind those of a history."""
        texts = self._texts or ()
        told = "; ".join(texts[item] for item in history) or _NOTHING
        before = self._begin + self._encode(_ASKED.format(history=told))
        out = np.zeros(len(candidates), np.float32)
        for first in range(0, len(candidates), self.batch):
            answers = [self._encode(texts[item]) for item in candidates[first : first + self.batch]]
            laid, lengths = self._laid([before + answer for answer in answers])
            with torch.inference_mode():
                logits = self._model(input_ids=laid, use_cache=False).logits.float()[:, :-1]  # (B, L - 1, W)
            each = logits.log_softmax(dim=-1).gather(2, laid[:, 1:, None])[:, :, 0]
            places = torch.arange(1, laid.shape[1], device=laid.device)[None, :]
            asked = (places >= len(before)) & (places < lengths[:, None])
            out[first : first + len(answers)] = (each * asked).sum(dim=1).cpu().numpy()
        return out

    def _laid(self, rows: list[list[int]]) -> tuple[Tensor, Tensor]:
        """Pad at the end: tokens (B, L) and lengths (B,)."""
        longest = max(map(len, rows))
        laid = torch.tensor([row + [0] * (longest - len(row)) for row in rows], device=self.device)
        return laid, torch.tensor([len(row) for row in rows], device=self.device)
