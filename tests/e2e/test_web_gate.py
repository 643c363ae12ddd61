"""Who is kept outside the page: other web sites, other logins, and those who guess passwords."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from assistant.settings import Settings
from connectors.web_users import add_user, remove_user
from tests.e2e.guarded import PASSWORD, Program, served

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

PUBLIC = {"Host": "music.example.org"}
ELSEWHERE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
ASK = {"data": ["jazz, 2 tracks", "", ""]}


@pytest.fixture(scope="module")
def guarded(untouched_installation: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A page for some users, who may do much in a minute."""
    users = tmp_path_factory.mktemp("users") / "users"
    settings = untouched_installation.model_copy(update={"web_users": users})
    for name in ("ann", "bob", "cleo", "dan", "eve", "mia"):
        add_user(settings, name, PASSWORD)
    with served(settings) as running:
        yield running


def test_another_web_site_does_nothing_with_the_login_of_its_visitor(guarded: Any) -> None:
    segue, url = guarded
    with Program(url, "mia") as ann:
        for headers in (
            PUBLIC | ELSEWHERE,
            PUBLIC | {"Origin": "https://evil.example"},
            PUBLIC | {"Origin": "https://music.example.org:8443"},
            PUBLIC | {"Origin": "null"},
            PUBLIC | {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Host": "[::1]:7860", "Origin": "http://[::1]:9999"},
        ):
            answer = ann.post("gradio_api/run/ask", json=ASK, headers=headers)
            assert answer.status_code == 403, headers
            assert "access-control-allow-origin" not in answer.headers or "music" not in answer.text
        assert segue.sessions("user-mia") == ()
        assert ann.get("config", headers=PUBLIC | ELSEWHERE).status_code == 403
        assert ann.post("login", data={"username": "bob", "password": PASSWORD}, headers=ELSEWHERE).status_code == 403
        for headers in (
            PUBLIC | {"Origin": "https://music.example.org", "Sec-Fetch-Site": "same-origin"},
            PUBLIC | {"Origin": "http://music.example.org"},
            {"Host": "music.example.org:8443", "Origin": "https://music.example.org:8443"},
            {"Sec-Fetch-Site": "none"},
            {},
        ):
            assert ann.post("gradio_api/run/ask", json=ASK, headers=headers).status_code == 200, headers
        assert len(segue.sessions("user-mia")) == 5


def test_a_link_from_elsewhere_leads_to_the_page_and_does_nothing(guarded: Any) -> None:
    with Program(guarded[1], "ann") as ann:
        link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
        page = ann.get("", headers=link)
        assert page.status_code == 200
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["content-security-policy"] == "frame-ancestors 'none'"
        assert ann.get("", headers=link | {"Sec-Fetch-Dest": "iframe"}).status_code == 403
        assert ann.get("logout", headers=link).status_code == 403
        assert ann.get("gradio_api/app_id", headers=link).status_code == 403


def test_without_logins_a_name_that_leads_to_this_machine_is_no_address_of_it(address: str) -> None:
    with Program(address) as program:
        for host in ("evil.example:7860", "127.0.0.1.evil.example", "192.168.1.4", ""):
            answer = program.post("gradio_api/run/ask", json=ASK, headers={"Host": host, "Origin": f"http://{host}"})
            assert answer.status_code == 403, host
            assert "this machine alone" in answer.text
        for host in ("127.0.0.1:7860", "localhost", "[::1]:7860"):
            headers = {"Host": host, "Origin": f"http://{host}", "Sec-Fetch-Site": "same-origin"}
            assert program.post("gradio_api/run/ask", json=ASK, headers=headers).status_code == 200, host


def test_nobody_sees_or_changes_the_open_page_of_another_login(guarded: Any) -> None:
    with Program(guarded[1], "ann") as ann, Program(guarded[1], "bob") as bob:
        assert "what ann says" in ann.do("sg-box", "submit", "annhash", "what ann says").text
        for answer in (
            bob.do("sg-slate", "act", "annhash", act="nothing"),
            bob.get("gradio_api/queue/data", params={"session_hash": "annhash"}),
            bob.get("gradio_api/heartbeat/annhash"),
            bob.post(
                "gradio_api/queue/join?session_hash=bobhash",
                json={"data": [], "fn_index": 0, "session_hash": "annhash"},
            ),
            bob.post("gradio_api/queue/join", json={"data": [], "fn_index": 0, "session_hash": "annhash"}),
            httpx.post(
                f"{guarded[1]}gradio_api/cancel",
                json={"session_hash": "annhash", "fn_index": 0, "event_id": "x"},
                trust_env=False,
            ),
        ):
            assert answer.status_code == 403
            assert "what ann says" not in answer.text
        assert "what ann says" in ann.do("sg-slate", "act", "annhash", act="nothing").text


def test_no_page_is_written_to_disk(guarded: Any) -> None:
    segue, url = guarded
    with Program(url, "ann") as ann:
        ann.do("sg-box", "submit", "annpage", "what ann says")
        assert ann.get("gradio_api/deep_link", params={"session_hash": "annpage"}).status_code == 404
        assert not (segue.settings.home / "web-uploads" / "deep_links").exists()


def test_passwords_cannot_be_guessed_at_will_and_nobody_waits_for_those_who_try(guarded: Any) -> None:
    _, url = guarded

    def guess(n: int) -> httpx.Response:
        return Program(url, "cleo", f"wrong horse {n}").login

    with Program(url, "ann") as ann, ThreadPoolExecutor(8) as threads:
        began = time.perf_counter()
        tried = [threads.submit(guess, n) for n in range(14)]
        assert ann.get("gradio_api/app_id").status_code == 200
        answers = [one.result() for one in tried]
        assert {one.status_code for one in answers} == {400}
        told = [one.json()["detail"] for one in answers]
        assert sum("too many wrong passwords" in words for words in told) == 4
        assert time.perf_counter() - began < 60
    assert "too many" in Program(url, "cleo").login.json()["detail"]  # right, and late
    with Program(url) as program:
        refused = program.get("media/s0", auth=("cleo", PASSWORD))
        assert refused.status_code == 429
        assert "quarter of an hour" in refused.text
        assert program.get("media/s0", auth=("ann", PASSWORD)).status_code == 200


def test_who_is_removed_is_out_at_once_and_who_is_added_may_come_in(guarded: Any) -> None:
    segue, url = guarded
    with Program(url, "dan") as dan, Program(url, "eve") as eve:
        assert dan.get("config").status_code == eve.get("config").status_code == 200
        remove_user(segue.settings, "dan")
        add_user(segue.settings, "eve", "another horse")
        assert dan.get("config").status_code == eve.get("config").status_code == 401
        assert Program(url, "dan").login.status_code == 400
        assert Program(url, "eve", "another horse").login.status_code == 200
        add_user(segue.settings, "finn", PASSWORD)
        assert Program(url, "finn").login.status_code == 200


def test_files_can_be_sent_so_often_in_a_minute_and_none_stays(
    untouched_installation: Settings, tmp_path: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    users = tmp_path_factory.mktemp("few") / "users"
    settings = untouched_installation.model_copy(update={"web_users": users, "web_per_minute": 3})
    for name in ("ann", "bob"):
        add_user(settings, name, PASSWORD)
    with served(settings) as (segue, url), Program(url, "ann") as ann, Program(url, "bob") as bob:
        folder = segue.settings.home / "web-uploads"
        assert folder.stat().st_mode & 0o077 == 0
        sent = [ann.post("gradio_api/upload", files={"files": (f"{n}.csv", b"x")}).status_code for n in range(5)]
        assert sent == [200, 200, 200, 429, 429]
        first = bob.post("gradio_api/upload", files={"files": ("0.csv", b"artist,title")})
        assert first.json()[0].startswith(str(folder))
