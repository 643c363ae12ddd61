"""Opening a causal language model of transformers: real weights by name, or an untrained one by its shape.

Shapes: W words of a vocabulary.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import torch
from torch import Tensor, nn

from recsys.sequential.e4srec_settings import LanguageModel, Lora
from recsys.sequential.errors import SequentialModelError

#: Turns text into token numbers, with no special ones.
Encode = Callable[[str], list[int]]

_WORD = re.compile(r"\w+|[^\w\s]")


def require_for(wanted: LanguageModel, device: str) -> None:
    """Check what a language model needs of this machine, which takes no time and opens nothing.

    Raises:
        SequentialModelError: a package or a GPU is missing, or four bits are asked for a model without weights.
    """
    needed = {"transformers": "pip install transformers"}
    if wanted.lora is not None or wanted.four_bit:
        needed["peft"] = "pip install 'segue[lora]'"
    if wanted.four_bit:
        if wanted.name is None:
            raise SequentialModelError(
                "e4srec", "four bits are asked for a model without weights", "name a model or set four_bit to False"
            )
        if not torch.cuda.is_available():
            raise SequentialModelError(
                "e4srec",
                "four bits a weight need a GPU, and none is found",
                "set four_bit to False or run it where one is",
            )
        needed["bitsandbytes"] = "pip install bitsandbytes"
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SequentialModelError("e4srec", f"the device is {device!r}, and no GPU is found", "set device to cpu")
    for package, command in needed.items():
        if find_spec(package) is None:
            raise SequentialModelError(
                "e4srec", f"the language model needs {package}, which is not installed", f"run `{command}`"
            )


def open_language_model(wanted: LanguageModel, texts: Sequence[str], *, device: str) -> tuple[nn.Module, Encode]:
    """Return a causal language model, with its adapters, and what turns text into its tokens.

    Args:
        wanted: which model. Weights of a named one are frozen but for adapters.
        texts: all that an untrained model will ever read; its vocabulary is their words.
        device: where it is to be; a model of four bits is spread over all GPUs.

    Raises:
        SequentialModelError: the model cannot be had, or this machine lacks what it needs.
    """
    require_for(wanted, device)
    if wanted.name is None:
        model, encode = _untrained(wanted, texts)
    else:
        model, encode = _named(wanted, wanted.name)
        model.requires_grad_(False)
    if wanted.lora is not None:
        model = with_adapters(model, wanted.lora)
    return (model if wanted.four_bit else model.to(device)), encode


def with_adapters(model: nn.Module, lora: Lora) -> nn.Module:
    """Freeze a model and put trainable low-rank adapters into the layers of the given names.

    Raises:
        SequentialModelError: the model has no layer of these names.
    """
    from peft import LoraConfig, inject_adapter_in_model

    model.requires_grad_(False)
    config = LoraConfig(
        r=lora.rank, lora_alpha=lora.alpha, lora_dropout=lora.dropout, target_modules=list(lora.layers), bias="none"
    )
    try:
        return inject_adapter_in_model(config, model)
    except ValueError as error:
        raise SequentialModelError(
            "e4srec", f"no adapters in layers {', '.join(lora.layers)} ({error})", "name layers that the model has"
        ) from error


def last_hidden(model: nn.Module, embeds: Tensor) -> Tensor:
    """Return the last layer's states (B, L, H) of input vectors (B, L, H), which stand on the left of any padding."""
    base: Any = model.base_model
    states: Tensor = base(inputs_embeds=embeds, use_cache=False).last_hidden_state
    return states


def _named(wanted: LanguageModel, name: str) -> tuple[nn.Module, Encode]:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    options: dict[str, Any] = {"revision": wanted.revision} if wanted.revision else {}
    if wanted.four_bit:
        options |= {"quantization_config": _four_bits(), "device_map": "auto"}
    try:
        tokenizer: Any = AutoTokenizer.from_pretrained(
            name, **({"revision": wanted.revision} if wanted.revision else {})
        )
        model: Any = AutoModelForCausalLM.from_pretrained(name, dtype="auto", **options)
    except (OSError, ValueError) as error:
        raise SequentialModelError(
            "e4srec",
            f"the language model {name!r} cannot be opened ({str(error).splitlines()[0]})",
            "check the name, that the machine may download it (some need an agreed licence), or give a folder",
        ) from error
    if wanted.four_bit:
        from peft import prepare_model_for_kbit_training

        prepare: Any = prepare_model_for_kbit_training
        model = prepare(model)
    return model, lambda text: list(tokenizer(text, add_special_tokens=False)["input_ids"])


def _four_bits() -> Any:
    from transformers import BitsAndBytesConfig

    made: Any = BitsAndBytesConfig
    return made(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
    )


def _untrained(wanted: LanguageModel, texts: Sequence[str]) -> tuple[nn.Module, Encode]:
    from transformers import AutoConfig, AutoModelForCausalLM

    opened: Any = AutoModelForCausalLM
    words = sorted({word for text in texts for word in _WORD.findall(text.lower())})
    numbers = {word: number for number, word in enumerate(words, start=1)}  # 0 is padding
    try:
        config = AutoConfig.for_model(
            wanted.kind,
            **{"pad_token_id": 0, "bos_token_id": None, "eos_token_id": None, **wanted.shape},
            vocab_size=len(words) + 1,
        )
        model: nn.Module = opened.from_config(config)
    except (ValueError, TypeError) as error:
        raise SequentialModelError(
            "e4srec",
            f"no language model of kind {wanted.kind!r} can be made ({str(error).splitlines()[0]})",
            "name a model type of transformers that generates text, such as llama or qwen2",
        ) from error
    return model, lambda text: [numbers[word] for word in _WORD.findall(text.lower())]
