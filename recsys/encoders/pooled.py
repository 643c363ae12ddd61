"""Text encoders as the paper of JAM has them: a transformer's last layer, averaged.

Melchiorre et al. (RecSys 2025) encode requests with ModernBERT-base, cut at 38 tokens, as the mean of the last layer,
and lyrics with multilingual-e5-base. Their public code pads every request to 38 tokens and has the padding in the mean;
here the mean is over real tokens, and theirs can be chosen. Vectors are brought to length one like those of every text
encoder (theirs are not). Lyrics go by the rules of their encoder (Wang et al., 2024): the prefix "passage: ", 512
tokens, the mean over real tokens.

Shapes: B texts, T tokens, D width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from recsys.encoders.folder_digest import folder_digest
from recsys.encoders.minilm import encodable
from recsys.errors import WeightsError
from recsys.types import FloatArray

#: What the mean of the last layer is over: the text's own tokens, or those of the padding too.
Pooling = Literal["tokens", "padding"]

_BATCH = 32


@dataclass(frozen=True)
class Pooled:
    """How a model is used."""

    model: str  # on Hugging Face
    max_tokens: int
    pooling: Pooling = "tokens"
    prefix: str = ""

    @property
    def base_name(self) -> str:
        """The model's name without its owner."""
        return self.model.rpartition("/")[2]


QUERIES = Pooled("answerdotai/ModernBERT-base", 38)
QUERIES_WITH_PADDING = Pooled("answerdotai/ModernBERT-base", 38, "padding")
LYRICS = Pooled("intfloat/multilingual-e5-base", 512, prefix="passage: ")
#: Presets by name: of requests, and of lyrics.
PRESETS = {"paper": (QUERIES, LYRICS), "paper-padding": (QUERIES_WITH_PADDING, LYRICS)}


def find_preset(name: str, *, lyrics: bool = False) -> tuple[Pooled, Path | None] | None:
    """Return how `paper` or `paper-padding` encodes, and where its models lie if that is said: `paper:FOLDER`.

    Args:
        name: of a text encoder. FOLDER holds `ModernBERT-base` and, for lyrics, `multilingual-e5-base`.
        lyrics: whether lyrics are to be encoded and not requests.
    """
    preset, _, folder = name.partition(":")
    if preset not in PRESETS:
        return None
    how = PRESETS[preset][lyrics]
    return how, Path(folder) / how.base_name if folder else None


class PooledEncoder:
    """The mean of a transformer's last layer."""

    def __init__(self, how: Pooled, folder: Path | None = None, threads: int = 2) -> None:
        """Load the model on the CPU.

        Args:
            how: which model, and how it is used.
            folder: where it lies; by default it is downloaded, once.
            threads: cores that one call may use.

        Raises:
            WeightsError: there is no such model, neither in the folder nor in reach of the network.
        """
        import torch
        from transformers import AutoModel, AutoTokenizer

        torch.set_num_threads(threads)
        where = how.model if folder is None else str(folder)
        try:
            if folder is not None and not (folder / "config.json").is_file():
                raise OSError(f"there is no {folder / 'config.json'}")
            self._tokenizer = AutoTokenizer.from_pretrained(where)
            self._model = AutoModel.from_pretrained(where, dtype=torch.float32).eval()
        except (OSError, ValueError) as error:
            first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise WeightsError(
                f"cannot load {how.model} ({first}); download it into FOLDER/{how.base_name} and name the encoder "
                "paper:FOLDER, or choose all-MiniLM-L6-v2 which needs no network"
            ) from error
        self._how = how
        weights = "" if folder is None else f", weights {folder_digest(folder)}"
        self.name = f"{how.base_name}, {how.max_tokens} tokens, mean over {how.pooling}{weights}"
        self.max_tokens = how.max_tokens
        self.dim = int(self._model.config.hidden_size)

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Return one unit row per text (n, D); what exceeds the model's tokens is cut."""
        import torch

        out = np.empty((len(texts), self.dim), np.float32)
        prefixed = [self._how.prefix + encodable(text) for text in texts]
        # Texts of like length share a batch; with padding in the mean, all are as long as the longest allowed.
        order = sorted(range(len(texts)), key=lambda row: (len(prefixed[row]), row))
        whole = self._how.pooling == "padding"
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            tokens = self._tokenizer(
                [prefixed[row] for row in rows],
                padding="max_length" if whole else True,
                truncation=True,
                max_length=self.max_tokens,
                return_tensors="pt",
            )
            with torch.no_grad():
                states = self._model(**tokens).last_hidden_state  # (B, T, D)
            counted = tokens["attention_mask"].to(states.dtype)[:, :, None]  # (B, T, 1)
            if whole:
                counted = torch.ones_like(counted)
            means = (states * counted).sum(dim=1) / counted.sum(dim=1)
            out[rows] = torch.nn.functional.normalize(means, dim=1).numpy()
        return out

    def token_spans(self, text: str) -> list[tuple[int, int]]:
        """Return where each token begins and ends (exclusive), in characters, those beyond the longest text too."""
        return spans_of(self._tokenizer, text)


def spans_of(tokenizer: Any, text: str) -> list[tuple[int, int]]:
    """Return where the tokens of a transformers tokenizer begin and end (exclusive), in characters of the text."""
    found = tokenizer(encodable(text), add_special_tokens=False, return_offsets_mapping=True, truncation=False)
    return [(int(start), int(end)) for start, end in found["offset_mapping"] if end > start]
