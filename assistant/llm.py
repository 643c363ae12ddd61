"""Language models by way of LangChain; everyone else sees the ports `assistant.ports.TextModel` and `StreamingModel`.

Nothing here is imported, and no model is needed, unless the setting `SEGUE_LLM__MODEL` names one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from assistant.errors import ModelError
from assistant.settings import LlmSettings

if TYPE_CHECKING:
    from langchain_core.runnables import Runnable


class LangChainModel:
    """Any LangChain chat model, or any runnable that takes a list of messages, as a `StreamingModel`."""

    def __init__(self, model: Runnable[Any, Any]) -> None:
        """Take a model."""
        self._model = model

    def complete(self, messages: Sequence[tuple[str, str]]) -> str:
        """Return what the model writes after messages given as (role, text).

        Raises:
            Exception: whatever the model or the way to it raises.
        """
        answer = self._model.invoke(list(messages))
        return _text(answer)

    def stream(self, messages: Sequence[tuple[str, str]]) -> Iterator[str]:
        """Yield what the model writes, piece by piece; a model that cannot stream yields one piece.

        Raises:
            Exception: whatever the model or the way to it raises.
        """
        for piece in self._model.stream(list(messages)):
            yield _text(piece)


def _text(answer: Any) -> str:
    return answer if isinstance(answer, str) else str(answer.text)


def open_model(settings: LlmSettings) -> LangChainModel | None:
    """Open the model that the settings name, None where they name none. It is not asked anything yet.

    Raises:
        ModelError: LangChain cannot open it, for want of a key or a known name.
    """
    if settings.model is None:
        return None
    from langchain.chat_models import init_chat_model

    given: dict[str, Any] = {"timeout": settings.timeout_s}
    if settings.base_url is not None:
        given["base_url"] = settings.base_url
    if settings.api_key is not None:
        given["api_key"] = settings.api_key.get_secret_value()
    if settings.model.startswith("ollama:"):
        given["client_kwargs"] = {"timeout": given.pop("timeout")}
    try:
        return LangChainModel(init_chat_model(settings.model, temperature=0, **given))
    except Exception as error:
        raise ModelError(settings.model, f"{type(error).__name__}: {error}") from error
