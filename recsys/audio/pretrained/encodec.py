"""EnCodec (Défossez et al., TMLR 2023): what a neural codec keeps of the sound.

Rate 24 kHz, the checkpoint that reads sound as it comes (causal convolutions); 75 frames a second. No pooling is
published, since the model is a codec: we take the mean over time of the encoder's output before it is quantised, 128.

**Padding**: causal convolutions and a recurrent layer carry nothing backwards in time, but the last frame reads past
the end of the window, and the model fills that with a reflection of what is there. So windows of unlike lengths are
never batched.
"""

from __future__ import annotations

from pathlib import Path

from recsys.audio.base import AudioCard
from recsys.audio.pretrained.encoder import PretrainedEncoder
from recsys.audio.pretrained.loading import MissingWeightsError, download, first_line, load_pretrained, settings_in

CARD = AudioCard(
    name="encodec",
    rate=24_000,
    window_s=30.0,
    layer="encoder's output, before it is quantised",
    pooling="mean over time",
    dim=128,
    licence="MIT (the authors' repository; the model card names none)",
    source="Défossez et al. 2023, arXiv 2210.13438; huggingface.co/facebook/encodec_24khz",
    fetch="segue encoders fetch encodec",
)


def fetch(card: AudioCard, folder: Path) -> None:
    """Download the weights.

    Raises:
        WeightsError: that failed.
    """
    download(card, "facebook/encodec_24khz", folder, ("config.json",), ("model.safetensors", "pytorch_model.bin"))


def open_encoder(card: AudioCard, folder: Path, threads: int = 1, device: str | None = None) -> PretrainedEncoder:
    """Open EnCodec's encoder with the weights in a folder.

    Raises:
        MissingWeightsError: they are not there, or are of another EnCodec.
    """
    from transformers import EncodecConfig, EncodecModel

    settings_in(card, folder)
    try:
        config = EncodecConfig.from_pretrained(str(folder), local_files_only=True)
    except (OSError, ValueError, TypeError) as error:
        raise MissingWeightsError(card, folder, first_line(error)) from error
    if (config.sampling_rate, config.audio_channels, config.normalize) != (card.rate, 1, False):
        raise MissingWeightsError(
            card,
            folder,
            f"its config.json says {config.sampling_rate:,} Hz and {config.audio_channels} channels, "
            f"where those of {card.rate:,} Hz and one channel were expected",
        )
    model = load_pretrained(EncodecModel, card, folder, config)
    return PretrainedEncoder(
        card,
        model.encoder,
        folder,
        lambda encoder, waves: encoder(waves[:, None]).mean(dim=2),  # (B, D, T) → (B, D)
        threads=threads,
        device=device,
    )
