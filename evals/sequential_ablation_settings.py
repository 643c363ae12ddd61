"""What the ablation of the multimodal E4SRec is fitted with: backbones, and language models by preset."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from recsys.sequential.e4srec_settings import E4SRecSettings, LanguageModel, preset

_FEW_SEQUENCES = {
    "dim": 64,
    "batch": 64,
    "learning_rate": 0.005,
    "loss": "sampled",
    "n_negatives": 700,
    "validate_every": 100,
}
#: Of the backbones, for as few sequences as LastFM's; chosen on the last known artist but one of its listeners.
BACKBONE_SETTINGS: dict[str, dict[str, Any]] = {
    "sasrec": _FEW_SEQUENCES | {"dropout": 0.5, "layout": "pre-norm", "n_heads": 2},
    "bert4rec": _FEW_SEQUENCES | {"dropout": 0.4, "hidden_share": 0.2, "deviation": 0.05},
    "gru4rec": _FEW_SEQUENCES | {"dropout": 0.5},
}
SMALL = "small"
#: The small language model as it is compared here. It begins with no weights, so it reads nothing in its instruction's
#: words, and each of them costs as much as a step.
_SMALL = replace(preset(SMALL), instruction="next .", n_negatives=512, epochs=5)


def language_model_settings(
    named: str, *, weights: str | None = None, device: str | None = None, epochs: int | None = None
) -> E4SRecSettings:
    """Return the settings of a preset, with what is to be other about it.

    Args:
        named: the preset.
        weights: the name or the folder of a language model to read in place of the preset's; the small one, which is
            trained from scratch, reads none.
        device: where it is to be; four bits a weight are for a GPU alone.
        epochs: at most.

    Raises:
        SequentialModelError: no preset has such a name.
    """
    settings = _SMALL if named == SMALL else preset(named)
    model = settings.language_model
    if weights is not None and model.name is not None:
        model = replace(model, name=weights, revision=None)
    if device is not None:
        model = replace(model, four_bit=model.four_bit and device.startswith("cuda"))
        settings = replace(settings, device=device)
    return replace(settings, language_model=model, epochs=epochs or settings.epochs)


def told_texts(settings: E4SRecSettings, weights: str | None) -> LanguageModel | None:
    """Return the language model that answers by the items' texts, untouched; None where there are no weights."""
    model = settings.language_model
    if model.name is not None:
        return replace(model, lora=None)
    return None if weights is None else LanguageModel(name=weights)
