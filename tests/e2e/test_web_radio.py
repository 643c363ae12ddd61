"""The radio in a real browser: ten new tracks at a press, turned by what is skipped, and on by itself in the player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recsys.types import EventKind
from tests.e2e.conftest import Visit

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

Open = Callable[..., Any]


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as waiting

    return waiting(locator)


def test_keep_going_gives_ten_new_tracks_that_say_why_they_came(me: Visit, installation: Any) -> None:
    seen = set(me.ask("mellow jazz, 5 tracks"))
    for _ in range(2):
        me.press(me.button("keep-going"))
        me.says("10 tracks")
        titles = me.titles()
        assert len(titles) == 10
        assert not seen & set(titles)
        seen |= set(titles)
        assert me.page.evaluate("document.activeElement.dataset.act") == "keep-going"
    whys = me.page.locator("td.sg-why").all_inner_texts()
    assert all(why.startswith(("Close to “", "Often comes after “", "A step on", "By an artist")) for why in whys)
    message, reply = installation.exchanges[-1]
    assert (message.text, message.radio.of, reply.radio.of) == ("", "session", "session")
    me.press(me.button("undo"))
    expect(me.page.locator("td.sg-title")).not_to_have_text(titles)


def test_a_skip_is_stored_and_turns_what_comes_next(me: Visit, installation: Any) -> None:
    me.ask("folk or techno, 6 tracks")
    assert me.page.locator('button[data-act="skip"]').count() == 0
    me.press(me.button("radio-playlist"))
    me.says("Radio from this playlist: 10 tracks")
    skipped = installation.exchanges[-1][1].tracks[1]
    me.press(me.button("skip", 2))
    expect(me.page.locator(".sg-why").filter(has_text=f"away from “{skipped.title}”").first).to_be_visible()
    message, reply = installation.exchanges[-1]
    assert any(f"way from “{skipped.title}”" in track.reason for track in reply.tracks[:2])
    assert skipped.artist not in [track.artist for track in reply.tracks]
    (event,) = [e for e in installation.events(message.listener_id) if e.session_id == message.session_id]
    assert (event.track_id, event.kind, event.completion) == (skipped.track_id, EventKind.SKIP, 0.0)
