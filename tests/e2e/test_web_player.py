"""Tracks with a file play in the page: the sound comes in ranges, and what was heard changes the taste."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from recsys.types import EventKind
from tests.e2e.conftest import Visit

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

Open = Callable[..., Any]


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as waiting

    return waiting(locator)


def heard(response: Any) -> bool:
    """Whether a response is to what the player told of a track that is over."""
    return "/run/predict" in response.url and '"state":"over"' in (response.request.post_data or "")


def begun(response: Any) -> bool:
    """Whether a response is to what the player told of a track that goes on."""
    return "/run/predict" in response.url and '"state":"on"' in (response.request.post_data or "")


def play_slowly(me: Any, track: str) -> None:
    """Begin to play a track, so that it takes ten seconds, and wait until the server knows of it."""
    me.page.evaluate("document.querySelector('audio').defaultPlaybackRate = 0.1")
    with me.page.expect_response(begun):
        me.page.locator(f'button[data-play="{track}"]').click()


def stored(installation: Any, listener_id: str, n: int) -> list[Any]:
    """Wait until a listener has so many events; a server learns that a page is gone a moment after it is."""
    deadline = time.monotonic() + 20
    while len(events := installation.events(listener_id)) < n and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(events) == n
    return list(events)


def test_a_track_plays_to_its_end_and_changes_the_taste(visit: Open, installation: Any) -> None:
    me = visit()
    me.ask("2 tracks by Sine Wave")
    message, _ = installation.exchanges[-1]
    before = installation.rank(message.listener_id, "synthesizer", 20)
    assert installation.events(message.listener_id) == []
    play = me.page.locator("button[data-play]")
    assert play.count() == 2
    with me.page.expect_response(heard):
        play.last.click()  # a second of silence; nothing follows it
    (event,) = installation.events(message.listener_id)
    assert (event.kind, event.completion, event.session_id) == (EventKind.PLAY, 1.0, message.session_id)
    assert event.track_id in ("s0", "s1")
    assert installation.rank(message.listener_id, "synthesizer", 20).scores != before.scores


def test_what_is_broken_off_is_a_skip(me: Visit, installation: Any) -> None:
    me.ask("Drone one.wav by Sine Wave")
    message, _ = installation.exchanges[-1]
    button = me.page.locator('button[data-play="s0"]')
    play_slowly(me, "s0")
    expect(me.page.locator(".sg-playing")).to_contain_text("Drone one.wav")
    expect(button).to_have_attribute("aria-pressed", "true")
    me.page.evaluate("document.querySelector('audio').currentTime = 0.9")  # what is jumped over is not heard
    with me.page.expect_response(heard):
        me.page.get_by_role("button", name="Stop the player").click()
    expect(me.page.locator(".sg-player")).not_to_be_visible()
    (event,) = installation.events(message.listener_id)
    assert event.kind is EventKind.SKIP
    assert event.completion < 0.5


def test_what_plays_when_the_page_is_left_is_stored_once(visit: Open, installation: Any) -> None:
    me = visit()
    me.ask("2 tracks by Sine Wave")
    message, _ = installation.exchanges[-1]
    play_slowly(me, "s0")
    assert installation.events(message.listener_id) == []
    me.page.reload()
    (event,) = stored(installation, message.listener_id, 1)
    assert (event.track_id, event.kind, event.session_id) == ("s0", EventKind.SKIP, message.session_id)
    expect(me.page.locator("button[data-play]")).to_have_count(2)
    play_slowly(me, "s1")
    # Beyond its middle, and told: pausing does.
    with me.page.expect_response(begun):
        me.page.evaluate(
            "const a = document.querySelector('audio'); a.playbackRate = 0.5;"
            "a.ontimeupdate = () => { if (a.currentTime > 0.6) a.pause(); }"
        )
    me.page.close()
    _, event = stored(installation, message.listener_id, 2)
    assert (event.track_id, event.kind) == ("s1", EventKind.PLAY)
    assert 0.5 <= event.completion < 1.0


def test_forgetting_while_a_track_plays_leaves_nothing_of_it(visit: Open, installation: Any) -> None:
    me = visit()
    me.ask("Drone two.wav by Sine Wave")
    message, _ = installation.exchanges[-1]
    play_slowly(me, "s1")
    me.page.get_by_role("tab", name="My taste").click()
    me.page.get_by_role("button", name="My data").click()
    me.page.get_by_label("to have everything forgotten").fill("forget me")
    with me.page.expect_event("load"):
        me.page.get_by_role("button", name="Forget me").click()
    me.ask("jazz, 2 tracks")
    assert installation.exchanges[-1][0].listener_id != message.listener_id
    assert installation.events(message.listener_id) == []


def test_there_is_no_button_for_a_file_that_is_gone(me: Visit) -> None:
    titles = me.ask("3 tracks by Broken Radio")
    assert "Drone gone.wav" in titles
    assert me.page.locator("button[data-play]").count() == 0
    # The rows lead to the web, and say nothing of the server's folders.
    addresses = me.page.locator("td.sg-title a").evaluate_all("all => all.map((a) => a.href)")
    assert len(addresses) == 3
    assert all(address.startswith("https://www.youtube.com/") for address in addresses)


def test_sound_comes_in_ranges_and_only_of_tracks_that_may_be_played(address: str) -> None:
    with httpx.Client(base_url=address, trust_env=False) as client:
        whole = client.get("/media/s0")
        assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
        part = client.get("/media/s0", headers={"Range": "bytes=4-11"})
        assert (part.status_code, part.content) == (206, whole.content[4:12])
        assert part.headers["content-range"] == f"bytes 4-11/{len(whole.content)}"
        assert client.get("/media/s0", headers={"Range": "bytes=999999-"}).status_code == 416
        # no file, not audio, a link to what is not, a file that is gone, no such track, paths
        for track_id in ("t1", "s2", "s3", "s4", "nobody", "../../etc/passwd", "%2e%2e%2fetc%2fpasswd", "/etc/passwd"):
            refused = client.get(f"/media/{track_id}")
            assert refused.status_code == 404, track_id
            assert "root:" not in refused.text
        elsewhere = client.get("/media/s0", headers={"Sec-Fetch-Site": "cross-site"})
        assert elsewhere.status_code == 403
