"""Encoders that cannot be run beside the rest of Segue: their vectors come in as files.

**EncodecMAE** (Pepino, Riera and Ferrer 2023) and **Jukebox** (Dhariwal et al. 2020; as features, Castellon, Donahue
and Liang, ISMIR 2021) are research code that is on no package index. **MULE** (McCallum et al., ISMIR 2022) is, as
`sxmp-mule`, but pins TensorFlow 2.13.1 and librosa 0.9.2, which do not install beside torch 2.13. Run them where they
run, save one row per track with `numpy.save`, and bring the file in. Widths, and Jukebox's layer, are those of the
study of audio encoders for recommendation (Tamm and Aljanaki, arXiv 2409.08987 and 2604.23077); MULE's pooling is that
of its authors' `mule_embedding_average`.
"""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from recsys.audio.base import AudioCard
from recsys.errors import WeightsError


def _command(name: str) -> str:
    return f"segue embeddings add {name} FILE.npy --ids FILE"


ENCODEC_MAE = AudioCard(
    name="encodecmae",
    rate=24_000,
    window_s=4.0,
    layer="last of the encoder (base)",
    pooling="mean over time",
    dim=768,
    licence="none named",
    source="Pepino et al. 2023, arXiv 2309.07391; github.com/habla-liaa/encodecmae",
    fetch=_command("encodecmae"),
)
MULE = AudioCard(
    name="mule",
    rate=16_000,
    window_s=3.0,
    layer="last of the SF-NFNet",
    pooling="mean over windows of 3 s, every 2 s",
    dim=1728,
    licence="GPL 3.0 (code), CC BY-NC 4.0 (weights)",
    source="McCallum et al. 2022, arXiv 2210.03799; github.com/PandoraMedia/music-audio-representations",
    fetch=_command("mule"),
)
JUKEBOX = AudioCard(
    name="jukebox",
    rate=44_100,
    window_s=24.0,
    layer="36 of 72",
    pooling="mean over time",
    dim=4800,
    licence="Noncommercial Use License (OpenAI)",
    source="Dhariwal et al. 2020, arXiv 2005.00341; as features: Castellon et al. 2021, arXiv 2107.05677",
    fetch=_command("jukebox"),
)


class PrecomputedEncoderError(WeightsError):
    """An audio encoder that Segue does not run was to be opened or fetched."""

    def __init__(self, card: AudioCard) -> None:
        super().__init__(
            f"Segue does not run the audio encoder {card.name}, since none of its libraries installs beside the rest; "
            f"compute its vectors elsewhere ({card.source}), one row of {card.dim:,} numbers per track, and bring "
            f"them in with `{card.fetch}`"
        )
        self.card = card


def open_encoder(card: AudioCard, folder: Path, threads: int = 1, device: str | None = None) -> NoReturn:
    """Say how vectors of this encoder come in.

    Raises:
        PrecomputedEncoderError: always.
    """
    raise PrecomputedEncoderError(card)


def fetch(card: AudioCard, folder: Path) -> NoReturn:
    """Say how vectors of this encoder come in.

    Raises:
        PrecomputedEncoderError: always.
    """
    raise PrecomputedEncoderError(card)
