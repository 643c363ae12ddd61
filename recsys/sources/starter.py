"""The starter catalogue that ships with Segue: real tracks, facts only."""

from __future__ import annotations

from dataclasses import replace
from importlib import resources

from recsys.sources.base import SourceContent
from recsys.sources.tabular import read_table
from recsys.text import fold
from recsys.types import Track

KIND = "starter"

#: Energy and popularity are rated in this many steps.
_STEPS = 5


def read_starter() -> SourceContent:
    """Read the shipped starter catalogue; ids are "starter:<artist>-<title>", for good.

    Raises:
        SourceError: the installation is damaged.
    """
    with resources.as_file(resources.files("recsys").joinpath("data/starter.csv")) as path:
        content = read_table(path, steps=_STEPS)
    taken: dict[str, int] = {}
    return replace(
        content, kind=KIND, tracks=[replace(track, track_id=_slug(track, taken)) for track in content.tracks]
    )


def _slug(track: Track, taken: dict[str, int]) -> str:
    """Name a track by artist and title; another track of that name gets a number behind."""
    words = f"{track.artists[0]} {track.title}"
    slug = f"starter:{(fold(words) or words.lower()).replace(' ', '-')}"
    taken[slug] = taken.get(slug, 0) + 1
    return slug if taken[slug] == 1 else f"{slug}-{taken[slug]}"
