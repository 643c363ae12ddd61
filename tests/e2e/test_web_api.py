"""What programs may ask of the page's server: Gradio's own client, and a client of the Model Context Protocol."""

from __future__ import annotations

import asyncio
import json
import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def client(address: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from gradio_client import Client

        return Client(address, verbose=False, analytics_enabled=False)


def test_a_program_asks_refines_asks_why_and_exports(client: Any, installation: Any) -> None:
    first = json.loads(client.predict(text="jazz, 5 tracks", api_name="/ask"))
    assert len(first["tracks"]) == 5
    whose = {"listener": first["listener"], "session": first["session"]}
    second = json.loads(client.predict(text="only 3 tracks", **whose, api_name="/refine"))
    assert (second["session"], second["turn"], len(second["tracks"])) == (first["session"], 2, 3)
    why = client.predict(position=2, **whose, api_name="/explain")
    assert second["tracks"][1]["title"] in why
    exported = client.predict(**whose, file_format="json", api_name="/export")
    assert [one["title"] for one in json.loads(exported)["tracks"]] == [one["title"] for one in second["tracks"]]
    assert installation.exchanges[-1][0].listener_id == first["listener"]


def test_a_program_passes_for_nobody_else(client: Any, installation: Any) -> None:
    from gradio_client.exceptions import AppError

    installation.feedback("me", None, "t0", "like")
    for claimed in ("me", "user-ann", "web-1", "discord-7"):
        answer = json.loads(client.predict(text="jazz, 2 tracks", listener=claimed, api_name="/ask"))
        assert answer["listener"] != claimed
        assert answer["listener"].startswith("web-")
    mine = json.loads(client.predict(text="jazz, 2 tracks", api_name="/ask"))
    with pytest.raises(AppError, match="no playlist"):
        client.predict(session=mine["session"], api_name="/export")
    with pytest.raises(AppError, match="There is no format 'exe'"):
        client.predict(session=mine["session"], listener=mine["listener"], file_format="exe", api_name="/export")
    with pytest.raises(AppError, match="4,000 characters"):
        client.predict(text="x" * 5_000, api_name="/ask")


def test_only_these_four_are_offered(client: Any) -> None:
    offered = client.view_api(return_format="dict")
    assert set(offered["named_endpoints"]) == {"/ask", "/refine", "/explain", "/export"}
    assert offered["unnamed_endpoints"] == {}


def test_an_agent_uses_them_as_tools(address: str) -> None:
    from mcp import ClientSession
    from mcp.client.streamable_http import streamablehttp_client

    async def talk() -> tuple[set[str], dict[str, Any], str]:
        async with (
            streamablehttp_client(f"{address}gradio_api/mcp/") as (read, write, _),
            ClientSession(read, write) as session,
        ):
            await session.initialize()
            tools = {tool.name: tool for tool in (await session.list_tools()).tools}
            asked = await session.call_tool("ask", {"text": "soul, 4 tracks"})
            answer = json.loads(asked.content[0].text)
            given = {"session": answer["session"], "listener": answer["listener"]}
            said = await session.call_tool("explain", {"position": 1, **given})
            assert "own words" in tools["ask"].description
            return set(tools), answer, said.content[0].text

    with ThreadPoolExecutor(1) as apart:  # the browser's tests have an event loop of their own in this thread
        names, answer, said = apart.submit(asyncio.run, asyncio.wait_for(talk(), 60)).result()
    assert names == {"ask", "refine", "explain", "export"}
    assert len(answer["tracks"]) == 4
    assert answer["tracks"][0]["title"] in said
