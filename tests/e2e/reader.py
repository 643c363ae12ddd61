"""A child process of `test_blue_green`: ask for the same playlist again and again until a file says to stop.

    python reader.py HOME INDEX STOP

Each answer is a line of JSON: the kind of question, and all of the answer that the clock does not decide.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any
from uuid import uuid4

from assistant.app import Assistant
from assistant.reply import Message
from assistant.settings import Settings

LISTENER, REQUEST = "ann", "something mellow, 12 tracks"


def open_assistant(home: Path, **changes: Any) -> Assistant:
    """Open an assistant whose answers do not depend on the clock: what was liked counts as much for ever."""
    values: dict[str, Any] = {"home": home, "half_life_days": 1e12, "threads": 1, "log_level": "warning"}
    return Assistant(Settings(_env_file=None, **(values | changes)))


def answers(assistant: Assistant) -> list[tuple[str, object]]:
    """Ask for a slate in a new session, and for a ranking of everything."""
    reply = assistant.reply(Message(listener_id=LISTENER, session_id=uuid4().hex, text=REQUEST, seed=7))
    told = reply.model_dump(mode="json", exclude={"session_id", "timings_ms", "index"})
    ranked = assistant.rank(LISTENER, REQUEST, 60)
    return [("slate", told), ("ranking", ranked.model_dump(mode="json"))]


def main() -> None:
    """Answer until told to stop."""
    home, index, stop = Path(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    with open_assistant(home, index=index) as assistant:
        while not stop.exists():
            for answer in answers(assistant):
                print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
