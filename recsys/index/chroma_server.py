"""A Chroma server that keeps the vectors in place of the data folder.

Several data folders may share one server: the collections of one are called `segue-<owner>-<build>-<modality>`, where
the owner is a digest of where the folder is and of a name drawn for it, and every build has a name of its own, so that
no generation is written into while it is served. The cards in a generation's folder say which build is its own.

Chroma's own client waits for ever and tells of what fails in many ways; here it waits so long, and raises one error.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from recsys import generations
from recsys.errors import RecsysError
from recsys.index.chroma_folder import BUILDING, COMPLETE, read_card

#: What lies in a data folder that was drawn for it.
OWNER = "chroma-owner"
#: Seconds to reach the server, to wait for one search, and for one step of building, which may link all vectors.
CONNECT_S, SEARCH_S, BUILD_S = 5.0, 10.0, 3_600.0
_PAGE = 500


class ChromaServerError(RecsysError, ConnectionError):
    """A Chroma server cannot be reached, refuses, or lacks what was put there."""

    def __init__(self, url: str, problem: str) -> None:
        super().__init__(
            f"cannot use the Chroma server {url}: {problem}; start it, such as with `chroma run --path FOLDER --port "
            "8000`, and run `segue index`, or unset SEGUE_CHROMA_URL"
        )
        self.url, self.problem = url, problem


@dataclass(frozen=True)
class ChromaServer:
    """Where a Chroma server is, and whose collections there are meant."""

    url: str  # http://host:port
    owner: str
    token: str | None = field(default=None, repr=False)

    @classmethod
    def of(cls, home: Path, url: str, token: str | None = None) -> ChromaServer:
        """Name the server for a data folder.

        Raises:
            ChromaServerError: the address is none.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ChromaServerError(url, "this is no address such as http://127.0.0.1:8000")
        home.mkdir(parents=True, exist_ok=True)
        try:
            with (home / OWNER).open("x", encoding="utf-8") as file:
                file.write(secrets.token_hex(8))
        except FileExistsError:
            pass
        drawn = (home / OWNER).read_text(encoding="utf-8")
        return cls(url.rstrip("/"), hashlib.sha256(f"{drawn} {home.resolve()}".encode()).hexdigest()[:12], token)

    def new_build(self) -> str:
        """Return what the collections of a new build are called, up to the modality."""
        return f"{self._mine}{secrets.token_hex(6)}-"

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """Lend a client to build with.

        Raises:
            ChromaServerError: the server cannot be reached, or goes away.
        """
        client = self.open(BUILD_S)
        try:
            with self.asking():
                yield client
        finally:
            close_client(client)

    def open(self, timeout_s: float) -> Any:
        """Return a client that waits so long for an answer; the caller closes it with `close_client`.

        Raises:
            ChromaServerError: the server cannot be reached.
        """
        import chromadb
        import httpx
        from chromadb.config import Settings

        parts = urlsplit(self.url)
        ssl = parts.scheme == "https"
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        with self.asking():
            # Chroma's client asks first and can be told how long to wait only then.
            httpx.get(f"{self.url}/api/v2/heartbeat", headers=headers, timeout=CONNECT_S).raise_for_status()
            try:
                client = chromadb.HttpClient(
                    host=str(parts.hostname),
                    port=parts.port or (443 if ssl else 80),
                    ssl=ssl,
                    headers=headers,
                    settings=Settings(anonymized_telemetry=False),
                )
            except ValueError as error:
                raise ChromaServerError(self.url, str(error)) from error
        client._server._session.timeout = httpx.Timeout(timeout_s, connect=CONNECT_S)
        return client

    def holds(self, folder: Path) -> bool:
        """Tell whether the server still has every collection of a finished folder.

        Raises:
            ChromaServerError: the server cannot be reached.
        """
        card = read_card(folder / COMPLETE)
        if card is None or card.get("server") != self.url:
            return False
        with self.opened() as client:
            return {f"{card['prefix']}{modality}" for modality in card["recall"]} <= set(self._names(client))

    @contextmanager
    def asking(self) -> Iterator[None]:
        """Turn whatever goes wrong in asking the server into one error."""
        import httpx
        from chromadb.errors import ChromaError

        try:
            yield
        except Exception as error:
            # Of an answer that it does not know, Chroma's client raises Exception itself.
            theirs = isinstance(error, (httpx.HTTPError, ChromaError, OSError)) or type(error) is Exception
            if isinstance(error, RecsysError) or not theirs:
                raise
            raise ChromaServerError(self.url, " ".join(str(error).split()) or type(error).__name__) from error

    def sweep(self, home: Path) -> int:
        """Delete the data folder's collections that belong to no generation in it; return how many.

        Raises:
            ChromaServerError: the server cannot be reached, so that they are still there.
        """
        with generations.writing(home), self.opened() as client:
            cards = (read_card(path) for name in (BUILDING, COMPLETE) for path in home.glob(f"generations/*/*/{name}"))
            kept = tuple(card["prefix"] for card in cards if card and card.get("prefix"))
            gone = [name for name in self._names(client) if not name.startswith(kept)]
            for name in gone:
                client.delete_collection(name)
        return len(gone)

    @property
    def _mine(self) -> str:
        return f"segue-{self.owner}-"

    def _names(self, client: Any) -> list[str]:
        """What the data folder has on the server."""
        names: list[str] = []
        while page := client.list_collections(limit=_PAGE, offset=len(names)):
            names += [collection.name for collection in page]
        return [name for name in names if name.startswith(self._mine)]


def close_client(client: Any) -> None:
    """Close what `ChromaServer.open` returned, with its connections, which Chroma's own `close` leaves open."""
    for one in (client, client._admin_client):
        one._server._session.close()
    client.close()
