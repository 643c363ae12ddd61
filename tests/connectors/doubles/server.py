"""A service on a loopback socket: it answers as the real one does, and fails on demand."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass
class Asked:
    """One request as it came in."""

    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: bytes

    def one(self, name: str, otherwise: str = "") -> str:
        return self.query.get(name, [otherwise])[0]

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Fault:
    """Requests that fail: the next `times` of them whose path ends so."""

    path: str
    status: int
    headers: dict[str, str] = field(default_factory=dict)
    times: int = 1
    #: How many of them go well first, and whether a failing one is done all the same.
    after: int = 0
    done: bool = False


Answer = tuple[int, Any]


class Double:
    """A service. Use as a context manager; `url` is where it listens."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.faults: list[Fault] = []
        double = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one piece: otherwise each answer waits 40 ms for an acknowledgement

            def _any(self) -> None:
                url = urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                asked = Asked(
                    self.command, unquote(url.path), parse_qs(url.query, keep_blank_values=True), self.headers, body
                )
                double.asked.append(asked)
                status, document, headers = double._answered(asked)
                is_xml = isinstance(document, bytes)
                data = document if is_xml else b"" if document is None else json.dumps(document).encode()
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/xml" if is_xml else "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = _any  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    def __enter__(self) -> Any:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Stop listening, as a service does that is gone; stopping twice is stopping."""
        if self._thread.is_alive():
            self._server.shutdown()
            self._server.server_close()
            self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def fail(self, path: str, status: int, **more: Any) -> None:
        self.faults.append(Fault(path, status, **more))

    def count(self, method: str, path: str) -> int:
        """How many requests came in of a method and for a path that ends so."""
        return sum(one.method == method and one.path.endswith(path) for one in self.asked)

    def answer(self, asked: Asked) -> Answer:
        raise NotImplementedError

    def _answered(self, asked: Asked) -> tuple[int, Any, Mapping[str, str]]:
        for fault in self.faults:
            if not asked.path.endswith(fault.path):
                continue
            if fault.after:
                fault.after -= 1
                continue
            if fault.times:
                fault.times -= 1
                if fault.done:
                    self.answer(asked)
                return fault.status, {"error": {"status": fault.status, "message": "on demand"}}, fault.headers
        return (*self.answer(asked), {})
