"""The languages that Segue understands and answers in, as ISO 639-1; their words are beside this file."""

from __future__ import annotations

ENGLISH = "en"
#: The others. Of two that fit a message equally well the earlier is taken.
TONGUES = ("es", "fr", "de", "pt", "it")
