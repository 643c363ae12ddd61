"""The web chat in a real browser: ask, like, refine, save, start over; and what must never happen on a page."""

from __future__ import annotations

import gc
import json
import re
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recsys.types import EventKind
from tests.e2e.conftest import Visit

pytestmark = [
    pytest.mark.e2e,
    # Raised inside Gradio's own threads and what it builds on; nothing of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

Open = Callable[..., Any]
HOSTILE_TITLE = "<img src=x onerror=alert(1)>"


def saved(visit: Any, label: str, folder: Path) -> Path:
    """Press an export link and return the downloaded file."""
    with visit.page.expect_download() as download:
        visit.page.get_by_role("link", name=label).click()
    path = folder / str(download.value.suggested_filename)
    download.value.save_as(path)
    return path


def test_ask_like_refine_and_save(visit: Open, installation: Any, tmp_path: Path) -> None:
    me = visit()
    me.shoot("web-1280-empty")
    first = me.ask("mellow jazz or folk, 12 tracks")
    assert len(first) == 12
    assert any(title.startswith("Jazz") for title in first)
    message, reply = installation.exchanges[-1]
    assert [track.title for track in reply.tracks] == first

    me.rate("Like", first[0])
    me.rate("Dislike", first[1])
    stored = installation.events(message.listener_id)
    assert [(event.track_id, event.kind, event.session_id) for event in stored] == [
        (reply.tracks[0].track_id, EventKind.LIKE, message.session_id),
        (reply.tracks[1].track_id, EventKind.DISLIKE, message.session_id),
    ]
    me.shoot("web-1280-slate")

    second = me.ask("no jazz")
    assert second != first
    assert second
    assert not [title for title in second if title.startswith("Jazz")]
    assert installation.exchanges[-1][0].session_id == message.session_id
    assert installation.exchanges[-1][1].turn == reply.turn + 1
    assert re.search(r"no jazz\s+12 of 12", me.page.locator(".sg-receipt").inner_text())
    assert "index exact" in me.page.locator(".sg-footer").inner_text() or installation.settings.index == "chroma"

    document = json.loads(saved(me, "JSON", tmp_path).read_text("utf-8"))
    assert document["schema"] == 1
    assert [track["title"] for track in document["tracks"]] == second
    m3u8 = saved(me, "M3U8", tmp_path).read_text("utf-8")
    assert m3u8.startswith("#EXTM3U\n")
    assert all(title in m3u8 for title in second)
    assert saved(me, "CSV", tmp_path).read_text("utf-8").count("\n") == len(second) + 1


def test_hostile_titles_are_only_words(me: Visit) -> None:
    titles = me.ask("3 tracks by Mallory")
    assert HOSTILE_TITLE in titles
    assert "${alert(2)} {{this}}" in titles
    assert any(title.startswith("Long Long") and len(title) < 150 for title in titles)
    me.ask("<img src=x onerror=alert(9)> **bold** ![x](http://evil.example/x.png) <script>alert(8)</script>")
    shown = me.page.get_by_test_id("user").last.locator(".message-content").inner_text()
    assert shown.startswith("<img src=x onerror=alert(9)> **bold** ![x](")
    assert me.page.locator("#sg-chat img, #sg-result img").count() == 0
    assert me.page.evaluate("document.documentElement.scrollWidth") <= 1280


def test_two_browsers_share_neither_session_nor_taste(visit: Open, installation: Any) -> None:
    one, two = visit(), visit()
    titles = one.ask("rock, 8 tracks")
    mine, reply = installation.exchanges[-1]
    one.rate("Dislike", titles[0])

    assert two.ask("rock, 8 tracks")
    theirs, _ = installation.exchanges[-1]
    assert mine.listener_id != theirs.listener_id
    assert mine.session_id != theirs.session_id
    assert two.page.locator('.sg-row button[aria-pressed="true"]').count() == 0
    assert installation.events(theirs.listener_id) == []
    assert [event.track_id for event in installation.events(mine.listener_id)] == [reply.tracks[0].track_id]

    one.page.reload()
    one.has_titles(titles)  # the page has arrived: what is pressed before may be followed by what it still fetches
    one.press(one.page.get_by_role("button", name="Start over"))
    one.page.get_by_text("Your playlist appears here").wait_for()
    again = one.ask("rock, 8 tracks")
    message, _ = installation.exchanges[-1]
    assert message.listener_id == mine.listener_id
    assert message.session_id != mine.session_id
    assert titles[0] not in again


def test_examples_work_and_starting_over_empties_the_page(me: Visit, installation: Any) -> None:
    me.page.get_by_role("button", name="Select example 1").click()
    me.page.locator(".sg-row").first.wait_for()
    before = installation.exchanges[-1][0]
    assert before.text.startswith("something mellow")
    me.page.get_by_role("button", name="Start over").click()
    me.page.get_by_text("Your playlist appears here").wait_for()
    assert me.page.locator(".sg-row, .sg-export, [data-testid=user]").count() == 0
    me.ask("soul, 5 tracks")
    after, reply = installation.exchanges[-1]
    assert after.listener_id == before.listener_id
    assert after.session_id != before.session_id
    assert reply.turn == 1


def test_a_narrow_page_can_be_read_and_used_by_keyboard(visit: Open, installation: Any) -> None:
    me = visit(width=360, height=760)
    me.shoot("web-360-empty")
    titles = me.ask("mellow folk, 8 tracks")
    assert me.page.evaluate("document.documentElement.scrollWidth") <= 360
    like = me.rating("Like", titles[0])
    like.focus()
    me.page.keyboard.press("Enter")
    me.page.locator('button[data-act="like"][aria-pressed="true"]').wait_for()
    assert me.page.evaluate("document.activeElement.getAttribute('data-act')") == "like"
    me.page.keyboard.press("Tab")
    assert me.page.evaluate("document.activeElement.getAttribute('data-act')") == "dislike"
    box = like.bounding_box()
    assert box is not None
    assert min(box["width"], box["height"]) >= 32
    assert 0 <= box["x"] <= 360 - box["width"]
    me.shoot("web-360-slate")


def test_what_goes_wrong_becomes_a_sentence(me: Visit, installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    titles = me.ask("jazz, 5 tracks")

    def broken(*_: Any) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr(installation, "reply", broken)
    assert me.ask("no piano") == titles
    assert "went wrong" in me.page.get_by_test_id("bot").last.inner_text()
    monkeypatch.undo()
    assert me.ask("soul, 5 tracks") != titles


def test_a_pending_answer_shows_and_what_is_sent_meanwhile_is_answered_too(
    me: Visit, installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    quick = installation.reply

    def slow(message: Any) -> Any:
        time.sleep(0.8)
        return quick(message)

    monkeypatch.setattr(installation, "reply", slow)
    box = me.page.get_by_label("Your request")
    for text in ("jazz, 5 tracks", "only 3 tracks"):
        box.fill(text)
        box.press("Enter")
        me.page.get_by_test_id("user").get_by_text(text).wait_for()
    me.page.get_by_label("Loading response").wait_for()
    me.page.get_by_test_id("bot").nth(1).locator(".message-content").wait_for()
    me.page.locator(".sg-row").nth(2).wait_for()
    assert [message.text for message, _ in installation.exchanges[-2:]] == ["jazz, 5 tracks", "only 3 tracks"]
    assert len(me.titles()) == 3


@pytest.mark.usefixtures("address")
def test_serving_builds_what_is_missing_and_ends_with_ctrl_c(
    installation: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from connectors.web import serve

    stages: list[str] = []
    addresses: list[str] = []
    installation.rank("", "music", 1)  # opened, whichever test comes first
    monkeypatch.setattr(installation, "ensure_ready", lambda progress: stages.append("built"))

    def stop(address: str) -> None:
        addresses.append(address)
        raise KeyboardInterrupt

    with warnings.catch_warnings():
        # Gradio leaves event loops open when it is imported and stopped; the first test to come finds them.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
        serve(installation, "127.0.0.1", 0, ready=stop)
        gc.collect()
    assert stages == ["built"]
    out, err = capsys.readouterr()
    assert out == f"Segue is at {addresses[0]} (Ctrl+C stops it)\n"
    assert err == "Stopped.\n"
