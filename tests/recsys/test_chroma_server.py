"""Vectors on a Chroma server: the same answers, apart from other installations' vectors, and gone when dropped."""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from recsys.index.chroma import ChromaFolderError, ChromaIndex, build_chroma
from recsys.index.chroma_server import ChromaServer, ChromaServerError
from recsys.index.exact import ExactIndex
from recsys.jam.score import cross_mix
from recsys.types import Modality
from tests.chroma_servers import RunningChroma
from tests.contracts.test_track_index import catalogue, names, points, same

N_TRACKS = 300
PROJECTIONS = catalogue(seed=2, n_tracks=N_TRACKS)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningChroma]:
    server = RunningChroma(tmp_path_factory.mktemp("chroma-server"))
    server.start()
    yield server
    server.stop()


def generation(home: Path, key: str) -> Path:
    return home / "generations" / key / "chroma"


def on_server(server: ChromaServer) -> set[str]:
    with server.opened() as client:
        return {collection.name for collection in client.list_collections() if server.owner in collection.name}


def build(server: ChromaServer | None, folder: Path) -> Path:
    build_chroma(folder, PROJECTIONS, names(N_TRACKS), server=server)
    return folder


def test_the_server_answers_as_the_exact_index_does_and_the_folder_keeps_no_vectors(
    running: RunningChroma, tmp_path: Path
) -> None:
    server = ChromaServer.of(tmp_path, running.url)
    folder = build(server, generation(tmp_path, "one"))
    assert not (folder / "chroma.sqlite3").exists()
    index, exact = ChromaIndex(folder, PROJECTIONS, cross_mix, few=0, server=server), ExactIndex(PROJECTIONS, cross_mix)
    for point in points(seed=3, n_points=6):
        result = index.search(point, 10)
        assert result.certified
        same(result, exact.search(point, 10))
        _, end = index.lists.top(Modality.TEXT, point.user + point.query, 10)
        assert math.isfinite(end), "the server was not asked"
    index.close()


def test_two_installations_share_a_server_and_each_drops_only_what_it_no_longer_has(
    running: RunningChroma, tmp_path: Path
) -> None:
    homes = [tmp_path / name for name in ("ann", "bob")]
    servers = [ChromaServer.of(home, running.url) for home in homes]
    for home, server in zip(homes, servers, strict=True):
        build(server, generation(home, "same-key"))
        build(server, generation(home, "later"))
    assert servers[0].owner != servers[1].owner == ChromaServer.of(homes[1], running.url).owner
    assert [len(on_server(server)) for server in servers] == [4, 4]
    shutil.rmtree(generation(homes[0], "same-key").parent)
    assert servers[0].sweep(homes[0]) == 2
    assert [len(on_server(server)) for server in servers] == [2, 4]
    assert servers[0].holds(generation(homes[0], "later"))
    shutil.rmtree(homes[0] / "generations")
    assert servers[0].sweep(homes[0]) == 2
    assert [len(on_server(server)) for server in servers] == [0, 4]


def test_a_build_that_was_killed_goes_on_and_one_that_is_complete_is_left_alone(
    running: RunningChroma, tmp_path: Path
) -> None:
    server = ChromaServer.of(tmp_path, running.url)
    folder = build(server, generation(tmp_path, "one"))
    card = json.loads((folder / "complete.json").read_text("utf-8"))
    (folder / "complete.json").unlink()
    with server.opened() as client:
        client.get_collection(f"{card['prefix']}text", embedding_function=None).delete(ids=["track:0", "track:1"])
    build(server, folder)
    assert json.loads((folder / "complete.json").read_text("utf-8")) == card
    build(server, folder)
    assert len(on_server(server)) == 2
    ChromaIndex(folder, PROJECTIONS, cross_mix, server=server).close()


def test_collections_are_looked_for_where_they_were_put(running: RunningChroma, tmp_path: Path) -> None:
    server = ChromaServer.of(tmp_path, running.url)
    local, there = build(None, generation(tmp_path, "local")), build(server, generation(tmp_path, "there"))
    ChromaIndex(local, PROJECTIONS, cross_mix, server=server).close()
    with pytest.raises(ChromaFolderError, match=f"on the Chroma server {running.url}, and SEGUE_CHROMA_URL is not set"):
        ChromaIndex(there, PROJECTIONS, cross_mix)
    with server.opened() as client:
        for name in on_server(server):
            client.delete_collection(name)
    assert not server.holds(there)
    assert not server.holds(local)
    with pytest.raises(ChromaServerError, match="run `segue index`"):
        ChromaIndex(there, PROJECTIONS, cross_mix, server=server)


def test_while_the_server_is_away_answers_are_exact_and_builds_say_so(tmp_path: Path) -> None:
    running = RunningChroma(tmp_path / "data")
    running.start()
    try:
        server = ChromaServer.of(tmp_path, running.url, token="secret")
        folder = build(server, generation(tmp_path, "one"))
        index = ChromaIndex(folder, PROJECTIONS, cross_mix, few=0, server=server)
        running.stop()
        point = next(points(seed=4, n_points=1))
        rows, end = index.lists.top(Modality.TEXT, point.user + point.query, 10)
        assert (len(rows), end) == (0, math.inf)
        same(index.search(point, 10), ExactIndex(PROJECTIONS, cross_mix).search(point, 10))
        for attempt in (
            lambda: build(server, generation(tmp_path, "two")),
            lambda: ChromaIndex(folder, PROJECTIONS, cross_mix, server=server),
            lambda: server.sweep(tmp_path),
        ):
            with pytest.raises(
                ChromaServerError, match=f"cannot use the Chroma server {running.url}: .*start it"
            ) as told:
                attempt()
            assert "secret" not in f"{told.value} {server!r}"
        running.start()
        _, end = index.lists.top(Modality.TEXT, point.user + point.query, 10)
        assert math.isfinite(end), "a server that is back is asked again"
        index.close()
    finally:
        running.stop()


@pytest.mark.parametrize("url", ["127.0.0.1:8000", "ftp://host", "http://", "http://host/path"])
def test_an_address_that_is_none_is_refused(url: str, tmp_path: Path) -> None:
    with pytest.raises(ChromaServerError, match="no address such as"):
        ChromaServer.of(tmp_path, url)
    assert not np.any([path.exists() for path in tmp_path.iterdir()])
