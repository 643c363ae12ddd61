"""Language models by way of LangChain; everyone else sees the ports `assistant.ports.TextModel` and `StreamingModel`.

Nothing here is imported, and no model is needed, unless the setting `SEGUE_LLM__MODEL` names one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from assistant.errors import ModelError
from assistant.settings import LlmSettings

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable

#: In place of a provider: a model of the transformers library, in this process.
LOCAL = "transformers:"
#: What a server answers to a request for a form that it does not know.
_FORM_REFUSED = (400, 422, 501)


class LangChainModel:
    """Any LangChain chat model, or any runnable that takes a list of messages, as a `StreamingModel`."""

    def __init__(self, model: Runnable[Any, Any]) -> None:
        """Take a model."""
        self._model = model
        self._keeps_form = True  # until it says that it cannot

    def complete(self, messages: Sequence[tuple[str, str]], form: type[BaseModel] | None = None) -> str:
        """Return what the model writes after messages given as (role, text).

        With a form, the provider's structured output is asked for; a model or server without it is asked in words
        alone, from then on at once.

        Raises:
            Exception: whatever the model or the way to it raises.
        """
        if form is None or not self._keeps_form:
            return _text(self._model.invoke(list(messages)))
        held = self._held_to(form)
        if held is not None:
            try:
                return _text(held.invoke(list(messages))["raw"])
            except Exception as error:
                if getattr(error, "status_code", None) not in _FORM_REFUSED:
                    raise
        answer = _text(self._model.invoke(list(messages)))
        self._keeps_form = False
        return answer

    def _held_to(self, form: type[BaseModel]) -> Runnable[Any, Any] | None:
        """The model bound to a form, None where LangChain has no way to bind it."""
        try:
            # A schema and not the class: whether the answer fits is ours to see, and a class has clients raise first.
            bound: Runnable[Any, Any] = self._model.with_structured_output(  # type: ignore[attr-defined]
                form.model_json_schema(), include_raw=True
            )
        except (NotImplementedError, AttributeError, TypeError, ValueError, ImportError):
            return None
        return bound

    def stream(self, messages: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Yield what the model writes, piece by piece; a model that cannot stream yields one piece.

        Raises:
            Exception: whatever the model or the way to it raises.
        """
        for piece in self._model.stream(list(messages)):
            yield _text(piece)


def open_model(settings: LlmSettings, *, max_retries: int = 2) -> LangChainModel | None:
    """Open the model that the settings name, None where they name none. It is not asked anything yet.

    Args:
        settings: which model, where, and its time limit.
        max_retries: how often a provider's client asks again by itself after a refused or failed request.

    Raises:
        ModelError: LangChain cannot open it, for want of a key or a known name, or there is no such local model.
    """
    if settings.model is None:
        return None
    try:
        if settings.model.startswith(LOCAL):
            from langchain_core.runnables import RunnableLambda

            from assistant.local_model import LocalModel

            local = LocalModel.open(settings.model.removeprefix(LOCAL), max_time_s=settings.timeout_s)
            return LangChainModel(RunnableLambda(local.generate))
        return LangChainModel(_hosted(settings, settings.model, max_retries))
    except Exception as error:
        raise ModelError(settings.model, f"{type(error).__name__}: {error}") from error


def _hosted(settings: LlmSettings, model: str, max_retries: int) -> Runnable[Any, Any]:
    from langchain.chat_models import init_chat_model

    given: dict[str, Any] = {"timeout": settings.timeout_s, "max_retries": max_retries}
    if settings.base_url is not None:
        given["base_url"] = settings.base_url
    if settings.api_key is not None:
        given["api_key"] = settings.api_key.get_secret_value()
    if model.startswith("ollama:"):
        given = {**given, "client_kwargs": {"timeout": given.pop("timeout")}}
        del given["max_retries"]
    opened: Runnable[Any, Any] = init_chat_model(model, temperature=0, **given)
    return opened


def _text(answer: Any) -> str:
    """The text of an answer; of a call of a tool, which is how some providers keep a form, its arguments."""
    if isinstance(answer, str):
        return answer
    calls = getattr(answer, "tool_calls", None)
    return json.dumps(calls[0]["args"], ensure_ascii=False) if calls else str(answer.text)
