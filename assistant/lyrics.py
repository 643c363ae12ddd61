"""Reading lyrics before the catalogue is built: what `recsys.lyrics` does, with the encoder of the settings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recsys.types import Progress

if TYPE_CHECKING:
    from assistant.settings import Settings
    from recsys.encoders.text import TextEncoder
    from recsys.lyrics.stage import LyricsRead
    from recsys.store import Store


def read_lyrics(settings: Settings, store: Store, progress: Progress | None = None) -> LyricsRead:
    """Read the lyrics of all tracks that have any; where nothing changed since the last time, nothing is done.

    Args:
        settings: name the data folder and the text encoder.
        store: holds the lyrics.
        progress: told ("reading lyrics", tracks done, tracks).

    Raises:
        WeightsError: there are lyrics, and the encoder cannot be opened.
    """
    from recsys.encoders.text import open_lyrics_encoder
    from recsys.lyrics import stage

    def encoder() -> TextEncoder:
        return open_lyrics_encoder(
            settings.text_encoder, settings.home / "cache" / "encoder", settings.threads, progress
        )

    return stage.read_lyrics(settings.home, store, encoder, progress)
