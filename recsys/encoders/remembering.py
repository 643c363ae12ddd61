"""A text encoder that remembers what it encoded last: a session's words come again with every turn."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock

import numpy as np

from recsys.encoders.text import TextEncoder
from recsys.types import FloatArray


class RememberingEncoder:
    """Encodes each text once while it is remembered. Safe to share between threads."""

    def __init__(self, encoder: TextEncoder, n_texts: int = 8192) -> None:
        """Stand before an encoder and remember the `n_texts` last used texts."""
        self._encoder, self._n_texts = encoder, n_texts
        self.name, self.dim = encoder.name, encoder.dim
        self._known: OrderedDict[str, FloatArray] = OrderedDict()
        self._lock = Lock()

    def encode(self, texts: Sequence[str]) -> FloatArray:
        """Encode texts into unit vectors (n, D), zero for one without words."""
        with self._lock:
            found = {text: self._known[text] for text in texts if text in self._known}
        new = [text for text in dict.fromkeys(texts) if text not in found and text.strip()]
        if new:
            found |= zip(new, self._encoder.encode(new), strict=True)
        nothing = np.zeros(self.dim, dtype=np.float32)
        result = (
            np.stack([found.get(text, nothing) for text in texts]) if texts else np.zeros((0, self.dim), np.float32)
        )
        with self._lock:
            for text in texts:
                if text in found:
                    self._known[text] = found[text]
                    self._known.move_to_end(text)
            while len(self._known) > self._n_texts:
                self._known.popitem(last=False)
        return result
