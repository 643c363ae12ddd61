"""A session is answered in its language, whatever of no language is said in it."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path

import pytest

from assistant.app import Assistant
from assistant.languages import TONGUES
from assistant.phrasebook import phrasebook
from assistant.reply import Message, Reply
from assistant.request import Chip
from assistant.words import word_in
from recsys.types import Facet
from recsys.vocabulary import SECTIONS, load_vocabulary

ASKED = {
    "es": "20 canciones alegres de pop",
    "fr": "20 chansons joyeuses de pop",
    "de": "20 fröhliche Lieder, Pop",
    "pt": "20 músicas alegres de pop",
    "it": "20 canzoni allegre di pop",
}
COMMANDS = {
    "es": (
        "quita la 3",
        "mantén 1-2 y cambia el resto",
        "añade dos",
        "mueve la 2 al final",
        "me gusta la 5",
        "deshaz eso",
    ),
    "fr": (
        "enlève la 3",
        "garde 1-2 et change le reste",
        "ajoute deux morceaux",
        "déplace la 2 à la fin",
        "j'aime la 5",
        "annule",
    ),
    "de": (
        "entferne die 3",
        "behalte 1-2 und tausche den Rest",
        "füge zwei hinzu",
        "verschiebe die 2 ans Ende",
        "ich mag die 5",
        "rückgängig",
    ),
    "pt": ("tira a 3", "mantém 1-2 e troca o resto", "adiciona duas", "põe a 2 no fim", "gosto da 5", "desfaz"),
    "it": (
        "togli la 3",
        "tieni 1-2 e cambia il resto",
        "aggiungi due brani",
        "sposta la 2 alla fine",
        "mi piace la 5",
        "annulla",
    ),
}
QUESTIONS = {
    "es": ("¿qué he pedido?", "¿cuánto dura la lista?", "ayuda", "guarda la lista", "¿por qué la 2?", "¿quién canta?"),
    "fr": (
        "qu'est-ce que j'ai demandé ?",
        "combien de temps dure la liste ?",
        "aide-moi",
        "exporte la liste",
        "pourquoi le numéro 2 ?",
        "qui chante ?",
    ),
    "de": (
        "was habe ich mir gewünscht?",
        "wie lang ist die Liste?",
        "Hilfe",
        "speichere die Liste",
        "warum Nummer 2?",
        "wer singt da?",
    ),
    "pt": ("o que eu pedi?", "quanto tempo dura a lista?", "ajuda", "salva a lista", "porquê a 2?", "quem canta?"),
    "it": ("cosa ho chiesto?", "quanto dura la lista?", "aiuto", "salva la lista", "perché la 2?", "chi canta?"),
}
#: English words of such replies that none of the languages has.
ENGLISH = re.compile(
    r"\b(tracks?|the|with|most|each|all|preferred|of|words|not|near|asked|and|have|places|back|playlist|before|you|your|by)\b"
)
#: Titles and the listener's own words may be in English.
QUOTED = re.compile(r"“[^”]*”|«[^»]*»|„[^“]*“")


class Chat:
    """One session."""

    def __init__(self, assistant: Assistant, name: str) -> None:
        self.assistant, self.name = assistant, name

    def say(self, text: str, *chips: Chip) -> Reply:
        """Send a message, or only chips."""
        return self.assistant.reply(Message(listener_id="one", session_id=self.name, text=text, chips=chips))


def english_in(reply: Reply) -> list[str]:
    """The English words of a reply and its receipt, outside quotation marks."""
    receipt = (f"{line.constraint}: {line.asked}, {line.delivered}" for line in reply.receipt)
    return ENGLISH.findall(QUOTED.sub("", " ".join([reply.text, *receipt])))


@pytest.mark.parametrize("language", TONGUES)
def test_edits_are_answered_in_the_language(assistant: Assistant, language: str) -> None:
    for number, command in enumerate(COMMANDS[language]):
        chat = Chat(assistant, f"edits {language} {number}")
        chat.say(ASKED[language])
        assert english_in(chat.say(command)) == [], command


@pytest.mark.parametrize("language", TONGUES)
def test_questions_are_answered_in_the_language(assistant: Assistant, language: str) -> None:
    chat = Chat(assistant, f"questions {language}")
    shown = chat.say(ASKED[language]).tracks
    for question in QUESTIONS[language]:
        reply = chat.say(question)
        assert english_in(reply) == [], question
        assert [track.track_id for track in reply.tracks] == [track.track_id for track in shown]


@pytest.mark.parametrize("language", TONGUES)
def test_what_is_of_no_language_is_answered_in_that_of_the_session(assistant: Assistant, language: str) -> None:
    chat = Chat(assistant, f"neutral {language}")
    chat.say(ASKED[language])
    assert english_in(chat.say("jazz")) == []
    assert english_in(chat.say("", Chip(action="drop", chip="genre:jazz"))) == []
    assert english_in(chat.say("80s")) == []
    chat.say("blues")
    assert "track" in chat.say("now some slow jazz from the 90s, please").text
    assert "track" in chat.say("soul").text


def test_words_of_two_languages_are_answered_in_that_of_the_session(assistant: Assistant) -> None:
    chat = Chat(assistant, "both")
    chat.say(ASKED["pt"])
    assert "faixas" in chat.say("que dure 90 minutos").text
    assert "pistas" in Chat(assistant, "other").say("que dure 90 minutos").text


REASONS = re.compile(
    r"\b(from|with|on|listed|for|close|which|you|your|its|words|taste|examples|by|track|asked|known|vocals|music|words)\b"
)


@pytest.mark.parametrize("language", TONGUES)
def test_reasons_are_in_the_language(assistant: Assistant, language: str) -> None:
    chat = Chat(assistant, f"reasons {language}")
    first = chat.say(ASKED[language])
    english = Chat(assistant, f"reasons of {language}").say("20 happy pop songs")
    mixed = [*first.tracks, *chat.say("jazz").tracks, *chat.say("Miles Davis").tracks]
    names = {word for track in mixed for word in re.split(r"\W+", f"{track.title} {track.artist}".lower())}
    for track in mixed:
        left = set(REASONS.findall(QUOTED.sub("", track.reason.lower()))) - names
        assert not left, track.reason
        assert len(track.reason) <= 140
    assert len({track.reason for track in first.tracks}) == len(first.tracks)
    assert {track.reason for track in first.tracks}.isdisjoint(track.reason for track in english.tracks)


@pytest.mark.parametrize(
    ("language", "facet", "word", "said"),
    [
        ("es", Facet.MOOD, "sad", "triste"),
        ("fr", Facet.INSTRUMENT, "guitar", "guitare"),
        ("de", Facet.LANGUAGE, "german", "Deutsch"),
        ("pt", Facet.ACTIVITY, "cooking", "cozinhar"),
        ("it", Facet.COUNTRY, "united kingdom", "Regno Unito"),
        ("it", Facet.LANGUAGE, "wolof", "wolof"),
        ("en", Facet.MOOD, "sad", "sad"),
    ],
)
def test_words_are_said_in_the_language(language: str, facet: Facet, word: str, said: str) -> None:
    assert word_in(phrasebook(language), facet, word) == said


@pytest.mark.parametrize("language", TONGUES)
def test_what_is_said_of_a_track_are_words_of_the_vocabulary(language: str) -> None:
    text = resources.files("assistant").joinpath("languages", f"{language}.toml").read_text(encoding="utf-8")
    vocabulary = load_vocabulary()
    known = {word for facet in SECTIONS for word in vocabulary.words(facet)}
    assert set(tomllib.loads(text)["said"]) <= known


@pytest.mark.parametrize("language", TONGUES)
def test_an_installation_has_the_files_of_every_language(language: str) -> None:
    packaged = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["tool"][
        "setuptools"
    ]["package-data"]
    for folder in ("languages", "templates"):
        file = resources.files("assistant").joinpath(folder, f"{language}.toml")
        assert file.is_file()
        patterns = [*packaged.get("assistant", []), *packaged.get(f"assistant.{folder}", [])]
        names = (f"{folder}/{language}.toml", f"{language}.toml")
        assert any(fnmatch(name, pattern) for name in names for pattern in patterns)
