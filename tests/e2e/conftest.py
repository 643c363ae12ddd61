"""The product from outside: a small installation of its own, served to a real headless browser."""

from __future__ import annotations

import csv
import os
import re
import shutil
import warnings
import wave
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from assistant.app import Assistant
from assistant.doctor import CHROMIUM
from assistant.reply import Message, Reply
from assistant.settings import Settings
from connectors.web_files import UPLOADS
from evals.web_speed import CHROMIUM_FLAGS
from recsys.store import Store
from recsys.types import Event
from tests.e2e.beside import Served, served

HOSTILE_TITLE = "<img src=x onerror=alert(1)>"
LONG_TITLE = "Long " * 190  # sources take names of up to 1,000 characters
#: Titles beyond this many characters may be cut off.
_LONG = 40
ARTIFACTS = Path(__file__).parents[2] / "artifacts"


class WatchedAssistant(Assistant):
    """The real assistant, which also remembers what connectors hand it and what they get."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.exchanges: list[tuple[Message, Reply]] = []

    def reply(self, message: Message) -> Reply:
        reply = super().reply(message)
        self.exchanges.append((message, reply))
        return reply

    def events(self, listener_id: str) -> list[Event]:
        """What is stored, read through a connection of its own."""
        store = Store.open(f"sqlite:///{(self.settings.home / 'segue.db').as_posix()}")
        try:
            return store.events(listener_id)
        finally:
            store.close()


@dataclass
class Visit:
    """One browser with a storage of its own, and everything it complained about."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    hosts: set[str] = field(default_factory=set)

    def watch(self) -> None:
        """Write down errors, dialogs and where requests go."""

        def on_console(message: Any) -> None:
            if message.type in ("error", "warning"):
                self.complaints.append(f"console {message.type}: {message.text}")

        def on_dialog(dialog: Any) -> None:
            self.complaints.append(f"dialog: {dialog.message}")
            dialog.dismiss()

        def on_request(request: Any) -> None:
            if request.url.startswith(("http:", "https:", "ws:", "wss:")):
                self.hosts.add(str(urlsplit(request.url).netloc))

        def on_response(response: Any) -> None:
            if response.status >= 400:
                self.complaints.append(f"{response.status}: {response.url}")

        self.page.on("console", on_console)
        self.page.on("dialog", on_dialog)
        self.page.on("request", on_request)
        self.page.on("response", on_response)
        self.page.on("pageerror", lambda error: self.complaints.append(f"page error: {error}"))

    def ask(self, text: str) -> list[str]:
        """Type a request, send it, wait for the answer and return the titles of the slate."""
        answers = self.page.get_by_test_id("bot")
        before = answers.count()
        self.page.get_by_label("Your request").fill(text)
        self.page.get_by_role("button", name="Ask", exact=True).click()
        answers.nth(before).locator(".message-content").wait_for()
        return self.titles()

    def titles(self) -> list[str]:
        """The slate's titles as they can be read."""
        return [text.strip() for text in self.page.locator("td.sg-title").all_inner_texts()]

    def rating(self, kind: str, title: str) -> Any:
        """The button that likes or dislikes a track of the slate."""
        if len(title) > _LONG:  # cut off where it is shown, and elsewhere where it is read aloud
            return self.page.get_by_role("button", name=re.compile(f"^{kind} {re.escape(title[:_LONG])}"))
        return self.page.get_by_role("button", name=re.compile(f"^{kind} {re.escape(title)} by "))

    def rate(self, kind: str, title: str) -> None:
        """Like or dislike a track and wait until that shows."""
        button = self.rating(kind, title)
        assert button.get_attribute("aria-pressed") == "false"
        button.click()
        self.page.locator(f'[aria-pressed="true"][data-track="{button.get_attribute("data-track")}"]').wait_for()

    def button(self, act: str, place: int | None = None) -> Any:
        """The button of an act: of the slate as a whole, or of the track at a place from 1."""
        row = "" if place is None else f'tr[data-place="{place}"] '
        return self.page.locator(f'{row}button[data-act="{act}"]').first

    def press(self, button: Any) -> None:
        """Press a button and wait until the server has answered."""
        with self.page.expect_response(lambda response: "/run/predict" in response.url):
            button.click()

    def choose(self, act: str, place: int, name: str = "") -> None:
        """Press an item of the menu of the track at a place; by its name where an act is there twice."""
        self.page.locator(f'tr[data-place="{place}"] summary').click()
        items = self.page.locator(f'tr[data-place="{place}"] button[data-act="{act}"]')
        self.press(items.filter(has_text=name) if name else items)

    def has_titles(self, titles: list[str]) -> None:
        """Wait until the slate has these titles."""
        from playwright.sync_api import expect

        expect(self.page.locator("td.sg-title")).to_have_text(titles)

    def says(self, words: str) -> None:
        """Wait until the line about the last press says this."""
        from playwright.sync_api import expect

        expect(self.page.locator(".sg-said")).to_contain_text(words)

    def shoot(self, name: str) -> None:
        """Keep a picture of the whole page."""
        ARTIFACTS.mkdir(exist_ok=True)
        self.page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    """A headless chromium; skip, or fail when strict, where there is none."""
    path = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if path is None:
        reason = "there is no chromium; install it with `apt-get install chromium`"
        if os.environ.get("SEGUE_TEST_STRICT") == "1":
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=30_000)  # as long as a press may take; five seconds are short on a busy machine
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(CHROMIUM_FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def small_catalogue(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """150 made-up tracks of five genres, and three whose titles and artists try to break the page."""
    kinds = (
        ("jazz", "mellow", "piano", 0.3),
        ("folk", "mellow", "acoustic guitar", 0.3),
        ("soul", "romantic", "organ", 0.5),
        ("rock", "energetic", "electric guitar", 0.8),
        ("techno", "dark", "synthesizer", 0.9),
    )
    path = tmp_path_factory.mktemp("catalogue") / "small.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(
            ("track_id", "title", "artist", "album", "year", "duration_s", "genre", "mood", "instrument", "energy")
        )
        for i in range(150):
            genre, mood, instrument, energy = kinds[i % 5]
            row = (f"t{i}", f"{genre.title()} Piece {i}", f"The Number {i // 2}s", f"Album {i // 4}")
            writer.writerow((*row, 1960 + i % 60, 150 + i, genre, mood, instrument, energy))
        for i, (title, artist) in enumerate(
            ((HOSTILE_TITLE, "Mallory"), (LONG_TITLE, "Mallory"), ("${alert(2)} {{this}}", "Mallory"))
        ):
            album = "</td><script>alert(3)</script>"
            writer.writerow((f"x{i}", title, artist, album, 1999, 200, "folk", "mellow", "piano", 0.3))
    return path


@pytest.fixture(scope="session")
def sounding_catalogue(tmp_path_factory: pytest.TempPathFactory, small_catalogue: Path) -> Path:
    """The small catalogue, and two tracks with a short file of sound each, and three whose file is none to play."""
    folder = tmp_path_factory.mktemp("sound")
    for name in ("one.wav", "two.wav"):
        with wave.open(str(folder / name), "wb") as sound:
            sound.setnchannels(1)
            sound.setsampwidth(2)
            sound.setframerate(8_000)
            sound.writeframes(bytes(2 * 8_000))  # a second of silence
    (folder / "notes.txt").write_text("not a sound", "utf-8")
    (folder / "link.wav").symlink_to(folder / "notes.txt")
    named = ("one.wav", "two.wav", "notes.txt", "link.wav", "gone.wav")
    path = folder / "sounding.csv"
    with small_catalogue.open(encoding="utf-8") as file, path.open("w", newline="", encoding="utf-8") as out:
        header, *rows = csv.reader(file)
        writer = csv.writer(out)
        writer.writerow((*header, "path"))
        writer.writerows((*row, "") for row in rows)
        for number, name in enumerate(named):
            artist = "Sine Wave" if number < 2 else "Broken Radio"
            row = (f"s{number}", f"Drone {name}", artist, "Waves", 2001, 1, "drone", "calm", "synthesizer", 0.1)
            writer.writerow((*row, folder / name))
    return path


@pytest.fixture(scope="session")
def untouched_installation(tmp_path_factory: pytest.TempPathFactory, sounding_catalogue: Path) -> Settings:
    """The small catalogue indexed and briefly trained, in a folder that nobody opens: to be copied."""
    home = tmp_path_factory.mktemp("untouched-web") / "home"
    settings = Settings(
        _env_file=None, home=home, training_steps=30, threads=1, log_level="error", web_per_minute=100_000
    )
    with Assistant(settings) as assistant:
        assistant.index(sounding_catalogue)
    return settings


@pytest.fixture(scope="session")
def installation(
    tmp_path_factory: pytest.TempPathFactory, untouched_installation: Settings
) -> Iterator[WatchedAssistant]:
    """The real assistant on the small catalogue, whose listeners all tests of the pages share."""
    home = shutil.copytree(untouched_installation.home, tmp_path_factory.mktemp("web") / "home")
    with WatchedAssistant(untouched_installation.model_copy(update={"home": home})) as assistant:
        yield assistant


@pytest.fixture(scope="session")
def address(installation: WatchedAssistant) -> Iterator[str]:
    """Where the web chat is served."""
    with warnings.catch_warnings():
        # Gradio and what it builds on warn of their own future while they are imported and start.
        warnings.simplefilter("ignore")
        from connectors.web import launch

        app, url = launch(installation, "127.0.0.1", 0)
    yield url
    app.close(verbose=False)


@pytest.fixture(autouse=True)
def _own_uploads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Uploads belong to the page of the session: another page that a test has built takes them for its own folder's."""
    if "installation" in request.fixturenames:
        home = request.getfixturevalue("installation").settings.home
        monkeypatch.setenv("GRADIO_TEMP_DIR", str(home / UPLOADS))


@pytest.fixture
def visit(chromium: Any, address: str) -> Iterator[Callable[..., Visit]]:
    """Open the page in a new browser profile; afterwards nothing may have gone wrong in any of them."""
    visits: list[Visit] = []

    def open_page(*, width: int = 1280, height: int = 900, dark: bool = False, at: str = "") -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(30_000)
        opened = Visit(context.new_page())
        visits.append(opened)
        opened.watch()
        opened.page.goto(address + at)
        opened.page.get_by_label("Your request").wait_for()
        return opened

    yield open_page
    for opened in visits:
        opened.page.context.close()
        assert opened.complaints == []
        assert opened.hosts <= {urlsplit(address).netloc}


@pytest.fixture(scope="module")
def used_page(chromium: Any, address: str) -> Iterator[Visit]:
    """A page for all tests of a file that only look at single things: opening one takes longer than most of them."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, color_scheme="light")
    context.set_default_timeout(30_000)
    opened = Visit(context.new_page())
    opened.watch()
    opened.page.goto(address)
    yield opened
    context.close()


@pytest.fixture
def me(used_page: Visit, address: str) -> Iterator[Visit]:
    """A page with an empty conversation, of somebody who may have a taste; afterwards nothing may have gone wrong."""
    used_page.complaints.clear()
    used_page.page.get_by_label("Your request").wait_for()
    used_page.press(used_page.page.get_by_role("button", name="Start over"))
    used_page.page.get_by_text("Your playlist appears here").wait_for()
    yield used_page
    assert used_page.complaints == []
    assert used_page.hosts <= {urlsplit(address).netloc}


@dataclass
class Guest(Visit):
    """A browser on the pages beside the chat, and whose it is."""

    listener_id: str = ""
    address: str = ""
    arrivals: list[str] = field(default_factory=list)

    def tab(self, name: str) -> None:
        """Go to one of the pages."""
        self.page.get_by_role("tab", name=name).click()

    def press(self, name: str, *, nth: int = 0) -> None:
        """Press a button by what it says, or by what is read aloud for it."""
        self.page.get_by_role("button", name=name).nth(nth).click()

    def said(self, words: str) -> None:
        """Wait until the page says this of the last press."""
        self.page.locator(".sg-said", has_text=words).first.wait_for()

    def fits(self, width: int) -> bool:
        """Whether nothing has to be scrolled sideways."""
        return bool(self.page.evaluate("document.documentElement.scrollWidth") <= width)


@pytest.fixture(scope="session")
def beside(installation: WatchedAssistant) -> Iterator[Served]:
    """The pages beside the chat, served from the small installation."""
    with served(installation) as pages:
        yield pages


@pytest.fixture
def guest(chromium: Any, beside: Served) -> Iterator[Callable[..., Guest]]:
    """Open the pages in a new browser profile; afterwards nothing may have gone wrong in any of them."""
    guests: list[Guest] = []

    def arrive(*, width: int = 1280, height: int = 900, dark: bool = False) -> Guest:
        scheme = "dark" if dark else "light"
        context = chromium.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        context.set_default_timeout(20_000)
        came = Guest(context.new_page(), address=beside.address, arrivals=beside.arrivals)
        guests.append(came)
        came.watch()
        came.page.goto(beside.address)
        came.page.locator("#sg-welcome").wait_for()
        came.listener_id = beside.arrivals[-1]
        return came

    yield arrive
    for came in guests:
        came.page.context.close()
        # Gradio's own client says this of every file that is uploaded.
        assert [words for words in came.complaints if words != "console warning: Method not implemented."] == []
        assert len(came.hosts) == 1
