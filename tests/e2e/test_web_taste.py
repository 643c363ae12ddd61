"""The page "My taste" in a real browser: what was learnt is shown, taken back, kept away, taken along and forgotten."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.e2e.beside import served
from tests.e2e.conftest import Visit

pytestmark = [
    pytest.mark.e2e,
    # Raised inside Gradio's own threads and what it builds on; nothing of ours.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


@pytest.fixture(scope="module")
def beside(installation: Any) -> Iterator[str]:
    with served(installation) as address:
        yield address


Open = Callable[..., Visit]


@pytest.fixture
def at(chromium: Any, beside: str) -> Iterator[Open]:
    visits: list[Visit] = []

    def open_page(*, width: int = 1280, height: int = 900, dark: bool = False) -> Visit:
        context = chromium.new_context(
            viewport={"width": width, "height": height}, color_scheme="dark" if dark else "light"
        )
        context.set_default_timeout(15_000)
        opened = Visit(context.new_page())
        visits.append(opened)
        opened.watch()
        opened.page.goto(beside)
        opened.page.get_by_label("Your request").wait_for()
        return opened

    yield open_page
    for opened in visits:
        opened.page.context.close()
        assert opened.complaints == []


def test_what_was_done_shows(at: Open, installation: Any) -> None:
    me = at()
    me.page.wait_for_function("localStorage.getItem('segue-listener')")
    me.page.screenshot(path="/tmp/w/g1.png")
    me.page.get_by_role("tab", name="My taste").click()
    me.page.get_by_text("Nothing yet").wait_for()
    me.page.screenshot(path="/tmp/w/g2.png", full_page=True)
    me.page.get_by_role("tab", name="Curate").click()
    me.page.get_by_text("A playlist to work on").wait_for()
    me.page.screenshot(path="/tmp/w/g3.png", full_page=True)
