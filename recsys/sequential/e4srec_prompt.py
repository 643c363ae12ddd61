"""What the language model reads: the instruction, the history, the response's beginning.

    ### Instruction: … ### Input: v₁ [played c₁ %] v₂ [played c₂ %] … ### Response:

v is an item's vector, mapped to the width of the model's own word vectors. What stands in brackets is there only where
the completion ratio is told as text and known; it is told in tens of percent. The text is that of the Alpaca template,
as in the public code of E4SRec. Padding stands at the end, never between, so that it changes no position.

Shapes: B prefixes, L places, R places where the next item is read.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from recsys.sequential.e4srec_settings import E4SRecSettings
from recsys.sequential.language_models import Encode
from recsys.sequential.sequences import Sequences

_BEFORE = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n### Instruction:\n{instruction}\n\n### Input:\n"
)
_AFTER = "\n\n### Response:\n"


def prompt_texts(settings: E4SRecSettings) -> list[str]:
    """Return every text that a prompt is made of: before the history, after it, and what follows an item."""
    told = [f" played {percent} percent" for percent in range(0, 101, 10)] if settings.completion == "text" else []
    if settings.reading == "each":  # nothing behind the last step is read
        return [settings.instruction, "", *told]
    return [_BEFORE.format(instruction=settings.instruction), _AFTER, *told]


@dataclass(frozen=True, eq=False)
class Layout:
    """Where everything stands."""

    tokens: Tensor  # (B, L), zero where there is none
    is_item: Tensor  # bool (B, L); row by row these are the steps of the prefixes
    reads: Tensor  # (R, 2): row and place
    n_read: Tensor  # (R,) steps of the history that are known there


class Prompt:
    """Lays out histories for a language model."""

    def __init__(self, settings: E4SRecSettings, encode: Encode) -> None:
        self._before, self._after, *self._told = map(encode, prompt_texts(settings))
        self._each = settings.reading == "each"

    def lay_out(self, histories: Sequences, *, last: bool) -> Layout:
        """Lay out histories, B of them, each as long as it is to be seen; `last` reads each at its end alone."""
        rows: list[list[int]] = []
        reads: list[tuple[int, int, int]] = []
        completion = histories.completion
        for row in range(len(histories)):
            places = list(self._before)
            if self._each and not last:
                reads.append((row, len(places) - 1, 0))
            for number, step in enumerate(range(histories.offsets[row], histories.offsets[row + 1]), start=1):
                places.append(-1)
                if self._told and completion is not None and not np.isnan(completion[step]):
                    places += self._told[round(float(np.clip(completion[step], 0, 1)) * 10)]
                if self._each and not last:
                    reads.append((row, len(places) - 1, number))
            places += self._after
            if last or not self._each:
                reads.append((row, len(places) - 1, int(histories.lengths[row])))
            rows.append(places)
        longest = max(map(len, rows))
        laid = torch.tensor([places + [0] * (longest - len(places)) for places in rows])
        where = torch.tensor(reads)
        return Layout(laid.clamp(min=0), laid < 0, where[:, :2], where[:, 2])
