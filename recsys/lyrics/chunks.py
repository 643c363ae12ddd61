"""Lyrics cut into overlapping stretches of an encoder's tokens: a whole song is more than an encoder reads at once."""

from __future__ import annotations

from collections.abc import Sequence

from recsys.encoders.text import TextEncoder, TokenCounting

#: Tokens of a stretch: about two verses. Neighbours share `OVERLAP` tokens, so that what stands where one ends is
#: whole in the other.
SIZE, OVERLAP = 64, 16


def chunks(text: str, encoder: TextEncoder, size: int = SIZE, overlap: int = OVERLAP) -> list[str]:
    """Cut a text into stretches of at most `size` tokens, each beginning `size - overlap` after the one before.

    An encoder that does not tell its tokens is taken to have one for every word.
    """
    spans = encoder.token_spans(text) if isinstance(encoder, TokenCounting) else _words(text)
    return [text[start:end] for start, end in windows(spans, size, overlap)]


def windows(spans: Sequence[tuple[int, int]], size: int, overlap: int) -> list[tuple[int, int]]:
    """Return where stretches of tokens begin and end in the text, given where its tokens do."""
    step = size - overlap
    last = max(len(spans) - overlap, 1)  # a stretch that would hold only what the one before it has says nothing
    starts = range(0, last, step) if spans else range(0)
    return [(spans[start][0], spans[min(start + size, len(spans)) - 1][1]) for start in starts]


def _words(text: str) -> list[tuple[int, int]]:
    spans, position = [], 0
    for word in text.split():
        start = text.index(word, position)
        position = start + len(word)
        spans.append((start, position))
    return spans
