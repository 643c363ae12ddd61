"""An address to press for every track: its file, its page where an id is known, else a search."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePosixPath, PureWindowsPath
from urllib.parse import quote, quote_plus

from recsys.types import Track

_SPOTIFY = "https://open.spotify.com/track/"
_YOUTUBE = "https://www.youtube.com/watch?v="
_SEARCH = "https://www.youtube.com/results?search_query="


def link(track: Track) -> str:
    """Give a track's best address: file URI, Spotify, YouTube, else a search for artist and title."""
    if track.path:
        return file_uri(track.path)
    return web_link(track.ids, track.artist, track.title)


def web_link(ids: Mapping[str, str], artist: str, title: str) -> str:
    """Give a track's best address on the web, wherever its file is: Spotify, YouTube, else a search."""
    if spotify := ids.get("spotify"):
        return _SPOTIFY + quote(spotify.rsplit(":", 1)[-1], safe="")
    if youtube := ids.get("youtube"):
        return _YOUTUBE + quote(youtube, safe="")
    words = " ".join(f"{artist} {title}".split())
    return _SEARCH + quote_plus(words, errors="replace")


def file_uri(path: str) -> str:
    """Write a path of any system as a file URI; a URI stays as it is, a relative path is only quoted."""
    if "://" in path:
        return path
    for flavour in (PurePosixPath(path), PureWindowsPath(path)):
        if flavour.is_absolute():
            return flavour.as_uri()
    return quote(path.replace("\\", "/"), errors="replace")
