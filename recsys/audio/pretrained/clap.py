"""CLAP of LAION (Wu et al., ICASSP 2023): music and its descriptions in one space; the checkpoint trained for music.

Rate 48 kHz; reads windows of 10 s. The published vector is the projection of the audio tower into the space shared
with text, 512. A window under 10 s is repeated as often as it fits whole and filled up with silence ("repeatpad", as
published); of a longer one the published feature extractor takes 10 s at random, where we take the mean over equal
parts of at most 10 s, so that the same sound has the same vector.

**Padding**: every window becomes a spectrogram of 10 s made of nothing but itself, so windows of all lengths share a
batch without touching each other.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from recsys.audio.base import AudioCard
from recsys.audio.pretrained.encoder import PretrainedEncoder
from recsys.audio.pretrained.loading import MissingWeightsError, download, first_line, load_pretrained, settings_in
from recsys.types import FloatArray

CARD = AudioCard(
    name="clap",
    rate=48_000,
    window_s=10.0,
    layer="projection into the space shared with text",
    pooling="the audio tower's own, mean of parts of at most 10 s",
    dim=512,
    licence="Apache 2.0",
    source="Wu et al. 2023, arXiv 2211.06687; huggingface.co/laion/larger_clap_music",
    fetch="segue encoders fetch clap",
)


def fetch(card: AudioCard, folder: Path) -> None:
    """Download the weights.

    Raises:
        WeightsError: that failed.
    """
    download(
        card,
        "laion/larger_clap_music",
        folder,
        ("config.json", "preprocessor_config.json"),
        ("model.safetensors", "pytorch_model.bin"),
    )


def open_encoder(card: AudioCard, folder: Path, threads: int = 1, device: str | None = None) -> PretrainedEncoder:
    """Open CLAP's audio tower with the weights in a folder.

    Raises:
        MissingWeightsError: they are not there, or are of a CLAP that fuses parts of long windows.
    """
    from transformers import ClapAudioModelWithProjection, ClapConfig, ClapFeatureExtractor

    settings_in(card, folder)
    try:
        config = ClapConfig.from_pretrained(str(folder), local_files_only=True)
        extractor = ClapFeatureExtractor.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise MissingWeightsError(card, folder, first_line(error)) from error
    audio: Any = config.audio_config
    if audio.enable_fusion:
        raise MissingWeightsError(card, folder, "its config.json is of a CLAP with feature fusion, which is another")
    if extractor.sampling_rate != card.rate:
        raise MissingWeightsError(card, folder, f"they are for {extractor.sampling_rate:,} Hz and not {card.rate:,} Hz")
    model = load_pretrained(ClapAudioModelWithProjection, card, folder, audio)

    def spectrograms(waves: FloatArray) -> FloatArray:
        """Map (B, S) to (B, 1, T, F)."""
        found = extractor(
            list(waves), sampling_rate=card.rate, truncation="rand_trunc", padding="repeatpad", return_tensors="np"
        )
        return np.asarray(found["input_features"], np.float32)

    return PretrainedEncoder(
        card,
        model,
        folder,
        lambda tower, mel: tower(input_features=mel).audio_embeds,
        prepare=spectrograms,
        threads=threads,
        device=device,
    )
