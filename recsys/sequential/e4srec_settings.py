"""What a multimodal E4SRec is made of, and the settings of the papers.

`original` is E4SRec (Li et al., 2023): one ID vector per item, full softmax, and the language model of its public code.
`llama-2-13b`, `qwen2.5-7b` and `llama-3-70b` are those of the multimodal paper. `small` is a language model of our own,
trained from scratch: it needs no download and no GPU.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal

from recsys.sequential.errors import SequentialModelError
from recsys.sequential.fusion import Fusion

#: The completion ratio: in no form, as words behind each item, or as one more signal of the fusion.
Completion = Literal["none", "text", "scalar"]
#: Where the next item is read: behind the response's words alone, as published, or behind every step of the history.
Reading = Literal["response", "each"]
#: The catalogue's head: a linear map with a row of its own for each item, as published, or a map onto their vectors.
Head = Literal["linear", "vectors"]


@dataclass(frozen=True)
class Lora:
    """Low-rank adapters (Hu et al., 2022) in the layers of these names."""

    rank: int = 16
    alpha: int = 16
    dropout: float = 0.05
    layers: tuple[str, ...] = ("gate_proj", "down_proj", "up_proj")


@dataclass(frozen=True)
class LanguageModel:
    """A causal language model: real weights by name, or an untrained one by its shape."""

    #: What it is called where models are published, or a folder; None makes one of `kind` and `shape`.
    name: str | None = None
    revision: str | None = None
    #: Four bits a weight; needs a GPU.
    four_bit: bool = False
    #: A model type of transformers, such as llama or qwen2.
    kind: str = "llama"
    #: What its configuration states.
    shape: dict[str, Any] = field(
        default_factory=lambda: {
            "hidden_size": 64,
            "intermediate_size": 128,
            "num_hidden_layers": 2,
            "num_attention_heads": 4,
            "num_key_value_heads": 4,
            "max_position_embeddings": 512,
            "attention_dropout": 0.2,
        }
    )
    #: None trains every weight.
    lora: Lora | None = None


@dataclass(frozen=True)
class E4SRecSettings:
    """All options of `E4SRec`."""

    language_model: LanguageModel = LanguageModel()
    #: The sequential model whose item vectors are the ID, where none are given.
    backbone: str = "sasrec"
    #: What its settings are other than their defaults.
    backbone_settings: dict[str, Any] = field(default_factory=dict)
    fusion: Fusion = "concatenation"
    #: d of the fusion, and its heads.
    dim: int = 64
    n_heads: int = 4
    #: Share of the fused vectors' values that training leaves out.
    dropout: float = 0.3
    completion: Completion = "none"
    instruction: str = (
        "Given the history of a listener , in the order of listening , predict what is listened to next ."
    )
    reading: Reading = "each"
    head: Head = "vectors"
    #: The last steps that are looked at.
    history: int = 50
    #: Items drawn at random that each target is told from; None tells it from the whole catalogue.
    n_negatives: int | None = None
    #: Prefixes of each sequence that an epoch trains on where only the response is read; None takes every one.
    n_prefixes: int | None = None
    epochs: int = 30
    #: Epochs without a better NDCG@10 on the validation questions after which training stops.
    patience: int = 5
    learning_rate: float = 3e-3
    weight_decay: float = 0.01
    warm_up: int = 20
    batch: int = 32
    #: Examples that go through the model at a time; None for the whole batch.
    micro_batch: int | None = None
    #: False leaves every weight as it was drawn: the papers' zero-shot, whose head has learnt nothing.
    trained: bool = True
    device: str = "cpu"
    seed: int = 0


_PAPER_LORA = Lora(rank=32, alpha=64)
_PAPER = E4SRecSettings(
    instruction="Given the listener's history of tracks in the order they were played, predict the next track.",
    reading="response",
    head="linear",
    dropout=0.0,
    backbone_settings={"dim": 64, "n_blocks": 2, "dropout": 0.5},
    n_negatives=128,
    epochs=5,
    patience=5,
    learning_rate=1e-4,
    warm_up=100,
    batch=16,
    micro_batch=1,
    device="cuda",
)
#: Settings by name.
PRESETS: dict[str, E4SRecSettings] = {
    "small": E4SRecSettings(),
    "original": replace(
        _PAPER,
        instruction="Given the user's purchase history, predict next possible item to be purchased.",
        n_negatives=None,
        epochs=3,
        learning_rate=3e-4,
        language_model=LanguageModel(name="garage-bAInd/Platypus2-70B-instruct", four_bit=True, lora=Lora()),
    ),
    "llama-2-13b": replace(
        _PAPER, language_model=LanguageModel(name="meta-llama/Llama-2-13b-hf", four_bit=True, lora=_PAPER_LORA)
    ),
    "qwen2.5-7b": replace(
        _PAPER, language_model=LanguageModel(name="Qwen/Qwen2.5-7B-Instruct", four_bit=True, lora=_PAPER_LORA)
    ),
    "llama-3-70b": replace(
        _PAPER, language_model=LanguageModel(name="meta-llama/Meta-Llama-3-70B", four_bit=True, lora=_PAPER_LORA)
    ),
}


def preset(name: str) -> E4SRecSettings:
    """Return settings by name.

    Raises:
        SequentialModelError: there are none of that name.
    """
    if name not in PRESETS:
        raise SequentialModelError("e4srec", f"no preset is called {name!r}", f"name one of {', '.join(PRESETS)}")
    return PRESETS[name]


def settings_from(card: dict[str, Any]) -> E4SRecSettings:
    """Read settings from what `dataclasses.asdict` made of them and JSON kept."""
    return E4SRecSettings(**{**card, "language_model": model_from(card["language_model"])})


def model_from(card: dict[str, Any]) -> LanguageModel:
    """Read a language model from what `dataclasses.asdict` made of it and JSON kept."""
    lora = card["lora"]
    return LanguageModel(**{**card, "lora": lora and Lora(**{**lora, "layers": tuple(lora["layers"])})})
