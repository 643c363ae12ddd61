"""A page that asks for a login, and programs that use it as a browser would."""

from __future__ import annotations

import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from assistant.settings import Settings
from tests.e2e.conftest import WatchedAssistant

PASSWORD = "correct horse"


@contextmanager
def served(settings: Settings) -> Iterator[tuple[WatchedAssistant, str]]:
    """A page of these settings over a copy of their data, so that nobody else has been there."""
    with TemporaryDirectory() as folder:
        home = shutil.copytree(settings.home, Path(folder) / "home")
        with WatchedAssistant(settings.model_copy(update={"home": home})) as assistant, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            from connectors.web import launch

            app, url = launch(assistant, "127.0.0.1", 0)
            try:
                yield assistant, url
            finally:
                app.close(verbose=False)


class Program(httpx.Client):
    """Sends what a browser on the page would send."""

    def __init__(self, address: str, user: str = "", password: str = PASSWORD) -> None:
        super().__init__(base_url=address, trust_env=False, timeout=60)
        if user:
            form = {"username": user, "password": password}
            self.login = httpx.post(f"{address}login", data=form, trust_env=False, timeout=60)
            # A client keeps no secure cookie of a page without TLS.
            for sent in self.login.headers.get_list("set-cookie"):
                name, _, value = sent.split(";")[0].partition("=")
                if name.startswith("access-token-unsecure"):
                    self.headers["Cookie"] = f"{name}={value}"

    def event(self, part: str, kind: str) -> dict[str, Any]:
        """What happens when somebody does this with a part of the page."""
        config = self.get("config").json()
        ids = {block["id"]: block["props"].get("elem_id") for block in config["components"]}
        wanted = (part, kind)
        return next(
            event
            for event in config["dependencies"]
            if wanted in {(ids.get(target[0]), target[1]) for target in event["targets"]}
        )

    def do(self, part: str, kind: str, page: str, *values: Any, **act: Any) -> httpx.Response:
        """Do this with a part of the open page of that id; what is not given is empty."""
        event = self.event(part, kind)
        data = [*values, *[None] * (len(event["inputs"]) - len(values))]
        sent = {"data": data, "fn_index": event["id"], "session_hash": page, "event_data": act or None}
        return self.post("gradio_api/run/predict", json=sent)
