"""The page "My taste" in a real browser: what was learnt is shown, taken back, kept away, taken along and forgotten."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from assistant.reply import Message
from recsys.types import EventKind
from tests.e2e.conftest import HOSTILE_TITLE, Guest, WatchedAssistant

pytestmark = [
    pytest.mark.e2e,
    # Raised inside Gradio's own threads and what it builds on; nothing of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

Arrive = Callable[..., Guest]


def test_what_was_learnt_shows_with_its_evidence_and_is_taken_back(
    guest: Arrive, installation: WatchedAssistant
) -> None:
    me = guest()
    me.tab("My taste")
    me.page.get_by_text("Nothing yet").wait_for()
    for track, kind in (("t0", "like"), ("t5", "like"), ("t4", "dislike"), ("t10", "keep")):
        installation.feedback(me.listener_id, None, track, kind)
    me.tab("Ask")
    me.tab("My taste")
    me.page.get_by_text("Strongest liked").wait_for()
    sentence = me.page.locator(".sg-learnt > li", has_text="jazz").first
    sentence.get_by_text("Why do you think so?").click()
    assert "Jazz Piece" in sentence.locator("ul").inner_text()
    assert me.page.locator(".sg-timeline rect").count() == 1
    assert "Techno Piece 4" in me.page.locator(".sg-disliked").inner_text()

    liked = me.page.locator(".sg-liked")
    me.press("Take back: Jazz Piece 0 by The Number 0s")
    me.said("Taken back.")
    assert "Jazz Piece 0 " not in liked.inner_text()
    assert me.page.evaluate("document.activeElement.tagName") == "BUTTON"
    me.press("Not for me: Jazz Piece 10")
    me.said("you do not like it")
    assert "Jazz Piece 10" in me.page.locator(".sg-disliked").inner_text()
    assert [(event.track_id, event.kind) for event in installation.events(me.listener_id)][-2:] == [
        ("t0", EventKind.UNRATE),
        ("t10", EventKind.DISLIKE),
    ]
    me.shoot("web-taste-1280")


def test_a_track_is_sent_away_and_let_back(guest: Arrive, installation: WatchedAssistant) -> None:
    me = guest()

    def ask() -> list[str]:
        message = Message(listener_id=me.listener_id, session_id="s", text="techno, 5 tracks", seed=3)
        return [track.title for track in installation.reply(message).tracks]

    first = ask()
    me.tab("My taste")
    rows = me.page.locator(".sg-ledger tbody tr")
    rows.first.wait_for()
    assert rows.count() == 5
    assert {row.split("\n")[0].split("\t")[0] for row in rows.all_inner_texts()} == set(first)
    me.press(f"Not again for 30 days: {first[0]} by")
    me.said("30 days")
    me.press(f"Never again: {first[1]} by")
    me.said("never be shown")
    resting = me.page.locator(".sg-ledger tr", has_text=f"{first[0]}\t")
    assert re.search(r"Rests until \d+ \w{3} \d{4}", me.page.locator(".sg-ledger").inner_text())
    assert resting.count() <= 1
    assert not {first[0], first[1]} & set(ask())
    me.press(f"Show again: {first[0]} by")
    me.said("may be shown it again")
    assert "Rests until" not in me.page.locator(".sg-ledger").inner_text()


def test_hostile_titles_on_a_narrow_dark_page(guest: Arrive, installation: WatchedAssistant) -> None:
    me = guest(width=360, height=760, dark=True)
    for track in ("x0", "x1", "x2"):
        installation.feedback(me.listener_id, None, track, "like")
    message = Message(listener_id=me.listener_id, session_id="h", text="3 tracks by Mallory")
    assert len(installation.reply(message).tracks) == 3
    me.tab("My taste")
    me.page.get_by_text("What you were shown").wait_for()
    shown = me.page.locator("#sg-taste-report").inner_text()
    assert HOSTILE_TITLE in shown
    assert "${alert(2)} {{this}}" in shown
    assert me.page.locator("#sg-my-taste img, #sg-my-taste script").count() == 0
    assert me.fits(360)
    buttons = me.page.locator(".sg-ledger button").all()
    assert all(box["height"] >= 32 for button in buttons if (box := button.bounding_box()) is not None)
    me.shoot("web-taste-360-dark")


def test_the_map_is_drawn_in_the_page_and_read_by_keyboard(guest: Arrive, installation: WatchedAssistant) -> None:
    me = guest(width=1920, height=1080)
    installation.feedback(me.listener_id, None, "t1", "like")
    me.tab("My taste")
    me.press("Map: where a request takes you")
    box = me.page.get_by_label("A request to draw")
    box.press("Enter")
    me.said("Say what you would ask for")
    box.fill("<script>alert(4)</script> dark techno")
    box.press("Enter")
    me.page.locator(".sg-map svg").wait_for()
    picks = me.page.locator(".sg-map-pick")
    assert picks.count() == 8
    named = me.page.locator(".sg-map-picks li").all_inner_texts()
    picks.first.focus()
    words = str(me.page.evaluate("document.activeElement.getAttribute('aria-label')"))
    assert words == f"1. {named[0]}"
    me.page.keyboard.press("Tab")
    assert str(me.page.evaluate("document.activeElement.getAttribute('aria-label')")).startswith("2. ")
    me.shoot("web-taste-1920-map")


def test_two_browsers_are_linked_and_unlinked(guest: Arrive, installation: WatchedAssistant) -> None:
    one, two = guest(), guest()
    installation.feedback(one.listener_id, None, "t0", "like")
    for me in (one, two):
        me.tab("My taste")
    one.press("Make a code")
    code = one.page.locator(".sg-code strong").inner_text()
    typed = two.page.get_by_label("A code from another place")
    typed.fill("AAAA-AAAA")
    typed.press("Enter")
    two.page.locator("#sg-joined .sg-problem").wait_for()
    typed.fill(code)
    typed.press("Enter")
    two.said("Linked.")
    assert installation.taste(two.listener_id).n_events == 1
    two.press("Unlink")
    two.said("Unlinked.")
    assert installation.taste(two.listener_id).n_events == 0
    assert installation.taste(one.listener_id).n_events == 1


def test_everything_is_taken_along_and_then_forgotten(
    guest: Arrive, installation: WatchedAssistant, tmp_path: Path
) -> None:
    me = guest()
    installation.feedback(me.listener_id, None, "t3", "like")
    me.tab("My taste")
    me.press("My data")
    with me.page.expect_download() as download:
        me.press("Export everything")
    saved = tmp_path / str(download.value.suggested_filename)
    download.value.save_as(saved)
    assert saved.name == "segue-my-data.zip"
    with zipfile.ZipFile(saved) as archive:
        assert archive.testzip() is None
        assert "Rock Piece 3" in "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())

    me.press("Forget me")
    me.said("Nothing was forgotten")
    assert installation.taste(me.listener_id).n_events == 1
    me.page.get_by_label("to have everything forgotten").fill(" Forget  me ")
    me.press("Forget me")
    me.said("You are forgotten.")
    assert installation.taste(me.listener_id).n_events == 0
    me.page.wait_for_event("load")
    me.page.locator("#sg-welcome").wait_for()
    assert me.arrivals[-1] != me.listener_id
