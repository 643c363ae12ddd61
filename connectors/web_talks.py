"""The list of a listener's conversations, as HTML, and what its buttons do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from assistant.labels import plain
from assistant.reports import SessionReport
from connectors.web_chat import Conversation
from connectors.web_text import button_html, text_html, value_html

if TYPE_CHECKING:
    from assistant.app import Assistant

#: Conversations that are listed, the one used last first; longest name, in characters.
_MAX_LISTED, _MAX_NAME = 500, 80


def talks_of(assistant: Assistant, listener_id: str) -> tuple[SessionReport, ...]:
    """Return the conversations to list."""
    return assistant.sessions(listener_id, _MAX_LISTED)


def talks_html(talks: Sequence[SessionReport], current: str, *, incognito: bool = False) -> str:
    """List conversations with what can be done with them; the one on screen is marked.

    The page's address keeps which one it is, and whether it is incognito, for when it is loaded anew.
    """
    rows = "".join(_row(talk, talk.session_id == current) for talk in talks)
    listed = f"<ul>{rows}</ul>" if rows else '<p class="sg-none">What you ask is kept here.</p>'
    new = button_html("new", "New conversation", "New conversation", kind="sg-tool sg-new")
    close = (
        '<button type="button" class="sg-button sg-close" data-drawer="close" aria-label="Close the conversations" '
        'title="Close"><span aria-hidden="true">✕</span></button>'
    )
    here = value_html(current) if any(talk.session_id == current for talk in talks) else ""
    kept = f'data-current="{here}" data-incognito="{"1" if incognito else ""}"'
    return f'<nav class="sg-talks" aria-label="Conversations" {kept}>{close}{new}{listed}</nav>'


def manage(talk: Conversation, assistant: Assistant, listener_id: str, data: Mapping[str, Any]) -> bool:
    """Begin, open, rename or delete a conversation as a button asks; False for anything else.

    Args:
        talk: the one on screen; it changes where another one takes its place.
        assistant: keeps the conversations; those of others are never found.
        listener_id: whose they are.
        data: `act`, and with it `session` and `name`.
    """
    act, session_id = data.get("act"), data.get("session")
    if act == "new":
        talk.start_over()
        return True
    if not isinstance(session_id, str):
        return False
    if act == "open":
        return talk.open(assistant, listener_id, session_id)
    if act == "rename":
        return assistant.rename_session(session_id, listener_id, plain(str(data.get("name", "")), _MAX_NAME))
    if act == "delete":
        gone = assistant.delete_session(session_id, listener_id)
        if gone and session_id == talk.session_id:
            talk.start_over()
        return gone
    return False


def _row(talk: SessionReport, here: bool) -> str:
    name, session = plain(talk.name, _MAX_NAME), talk.session_id
    mark = ' aria-current="true"' if here else ""
    turns = f"{talk.n_turns} message{'s' if talk.n_turns != 1 else ''}"
    return (
        f'<li class="sg-talk{" sg-is-open" if here else ""}">'
        f'<button type="button" class="sg-talk-name" data-act="open" data-session="{value_html(session)}"{mark} '
        f'title="{escape(name)}"><bdi>{text_html(name, _MAX_NAME)}</bdi><small>{turns}</small></button>'
        f'<button type="button" class="sg-button" data-rename="{value_html(session)}" '
        f'aria-label="Rename {escape(name)}" title="Rename"><span aria-hidden="true">✎</span></button>'
        f'<button type="button" class="sg-button" data-delete="{value_html(session)}" '
        f'aria-label="Delete {escape(name)}" title="Delete"><span aria-hidden="true">✕</span></button></li>'
    )
