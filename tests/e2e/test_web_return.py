"""A page whose server was started anew or let go of it, that was loaded anew, or whose listener was forgotten."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from assistant.settings import Settings
from connectors.web_users import add_user
from tests.e2e.conftest import Visit, WatchedAssistant
from tests.e2e.guarded import PASSWORD, Program, served

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

Open = Callable[..., Visit]


@pytest.fixture(scope="module")
def page(installation: WatchedAssistant) -> Iterator[Any]:
    """The page, and its address."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from connectors.web import launch

        app, url = launch(installation, "127.0.0.1", 0)
    yield app, url
    app.close(verbose=False)


@pytest.fixture
def open_page(chromium: Any, page: Any) -> Iterator[Open]:
    """Open the page in a new browser profile."""
    contexts = []

    def opened(at: str = "") -> Visit:
        contexts.append(chromium.new_context(viewport={"width": 1920, "height": 900}))
        contexts[-1].set_default_timeout(30_000)
        me = Visit(contexts[-1].new_page())
        me.page.goto(at or page[1])
        me.page.get_by_label("Your request").wait_for()
        me.page.locator(".sg-talks").wait_for(state="attached")
        return me

    yield opened
    for context in contexts:
        context.close()


def restart(app: Any) -> None:
    """Let the server forget every page, as when it is started anew or a page was away for an hour."""
    app.state_holder.session_data.clear()


def test_the_first_press_after_a_restart_is_done_and_wipes_nothing(
    open_page: Open, page: Any, installation: WatchedAssistant
) -> None:
    me = open_page()
    titles = me.ask("jazz, 4 tracks")
    message, reply = installation.exchanges[-1]
    restart(page[0])
    me.rate("Like", titles[0])
    me.has_titles(titles)
    events = installation.events(message.listener_id)
    assert [(event.track_id, event.session_id) for event in events] == [(reply.tracks[0].track_id, message.session_id)]
    restart(page[0])
    fewer = me.ask("only 2 tracks")
    assert len(fewer) == 2
    assert installation.exchanges[-1][0].session_id == message.session_id
    assert installation.exchanges[-1][1].turn == 2
    assert me.page.get_by_test_id("user").count() == 2


def test_after_a_restart_an_incognito_page_stays_as_it_is_and_says_that_it_is_gone(
    open_page: Open, page: Any, installation: WatchedAssistant
) -> None:
    me = open_page()
    me.press(me.button("incognito"))
    titles = me.ask("jazz, 4 tracks")
    listener_id = installation.exchanges[-1][0].listener_id
    restart(page[0])
    me.button("like", 1).click()
    me.page.get_by_text("This conversation is no longer here").wait_for()
    me.has_titles(titles)
    me.page.get_by_role("button", name="Start over").click()
    me.page.get_by_text("Your playlist appears here").wait_for()
    me.ask("soul, 2 tracks")
    assert installation.exchanges[-1][0].incognito
    assert installation.sessions(listener_id) == ()
    assert installation.events(listener_id) == []


def test_incognito_goes_on_after_a_reload_and_is_said(open_page: Open, installation: WatchedAssistant) -> None:
    me = open_page()
    me.press(me.button("incognito"))
    me.ask("jazz, 3 tracks")
    me.page.wait_for_url("**incognito=1**")
    me.page.reload()
    me.says("Incognito is still on")
    assert me.button("incognito").get_attribute("aria-pressed") == "true"
    me.ask("soul, 2 tracks")
    message = installation.exchanges[-1][0]
    assert message.incognito
    assert installation.sessions(message.listener_id) == ()
    me.press(me.button("incognito"))
    me.page.wait_for_url(lambda url: "incognito" not in url)


def test_nothing_of_the_forgotten_stays_in_the_memory_of_the_server(
    open_page: Open, page: Any, installation: WatchedAssistant
) -> None:
    other, me = open_page(), open_page()
    other.ask("soul, 2 tracks")
    me.ask("jazz, 2 tracks, zanzibar")
    me.page.get_by_role("tab", name="My taste").click()
    me.page.get_by_text("What you were shown").wait_for()
    me.page.get_by_role("button", name="My data").click()
    me.page.get_by_label("Type “forget me”").fill("forget me")
    with me.page.expect_navigation():  # the page starts afresh
        me.page.locator("#sg-forget").click()
    kept = [
        repr(value.messages) if hasattr(value, "messages") else repr(value)
        for state in page[0].state_holder.session_data.values()
        for value in (state.config_values, *state.state_data.values())
    ]
    assert not [words for words in kept if "zanzibar" in words]
    assert [words for words in kept if "soul, 2 tracks" in words]
    assert page[0].state_session_capacity == 1_000


def test_who_is_logged_in_is_named_and_logs_out(
    untouched_installation: Settings, tmp_path_factory: pytest.TempPathFactory, chromium: Any
) -> None:
    users = tmp_path_factory.mktemp("out") / "users"
    settings = untouched_installation.model_copy(update={"web_users": users, "web_per_minute": 6})
    for name in ("ann", "bob"):
        add_user(settings, name, PASSWORD)
    with served(settings) as (_, url):
        context = chromium.new_context()
        context.set_default_timeout(30_000)
        opened = context.new_page()
        opened.goto(url)
        opened.get_by_label("username").fill("Ann")
        opened.get_by_label("password").fill(PASSWORD)
        opened.get_by_role("button", name="Login").click()
        opened.get_by_role("link", name="Log out").wait_for()
        assert opened.locator(".sg-user bdi").inner_text() == "ann"
        cookies = {"Cookie": "; ".join(f"{one['name']}={one['value']}" for one in context.cookies())}
        with Program(url) as thief:
            assert thief.get("config", headers=cookies).status_code == 200
            opened.get_by_role("link", name="Log out").click()
            opened.get_by_label("username").wait_for()
            assert thief.get("config", headers=cookies).status_code == 401
        context.close()
        with Program(url, "bob") as bob:
            too_fast(bob)
            leaves_no_file(bob)


def too_fast(bob: Program) -> None:
    """Beginning anew counts, too."""
    answers = [bob.do("sg-talks", "act", "bobpage", act="new").text for _ in range(7)]
    assert ["please wait a moment" in text for text in answers] == [False] * 6 + [True]
    assert "please wait a moment" in bob.do("sg-start-over", "click", "bobpage").text


def leaves_no_file(bob: Program) -> None:
    """Of what is refused nothing is left: neither for being too much nor for being of the wrong kind."""
    for part, refused in (("sg-file", "please wait a moment"), ("sg-recipe-file", "Invalid file type")):
        path = bob.post("gradio_api/upload", files={"files": ("list.csv", part.encode())}).json()[0]
        event = bob.event(part, "upload")
        file = {"path": path, "orig_name": "list.csv", "meta": {"_type": "gradio.FileData"}}
        sent = {
            "data": [*[None] * (len(event["inputs"]) - 1), file],
            "fn_index": event["id"],
            "session_hash": "bobpage",
        }
        answer = bob.post("gradio_api/run/predict", json=sent)
        assert answer.status_code == 500
        assert refused in json.loads(answer.text)["error"]
        with pytest.raises(FileNotFoundError):
            open(path).close()
