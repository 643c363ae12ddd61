"""The audio encoders by name: what each is, and where it is opened."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from recsys.audio import librosa_encoder, musicnn_encoder
from recsys.audio.base import AudioCard, AudioEncoder
from recsys.audio.errors import UnknownEncoderError

#: name → (its card, the module with `open_encoder(card, home, threads)` and `is_ready(home)`).
ENTRIES: dict[str, tuple[AudioCard, str]] = {
    card.name: (card, module)
    for card, module in (
        (librosa_encoder.CARD, "recsys.audio.librosa_encoder"),
        (musicnn_encoder.CARD, "recsys.audio.musicnn_encoder"),
    )
}
#: Those that are light enough to run in every process that decodes; others run once, over tracks together.
LIGHT = ("librosa", "musicnn")


def audio_cards() -> tuple[AudioCard, ...]:
    """Return the cards of all audio encoders, in the order in which they are listed."""
    return tuple(card for card, _ in ENTRIES.values())


def open_audio_encoder(name: str, home: Path, threads: int) -> AudioEncoder:
    """Open an encoder by name.

    Raises:
        UnknownEncoderError: there is none of that name.
        EncoderNotReadyError: it lacks its weights or its library; it says which command gets them.
    """
    card, module = _entry(name)
    opened: AudioEncoder = import_module(module).open_encoder(card, home, threads)
    return opened


def is_ready(name: str, home: Path) -> bool:
    """Whether what an encoder needs is there.

    Raises:
        UnknownEncoderError: there is none of that name.
    """
    return bool(import_module(_entry(name)[1]).is_ready(home))


def choose_encoders(wanted: str, home: Path) -> Sequence[str]:
    """Read a setting: names by commas, "none", or "auto" for librosa and, where its weights are, MusiCNN.

    Raises:
        UnknownEncoderError: there is none of one of the names.
    """
    if wanted == "auto":
        return [name for name in LIGHT if is_ready(name, home)]
    names = [name.strip() for name in wanted.split(",") if name.strip() not in ("", "none")]
    return [_entry(name)[0].name for name in dict.fromkeys(names)]


def _entry(name: str) -> tuple[AudioCard, str]:
    if name not in ENTRIES:
        raise UnknownEncoderError(name, ENTRIES)
    return ENTRIES[name]
