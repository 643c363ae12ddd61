"""An installation whose vectors a Chroma server keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.indexing import chroma_server
from assistant.reply import Message
from recsys.index.chroma_server import ChromaServerError
from recsys.types import Track
from tests.chroma_servers import RunningChroma


@pytest.fixture
def running(tmp_path: Path) -> Iterator[RunningChroma]:
    server = RunningChroma(tmp_path / "chroma-server")
    server.start()
    yield server
    server.stop()


def test_an_installation_answers_from_its_server_and_outlives_it(
    running: RunningChroma, indexed_home: Callable[[int], Path], open_assistant: Callable[..., Assistant]
) -> None:
    with open_assistant(indexed_home(40), index="chroma", chroma_url=running.url) as assistant:
        server = chroma_server(assistant.settings)
        assert server is not None

        def ask() -> tuple[str, int]:
            reply = assistant.reply(Message(listener_id="ann", session_id="s", text="5 jazz tracks"))
            assert not reply.last_resort
            return reply.index, len(reply.tracks)

        def collections() -> set[str]:
            with server.opened() as client:
                return {collection.name for collection in client.list_collections()}

        assert ask() == ("chroma", 5), "what was indexed before is served from its folder"
        assert collections() == set()
        assert assistant.index().generation_changed
        assert ask() == ("chroma", 5)
        first = collections()
        assert first
        served = assistant.status().index

        running.stop()
        with pytest.raises(ChromaServerError, match="cannot use the Chroma server"):
            assistant.train()
        assert assistant.status().index == served
        assert ask() == ("chroma", 5)

        running.start()
        assistant._store().history.extend([Track("history:1", "Owl song", ("The Owls",))])
        assistant.index()
        assert len(collections()) > len(first), "the generation before is kept for who still reads it"
        assistant.forget("who brought the owls")
        assert assistant.status().n_tracks == 40
        assert len(collections()) == len(first), "vectors of what was forgotten are still on the server"
        assert ask() == ("chroma", 5)
