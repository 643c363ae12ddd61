"""The audio encoders, by name: what they are, and where the code is that opens and fetches them."""

from __future__ import annotations

import re
from importlib import import_module
from pathlib import Path
from typing import Any

from recsys.audio import librosa_encoder, musicnn_encoder
from recsys.audio.base import AudioCard, AudioEncoder
from recsys.audio.pretrained import clap, encodec, mert, muq, music2vec, musicfm, precomputed
from recsys.errors import RecsysError

#: Below the data folder: where weights are put, in a folder of the encoder's name.
WEIGHTS_FOLDER = "weights"

_HERE = "recsys.audio"
#: By name: the card, and "module:function" that opens it. The function takes the card, the folder of weights, the
#: threads and the device. Where the card has a command that fetches, the module has `fetch(card, folder)` beside it.
ENCODERS: dict[str, tuple[AudioCard, str]] = {
    card.name: (card, f"{_HERE}.{module}:open_encoder")
    for card, module in (
        (librosa_encoder.CARD, "librosa_encoder"),
        (musicnn_encoder.CARD, "musicnn_encoder"),
        (mert.BASE, "pretrained.mert"),
        (mert.APEX, "pretrained.mert"),
        (mert.LARGE, "pretrained.mert"),
        (music2vec.CARD, "pretrained.music2vec"),
        (clap.CARD, "pretrained.clap"),
        (encodec.CARD, "pretrained.encodec"),
        (muq.MUQ, "pretrained.muq"),
        (muq.MULAN, "pretrained.muq"),
        (musicfm.CARD, "pretrained.musicfm"),
        (precomputed.ENCODEC_MAE, "pretrained.precomputed"),
        (precomputed.MULE, "pretrained.precomputed"),
        (precomputed.JUKEBOX, "pretrained.precomputed"),
    )
}


class UnknownAudioEncoderError(RecsysError, LookupError):
    """There is no audio encoder of that name."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"there is no audio encoder {name!r}; there are {', '.join(ENCODERS)} (`segue encoders list` says more)"
        )
        self.name = name


def audio_cards() -> list[AudioCard]:
    """Return what every audio encoder is, in the order of the list."""
    return [card for card, _ in ENCODERS.values()]


def audio_card(name: str) -> AudioCard:
    """Return what an audio encoder is.

    Args:
        name: as in the list, or as published: "MERT-v1-95M" is mert_v1_95m. May have ":FOLDER" behind it.

    Raises:
        UnknownAudioEncoderError: there is none of that name.
    """
    return ENCODERS[_split(name)[0]][0]


def weights_folder(name: str, home: Path) -> Path:
    """Return where the weights of an encoder are: `FOLDER` of `name:FOLDER`, else their place in the data folder.

    Raises:
        UnknownAudioEncoderError: there is none of that name.
    """
    key, folder = _split(name)
    return Path(folder).expanduser() if folder else home / WEIGHTS_FOLDER / key


def open_audio_encoder(name: str, home: Path, threads: int = 1, device: str | None = None) -> AudioEncoder:
    """Open an audio encoder.

    Args:
        name: of the list; `name:FOLDER` where its weights are in a folder of your own.
        home: the data folder.
        threads: cores that one call may use.
        device: of torch, such as "cpu"; by default a GPU where there is one.

    Raises:
        UnknownAudioEncoderError: there is none of that name.
        WeightsError: a library or weights are missing; the message says which command gets them.
    """
    card, place = ENCODERS[_split(name)[0]]
    encoder: AudioEncoder = _function(place)(card, weights_folder(name, home), threads, device)
    return encoder


def fetch_audio_encoder(name: str, home: Path) -> Path:
    """Get what an audio encoder needs, and return the folder where it was put.

    Raises:
        UnknownAudioEncoderError: there is none of that name.
        WeightsError: it could not be got, or does not come this way; the message says which does.
    """
    card, place = ENCODERS[_split(name)[0]]
    folder = weights_folder(name, home)
    if card.fetch:
        _function(f"{place.partition(':')[0]}:fetch")(card, folder)
    return folder


def _split(name: str) -> tuple[str, str]:
    asked, _, folder = name.partition(":")
    key = re.sub(r"[^a-z0-9]+", "_", asked.lower()).strip("_")
    if key not in ENCODERS:
        raise UnknownAudioEncoderError(asked)
    return key, folder


def _function(place: str) -> Any:
    module, _, function = place.partition(":")
    return getattr(import_module(module), function)
