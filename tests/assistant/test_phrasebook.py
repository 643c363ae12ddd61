"""What Segue says in other languages than English."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

import assistant
from assistant.app import Assistant
from assistant.labels import constraint_label
from assistant.languages import TONGUES
from assistant.phrasebook import ENGLISH_BOOK, phrasebook
from assistant.reply import Message
from assistant.wording import courtesy_language, is_greeting, is_thanks
from recsys.types import Constraint, Facet

TEMPLATES = {language: phrasebook(language)._templates for language in TONGUES}
ASKED = {
    "es": "20 canciones alegres, sin rock",
    "fr": "20 chansons joyeuses, sans rock",
    "de": "20 fröhliche Lieder, kein Rock",
    "pt": "20 músicas alegres, sem rock",
    "it": "20 canzoni allegre, niente rock",
}
#: English words of replies and receipts that none of the languages has.
ENGLISH = re.compile(r"\b(tracks|the|with|from|most|each|all|preferred|of|unknown|words|not|fit|near|asked|and)\b")


def places(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


@pytest.mark.parametrize("language", TONGUES)
def test_every_language_has_every_template_with_the_same_places(language: str) -> None:
    assert TEMPLATES[language].keys() == TEMPLATES["es"].keys()
    for english, template in TEMPLATES[language].items():
        assert places(template) == places(english), english


def test_templates_are_what_the_code_says() -> None:
    folder = Path(assistant.__file__).parent
    code = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
    code = (
        code.replace("{{", "{").replace("}}", "}").replace("{_TELL}", "Tell me a mood, a genre, an artist or a moment.")
    )
    missing = [english for english in TEMPLATES["es"] if f'{english}"' not in code]
    assert missing == []


def said_by(tree: ast.Module) -> set[str]:
    """The constants that a module may give a phrasebook to say: written there, or held by a name of the module."""
    held = {
        target.id: node.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }

    def texts(node: ast.AST) -> set[str]:
        if isinstance(node, ast.Constant):
            return {node.value} if isinstance(node.value, str) else set()
        if isinstance(node, ast.Dict):
            return {text for value in node.values for text in texts(value)}
        if isinstance(node, ast.Name):
            return texts(held[node.id]) if node.id in held else set()
        if isinstance(node, ast.JoinedStr | ast.Compare):
            return set()
        if isinstance(node, ast.Subscript):
            return texts(node.value)
        if isinstance(node, ast.Call):  # _NAMES.get(one, other)
            return texts(node.func.value) if isinstance(node.func, ast.Attribute) else set()
        if isinstance(node, ast.IfExp):
            return texts(node.body) | texts(node.orelse)
        return {text for child in ast.iter_child_nodes(node) for text in texts(child)}

    calls = (node for node in ast.walk(tree) if isinstance(node, ast.Call) and node.args)
    named = ((node, node.func) for node in calls)
    return {
        text
        for node, said in named
        if (isinstance(said, ast.Name) and said.id == "book")
        or (isinstance(said, ast.Attribute) and said.attr in ("book", "_book"))
        for text in texts(node.args[0])
    }


def test_everything_that_is_said_has_a_template() -> None:
    folder = Path(assistant.__file__).parent
    said = {text for path in folder.rglob("*.py") for text in said_by(ast.parse(path.read_text(encoding="utf-8")))}
    assert len(said) > 150
    assert sorted(said - TEMPLATES["es"].keys()) == []


@pytest.mark.parametrize(
    ("language", "written"),
    [("en", "28,352.5"), ("es", "28.352,5"), ("fr", "28\u202f352,5"), ("de", "28.352,5"), ("it", "28.352,5")],
)
def test_numbers_are_written_as_the_language_does(language: str, written: str) -> None:
    assert phrasebook(language).number(28352.5, 1) == written
    assert phrasebook(language).number(-0.25, 2, signed=True)[0] == "-"


def test_english_is_what_the_code_writes() -> None:
    assert phrasebook("en") is ENGLISH_BOOK
    assert phrasebook("xx") is ENGLISH_BOOK
    assert ENGLISH_BOOK("{n} of {total}", n=3, total=4) == "3 of 4"
    assert ENGLISH_BOOK("{words}", words="{n} of 100 %") == "{n} of 100 %"
    assert ENGLISH_BOOK.listing(["a", "b", "c"]) == "a, b and c"


@pytest.mark.parametrize(
    ("constraint", "language", "label"),
    [
        (Constraint(Facet.ERA, low=1990, high=1999), "es", "de 1990 a 1999"),
        (Constraint(Facet.GENRE, ("rock",), wanted=False, text="rock"), "fr", "sans rock"),
        (Constraint(Facet.MOOD, ("happy", "sad"), text="fröhlich or traurig"), "de", "fröhlich oder traurig"),
        (Constraint(Facet.VOCALS, ("none",)), "it", "strumentale"),
        (Constraint(Facet.ENERGY, high=0.5, text="not too rápido"), "pt", "não muito rápido"),
        (Constraint(Facet.LANGUAGE, ("french",), wanted=False, text="francés"), "es", "no francés"),
        (Constraint(Facet.MOOD, ("sad",)), "de", "traurig"),
        (Constraint(Facet.MOOD, ("sad", "happy"), wanted=False), "es", "sin triste o feliz"),
        (Constraint(Facet.COUNTRY, ("united kingdom",)), "it", "paese: Regno Unito"),
        (Constraint(Facet.TEMPO, high=100.0), "fr", "tempo jusqu'à 100 BPM"),
        (Constraint(Facet.ENERGY, low=0.5, high=0.75), "en", "energy 0.5 to 0.75 of 1"),
    ],
)
def test_constraints_are_named_in_the_language(constraint: Constraint, language: str, label: str) -> None:
    assert constraint_label(constraint, {}, phrasebook(language)) == label


@pytest.mark.parametrize("language", TONGUES)
def test_replies_and_receipts_are_in_the_language_of_the_message(assistant: Assistant, language: str) -> None:
    reply = assistant.reply(Message(listener_id="one", session_id=language, text=ASKED[language]))
    said = [reply.text, *(f"{line.constraint}: {line.asked}, {line.delivered}" for line in reply.receipt)]
    assert [words for words in said if ENGLISH.search(words)] == []
    english = assistant.reply(Message(listener_id="one", session_id=language, text="now some jazz from the 90s"))
    assert "track" in english.text


@pytest.mark.parametrize(
    ("text", "language"),
    [("¡Hola!", "es"), ("bonjour", "fr"), ("Guten Tag", "de"), ("olá", "pt"), ("buongiorno", "it"), ("hello", "en")],
)
def test_greetings_are_answered_in_kind(text: str, language: str) -> None:
    assert is_greeting(text)
    assert courtesy_language(text) == language


@pytest.mark.parametrize("text", ["gracias", "merci beaucoup", "vielen Dank", "obrigada", "grazie mille", "thanks"])
def test_thanks_are_known(text: str) -> None:
    assert is_thanks(text)
