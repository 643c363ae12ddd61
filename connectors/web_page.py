"""The web chat's page in Gradio: which components there are, and what each act of a listener changes.

Importing this module imports Gradio, which looks up hosts unless told not to: import it through `connectors.web`.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr

from connectors.web_acts import act
from connectors.web_api import add_endpoints
from connectors.web_chat import GONE, Conversation, apology
from connectors.web_curate import curate_tab
from connectors.web_dials import dials_html
from connectors.web_files import KEPT_S
from connectors.web_limits import TOO_FAST, TOO_MANY, RateLimit
from connectors.web_look import asset
from connectors.web_memory import forget_pages
from connectors.web_player import playable, player_html
from connectors.web_plays import Plays
from connectors.web_talks import manage, talks_html, talks_of
from connectors.web_taste import taste_tab
from connectors.web_view import (
    EXAMPLES,
    exports_html,
    footer_html,
    header_html,
    notice_html,
    options_html,
    slate_html,
    user_html,
)
from connectors.web_welcome import Welcome, welcome
from connectors.web_who import Who, user_of

if TYPE_CHECKING:
    from assistant.app import Assistant


def page(assistant: Assistant, *, paths: bool = True, log_out: bool = False) -> gr.Blocks:
    """Build the page for one assistant.

    Args:
        assistant: answers.
        paths: whether files to save, and answers to programs, may say where tracks lie on this machine.
        log_out: whether there is a way to log out beside the name of who is logged in.
    """
    limit, plays = RateLimit(assistant.settings.web_per_minute), Plays(assistant)
    with gr.Blocks(title="Segue", analytics_enabled=False, fill_width=True, delete_cache=(KEPT_S, KEPT_S)) as app:
        who = Who(limit)
        with gr.Row(elem_id="sg-top"):
            gr.HTML(header_html(), js_on_load=asset("drawer.js"), apply_default_css=False)
            user = gr.HTML("", js_on_load=None, apply_default_css=False, elem_id="sg-user")
            start_over = gr.Button("Start over", size="sm", variant="secondary", elem_id="sg-start-over")
        ask = _AskTab(assistant, who, limit, plays, paths=paths, log_out=log_out)
        with gr.Tabs(elem_id="sg-tabs"):
            with gr.Tab("Ask"):
                opening = ask.lay_out()
            with gr.Tab("My taste"):
                taste_tab(assistant, who, paths=paths, forgetting=plays.forget, forgotten=partial(forget_pages, app))
            with gr.Tab("Curate"):
                curate_tab(assistant, who, paths=paths)
        ask.connect(app, start_over, user, opening)
        add_endpoints(assistant, who, limit, paths=paths)
    return app


class _AskTab:
    """The chat with its slate, and what every act there changes."""

    def __init__(
        self, assistant: Assistant, who: Who, limit: RateLimit, plays: Plays, *, paths: bool, log_out: bool
    ) -> None:
        self._assistant, self._who, self._limit = assistant, who, limit
        self._plays, self._paths, self._log_out = plays, paths, log_out

    def connect(self, app: gr.Blocks, start_over: gr.Button, user: gr.HTML, opening: Welcome) -> None:
        """Say what every act changes, and put the player under all tabs: it plays on while others are looked at.

        Args:
            app: the page.
            start_over: the button that begins anew.
            user: says who is logged in.
            opening: shows the panel of the first visit, once it is known who is here.
        """
        player = self._html(player_html(), "player.js", "sg-player")
        # Without Gradio's queue: it would add a round trip to every act, and the assistant takes many threads.
        direct: dict[str, Any] = {"api_visibility": "private", "queue": False}
        at_once = direct | {"show_progress": "hidden"}
        many = at_once | {"trigger_mode": "multiple"}
        ours, screen = [*self._who.inputs, self._here, self._talk], self._screen
        app.load(self._arrive, ours, [*self._who.inputs, user, *screen], **at_once).then(*opening, **at_once)
        heard = (
            self._box.submit(self._hear, [self._box, *ours], [*self._waiting, self._box], **at_once),
            self._chat.example_select(self._choose, ours, self._waiting, **at_once),
            self._options.act(self._option, ours, self._waiting, **many),
        )
        for event in heard:
            answered = event.then(
                self._answer,
                ours,
                screen,
                show_progress="minimal",
                show_progress_on=[self._chat],
                trigger_mode="multiple",
                **direct,
            )
            if self._assistant.rewords:
                # On the queue, which alone can stream. It takes the state alone: the browser must send no whole chat.
                answered.then(
                    self._reword,
                    [self._talk],
                    [self._slate],
                    show_progress="hidden",
                    trigger_mode="multiple",
                    concurrency_limit=None,
                    api_visibility="private",
                )
        for part in (self._slate, self._dials):
            part.act(self._act, ours, self._acted, **many)
        self._talks.act(self._manage, ours, screen, **many)
        player.heard(self._heard, ours, None, **many)
        player.ahead(self._ahead, ours, self._acted, **many)
        app.unload(self._gone)
        start_over.click(self._begin_again, ours, [*screen, self._box], **at_once)

    def lay_out(self) -> Welcome:
        """Put the components where it is called; returns what opens the panel of the first visit."""
        self._talk = gr.State(Conversation())
        self._here = gr.Textbox(value="", visible="hidden", elem_id="sg-here", show_label=False)
        self._notice = self._html("", None, "sg-notice")
        with gr.Row(elem_id="sg-main", equal_height=False):
            self._talks = self._html("", "web.js", "sg-talks")
            with gr.Column(scale=5, min_width=300, elem_id="sg-talk"):
                self._chat = gr.Chatbot(
                    label="Conversation",
                    show_label=False,
                    elem_id="sg-chat",
                    placeholder="What would you like to hear?",
                    examples=[{"text": example} for example in EXAMPLES],
                    # Messages are shown as they are: no markup in them, whoever wrote it, may load or do anything.
                    render_markdown=False,
                    latex_delimiters=[],
                    allow_tags=False,
                    allow_file_downloads=False,
                    feedback_options=None,
                    buttons=[],
                    height=None,
                )
                self._options = self._html("", "web.js", "sg-options")
                self._box = gr.Textbox(
                    label="Your request",
                    show_label=False,
                    placeholder="Say what you want to hear",
                    lines=1,
                    max_lines=5,
                    autofocus=True,
                    submit_btn="Ask",
                    elem_id="sg-box",
                )
            with gr.Column(scale=11, min_width=300, elem_id="sg-result"):
                opening = welcome(self._assistant, self._who)
                self._dials = self._html(dials_html(Conversation().dials), "web.js", "sg-dials")
                self._slate = self._html(slate_html(None), "web.js", "sg-slate")
                self._exports = self._html("", "web.js", "sg-exports")
                self._footer = self._html("", None, "sg-footer")
        self._below = [self._exports, self._footer, self._options, self._talks, self._notice, self._here, self._talk]
        self._acted = [self._slate, self._dials, *self._below, self._chat]
        self._screen = [self._chat, self._slate, self._dials, *self._below]
        self._waiting = [self._chat, self._slate, self._notice, self._here, self._talk]
        return opening

    def _html(self, value: str, script: str | None, elem_id: str) -> gr.HTML:
        loaded = None if script is None else asset("copy.js") + asset(script)
        return gr.HTML(value, js_on_load=loaded, apply_default_css=False, elem_id=elem_id)

    # --- what is on screen ---

    def _shown(self, talk: Conversation, identity: str) -> tuple[Any, ...]:
        slate = self._slate_of(talk, waits=talk.awaits)
        return list(talk.messages), slate, dials_html(talk.dials), *self._rest(talk, identity)

    def _rest(self, talk: Conversation, identity: str) -> tuple[Any, ...]:
        talks = talks_html(talks_of(self._assistant, identity), talk.session_id, incognito=talk.incognito)
        files = exports_html(talk.reply, paths=self._paths)
        return files, footer_html(talk.reply), options_html(talk.reply), talks, "", talk.here, talk

    def _slate_of(self, talk: Conversation, *, waits: bool = False) -> str:
        return slate_html(
            talk.reply,
            talk.rated,
            whys=talk.whys,
            said=talk.said,
            stranger=talk.stranger,
            playable=playable(self._assistant, talk.reply),
            incognito=talk.incognito,
            waits=waits,
        )

    # --- acts ---

    def _whose(self, stored: object, talk: Conversation, request: gr.Request) -> tuple[str, Conversation]:
        """Whose the page is, and what is on it; nothing where it was another login's.

        Without a login it stays the one of its first event, as long as the page is open.
        """
        identity = self._who.listener(talk.listener_id or stored, request=request)
        if talk.listener_id not in ("", identity):
            talk = Conversation()
        talk.listener_id = identity
        return identity, talk

    def _resumed(
        self, stored: object, here: object, talk: Conversation, request: gr.Request
    ) -> tuple[str, Conversation] | str:
        """Do as `_whose` does, and have on the page what its browser still shows; a sentence where that is gone."""
        identity, talk = self._whose(stored, talk, request)
        try:
            return (identity, talk) if talk.resume(self._assistant, identity, here) else GONE
        except Exception as error:
            return apology(error)

    def _left(self, words: str, parts: list[Any]) -> tuple[Any, ...]:
        """Leave the screen as it is, and say why."""
        return tuple(notice_html(words) if part is self._notice else gr.skip() for part in parts)

    def _arrive(self, stored: object, _: object, talk: Conversation, request: gr.Request) -> tuple[Any, ...]:
        identity, talk = self._whose(stored, talk, request)
        wanted = dict(request.query_params)
        talk.arrive(self._assistant, identity, wanted.get("talk"), incognito=wanted.get("incognito") == "1")
        user = user_html(user_of(request), log_out=self._log_out)
        return identity, user, *self._shown(talk, identity)

    def _hear(
        self, text: str, stored: object, here: object, talk: Conversation, request: gr.Request
    ) -> tuple[Any, ...]:
        mine = self._resumed(stored, here, talk, request)
        if isinstance(mine, str):
            return self._left(mine, [*self._waiting, self._box])
        return *self._take(text, *mine), ""

    def _choose(
        self, stored: object, here: object, talk: Conversation, event: gr.SelectData, request: gr.Request
    ) -> tuple[Any, ...]:
        value = event.value
        text = value.get("text", "") if isinstance(value, dict) else str(value)
        mine = self._resumed(stored, here, talk, request)
        return self._left(mine, self._waiting) if isinstance(mine, str) else self._take(text, *mine)

    def _option(
        self, stored: object, here: object, talk: Conversation, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        mine = self._resumed(stored, here, talk, request)
        if isinstance(mine, str):
            return self._left(mine, self._waiting)
        identity, talk = mine
        text = _data(event).get("text")
        offered = talk.reply is not None and text in talk.reply.options
        return self._take(str(text) if offered else "", identity, talk)

    def _take(self, text: str, identity: str, talk: Conversation) -> tuple[Any, ...]:
        if not talk.hear(text):
            return gr.skip(), gr.skip(), "", talk.here, talk
        if not self._limit.allows(identity):
            talk.tell(TOO_FAST)
        talk.said = ""
        return list(talk.messages), self._slate_of(talk, waits=talk.awaits), "", talk.here, talk

    def _answer(self, stored: object, _: object, talk: Conversation, request: gr.Request) -> tuple[Any, ...]:
        identity, talk = self._whose(stored, talk, request)
        with self._who.at_once.one(identity) as free:
            if not free:
                talk.refuse(TOO_MANY)
            elif not talk.answer(self._assistant, identity):
                return tuple(gr.skip() for _ in self._screen)
        return self._shown(talk, identity)

    def _reword(self, talk: Conversation) -> Iterator[str]:
        for _ in talk.reword(self._assistant):
            yield self._slate_of(talk)

    def _act(
        self, stored: object, here: object, talk: Conversation, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        return self._follow(stored, here, talk, _data(event), request)

    def _ahead(
        self, stored: object, here: object, talk: Conversation, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        """Let the player go on by itself: what was heard of its track is stored before the next ones are chosen."""
        return self._follow(stored, here, talk, {"act": "keep-going"}, request, heard=_data(event))

    def _follow(
        self,
        stored: object,
        here: object,
        talk: Conversation,
        data: dict[str, Any],
        request: gr.Request,
        heard: dict[str, Any] | None = None,
    ) -> tuple[Any, ...]:
        mine = self._resumed(stored, here, talk, request)
        if isinstance(mine, str):
            return self._left(mine, self._acted)
        identity, talk = mine
        if not self._limit.allows(identity):
            talk.said = TOO_FAST
        else:
            with self._who.at_once.one(identity) as free:
                talk.said = "" if free else TOO_MANY
                if free:
                    if heard:
                        self._plays.tell(request.session_hash or "", identity, talk, heard)
                    act(talk, self._assistant, identity, data)
        return self._slate_of(talk), dials_html(talk.dials), *self._rest(talk, identity), list(talk.messages)

    def _manage(
        self, stored: object, here: object, talk: Conversation, event: gr.EventData, request: gr.Request
    ) -> tuple[Any, ...]:
        data = _data(event)
        leaves = data.get("act") in ("new", "open")  # what is on screen matters no more
        mine = self._whose(stored, talk, request) if leaves else self._resumed(stored, here, talk, request)
        if isinstance(mine, str):
            return self._left(mine, self._screen)
        identity, talk = mine
        try:
            talk.said = "" if self._limit.allows(identity) else TOO_FAST
            if not talk.said:
                manage(talk, self._assistant, identity, data)
        except Exception as error:
            talk.said = apology(error)
        return self._shown(talk, identity)

    def _heard(
        self, stored: object, here: object, talk: Conversation, event: gr.EventData, request: gr.Request
    ) -> None:
        identity, talk = self._whose(stored, talk, request)
        data = _data(event)
        if not talk.resume(self._assistant, identity, here):
            return
        # How far a track is comes by itself and is not stored; only what is over counts among a listener's acts.
        if data.get("state") == "on" or self._limit.allows(identity):
            self._plays.tell(request.session_hash or "", identity, talk, data)

    def _gone(self, request: gr.Request) -> None:
        self._plays.gone(request.session_hash or "")

    def _begin_again(self, stored: object, _: object, talk: Conversation, request: gr.Request) -> tuple[Any, ...]:
        identity, talk = self._whose(stored, talk, request)
        if self._limit.allows(identity):
            talk.start_over()
        else:
            talk.said = TOO_FAST
        return *self._shown(talk, identity), ""


def _data(event: gr.EventData) -> dict[str, Any]:
    return event._data if isinstance(event._data, dict) else {}
