"""Writing a request from what is known of a playlist, without any model: its words in order, plain and few."""

from __future__ import annotations

import re

from recsys.text import fold

#: Words of a request, as in the paper (Melchiorre et al., 2025, whose queries an LLM wrote from the same three parts).
MAX_WORDS = 20

#: Letters and digits, joined by what joins words in names: R&B, lo-fi, AC/DC, drum'n'bass, c++, 90's.
_WORD = re.compile(r"[^\W_]+(?:['’&+#./-]+[^\W_]+)*(?:\+\+|#)?")


def template_query(request: str, title: str = "", description: str = "") -> str:
    """Join a request with a playlist's title and description into one query of at most `MAX_WORDS` words.

    Decoration (emoji, brackets, underscores) goes; a part of which every word was said before adds nothing. The result
    is in the language of the parts, and empty where none of them has a word.
    """
    said: set[str] = set()
    parts: list[str] = []
    n_words = 0
    for part in (request, title, *description.split(",")):
        words = _WORD.findall(part)[: MAX_WORDS - n_words]
        if not said.issuperset(map(fold, words)):
            parts.append(" ".join(words))
            said.update(map(fold, words))
            n_words += len(words)
    return ", ".join(parts)
