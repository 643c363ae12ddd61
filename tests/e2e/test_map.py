"""The map in a real browser: points, arrows, labels and hover texts, and nothing fetched from anywhere."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from connectors.map import draw_map
from tests.e2e.conftest import ARTIFACTS, HOSTILE_TITLE

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def people(installation: Any) -> tuple[str, str]:
    """Somebody who likes techno, and somebody who likes Mallory, whose titles try to break the page."""
    for number in range(3, 33, 5):
        installation.feedback("tess <b>bold</b>", None, f"t{number}", "like")
    for number in range(3):
        installation.feedback("mallory fan", None, f"x{number}", "like")
    return "tess <b>bold</b>", "mallory fan"


def test_a_map_shows_where_a_request_takes_two_listeners(
    installation: Any, people: tuple[str, str], chromium: Any, tmp_path: Path
) -> None:
    report = installation.map_data("songs by Mallory", people, 5)
    path = tmp_path / "map.html"
    path.write_text(draw_map(report), encoding="utf-8")
    context = chromium.new_context(viewport={"width": 1280, "height": 860}, offline=True)
    page = context.new_page()
    complaints: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: (complaints.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    labels = page.locator(".annotation-text")
    labels.last.wait_for()

    shown = [text for text in labels.all_text_contents() if text]
    names = {f"{pick.title} – {pick.artist}" for listener in report.listeners for pick in listener.picks}
    assert len(names) == 3  # picks of both are labelled once
    assert len(shown) == len(names) + len(people)
    assert shown[: len(people)] == list(people)  # a name is text, whatever tags it seems to hold
    for name in names:
        assert any(name.startswith(text.rstrip("…")) for text in shown), name
    assert f"{HOSTILE_TITLE} – Mallory" in shown
    assert page.locator(".annotation-arrow-g path").count() >= len(people)

    dots = page.locator(".scatterlayer .trace").nth(0).locator("path.point")
    assert dots.count() == len(report.tracks) - len(names)
    ring = page.locator(".scatterlayer .trace").nth(1).locator("path.point").first.bounding_box()
    assert ring is not None
    page.mouse.move(ring["x"] + ring["width"] / 2, ring["y"] + ring["height"] / 2)
    page.locator(".hoverlayer .hovertext").first.wait_for()
    page.screenshot(path=ARTIFACTS / "map-1280.png")
    assert page.locator("#map img").count() == 0
    buttons = [str(button.get_attribute("data-title")) for button in page.locator(".modebar-btn").all()]
    assert "Zoom in" in buttons
    assert not [title for title in buttons if re.search("share|cloud|edit", title, re.IGNORECASE)]
    assert complaints == []
    assert asked == [path.as_uri()]
    context.close()


def test_the_same_map_is_the_same_file(installation: Any, people: tuple[str, str]) -> None:
    one, other = (draw_map(installation.map_data("techno", people, 3)) for _ in range(2))
    assert one == other
    assert one.startswith("<!DOCTYPE html>\n")
    assert "<title>“techno” on the map</title>" in one
    assert "default-src 'none'" in one
    assert "<script src=" not in one
