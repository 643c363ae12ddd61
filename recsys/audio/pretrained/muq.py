"""MuQ and MuQ-MuLan (Zhu et al. 2025): a conformer that predicts residual codes of the mel spectrogram, and its tower.

Rate 24 kHz; 25 frames a second. **MuQ**: the mean over time of the last hidden state, as the authors' example gives it
and the study of audio encoders for recommendation uses it (Tamm and Aljanaki, arXiv 2604.23077: MuQ-large, 1024).
**MuQ-MuLan**: the point in the space shared with text, 512; as published, a window becomes clips of 10 s of which the
last is filled up by repeating the window from its start, and the vector is the mean of the clips' (the authors' code
breaks on windows under 5 s, which we repeat as often as it takes).

The library `muq` 0.1.0 cannot be used beside transformers 5 (see `recsys.audio.pretrained.conformer`); weights and
settings are the published ones.

**Padding** takes part in MuQ's vectors whatever the mask says, through the convolution modules; so windows of unlike
lengths are never batched. MuQ-MuLan's clips all have one length.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from recsys.audio.base import AudioCard
from recsys.audio.pretrained.encoder import PretrainedEncoder, repeated_parts
from recsys.audio.pretrained.loading import MissingWeightsError, download, load_state, read_state, settings_in

_PAPER = "Zhu et al. 2025, arXiv 2501.01108"

MUQ = AudioCard(
    name="muq",
    rate=24_000,
    window_s=30.0,
    layer="last of 12",
    pooling="mean over time",
    dim=1024,
    licence="CC BY-NC 4.0",
    source=f"{_PAPER}; huggingface.co/OpenMuQ/MuQ-large-msd-iter",
    fetch="segue encoders fetch muq",
)
MULAN = AudioCard(
    name="muq_mulan",
    rate=24_000,
    window_s=10.0,
    layer="projection into the space shared with text",
    pooling="mean over time in the tower, mean of clips of 10 s",
    dim=512,
    licence="CC BY-NC 4.0",
    source=f"{_PAPER}; huggingface.co/OpenMuQ/MuQ-MuLan-large",
    fetch="segue encoders fetch muq_mulan",
)
_MUQ_REPOSITORY, _MULAN_REPOSITORY = "OpenMuQ/MuQ-large-msd-iter", "OpenMuQ/MuQ-MuLan-large"
_WEIGHTS = ("model.safetensors", "pytorch_model.bin")
#: Where the settings of MuQ lie in a folder of MuQ-MuLan, whose own name only its repository.
_MUQ_SETTINGS = "muq"
#: What MuQ-MuLan calls the parts of its audio tower, and what they are called here.
_NAMES = {
    "mulan.audio.model.model.": "music.",
    "mulan.audio.proj.": "proj.",
    "mulan.audio.transformer.": "transformer.",
    "mulan.audio_to_latents.": "audio_to_latents.",
}


def fetch(card: AudioCard, folder: Path) -> None:
    """Download the weights.

    Raises:
        WeightsError: that failed.
    """
    if card.name == MULAN.name:
        download(card, _MULAN_REPOSITORY, folder, ("config.json",), _WEIGHTS)
        download(card, _MUQ_REPOSITORY, folder / _MUQ_SETTINGS, ("config.json",), ())
    else:
        download(card, _MUQ_REPOSITORY, folder, ("config.json",), _WEIGHTS)


def open_encoder(card: AudioCard, folder: Path, threads: int = 1, device: str | None = None) -> PretrainedEncoder:
    """Open MuQ or MuQ-MuLan with the weights in a folder.

    Raises:
        MissingWeightsError: they are not there.
    """
    if card.name == MULAN.name:
        return _open_mulan(card, folder, threads, device)
    from recsys.audio.pretrained.conformer import mean_of_frames

    model = _music(card, folder, settings_in(card, folder))
    state = {name.removeprefix("model."): value for name, value in _state(card, folder).items()}
    load_state(model, state, card, folder)
    return PretrainedEncoder(card, model, folder, mean_of_frames, threads=threads, device=device)


def _open_mulan(card: AudioCard, folder: Path, threads: int, device: str | None) -> PretrainedEncoder:
    from recsys.audio.pretrained.mulan import MuLanTower

    settings = settings_in(card, folder)
    music = _music(card, folder, settings_in(card, folder, f"{_MUQ_SETTINGS}/config.json"))
    try:
        tower, audio, shared = settings["audio_transformer"], settings["audio_model"], settings["mulan"]
        model = MuLanTower(
            music,
            layer=audio["use_layer_idx"],
            music_width=audio["model_dim"],
            width=tower["dim"],
            depth=tower["tf_depth"],
            n_heads=tower["heads"],
            head_width=tower["dim_head"],
            mult=tower["ff_mult"],
            shared_width=shared["dim_latent"],
        )
        length = int(shared["sr"] * shared["clip_secs"])
    except (KeyError, TypeError) as error:
        raise MissingWeightsError(card, folder, f"its settings are not MuQ-MuLan's ({error!r})") from error
    state = {
        ours + name.removeprefix(theirs): value
        for name, value in _state(card, folder).items()
        for theirs, ours in _NAMES.items()
        if name.startswith(theirs)
    }
    load_state(model, state, card, folder)
    return PretrainedEncoder(
        card,
        model,
        folder,
        lambda tower, waves: tower(waves),
        parts=partial(repeated_parts, length=length),
        threads=threads,
        device=device,
    )


def _music(card: AudioCard, folder: Path, settings: dict[str, Any]) -> Any:
    """Return MuQ's network without weights."""
    from recsys.audio.pretrained.conformer import MusicConformer

    try:
        return MusicConformer(
            hop=settings["hop_length"],
            n_channels=settings["conv_dim"],
            width=settings["encoder_dim"],
            depth=settings["encoder_depth"],
            mean=float(settings["stat"]["melspec_2048_mean"]),
            std=float(settings["stat"]["melspec_2048_std"]),
            conformer=settings["w2v2_config"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise MissingWeightsError(card, folder, f"its settings are not MuQ's ({error!r})") from error


def _state(card: AudioCard, folder: Path) -> dict[str, Any]:
    name = next((name for name in _WEIGHTS if (folder / name).is_file()), _WEIGHTS[0])
    return read_state(card, folder, name)
