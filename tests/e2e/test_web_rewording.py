"""Reasons in other words on the page: the slate is there first, and sentences replace its reasons as they arrive."""

from __future__ import annotations

import json
import threading
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

import assistant.rewording.slate
from tests.e2e.conftest import Visit, WatchedAssistant

pytestmark = [pytest.mark.e2e, pytest.mark.filterwarnings("ignore::DeprecationWarning")]


class Gated:
    """Writes one sentence a track, the first of them only when the gate opens."""

    def __init__(self) -> None:
        self.gate = threading.Event()

    def complete(self, messages: Sequence[tuple[str, str]]) -> str:
        return "".join(self.stream(messages))

    def stream(self, messages: Sequence[tuple[str, str]]) -> Iterator[str]:
        assert self.gate.wait(30)
        for given in messages[-1][1].splitlines():
            facts = {kind: (fact["id"], fact[kind]) for fact in json.loads(given) for kind in fact if kind != "id"}
            (title_id, title), (year_id, year) = facts["title"], facts["year"]
            yield json.dumps({"cites": [title_id, year_id], "sentence": f"Lovely: “{title}” from {year}."})
            yield json.dumps({"cites": [year_id], "sentence": f"The best of {year}."})


def test_reasons_change_behind_the_slate(
    chromium: Any, installation: WatchedAssistant, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Gated()
    monkeypatch.setattr(assistant.rewording.slate, "open_model", lambda settings: model)
    settings = installation.settings.model_copy(
        update={"llm": installation.settings.llm.model_copy(update={"model": "test:gated"})}
    )
    with WatchedAssistant(settings) as segue, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from connectors.web import launch

        app, url = launch(segue, "127.0.0.1", 0)
        context = chromium.new_context()
        context.set_default_timeout(60_000)
        try:
            visit = Visit(context.new_page())
            visit.watch()
            visit.page.goto(url)
            titles = visit.ask("mellow jazz, 7 tracks")
            reasons = visit.page.locator("td.sg-why > bdi")
            before = reasons.all_inner_texts()
            assert [track.reason for track in segue.exchanges[0][1].tracks] == before
            model.gate.set()
            visit.page.get_by_text("Lovely: “Jazz Piece").nth(6).wait_for()
            after = reasons.all_inner_texts()
            assert all(text.startswith("Lovely: “Jazz Piece") for text in after)
            assert visit.titles() == titles
            assert visit.complaints == []
        finally:
            model.gate.set()
            context.close()
            app.close(verbose=False)
