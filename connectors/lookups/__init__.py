"""Services that know tracks: MusicBrainz and ListenBrainz, which `segue enrich` asks only where it is told to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.accounts.errors import NoClientError

if TYPE_CHECKING:
    from assistant.lookups import Lookup
    from assistant.settings import Settings

__all__ = ["LOOKUPS", "open_lookup"]

#: Name → what people call the service.
LOOKUPS = {"musicbrainz": "MusicBrainz", "listenbrainz": "ListenBrainz"}


def open_lookup(name: str, settings: Settings) -> Lookup:
    """Open a service of `LOOKUPS`; nothing is asked of it yet.

    Raises:
        NoClientError: its client library is not installed.
        NotSetUpError: a setting is missing.
    """
    try:
        if name == "musicbrainz":
            from connectors.lookups.musicbrainz import open_musicbrainz

            return open_musicbrainz(settings)
        from connectors.lookups.listenbrainz import open_listenbrainz_lookup

        return open_listenbrainz_lookup(settings)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("connectors", "assistant"):
            raise
        raise NoClientError(LOOKUPS[name], name) from error
