"""The examples of docs/conversation.md are understood as it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assistant.request import Chip, Edit, Request
from tests.reading import read, written

DOCUMENT = Path(__file__).parents[1] / "docs" / "conversation.md"


def examples() -> list[tuple[str, str, bool]]:
    """Message, what it is taken for, and whether it begins a session; of every block marked `conversation`."""
    found = []
    for block in re.findall(r"^```conversation\n(.*?)^```$", DOCUMENT.read_text(encoding="utf-8"), re.M | re.S):
        lines = block.splitlines()
        said, taken = lines[::2], lines[1::2]
        assert len(said) == len(taken), block
        for number, (message, meant) in enumerate(zip(said, taken, strict=True)):
            assert message.startswith("> "), message
            found.append((message[2:], meant, number == 0))
    return found


def understood(request: Request) -> tuple[str, set[str]]:
    """The intent, and everything that the document may say of a request."""
    facts = written(request)
    if request.question is not None:
        subject = f" “{request.question.subject}”" if request.question.subject else ""
        facts = {f"{request.question.kind}{subject}"}
    if request.export_format is not None:
        facts.add(request.export_format)
    facts |= {_edit(edit) for edit in request.edits} | {_chip(chip) for chip in request.chips}
    facts |= {request.arc.value} if request.arc else set()
    facts |= {"less"} if request.less else set()
    return request.intent.value, facts


def _edit(edit: Edit) -> str:
    about = ",".join(map(str, edit.what.positions)) or " ".join(
        f"{c.facet.value} {' '.join(c.values)}" for c in edit.what.constraints
    )
    if edit.what.which != "positions" and not about:
        about = edit.what.which
    words = [edit.action, about, str(edit.n or ""), f"to {edit.to}" if edit.to else ""]
    return " ".join(word for word in words if word)


def _chip(chip: Chip) -> str:
    said = [f"{c.facet.value} {' '.join(c.values)}" for c in chip.constraints] + [f.value for f in chip.facets]
    return f"{chip.action} {' '.join(said) or chip.chip}"


@pytest.mark.parametrize(("message", "meant", "first"), examples())
def test_an_example_is_understood_as_the_document_says(message: str, meant: str, first: bool) -> None:
    intent, _, stated = meant.partition(": ")
    found, facts = understood(read(message, first_turn=first))
    assert found == intent
    assert set(filter(None, stated.split("; "))) <= facts


def test_there_are_examples() -> None:
    assert len(examples()) >= 50
