"""MERT (Li et al., ICLR 2024): music seen by masked prediction of codes and of a constant-Q spectrum.

Rate 24 kHz; trained on windows of 5 s, used on up to 30 s (as APEX does); 75 frames a second.

**Layer.** The authors publish all hidden states averaged over time, with a learned mix per task. Without a task there
is nothing to learn a mix from: we take the last layer. The study of audio encoders for recommendation (Tamm and
Aljanaki, arXiv 2409.08987 and 2604.23077) has MERT-v1-330M at the width of one layer, 1024. `mert_v1_95m_apex` is the
one published fixed mix, that of APEX (arXiv 2605.03395): hidden states 2, 5, 8 and the last.

**Loading.** The published class is HuBERT but for two things that the published weights may have switched on: a
constant-Q transform beside the convolutions (`feature_extractor_cqt`) and scaled residuals (`deepnorm`). Both are
refused; without them the weights fit transformers' own HubertModel, and the code that comes with them is never run.
(`attention_relax` changes no result: it subtracts the largest logit in another order.)

**APEX's segments.** As published, a track longer than 30 s is cut into segments of 30 s from its start, the last filled
with silence, and is the mean of theirs. What is given as 30 s or less stays as it is, where the authors fill that up
too: `segue index` hears excerpts of 10 s, which would be silence for the most part.

**Padding** takes part in MERT-v1-95M's vectors whatever the mask says, through the group norm over time of its first
convolution; so windows of unlike lengths are never batched.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.audio.base import AudioCard
from recsys.audio.pretrained.encoder import PretrainedEncoder, mean_of_last, unit_variance
from recsys.audio.pretrained.loading import MissingWeightsError, download, load_pretrained, settings_in

if TYPE_CHECKING:
    from recsys.types import FloatArray

_PAPER = "Li et al. 2024, arXiv 2306.00107"

BASE = AudioCard(
    name="mert_v1_95m",
    rate=24_000,
    window_s=30.0,
    layer="last of 12",
    pooling="mean over time",
    dim=768,
    licence="CC BY-NC 4.0",
    source=f"{_PAPER}; huggingface.co/m-a-p/MERT-v1-95M",
    fetch="segue encoders fetch mert_v1_95m",
)
APEX = AudioCard(
    name="mert_v1_95m_apex",
    rate=24_000,
    window_s=30.0,
    layer="hidden states 2, 5, 8 and last, in APEX's fixed mix",
    pooling="mean over time",
    dim=768,
    licence="CC BY-NC 4.0",
    source=f"{_PAPER}; mix: arXiv 2605.03395; huggingface.co/m-a-p/MERT-v1-95M",
    fetch="segue encoders fetch mert_v1_95m_apex",
)
LARGE = AudioCard(
    name="mert_v1_330m",
    rate=24_000,
    window_s=30.0,
    layer="last of 24",
    pooling="mean over time",
    dim=1024,
    licence="CC BY-NC 4.0",
    source=f"{_PAPER}; huggingface.co/m-a-p/MERT-v1-330M",
    fetch="segue encoders fetch mert_v1_330m",
)

_REPOSITORY = {BASE.name: "m-a-p/MERT-v1-95M", APEX.name: "m-a-p/MERT-v1-95M", LARGE.name: "m-a-p/MERT-v1-330M"}
#: APEX's mix of time means, from its published checkpoint; −1 stands for the last hidden state.
_APEX_MIX = {2: 0.38227, 5: 0.41500, 8: -0.11714, -1: 0.45931}
_APEX_SHIFT = -0.10955


def fetch(card: AudioCard, folder: Path) -> None:
    """Download the weights.

    Raises:
        WeightsError: that failed.
    """
    download(
        card,
        _REPOSITORY[card.name],
        folder,
        ("config.json", "preprocessor_config.json"),
        ("model.safetensors", "pytorch_model.bin"),
    )


def open_encoder(card: AudioCard, folder: Path, threads: int = 1, device: str | None = None) -> PretrainedEncoder:
    """Open MERT with the weights in a folder.

    Raises:
        MissingWeightsError: they are not there, or are of a MERT that HuBERT cannot run.
    """
    from transformers import HubertModel

    settings = settings_in(card, folder)
    for name in ("feature_extractor_cqt", "deepnorm"):
        if settings.get(name):
            raise MissingWeightsError(
                card, folder, f"its config.json switches {name} on, which only the authors' own code runs"
            )
    preparing = settings_in(card, folder, "preprocessor_config.json")
    if preparing.get("sampling_rate") != card.rate:
        raise MissingWeightsError(
            card, folder, f"they are for {preparing.get('sampling_rate')} Hz where {card.rate} Hz were expected"
        )
    model = load_pretrained(HubertModel, card, folder, hubert_config(settings))
    return PretrainedEncoder(
        card,
        model,
        folder,
        apex_mix if card.name == APEX.name else mean_of_last,
        prepare=unit_variance if preparing.get("do_normalize") else None,
        parts=filled_parts if card.name == APEX.name else None,
        threads=threads,
        device=device,
    )


def filled_parts(window: FloatArray, longest: int = int(APEX.window_s * APEX.rate)) -> list[FloatArray]:
    """Cut a window (S,) into parts of `longest` samples, the last filled with silence; a shorter window stays whole."""
    import numpy as np

    if len(window) <= longest:
        return [window]
    missing = -len(window) % longest
    return list(np.pad(window, (0, missing)).reshape(-1, longest))


def apex_mix(model: Any, waves: Any) -> Any:
    """Return APEX's mix (B, D) of the time means of four hidden states."""
    states = model(waves, output_hidden_states=True).hidden_states
    return sum(share * states[number].mean(dim=1) for number, share in _APEX_MIX.items()) + _APEX_SHIFT


def hubert_config(settings: dict[str, Any]) -> Any:
    """Return the settings of MERT as HuBERT's, which has all of them that are left once two are refused."""
    from transformers import HubertConfig

    known = set(HubertConfig().to_dict()) - {"model_type", "architectures", "transformers_version"}
    return HubertConfig(**{name: value for name, value in settings.items() if name in known})
