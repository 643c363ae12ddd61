"""Who is at the page: the listener that an event of a browser, or a call of a program, is for.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gradio as gr

from connectors.web_chat import listener_of
from connectors.web_limits import TOO_FAST, TOO_MANY, AtOnce, RateLimit
from connectors.web_login import USER

#: Where a browser keeps its listener id. The secret only keeps Gradio from drawing a new one at every start, which
#: would make every browser a new listener; the id itself is what cannot be guessed.
_STORAGE_KEY = _STORAGE_SECRET = "segue-listener"


def user_of(request: Any) -> str | None:
    """Return the name that a request was let in under, None where nobody has to log in.

    Args:
        request: Gradio's, or the plain one that a program's call comes with.
    """
    inner = request.request if isinstance(request, gr.Request) else request
    scope = getattr(inner, "scope", None)
    named = request.username if isinstance(request, gr.Request) else None
    named = named or (scope.get(USER) if isinstance(scope, dict) else None)
    return str(named).lower() if named else None


class Who:
    """Tells events of the page whose they are. Make it inside `gr.Blocks`; events take `inputs` beside their own."""

    def __init__(self, limit: RateLimit | None = None) -> None:
        """Keep the listener id of a browser in its storage, and to so many acts a minute, if to any."""
        self._limit, self.at_once = limit, AtOnce()
        self.stored = gr.BrowserState(None, storage_key=_STORAGE_KEY, secret=_STORAGE_SECRET)

    @property
    def inputs(self) -> list[Any]:
        """The components whose values `listener` reads, to be put first among an event's inputs."""
        return [self.stored]

    def listener(self, *values: object, request: Any) -> str:
        """Return the listener of an event: the one who logged in, else the one that the browser remembers.

        Args:
            values: of `inputs`.
            request: the event's `gr.Request`.
        """
        user = user_of(request)
        return listener_of(values[0] if values else None) if user is None else f"user-{user}"

    def act(self, *values: object, request: Any) -> str:
        """Return the listener of an event, as `listener` does, and count it among what they do.

        Raises:
            gr.Error: it is too much at once; the page shows that.
        """
        identity = self.listener(*values, request=request)
        if self._limit is not None and not self._limit.allows(identity):
            raise gr.Error(TOO_FAST, print_exception=False)
        return identity

    @contextmanager
    def work(self, identity: str) -> Iterator[None]:
        """Count what is done within as under way for a listener.

        Raises:
            gr.Error: there is too much of theirs under way; the page shows that.
        """
        with self.at_once.one(identity) as free:
            if not free:
                raise gr.Error(TOO_MANY, print_exception=False)
            yield

    def counted(self, identity: str, *, request: Any) -> str:
        """Return under what a program's calls are counted: its login, else where it calls from.

        Without logins anybody can call themselves a new listener with every call.
        """
        inner = request.request if isinstance(request, gr.Request) else request
        client = getattr(inner, "client", None)
        return identity if user_of(request) is not None else f"from {getattr(client, 'host', '')}"
