"""A chat model of the transformers library in this process: no server, no key, and after one download no network."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock
from typing import Any, Self

#: Longest answer, in tokens of the model: several times what a request needs.
MAX_NEW_TOKENS = 400
_ROLES = {"human": "user", "ai": "assistant"}


class LocalModel:
    """A causal language model and its tokenizer. One answer is generated at a time."""

    def __init__(self, model: Any, tokenizer: Any, *, max_time_s: float) -> None:
        """Put both together; after `max_time_s` seconds an answer ends where it is."""
        self._model, self._tokenizer, self._max_time_s = model, tokenizer, max_time_s
        self._lock = Lock()

    @classmethod
    def open(cls, name: str, *, max_time_s: float) -> Self:
        """Load a model by its name on the Hugging Face Hub, or from a folder.

        Raises:
            OSError: there is none of that name.
            ValueError: it is no language model that writes.
        """
        from transformers import AutoModelForCausalLM, AutoTokenizer, utils

        told: Any = utils.logging
        told.disable_progress_bar()  # it would be drawn over a conversation in the terminal
        tokenizer = AutoTokenizer.from_pretrained(name)
        model: Any = AutoModelForCausalLM.from_pretrained(name)  # in evaluation mode
        return cls(model, tokenizer, max_time_s=max_time_s)

    def generate(self, messages: Sequence[tuple[str, str]]) -> str:
        """Return the likeliest continuation of messages given as (role, text), word by word."""
        import torch

        tokens = self._tokens(messages)
        n_given = tokens["input_ids"].shape[1]
        n_free = getattr(self._model.config, "max_position_embeddings", n_given + MAX_NEW_TOKENS) - n_given
        if n_free < 1:
            raise ValueError(f"the request takes {n_given} tokens, and the model reads no more than {n_given + n_free}")
        pad = self._tokenizer.pad_token_id
        with self._lock, torch.inference_mode():
            written = self._model.generate(
                **tokens,
                do_sample=False,
                max_new_tokens=min(MAX_NEW_TOKENS, n_free),
                max_time=self._max_time_s,
                pad_token_id=self._tokenizer.eos_token_id if pad is None else pad,
            )
        answer = written[0, n_given:]
        return str(self._tokenizer.decode(answer, skip_special_tokens=True))

    def _tokens(self, messages: Sequence[tuple[str, str]]) -> dict[str, Any]:
        """(1, L) input ids and attention mask, in the model's own chat form where it has one."""
        from jinja2 import TemplateError

        if self._tokenizer.chat_template:
            try:
                encoded = self._templated(messages)
            except TemplateError:  # some templates know no role "system": its words then begin the conversation
                (_, system), (role, first), *rest = messages
                encoded = self._templated([(role, f"{system}\n\n{first}"), *rest])
        else:
            lines = [f"{_ROLES.get(role, role)}: {text}" for role, text in messages]
            encoded = self._tokenizer("\n".join([*lines, "assistant:"]), return_tensors="pt")
        return {name: encoded[name] for name in ("input_ids", "attention_mask")}

    def _templated(self, messages: Sequence[tuple[str, str]]) -> Any:
        told = [{"role": _ROLES.get(role, role), "content": text} for role, text in messages]
        return self._tokenizer.apply_chat_template(
            told, add_generation_prompt=True, return_tensors="pt", return_dict=True
        )
