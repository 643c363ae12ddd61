"""Everything on every tab can be read: contrast, names of controls, nothing to scroll sideways; narrow, wide, dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

Open = Callable[..., Any]
CONTRAST = (Path(__file__).parent / "contrast.js").read_text("utf-8")
UNNAMED = """
[...document.querySelectorAll('button, input, summary, textarea')]
  .filter((e) => e.checkVisibility() && e.type !== 'file')
  .filter((e) => !(e.getAttribute('aria-label') || e.labels?.length || e.textContent.trim() || e.title))
  .map((e) => e.outerHTML)
"""


def expect(locator: Any) -> Any:
    from playwright.sync_api import expect as waiting

    return waiting(locator)


def can_be_read(me: Any, width: int, name: str) -> None:
    """What is on screen has contrast and names, and fits; a picture of it is kept."""
    me.page.mouse.move(0, 0)
    me.shoot(name)
    assert me.page.evaluate(CONTRAST) == []
    assert me.page.evaluate(UNNAMED) == []
    assert me.page.evaluate("document.documentElement.scrollWidth") <= width


def opened(me: Any, tab: str, page: str) -> None:
    """Go to a tab, and open all that is folded up there."""
    me.page.get_by_role("tab", name=tab).click()
    folded = me.page.locator(f"{page} button.label-wrap:not(.open)")
    folded.first.wait_for()
    for _ in range(folded.count()):
        folded.first.click()
    expect(folded).to_have_count(0)


@pytest.mark.parametrize(("width", "dark"), [(1920, False), (1280, True), (360, False), (320, True)])
def test_every_tab_can_be_read(visit: Open, installation: Any, width: int, dark: bool) -> None:
    me = visit(width=width, height=1000 if width > 1000 else 760, dark=dark)
    kind = f"{width}-{'dark' if dark else 'light'}"
    ground = me.page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).map(Number)")
    assert max(ground) < 80 if dark else min(ground) > 200
    me.page.locator(".sg-offered button").first.click()
    me.page.locator(".sg-picked button").first.wait_for()
    can_be_read(me, width, f"web-{kind}-welcome")
    me.page.get_by_role("button", name="Not now").click()

    titles = me.ask("mellow folk or jazz, 6 tracks")
    me.rate("Like", titles[0])
    me.press(me.button("why", 1))
    me.press(me.button("without"))
    expect(me.page.locator(".sg-compared section")).to_have_count(2)
    can_be_read(me, width, f"web-{kind}-acts")

    listener_id = installation.exchanges[-1][0].listener_id
    for track, act in (("t0", "like"), ("t5", "like"), ("t10", "keep"), ("t4", "dislike"), ("x1", "like")):
        installation.feedback(listener_id, None, track, act)
    opened(me, "My taste", "#sg-my-taste")
    me.page.get_by_text("Strongest disliked").wait_for()
    asked = me.page.get_by_label("A request to draw")
    asked.fill("dark techno")
    asked.press("Enter")
    me.page.locator(".sg-map svg").wait_for()
    me.page.get_by_role("button", name="Make a code").click()
    me.page.locator(".sg-code").wait_for()
    me.page.get_by_role("button", name="Forget me").click()
    me.page.locator("#sg-forgotten .sg-problem").wait_for()
    can_be_read(me, width, f"web-{kind}-taste")

    opened(me, "Curate", "#sg-curate")
    given = me.page.get_by_label("A playlist, or what one should be")
    given.fill("\n".join(f"The Number {i // 2}s - Jazz Piece {i}" for i in (0, 5, 10, 5)) + "\nNobody - Nothing")
    me.page.get_by_role("button", name="Read it as a playlist").click()
    me.page.locator("#sg-desk table").wait_for()
    me.page.get_by_role("button", name="Write one for this playlist").click()
    me.page.locator("#sg-recipe-link a").wait_for()
    me.page.get_by_role("button", name="Keep: ").first.click()
    me.page.locator('#sg-desk [aria-pressed="true"]').wait_for()
    me.page.get_by_role("button", name="Take duplicates out").click()
    me.page.locator(".sg-diff summary").click()
    can_be_read(me, width, f"web-{kind}-curate")
