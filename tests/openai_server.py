"""A loopback server that speaks OpenAI's chat completions and answers by script, healthy and failing."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Handler = BaseHTTPRequestHandler
Given = dict[str, Any]
#: What the server does with a question: writes a whole answer to the handler, or fails to.
Behaviour = Callable[[Handler, Given, threading.Event], None]


def says(text: str) -> Behaviour:
    """Answer with a text."""
    return lambda handler, given, stop: _message(handler, given, {"role": "assistant", "content": text})


def states(**answer: Any) -> Behaviour:
    """Answer with an object as JSON."""
    return says(json.dumps(answer, ensure_ascii=False))


def calls(**answer: Any) -> Behaviour:
    """Answer with a call of a tool, whose arguments are an object."""

    def behave(handler: Handler, given: Given, stop: threading.Event) -> None:
        call = {"name": "Answer", "arguments": json.dumps(answer, ensure_ascii=False)}
        message = {"role": "assistant", "content": None}
        _message(handler, given, {**message, "tool_calls": [{"id": "call_1", "type": "function", "function": call}]})

    return behave


def streams(text: str) -> Behaviour:
    """Answer with a text that comes in pieces."""

    def behave(handler: Handler, given: Given, stop: threading.Event) -> None:
        pieces = [text[start : start + 40] for start in range(0, len(text), 40)]
        deltas: list[dict[str, Any]] = [{"role": "assistant", "content": piece} for piece in pieces]
        chunks = [*((delta, None) for delta in deltas), ({}, "stop")]
        events = [
            {
                "id": "chatcmpl-1",
                "object": "chat.completion.chunk",
                "created": 1,
                "model": "scripted",
                "choices": [{"index": 0, "delta": delta, "finish_reason": reason}],
            }
            for delta, reason in chunks
        ]
        body = "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
        _send(handler, 200, body.encode(), "text/event-stream")

    return behave


def fails(status: int) -> Behaviour:
    """Answer with an error of HTTP."""
    body = {"error": {"message": "scripted", "type": "error", "code": None, "param": None}}
    return lambda handler, given, stop: _send(handler, status, json.dumps(body).encode())


def plain_only(text: str) -> Behaviour:
    """Refuse every form but text, as older servers do, and answer in text."""

    def behave(handler: Handler, given: Given, stop: threading.Event) -> None:
        refuses = "response_format" in given or "tools" in given
        (fails(400) if refuses else says(text))(handler, given, stop)

    return behave


def hangs() -> Behaviour:
    """Take the question and never answer."""

    def behave(handler: Handler, given: Given, stop: threading.Event) -> None:
        stop.wait(60)

    return behave


def drips() -> Behaviour:
    """Send a byte now and then, so that no time-out between two bytes is ever reached."""

    def behave(handler: Handler, given: Given, stop: threading.Event) -> None:
        handler.send_response(200)
        handler.send_header("Content-Type", "application/json")
        handler.send_header("Content-Length", "100000")
        handler.end_headers()
        while not stop.wait(0.1):
            handler.wfile.write(b" ")
            handler.wfile.flush()

    return behave


def hangs_up() -> Behaviour:
    """Close the connection in the middle of the answer."""

    def behave(handler: Handler, given: Given, stop: threading.Event) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{")
        handler.close_connection = True

    return behave


@dataclass
class Server:
    """A running server: its address, and every question that it was asked."""

    url: str
    asked: list[Given] = field(default_factory=list)

    def messages(self, number: int = -1) -> list[dict[str, str]]:
        """The messages of one question."""
        return list(self.asked[number]["messages"])


@contextmanager
def serving(script: Sequence[Behaviour] | Behaviour) -> Iterator[Server]:
    """Serve on a free port: one behaviour per question, the last one for all that follow."""
    behaviours = list(script) if isinstance(script, Sequence) else [script]
    stop = threading.Event()
    server = Server("")

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            behaviour = behaviours[min(len(server.asked), len(behaviours) - 1)]
            server.asked.append(given)
            try:
                behaviour(self, given, stop)
            except OSError:
                self.close_connection = True  # whoever asked has gone

        def log_message(self, *_: Any) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_: Any) -> None:
            pass

    http = Quiet(("127.0.0.1", 0), Answering)
    server.url = f"http://127.0.0.1:{http.server_port}/v1"
    thread = threading.Thread(target=http.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        stop.set()
        http.shutdown()
        http.server_close()
        thread.join()


def refused() -> str:
    """An address of this machine where nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}/v1"


def _message(handler: Handler, given: Given, message: dict[str, Any]) -> None:
    body = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": given.get("model", "scripted"),
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2},
    }
    _send(handler, 200, json.dumps(body).encode())


def _send(handler: Handler, status: int, body: bytes, form: str = "application/json") -> None:
    handler.send_response(status)
    handler.send_header("Content-Type", form)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)
