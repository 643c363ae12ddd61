"""MusicFM (Won, Hung and Le, ICASSP 2024): a conformer trained to predict random codes of a masked spectrogram.

Rate 24 kHz; trained on windows of 30 s; 25 frames a second. Layer and pooling as in the study of audio encoders for
recommendation (Tamm and Aljanaki, arXiv 2409.08987): MusicFM-MSD, layer 12 (the last), mean over time. There is no
library to install; the network is the one of `recsys.audio.pretrained.conformer`, with the published weights.

**Padding** takes part in the vectors whatever the mask says, through the convolution modules; so windows of unlike
lengths are never batched.
"""

from __future__ import annotations

from pathlib import Path

from recsys.audio.base import AudioCard
from recsys.audio.pretrained.encoder import PretrainedEncoder
from recsys.audio.pretrained.loading import MissingWeightsError, download, load_state, read_state, settings_in

CARD = AudioCard(
    name="musicfm",
    rate=24_000,
    window_s=30.0,
    layer="last of 12",
    pooling="mean over time",
    dim=1024,
    licence="MIT",
    source="Won et al. 2024, arXiv 2311.03318; huggingface.co/minzwon/MusicFM, pretrained_msd.pt",
    fetch="segue encoders fetch musicfm",
)
_WEIGHTS, _STATISTICS = "pretrained_msd.pt", "msd_stats.json"
#: As the authors' code has them; all else of the conformer is that of wav2vec2-conformer-rope-large-960h-ft.
_HOP, _CHANNELS, _WIDTH, _DEPTH = 240, 512, 1024, 12


def fetch(card: AudioCard, folder: Path) -> None:
    """Download the weights, and the settings of the conformer that they were trained in.

    Raises:
        WeightsError: that failed.
    """
    download(card, "minzwon/MusicFM", folder, (_STATISTICS,), (_WEIGHTS,))
    download(card, "facebook/wav2vec2-conformer-rope-large-960h-ft", folder, ("config.json",), ())


def open_encoder(card: AudioCard, folder: Path, threads: int = 1, device: str | None = None) -> PretrainedEncoder:
    """Open MusicFM with the weights in a folder.

    Raises:
        MissingWeightsError: they are not there.
    """
    from recsys.audio.pretrained.conformer import MusicConformer, mean_of_frames

    statistics = settings_in(card, folder, _STATISTICS)
    settings = settings_in(card, folder)
    try:
        model = MusicConformer(
            hop=_HOP,
            n_channels=_CHANNELS,
            width=_WIDTH,
            depth=_DEPTH,
            mean=float(statistics["melspec_2048_mean"]),
            std=float(statistics["melspec_2048_std"]),
            conformer=settings,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MissingWeightsError(card, folder, f"its settings are not MusicFM's ({error!r})") from error
    state = {name.removeprefix("model."): value for name, value in read_state(card, folder, _WEIGHTS).items()}
    load_state(model, state, card, folder)
    return PretrainedEncoder(card, model, folder, mean_of_frames, threads=threads, device=device)
