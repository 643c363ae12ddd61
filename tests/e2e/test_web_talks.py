"""Several conversations in a real browser: they are listed, opened, named, deleted and there again after a reload."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

Open = Callable[..., Any]


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as waiting

    return waiting(locator)


def test_two_conversations_are_kept_apart_and_come_back(visit: Open, installation: Any) -> None:
    me = visit(width=1920)
    first = me.ask("jazz, 4 tracks")
    jazz = installation.exchanges[-1][0]
    me.press(me.page.get_by_role("button", name="New conversation"))
    expect(me.page.locator(".sg-row")).to_have_count(0)
    second = me.ask("techno, 5 tracks")
    techno = installation.exchanges[-1][0]
    assert jazz.session_id != techno.session_id
    names = me.page.locator(".sg-talk-name bdi")
    expect(names).to_have_text(["techno, 5 tracks", "jazz, 4 tracks"])

    me.press(names.nth(1))
    me.has_titles(first)
    expect(me.page.get_by_test_id("user")).to_have_text("jazz, 4 tracks")
    changed = me.ask("no piano, 4 tracks")
    assert installation.exchanges[-1][0].session_id == jazz.session_id
    me.rate("Like", changed[0])
    me.rate("Dislike", changed[1])

    me.page.reload()
    me.has_titles(changed)
    pressed = me.page.locator('.sg-row button[aria-pressed="true"]')
    assert [(one.get_attribute("data-act"), one.get_attribute("aria-label")) for one in pressed.all()] == [
        ("like", me.rating("Like", changed[0]).get_attribute("aria-label")),
        ("dislike", me.rating("Dislike", changed[1]).get_attribute("aria-label")),
    ]
    me.press(pressed.first)
    expect(pressed).to_have_count(1)
    expect(me.page.get_by_test_id("user")).to_have_count(2)
    assert me.page.locator(".sg-talk.sg-is-open bdi").inner_text() == "jazz, 4 tracks"
    me.press(names.filter(has_text="techno"))
    me.has_titles(second)


def test_conversations_get_names_and_are_deleted_by_a_second_press(visit: Open, installation: Any) -> None:
    me = visit(width=1920)
    me.ask("soul, 4 tracks")
    listener_id = installation.exchanges[-1][0].listener_id
    me.page.get_by_role("button", name="Rename soul, 4 tracks").click()
    box = me.page.get_by_label("New name")
    box.fill("<img src=x onerror=alert(1)>")
    with me.page.expect_response(lambda response: "/run/predict" in response.url):
        box.press("Enter")
    expect(me.page.locator(".sg-talk-name bdi")).to_have_text(["<img src=x onerror=alert(1)>"])
    assert [talk.name for talk in installation.sessions(listener_id)] == ["<img src=x onerror=alert(1)>"]

    delete = me.page.locator("button[data-delete]")
    delete.click()
    expect(delete).to_have_text("Delete?")
    assert len(installation.sessions(listener_id)) == 1
    me.press(delete)
    expect(me.page.locator(".sg-talk")).to_have_count(0)
    me.page.get_by_text("Your playlist appears here").wait_for()
    assert installation.sessions(listener_id) == ()


def test_where_it_is_narrow_the_list_is_a_drawer(visit: Open) -> None:
    me = visit(width=360, height=760)
    first = me.ask("folk, 4 tracks")
    nav = me.page.locator(".sg-talks")
    assert not nav.is_visible()
    me.page.get_by_role("button", name="Show the conversations").click()
    nav.wait_for()
    me.shoot("web-360-drawer")
    me.page.keyboard.press("Escape")
    expect(nav).not_to_be_visible()
    me.page.get_by_role("button", name="Show the conversations").click()
    me.press(me.page.get_by_role("button", name="New conversation"))
    expect(nav).not_to_be_visible()
    me.page.get_by_text("Your playlist appears here").wait_for()
    me.page.get_by_role("button", name="Show the conversations").click()
    me.press(me.page.locator(".sg-talk-name"))
    me.has_titles(first)


def test_nobody_opens_the_conversation_of_another_browser(visit: Open, installation: Any) -> None:
    mine = visit()
    mine.ask("rock, 4 tracks")
    session_id = installation.exchanges[-1][0].session_id
    assert f"talk={session_id}" in mine.page.url
    other = visit(at=f"?talk={session_id}")
    other.page.get_by_text("Your playlist appears here").wait_for()
    assert other.page.locator(".sg-row, .sg-talk").count() == 0
