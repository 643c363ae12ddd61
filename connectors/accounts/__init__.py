"""Playlists in accounts: Spotify, ListenBrainz, and Navidrome or any other server that speaks Subsonic's protocol."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from connectors.accounts.errors import NoClientError, UnknownAccountError

if TYPE_CHECKING:
    from assistant.settings import Settings
    from connectors.accounts.base import Account

__all__ = ["ACCOUNTS", "open_account", "sign_out"]

#: Name → what people call the service.
ACCOUNTS = {"spotify": "Spotify", "listenbrainz": "ListenBrainz", "subsonic": "Subsonic"}


def sign_out(home: Path) -> bool:
    """Delete the sign-ins that a data folder keeps; tell whether there were any."""
    kept = list((home / "accounts").glob("*.json"))
    for file in kept:
        file.unlink(missing_ok=True)
    return bool(kept)


def open_account(name: str, settings: Settings) -> Account:
    """Open the account that the settings name; nothing is asked of the service yet.

    Raises:
        UnknownAccountError: there is no such service.
        NoClientError: its client library is not installed.
        NotSetUpError: a setting is missing.
    """
    try:
        match name:
            case "spotify":
                from connectors.accounts.spotify import open_spotify

                return open_spotify(settings)
            case "listenbrainz":
                from connectors.accounts.listenbrainz import open_listenbrainz

                return open_listenbrainz(settings)
            case "subsonic":
                from connectors.accounts.subsonic import open_subsonic

                return open_subsonic(settings)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] in ("connectors", "assistant"):
            raise
        raise NoClientError(ACCOUNTS[name], name) from error
    raise UnknownAccountError(name, tuple(ACCOUNTS))
