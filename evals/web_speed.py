"""How long does somebody in front of the web page wait: until it can be used, and from a press to what it changes?

Task. The page is served by this process and opened in a headless chromium on the same machine.

- `open_ms`: from the address to a page in which one can type and the listener is known. `first` is the first page that
  the server serves, `later` are pages after it, each in a browser profile of its own.
- `ask_ms`: from "Ask" to the slate.
- `press_ms`: from the press of a button of a row ("swap", "like", "pin") to the slate as it then is.

Conventions. Times are wall-clock milliseconds, those of asking and pressing taken inside the browser, up to the frame
after the one that shows the change. Quantiles have bootstrap intervals.

The promise: a first page within `OPEN_MS`, and half of all presses within `PRESS_MS`.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from assistant.app import Assistant
from assistant.doctor import CHROMIUM
from evals.errors import EvaluationDataError
from evals.metrics import summarise, summarise_quantile
from evals.report import Report
from evals.scratch import product_settings, scratch_home, scratch_settings, serve
from recsys.types import Progress

OPEN_MS, PRESS_MS = 2_000.0, 300.0
#: What chromium is to leave alone on a machine without a screen or a network.
CHROMIUM_FLAGS = (
    *("--no-sandbox", "--headless", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
_REQUESTS = (
    *("something mellow for a rainy sunday, nothing too famous", "upbeat 80s for a road trip", "calm piano to study"),
    *("sad songs with guitar", "dance music, not too fast", "90s hip-hop", "acoustic folk", "romantic soul"),
)
_PRESSED = ("swap", "like", "pin")
_PATIENCE_MS = 60_000
_WAIT_FOR_CHANGE = """([button, act]) => new Promise((done, failed) => {
  const slate = document.querySelector('#sg-slate');
  const target = act ? slate.querySelector(`button[data-act="${act}"]`) : document.querySelector(button);
  const track = CSS.escape(target.dataset.track || ''), was = target.getAttribute('aria-pressed');
  const rows = () => [...slate.querySelectorAll('tr[data-track]')].map((row) => row.dataset.track).join();
  const of = (kind) => slate.querySelector(`button[data-act="${kind}"][data-track="${track}"]`);
  const done_is = {
    '': () => rows() && rows() !== before,
    swap: () => rows() && !slate.querySelector(`tr[data-track="${track}"]`),
    like: () => of('like') && of('like').getAttribute('aria-pressed') !== was,
    pin: () => of('release'),
  };
  const before = rows(), began = performance.now();
  const look = () => {
    if (!done_is[act]() || slate.querySelector('.sg-skeleton, [aria-busy="true"]')) return;
    watch.disconnect();
    requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
  };
  const watch = new MutationObserver(look);
  watch.observe(slate, {subtree: true, childList: true, attributes: true, characterData: true});
  setTimeout(() => failed(new Error('nothing changed')), 60000);
  target.click();
})"""


def bench_web(
    catalogue: Path | None,
    home: Path | None,
    n_opens: int,
    n_presses: int,
    seeds: Sequence[int],
    *,
    kept: Path | None = None,
    progress: Progress | None = None,
) -> Report:
    """Open the page, ask and press.

    Args:
        catalogue: a table of tracks; the starter without one.
        home: a data folder whose index is served, in place of a catalogue; nothing of it changes.
        n_opens: pages opened after the first.
        n_presses: presses of each kind.
        seeds: told in the report; nothing is drawn.
        kept: where encoded texts are kept from one run to the next, if anywhere.
        progress: told about every stage.

    Raises:
        EvaluationDataError: there is no chromium, or nothing to drive it with.
    """
    driver, chromium = _browser()
    with scratch_home(kept) as scratch:
        settings = scratch_settings(scratch, web_per_minute=100_000)
        if home is not None:
            database = f"sqlite:///{(scratch / 'web.db').as_posix()}"
            settings = settings.model_copy(update={"home": home, "database_url": database})
        with Assistant(settings) as assistant:
            serve(assistant, None if home is not None else catalogue, progress=progress)
            assistant.rank("", "music", 1)
            from connectors.web import launch

            app, address = launch(assistant, "127.0.0.1", 0)
            try:
                with driver() as playwright:
                    browser = playwright.chromium.launch(executable_path=chromium, args=list(CHROMIUM_FLAGS))
                    opened, asked, pressed = _visit(browser, address, n_opens, n_presses, progress)
                    browser.close()
            finally:
                app.close(verbose=False)
            n_tracks = len(assistant.serving().recommender.catalogue)
    stated: dict[str, object] = {"catalogue": catalogue or home or "starter", "tracks": n_tracks}
    report = Report("segue bench web", stated | product_settings(settings), seeds)
    report.add("page", "all", "ask_ms", summarise_quantile(asked, 0.5))
    report.add("page", "first", "open_ms", summarise(opened[:1]))
    report.add("page", "later", "open_ms", summarise_quantile(opened[1:], 0.5))
    for kind, times in pressed.items():
        report.add("page", kind, "press_ms", summarise_quantile(times, 0.5))
        report.add("page", kind, "press_p95_ms", summarise_quantile(times, 0.95))
    return report


def _browser() -> tuple[Any, str]:
    """Find playwright and a chromium."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise EvaluationDataError("playwright is not installed; install Segue with its extra [test]") from None
    found = next(filter(None, map(shutil.which, CHROMIUM)), None)
    if found is None:
        raise EvaluationDataError(f"there is no {CHROMIUM[0]}; install it, such as with `apt-get install chromium`")
    return sync_playwright, found


def _visit(
    browser: Any, address: str, n_opens: int, n_presses: int, progress: Progress | None
) -> tuple[list[float], list[float], dict[str, list[float]]]:
    """Return the times of opening, of asking, and of each kind of press."""
    opened: list[float] = []
    for number in range(n_opens + 1):
        context = browser.new_context(viewport={"width": 1280, "height": 900})
        context.set_default_timeout(_PATIENCE_MS)
        page = context.new_page()
        began = time.perf_counter()
        page.goto(address)
        page.get_by_label("Your request").wait_for()
        page.wait_for_function("Object.keys(localStorage).some((key) => key.includes('segue'))")
        opened.append((time.perf_counter() - began) * 1000)
        if number < n_opens:
            context.close()
        if progress:
            progress("open", number + 1, n_opens + 1)
    asked, pressed = [], {kind: list[float]() for kind in _PRESSED}
    for request in _REQUESTS:
        page.get_by_label("Your request").fill(f"{request}, 20 tracks")
        asked.append(float(page.evaluate(_WAIT_FOR_CHANGE, ["#sg-box button", ""])))
        page.get_by_test_id("bot").last.wait_for()
    for number in range(n_presses):
        for kind in _PRESSED:
            pressed[kind].append(float(page.evaluate(_WAIT_FOR_CHANGE, ["", kind])))
        if progress:
            progress("press", number + 1, n_presses)
    context.close()
    return opened, asked, pressed
