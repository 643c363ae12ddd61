"""The file of a track, for a player of the page."""

from __future__ import annotations

from pathlib import Path

from assistant.parts import Parts
from recsys.errors import RecsysError
from recsys.paths import place_of

#: What is played: file extension → media type.
AUDIO_TYPES = {
    ".mp3": "audio/mpeg",
    ".m4a": "audio/mp4",
    ".aac": "audio/aac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".flac": "audio/flac",
    ".wav": "audio/wav",
    ".webm": "audio/webm",
}


class Media(Parts):
    """The part of an assistant that knows where tracks lie."""

    def media_path(self, track_id: str) -> tuple[Path, str] | None:
        """Return a track's audio file, with links followed, and its media type; None for all that cannot be played.

        Only files that the catalogue names are found, and only where what a link leads to is audio by its name, too.
        """
        catalogue = self._agent().recommender.catalogue
        try:
            named = catalogue.track(catalogue.row(track_id)).path
        except RecsysError:
            return None
        if not named or "\0" in named:
            return None
        place = place_of(named)
        try:
            path = place.resolve(strict=True)
        except (OSError, RuntimeError):
            return None
        kind = AUDIO_TYPES.get(path.suffix.lower())
        return (path, kind) if place.is_absolute() and kind is not None and path.is_file() else None
