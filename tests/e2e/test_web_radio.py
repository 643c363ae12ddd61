"""The radio in a real browser: ten new tracks at a press, turned by what is skipped, and on by itself in the player."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from recsys.types import EventKind
from tests.e2e.conftest import Visit
from tests.e2e.test_web_player import play_slowly

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

Open = Callable[..., Any]


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as waiting

    return waiting(locator)


def test_keep_going_gives_ten_new_tracks_that_say_why_they_came(me: Visit, installation: Any) -> None:
    seen = set(me.ask("mellow, 15 tracks"))
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
    me.press(me.button("remove", 2))  # the playlist does not grow to the fifteen of before
    me.has_titles([titles[0], *titles[2:]])
    me.press(me.button("undo"))
    me.has_titles(titles)


@pytest.mark.parametrize("kind", [EventKind.SKIP, EventKind.DISLIKE])
def test_what_is_skipped_or_disliked_turns_what_comes_within_two_tracks(
    visit: Open, installation: Any, kind: EventKind
) -> None:
    me = visit()
    me.ask("folk or techno, 8 tracks")
    assert me.page.locator('button[data-act="skip"]').count() == 0
    me.press(me.button("radio-playlist"))
    me.says("Radio from this playlist: 10 tracks")
    refused = installation.exchanges[-1][1].tracks[0]
    if kind is EventKind.SKIP:
        me.press(me.button("skip", 1))
    else:
        me.rate("Dislike", refused.title)
        me.press(me.button("keep-going"))
    expect(me.page.locator("td.sg-why").filter(has_text=f"way from “{refused.title}”").first).to_be_visible()
    assert me.titles()[1].split()[0] != refused.title.split()[0]  # another genre, by the second track at the latest
    message, reply = installation.exchanges[-1]
    assert refused.artist not in [track.artist for track in reply.tracks]
    (event,) = [e for e in installation.events(message.listener_id) if e.session_id == message.session_id]
    assert (event.track_id, event.kind) == (refused.track_id, kind)


def test_radios_begin_from_a_track_or_its_artist_by_the_menu(me: Visit, installation: Any) -> None:
    me.ask("mellow, 4 tracks")
    track = installation.exchanges[-1][1].tracks[2]
    me.choose("radio-track", 3)
    me.says(f"Radio from “{track.title}” by {track.artist}: 10 tracks")
    assert track.title not in me.titles()
    other = installation.exchanges[-1][1].tracks[0]
    me.choose("radio-artist", 1)
    me.says(f"Radio from {other.artist}: 10 tracks")
    me.press(me.button("like-last"))
    me.says("More like the last ones: 10 tracks")


def test_the_endless_player_goes_on_by_itself_and_away_from_what_was_skipped(visit: Open, installation: Any) -> None:
    me = visit()
    me.ask("1 track by Sine Wave")
    asked, first = installation.exchanges[-1]
    play_slowly(me, first.tracks[0].track_id)
    endless = me.page.get_by_role("button", name="Endless")
    expect(endless).to_have_attribute("aria-pressed", "false")
    endless.click()
    me.page.evaluate("document.querySelector('audio').playbackRate = 1")
    me.says("On it goes")
    playing = me.page.locator('button[data-play][aria-pressed="true"]')
    expect(playing).to_have_count(1)
    stored = installation.events(asked.listener_id)
    assert [(e.track_id, e.kind) for e in stored if e.session_id == asked.session_id] == [
        (first.tracks[0].track_id, EventKind.PLAY)
    ]
    second = playing.get_attribute("data-play")
    assert second != first.tracks[0].track_id
    with me.page.expect_response(lambda response: '"over"' in (response.request.post_data or "")):
        me.page.get_by_role("button", name="Next track").click()
    me.says("Nothing more is left")  # the catalogue has two tracks of that artist
    expect(me.page.locator(".sg-playing")).to_contain_text("Nothing more is left that meets your wishes.")
    stored = installation.events(asked.listener_id)
    assert [(e.track_id, e.kind) for e in stored if e.session_id == asked.session_id][1:] == [(second, EventKind.SKIP)]


def test_the_buttons_of_the_radio_fit_a_phone_and_the_page_goes_back_to_the_first_track(visit: Open) -> None:
    me = visit(width=360)
    me.ask("mellow, 5 tracks")
    me.button("keep-going").focus()
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        me.page.keyboard.press("Enter")
    me.says("10 tracks")
    expect(me.page.locator("#sg-slate .sg-head")).to_be_in_viewport()
    me.page.locator('tr[data-place="2"] summary').click()
    for part in (*me.page.locator(".sg-onward button").all(), *me.page.locator("details[open] .sg-item").all()):
        box = part.bounding_box()
        assert 0 <= box["x"] <= box["x"] + box["width"] <= 360
    assert me.page.evaluate("document.documentElement.scrollWidth") <= 360
    me.shoot("radio-360")
