"""Every button of the slate in a real browser: what it does to the playlist, to the taste, and to the page."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

import pytest

from tests.e2e.conftest import Visit

pytestmark = [
    pytest.mark.e2e,
    # Raised inside Gradio's own threads and what it builds on; nothing of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]

Open = Callable[..., Any]
HOSTILE_TITLE = "<img src=x onerror=alert(1)>"


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as waiting

    return waiting(locator)


def test_a_row_shows_its_facets_and_whose_taste_lifts_it(visit: Open) -> None:
    me = visit()
    titles = me.ask("mellow jazz, 6 tracks")
    me.rate("Like", titles[0])
    me.press(me.button("swap", 6))
    me.says("Swapped")
    assert "jazz" in me.page.locator(".sg-row .sg-facets").first.inner_text()
    # Nothing lifts a track that scores below the average, which a draw may put first.
    said = me.page.locator(".sg-row .sg-lift").first.get_attribute("aria-label")
    assert re.fullmatch(r"Lifted by: your taste \d+%, your words \d+%", said)
    assert {bar.get_attribute("width") for bar in me.page.locator(".sg-lift-you .sg-lift-done").all()} - {"0"}


def test_swapping_one_track_leaves_the_others(me: Visit, installation: Any) -> None:
    before = me.ask("rock, 6 tracks")
    me.press(me.button("swap", 3))
    me.says(f"Swapped “{before[2]}”")
    after = me.titles()
    assert after[:2] + after[3:] == before[:2] + before[3:]
    assert after[2] not in before
    message, _ = installation.exchanges[-1]
    assert (message.text, message.edits[0].action) == ("", "swap")
    assert me.page.get_by_test_id("bot").count() == 1


def test_removing_can_be_undone_and_done_again(me: Visit) -> None:
    before = me.ask("soul, 5 tracks")
    me.press(me.button("remove", 2))
    me.has_titles([before[0], *before[2:]])
    me.press(me.button("undo"))
    me.has_titles(before)
    me.press(me.button("redo"))
    me.has_titles([before[0], *before[2:]])
    assert "4 tracks" in me.page.locator(".sg-total").inner_text()


def test_what_is_pinned_keeps_its_place_until_it_is_let_go(me: Visit) -> None:
    before = me.ask("folk, 6 tracks")
    me.choose("pin", 4)
    expect(me.page.locator(".sg-row .sg-pin")).to_have_count(1)
    after = me.ask("jazz instead, 6 tracks")
    assert after[3] == before[3]
    assert after != before
    me.choose("release", 4)
    expect(me.page.locator(".sg-row .sg-pin")).to_have_count(0)


def test_tracks_move_by_menu_by_keyboard_and_by_dragging(me: Visit) -> None:
    one, two, three, four = me.ask("techno, 4 tracks")
    me.choose("move", 1, "Move down")
    me.has_titles([two, one, three, four])
    summary = me.page.locator('tr[data-place="4"] summary')
    summary.focus()
    me.page.keyboard.press("Enter")
    for _ in range(3):  # more like this, pin, move up
        me.page.keyboard.press("Tab")
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        me.page.keyboard.press("Enter")
    me.has_titles([two, one, four, three])
    rows = me.page.locator("tr.sg-row")
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        rows.nth(2).drag_to(rows.nth(0))
    me.has_titles([four, two, one, three])


def test_more_like_one_track_makes_a_playlist_around_it(me: Visit, installation: Any) -> None:
    before = me.ask("mellow, 8 tracks")
    track = installation.exchanges[-1][1].tracks[0]
    me.choose("more", 1)
    expect(me.page.locator(".sg-footer")).to_contain_text("seed")
    message, reply = installation.exchanges[-1]
    assert message.edits[0].what.track_ids == (track.track_id,)
    me.has_titles([one.title for one in reply.tracks])
    assert before != [one.title for one in reply.tracks]


def test_why_opens_under_the_row_and_closes_again(me: Visit) -> None:
    titles = me.ask("3 tracks by Mallory")
    place = titles.index(HOSTILE_TITLE) + 1
    me.press(me.button("why", place))
    answer = me.page.locator(".sg-why-row")
    expect(answer).to_contain_text(f"Number {place}, “{HOSTILE_TITLE}”")
    assert me.button("why", place).get_attribute("aria-pressed") == "true"
    me.press(me.button("why", place))
    expect(answer).to_have_count(0)


def test_wishes_are_dropped_and_hardened_by_their_chips(me: Visit, installation: Any) -> None:
    me.ask("jazz, energetic, 6 tracks")
    chips = me.page.locator(".sg-wish")
    mood = chips.filter(has_text="energetic")
    turn = mood.locator("button").first
    before = turn.get_attribute("data-act")
    turn.focus()
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        me.page.keyboard.press("Enter")
    me.says("energetic")
    assert {before, mood.locator("button").first.get_attribute("data-act")} == {"must", "prefer"}
    me.press(me.page.get_by_role("button", name="Drop jazz"))
    me.says("Dropped: jazz")
    expect(chips.filter(has_text="jazz")).to_have_count(0)
    assert installation.exchanges[-1][0].chips[0].action == "drop"
    expect(chips.filter(has_text="energetic")).to_have_count(1)


def test_dials_rank_anew_when_they_are_let_go(me: Visit, installation: Any) -> None:
    fame = me.page.locator('input[data-dial="fame"]')
    fame.fill("-0.5")  # before anything was asked: it counts for the first playlist
    expect(me.page.locator(".sg-dial").filter(has_text="Fame").locator("output")).to_have_text("-0.5")
    before = me.ask("rock or soul, 6 tracks")
    assert installation.exchanges[-1][0].fame == -0.5
    length = me.page.locator('input[data-dial="n_tracks"]')
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        length.fill("9")
    expect(me.page.locator("td.sg-title")).to_have_count(9)
    assert me.titles()[:6] == before
    mine = me.page.locator('input[data-dial="how_much_me"]')
    mine.focus()
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        me.page.keyboard.press("ArrowRight")
    expect(me.page.locator(".sg-receipt")).to_contain_text("your taste")
    assert installation.exchanges[-1][0].how_much_me == 1.25
    me.press(me.page.get_by_role("button", name="Drop your taste"))
    expect(me.page.locator(".sg-dial").first.locator("output")).to_have_text("1")


def test_dials_follow_what_is_said(me: Visit) -> None:
    def stand() -> dict[str, float]:
        sliders = me.page.locator("input[data-dial]")
        told = sliders.evaluate_all("all => all.map((one) => [one.dataset.dial, one.valueAsNumber])")
        return {str(name): float(value) for name, value in told}

    assert stand() == {"how_much_me": 1.0, "discovery": 0.0, "fame": 0.0, "n_tracks": 20.0}
    me.ask("jazz, 12 tracks, nothing too famous")
    said = stand()
    assert said["n_tracks"] == 12
    assert said["fame"] < 0
    me.ask("70 tracks of anything, more popular ones")
    moved = stand()
    assert moved["n_tracks"] == 60  # its end
    expect(me.page.locator(".sg-dial").last.locator("output")).to_have_text("70")
    assert moved["fame"] > said["fame"]
    me.press(me.button("undo"))
    expect(me.page.locator("td.sg-title")).to_have_count(12)
    assert stand() == said
    me.page.reload()
    expect(me.page.locator("td.sg-title")).to_have_count(12)
    assert stand() == said


def test_without_me_shows_a_strangers_playlist_beside_mine(visit: Open) -> None:
    me = visit()
    titles = me.ask("10 tracks to listen to")
    for title in titles[:3]:
        me.rate("Dislike", title)
    mine = me.ask("10 other tracks to listen to")
    me.press(me.button("without"))
    columns = me.page.locator(".sg-compared section")
    expect(columns).to_have_count(2)
    assert [text.split("\n")[0] for text in columns.first.locator("li").all_inner_texts()] == mine
    assert columns.nth(1).locator("li").count() == 10
    assert me.page.locator(".sg-compared .sg-only").count() > 0
    me.press(me.button("without"))
    expect(columns).to_have_count(0)


def test_incognito_leaves_nothing(visit: Open, installation: Any) -> None:
    me = visit()
    me.press(me.button("incognito"))
    me.says("nothing from here on is stored")
    titles = me.ask("folk, 5 tracks")
    message, _ = installation.exchanges[-1]
    assert message.incognito
    me.rate("Like", titles[0])
    me.press(me.button("swap", 2))
    me.says("Swapped")
    assert installation.events(message.listener_id) == []
    assert installation.sessions(message.listener_id) == ()
    assert me.page.locator(".sg-talk").count() == 0
    me.press(me.button("incognito"))
    me.says("No longer incognito")
    expect(me.page.locator("td.sg-title")).to_have_count(0)
    # The same switch is on My taste.
    me.page.get_by_role("tab", name="My taste").click()
    me.page.get_by_role("button", name="Incognito").last.click()
    switch = me.page.locator('[data-switch="incognito"]')
    me.press(switch)
    expect(switch).to_have_attribute("aria-pressed", "true")
    me.page.get_by_role("tab", name="Ask").click()
    expect(me.button("incognito")).to_have_attribute("aria-pressed", "true")
    me.press(me.button("incognito"))


def test_the_answers_to_a_question_are_buttons(me: Visit, installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = installation.reply

    def asking(message: Any) -> Any:
        reply = answer(message)
        options = ("folk, 4 tracks", "soul <b>, 4 tracks")
        return reply if message.text in options else reply.model_copy(update={"options": options})

    monkeypatch.setattr(installation, "reply", asking)
    me.ask("jazz, 4 tracks")
    options = me.page.get_by_role("group", name="Which did you mean?").get_by_role("button")
    assert options.all_inner_texts() == ["folk, 4 tracks", "soul <b>, 4 tracks"]
    options.first.click()
    expect(me.page.get_by_test_id("user")).to_have_count(2)
    expect(options).to_have_count(0)
    assert all(title.startswith("Folk") for title in me.titles())


def test_every_file_and_a_copy_as_text(me: Visit) -> None:
    from connectors.playlists import FORMATS

    me.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    titles = me.ask("soul, 5 tracks")
    links = me.page.locator("a.sg-export")
    names = {name.rsplit(".", 1)[1] for name in links.evaluate_all("all => all.map((a) => a.download)")}
    assert names == {extension[1:] for extension in FORMATS} - {"m3u"}
    me.page.get_by_role("button", name="Copy").click()
    expect(me.page.locator("button.sg-export")).to_contain_text("Copied")
    copied = me.page.evaluate("navigator.clipboard.readText()").splitlines()
    assert [line.split(" – ", 1)[1] for line in copied] == titles


def test_a_skeleton_is_there_before_the_slate(me: Visit, installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    quick, gate = installation.reply, threading.Event()

    def slow(message: Any) -> Any:
        assert gate.wait(30)
        return quick(message)

    monkeypatch.setattr(installation, "reply", slow)
    box = me.page.get_by_label("Your request")
    box.fill("jazz, 5 tracks")
    box.press("Enter")
    try:
        me.page.locator(".sg-skeleton").wait_for(timeout=5_000)
    finally:
        gate.set()
    me.page.locator(".sg-row").nth(4).wait_for()
    assert me.page.locator(".sg-skeleton").count() == 0


def test_a_message_that_is_too_long_is_refused_politely(me: Visit, installation: Any) -> None:
    n_before = len(installation.exchanges)
    me.ask("x " * 3_000)
    assert "at most 4,000 characters" in me.page.get_by_test_id("bot").last.inner_text()
    assert len(installation.exchanges) == n_before
    assert me.ask("jazz, 3 tracks")


def test_the_focus_stays_where_one_works(me: Visit) -> None:
    me.ask("jazz, 5 tracks")
    me.button("remove", 2).focus()
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        me.page.keyboard.press("Enter")
    expect(me.page.locator("tr.sg-row")).to_have_count(4)
    assert me.page.evaluate("document.activeElement.closest('tr')?.dataset.place") == "2"
