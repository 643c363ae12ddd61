"""The first visit in a real browser: artists are picked or a history is brought, or neither; it is asked only once."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recsys.types import EventKind
from tests.e2e.conftest import Guest, WatchedAssistant

pytestmark = [
    pytest.mark.e2e,
    # Raised inside Gradio's own threads and what it builds on; nothing of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

Arrive = Callable[..., Guest]


def test_artists_are_picked_and_count_at_once(guest: Arrive, installation: WatchedAssistant) -> None:
    me = guest(width=1920, height=1080)
    search = me.page.get_by_label("Artists you like")
    search.press_sequentially("number 31")
    me.press("The Number 31s")
    me.page.locator(".sg-picked button").first.wait_for()
    assert search.input_value() == ""
    search.press_sequentially("number 3")
    me.page.locator(".sg-offered button", has_text="The Number 30s").wait_for()
    me.page.locator(".sg-offered button", has_text="The Number 3s").click()
    me.page.locator(".sg-picked button", has_text="The Number 3s").wait_for()
    me.page.locator(".sg-picked button").nth(1).wait_for()
    search.press_sequentially("q")
    me.page.get_by_text("Nobody of that name").wait_for()
    me.shoot("web-welcome-1920")
    me.page.locator(".sg-picked button", has_text="The Number 31s").click()
    me.press("I like this artist")
    me.said("Noted: you like The Number 3s.")
    events = installation.events(me.listener_id)
    assert {event.track_id for event in events} == {"t6", "t7"}
    assert {event.kind for event in events} == {EventKind.KEEP}
    me.press("Close")
    me.page.locator("#sg-welcome").wait_for(state="hidden")
    me.page.reload()
    me.page.locator("#ready").wait_for()
    assert not me.page.locator("#sg-welcome").is_visible()
    assert me.arrivals[-1] == me.listener_id


def test_it_is_dismissed_by_keyboard_and_does_not_come_back(guest: Arrive, installation: WatchedAssistant) -> None:
    me = guest(width=360, height=760)
    assert me.fits(360)
    me.shoot("web-welcome-360")
    dismiss = me.page.get_by_role("button", name="Not now")
    dismiss.focus()
    me.page.keyboard.press("Enter")
    me.page.locator("#sg-welcome").wait_for(state="hidden")
    me.page.reload()
    me.page.locator("#ready").wait_for()
    assert not me.page.locator("#sg-welcome").is_visible()
    assert installation.events(me.listener_id) == []


def test_a_history_is_read_told_and_not_kept_as_a_file(
    guest: Arrive, installation: WatchedAssistant, tmp_path: Path
) -> None:
    me = guest(dark=True)
    me.press("Or bring a listening history")
    history = tmp_path / "history.csv"
    rows = ["artist,title,played_at"]
    rows += [f"The Number {i // 2}s,Jazz Piece {i},2024-03-{i + 1:02} 20:00:00" for i in (0, 5, 10, 15)]
    rows += ["The Number 0s,Jazz Piece 0,not a time"]
    history.write_text("\n".join(rows), "utf-8")
    chooser = me.page.locator("#sg-welcome input[type=file]")
    chooser.set_input_files(history)
    me.page.locator(".sg-report .sg-said").wait_for()
    told = me.page.locator(".sg-report").inner_text()
    assert "4 new events from 5 rows" in told
    assert "4 tracks found here" in told
    me.page.get_by_text("1 row not readable").click()
    me.shoot("web-welcome-1280-history-dark")
    assert installation.taste(me.listener_id).n_events == 4
    chooser.set_input_files(tmp_path / "history.csv")
    me.page.get_by_text("4 known before").wait_for()
    assert installation.taste(me.listener_id).n_events == 4

    zone = me.page.locator("#sg-welcome").get_by_label("Time zone, for files that state none")
    zone.fill("Mars/Olympus")
    chooser.set_input_files(history)
    me.page.locator(".sg-history .sg-problem", has_text="'Mars/Olympus' is none").wait_for()
    assert installation.taste(me.listener_id).n_events == 4
    zone.fill("America/New_York")
    chooser.set_input_files(history)
    me.page.get_by_text("4 new events from 5 rows").wait_for()
    times = {event.at for event in installation.events(me.listener_id)}
    in_utc = datetime(2024, 3, 1, 20, tzinfo=UTC).timestamp()
    assert {in_utc, in_utc + 5 * 3600} <= times  # New York's clocks are five hours behind in winter

    broken = tmp_path / "history.json"
    broken.write_text("[1, 2", "utf-8")
    chooser.set_input_files(broken)
    me.page.locator(".sg-history .sg-problem").wait_for()
    kept = [path for path in (Path(tempfile.gettempdir()) / "gradio").rglob("history.*") if path.is_file()]
    assert kept == []
