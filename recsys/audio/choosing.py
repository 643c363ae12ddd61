"""Which audio encoders listen: those of a setting, or those that are ready."""

from __future__ import annotations

from pathlib import Path

from recsys.audio.registry import audio_card, weights_folder

#: Those that are light enough to run in every process that decodes; others run once, over tracks together.
LIGHT = ("librosa", "musicnn")
AUTO, NONE = "auto", "none"


def is_ready(name: str, home: Path) -> bool:
    """Whether an encoder needs no weights, or has some in its folder.

    Raises:
        UnknownAudioEncoderError: there is none of that name.
    """
    folder = weights_folder(name, home)
    return not audio_card(name).fetch or (folder.is_dir() and any(one.is_file() for one in folder.iterdir()))


def choose_encoders(wanted: str, home: Path) -> list[str]:
    """Read a setting: names by commas, "none", or "auto" for librosa and, where its weights are, MusiCNN.

    Raises:
        UnknownAudioEncoderError: there is none of one of the names.
    """
    if wanted == AUTO:
        return [name for name in LIGHT if is_ready(name, home)]
    names = dict.fromkeys(name.strip() for name in wanted.split(",") if name.strip() not in ("", NONE))
    for name in names:
        audio_card(name)
    return list(names)
