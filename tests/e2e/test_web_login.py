"""Who may use the page: users with passwords, a proxy's header, and the same rights for what lies beside the page."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from assistant.settings import Settings
from connectors.web_errors import LoginRequiredError, TrustedProxyError, UserNameError, UsersFileError
from connectors.web_login import login_of
from connectors.web_users import add_user, read_users, remove_user, users_file
from tests.e2e.conftest import Visit, WatchedAssistant
from tests.e2e.guarded import PASSWORD, served

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


@pytest.fixture(scope="module")
def guarded(untouched_installation: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page for users who may do little in a minute; dora and emil are of one test alone."""
    users = tmp_path_factory.mktemp("users") / "users"
    settings = untouched_installation.model_copy(update={"web_users": users, "web_per_minute": 12})
    for name in ("ann", "Bob", "cleo", "dora", "emil"):
        add_user(settings, name, PASSWORD)
    with served(settings) as running:
        yield running


@pytest.fixture
def log_in(chromium: Any, guarded: Any) -> Iterator[Callable[..., Visit]]:
    """Open the guarded page and try a user and a password."""
    contexts = []

    def enter(name: str, password: str = PASSWORD) -> Visit:
        contexts.append(chromium.new_context())
        contexts[-1].set_default_timeout(30_000)
        me = Visit(contexts[-1].new_page())
        me.page.goto(guarded[1])
        me.page.get_by_label("username").fill(name)
        me.page.get_by_label("password").fill(password)
        me.page.get_by_role("button", name="Login").click()
        return me

    yield enter
    for context in contexts:
        context.close()


def test_a_wrong_password_stays_outside(log_in: Callable[..., Visit], guarded: Any) -> None:
    me = log_in("ann", "wrong horse")
    me.page.get_by_text("Incorrect Credentials").wait_for()
    assert me.page.get_by_label("Your request").count() == 0
    config = httpx.get(f"{guarded[1]}config", trust_env=False)
    assert config.status_code == 401


def test_each_login_has_a_taste_of_its_own_wherever_it_is_used(log_in: Callable[..., Visit], guarded: Any) -> None:
    segue, _ = guarded
    me = log_in("Dora")
    me.page.get_by_label("Your request").wait_for()
    titles = me.ask("jazz, 4 tracks")
    me.rate("Like", titles[0])
    assert segue.exchanges[-1][0].listener_id == "user-dora"
    assert len(segue.events("user-dora")) == 1

    again = log_in("dora")  # another browser
    again.page.locator(".sg-talk").first.wait_for(state="attached")
    assert "jazz, 4 tracks" in again.page.locator(".sg-talk-name bdi").first.text_content()
    other = log_in("emil")
    other.page.get_by_label("Your request").wait_for()
    assert other.page.locator(".sg-talk").count() == 0
    other.ask("jazz, 4 tracks")
    assert segue.exchanges[-1][0].listener_id == "user-emil"
    assert segue.events("user-emil") == []


def call_tool(client: httpx.Client, tool: str, **arguments: Any) -> str:
    """Call a tool of the page's server as an agent does; what came of it as text."""
    params = {"name": tool, "arguments": arguments}
    call = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}
    headers = {"Accept": "application/json, text/event-stream"}
    return client.post("gradio_api/mcp/", json=call, headers=headers, timeout=60).text


def test_who_asks_too_much_in_a_minute_is_told_to_wait(log_in: Callable[..., Visit], guarded: Any) -> None:
    me = log_in("cleo")
    me.page.get_by_label("Your request").wait_for()
    refused = me.page.get_by_test_id("bot").get_by_text("please wait a moment")
    with httpx.Client(base_url=guarded[1], trust_env=False, auth=("cleo", PASSWORD)) as client:
        # Every five seconds one more is allowed, and a page may take as long where much else runs.
        for _ in range(6):
            while "please wait a moment" not in call_tool(client, "explain", position=1, session="of-a-program"):
                pass
            me.ask("soul, 2 tracks")
            if refused.count():
                break
    assert refused.count() == 1


def test_where_files_lie_is_told_to_nobody_who_logs_in(
    log_in: Callable[..., Visit], guarded: Any, sounding_catalogue: Path, tmp_path: Path
) -> None:
    secret = str(sounding_catalogue.parent)
    me = log_in("bob")

    def shown() -> str:
        hidden = "all => all.map((a) => atob(a.href.split(',')[1])).join(' ')"
        files = me.page.locator("a.sg-export[href^='data:']").evaluate_all(hidden)
        assert "Drone" in files
        return str(me.page.content()) + str(files)

    me.page.get_by_label("Your request").wait_for()
    assert me.ask("2 tracks by Sine Wave")
    assert me.page.locator("button[data-play]").count() == 2
    assert secret not in shown()
    me.page.get_by_role("tab", name="Curate").click()
    me.page.get_by_label("A playlist, or what one should be").fill("Sine Wave - Drone one.wav")
    me.page.get_by_role("button", name="Read it as a playlist").click()
    me.page.locator("#sg-desk table").wait_for()
    assert secret not in shown()
    me.page.get_by_role("tab", name="My taste").click()
    me.page.get_by_role("button", name="My data").click()
    with me.page.expect_download() as download:
        me.page.get_by_role("button", name="Export everything").click()
    download.value.save_as(tmp_path / "data.zip")
    with zipfile.ZipFile(tmp_path / "data.zip") as archive:
        kept = "".join(archive.read(name).decode("utf-8", "replace") for name in archive.namelist())
    assert "Drone one.wav" in kept
    assert secret not in kept

    _, url = guarded
    with httpx.Client(base_url=url, trust_env=False, auth=("ann", PASSWORD)) as client:
        for tool, words in (("ask", {"text": "2 tracks by Sine Wave"}), ("export", {"file_format": "m3u8"})):
            told = call_tool(client, tool, session="of-a-program", **words)
            assert "Drone one.wav" in told
            assert "https://www.youtube.com/" in told
            assert secret not in told


@pytest.mark.usefixtures("guarded")  # which keeps Gradio, once imported, from looking up hosts
def test_what_is_pressed_beside_the_chat_counts_too() -> None:
    import gradio as gr

    from connectors.web_limits import TOO_FAST, RateLimit
    from connectors.web_who import Who

    ann, bob = (f"web-{letter * 32}" for letter in "ab")
    with gr.Blocks(analytics_enabled=False):
        who = Who(RateLimit(2))
    assert [who.act(ann, request=object()) for _ in range(2)] == [ann, ann]
    with pytest.raises(gr.Error) as refused:
        who.act(ann, request=object())
    assert refused.value.message == TOO_FAST
    assert who.listener(ann, request=object()) == ann
    assert who.act(bob, request=object()) == bob


def test_what_lies_beside_the_page_takes_the_same_login(guarded: Any) -> None:
    _, url = guarded
    with httpx.Client(base_url=url, trust_env=False) as client:
        call = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
        headers = {"Accept": "application/json, text/event-stream"}
        assert client.get("media/s0").status_code == 401
        assert client.post("gradio_api/mcp/", json=call, headers=headers).status_code == 401
        assert client.post("gradio_api/call/ask", json={"data": ["jazz"]}).status_code == 401
        assert client.post("gradio_api/upload", files={"files": b"x"}).status_code == 401
        assert client.get("media/s0", auth=("ann", "wrong")).status_code == 401
        assert client.get("media/s0", auth=("ann", PASSWORD)).status_code == 200
        assert client.post("gradio_api/mcp/", json=call, headers=headers, auth=("ann", PASSWORD)).status_code == 200


def test_a_proxy_names_who_is_there_and_nobody_else_may(untouched_installation: Settings) -> None:
    header = {"web_proxy_header": "X-Forwarded-User"}
    trusting = untouched_installation.model_copy(update={**header, "web_trusted_proxies": "127.0.0.0/8"})
    with served(trusting) as (_, url), httpx.Client(base_url=url, trust_env=False) as client:
        assert client.get("").status_code == 401
        sent = {"X-Forwarded-User": "Ann", "X-Forwarded-For": "8.8.8.8"}
        assert client.get("config", headers=sent).json()["username"] == "ann"
        assert client.get("media/s0", headers=sent).status_code == 200
        assert client.get("media/s0", headers={"X-Forwarded-User": "no name"}).status_code == 401
        two = [("X-Forwarded-User", "ann"), ("X-Forwarded-User", "bob")]
        assert client.get("media/s0", headers=two).status_code == 401
    elsewhere = untouched_installation.model_copy(update={**header, "web_trusted_proxies": "10.0.0.1"})
    login = login_of(elsewhere, "0.0.0.0")
    assert login.required
    with served(elsewhere) as (_, url):
        assert httpx.get(f"{url}media/s0", headers={"X-Forwarded-User": "ann"}, trust_env=False).status_code == 401


def test_without_a_login_it_listens_on_this_machine_alone(installation: WatchedAssistant, tmp_path: Any) -> None:
    from connectors.web import launch, serve

    settings = installation.settings
    assert not login_of(settings, "127.0.0.1").required
    assert not login_of(settings, "localhost").required
    for host in ("0.0.0.0", "192.168.1.4", "::", "127.0.0.1.example.org"):
        with pytest.raises(LoginRequiredError, match="segue web --add-user NAME"):
            login_of(settings, host)
    for begin in (launch, serve):
        with pytest.raises(LoginRequiredError):
            begin(installation, "0.0.0.0", 0)
    with pytest.raises(UsersFileError, match="there is no such file"):
        login_of(settings.model_copy(update={"web_users": tmp_path / "none"}), "127.0.0.1")
    with pytest.raises(TrustedProxyError, match=r"127\.0\.0\.1,10\.0\.0\.0/8"):
        login_of(settings.model_copy(update={"web_proxy_header": "X-User"}), "0.0.0.0")


def test_users_are_kept_as_hashes_that_only_the_owner_reads(tmp_path: Any) -> None:
    settings = Settings(_env_file=None, home=tmp_path)
    path = add_user(settings, " Ann ", PASSWORD)
    add_user(settings, "bob", PASSWORD)
    assert path == users_file(settings)
    assert path.stat().st_mode & 0o077 == 0
    text = path.read_text("utf-8")
    assert PASSWORD not in text
    assert list(read_users(settings)) == ["ann", "bob"]
    assert len(set(read_users(settings).values())) == 2  # salted
    login = login_of(settings, "0.0.0.0")
    assert login.users is not None
    assert login.users.check("ANN", PASSWORD)
    assert not login.users.check("ann", "other horse")
    assert not login.users.check("carl", PASSWORD)
    add_user(settings, "ann", "other horse")
    assert login.users.check("ann", "other horse")
    assert remove_user(settings, "Ann") == path
    assert not login.users.check("ann", "other horse")
    with pytest.raises(UserNameError, match="cannot remove the user 'ann': one of bob"):
        remove_user(settings, "ann")
    with pytest.raises(UserNameError, match="at least 8 characters"):
        add_user(settings, "carl", "short")
    with pytest.raises(UserNameError, match="letters, digits"):
        add_user(settings, "carl:x", PASSWORD)
    path.write_text("ann:plain\n", "utf-8")
    with pytest.raises(UsersFileError, match="line 1"):
        read_users(settings)
