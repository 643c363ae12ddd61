"""A session is answered in its language, whatever of no language is said in it."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from importlib import resources
from pathlib import Path

import pytest

from assistant import disowning
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
#: The first is asked before anything is known of the listener, and again afterwards.
ANSWERED = {
    "es": (
        "¿qué sabes de mis gustos?",
        "¿cuánto jazz tengo?",
        "¿cuántas de estas son rock?",
        "¿cuántos xqzzk tengo?",
        "¿qué géneros tengo?",
        "¿por qué no hay nada de Metallica?",
        "¿por qué no está Xqzzk Brzkt?",
        "¿quién es Nina Simone?",
    ),
    "fr": (
        "que sais-tu de mes goûts ?",
        "combien de jazz ai-je ?",
        "combien de celles-ci sont du rock ?",
        "combien de xqzzk ai-je ?",
        "quels genres ai-je ?",
        "pourquoi n'y a-t-il rien de Metallica ?",
        "pourquoi n'y a-t-il rien de Xqzzk Brzkt ?",
        "qui est Nina Simone ?",
    ),
    "de": (
        "was weißt du über meinen Geschmack?",
        "wie viel Jazz habe ich?",
        "wie viele davon sind Rock?",
        "wie viele Xqzzk habe ich?",
        "welche Genres habe ich?",
        "warum fehlt Metallica?",
        "warum fehlt Xqzzk Brzkt?",
        "wer ist Nina Simone?",
    ),
    "pt": (
        "o que sabes do meu gosto?",
        "quanto jazz tenho?",
        "quantas destas são rock?",
        "quantos xqzzk tenho?",
        "que géneros tenho?",
        "por que não há nada de Metallica?",
        "por que não está Xqzzk Brzkt?",
        "quem é Nina Simone?",
    ),
    "it": (
        "cosa sai dei miei gusti?",
        "quanto jazz ho?",
        "quante di queste sono rock?",
        "quanti xqzzk ho?",
        "che generi ho?",
        "perché non c'è niente di Metallica?",
        "perché non c'è Xqzzk Brzkt?",
        "chi è Nina Simone?",
    ),
}
DISOWNED = {
    "es": ("eso no era yo", "al final sí era yo", "era mi hijo"),
    "fr": ("c'était pas moi", "en fait c'était moi", "c'étaient mes enfants"),
    "de": ("das war nicht ich", "das war doch ich", "das waren meine Kinder"),
    "pt": ("não fui eu", "afinal era eu", "foram os meus filhos"),
    "it": ("non ero io", "alla fine ero io", "erano i miei figli"),
}
KEPT = {
    "es": ("que empiece tranquila y acabe fuerte", "mantén 1-2", "¿qué he pedido?"),
    "fr": ("commence calme et finis fort", "garde 1-2", "qu'est-ce que j'ai demandé ?"),
    "de": ("fang ruhig an und ende laut", "behalte 1-2", "was habe ich mir gewünscht?"),
    "pt": ("começa calmo e acaba forte", "mantém 1-2", "o que eu pedi?"),
    "it": ("inizia calmo e finisci forte", "tieni 1-2", "cosa ho chiesto?"),
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
def test_answers_from_data_are_in_the_language(assistant: Assistant, language: str) -> None:
    """Counts, taste, why not, whose session it was, and which reading was meant."""
    chat = Chat(assistant, f"answers {language}")
    shown = chat.say(ASKED[language]).tracks
    nothing_known, *questions = ANSWERED[language]
    assert english_in(chat.say(nothing_known)) == []
    for number, kind in enumerate(("like", "like", "dislike", "keep", "play", "skip")):
        assistant.feedback("one", chat.name, shown[number].track_id, kind)
    titles = {word for track in assistant_tracks(assistant) for word in re.findall(r"\w+", track.lower())}
    answers = []
    for question in (nothing_known, *questions):
        reply = chat.say(question)
        assert set(english_in(reply)) <= titles, reply.text
        answers.append(reply.text)
    assert len(set(answers)) == len(answers)
    whole = " ".join(answers)
    assert re.search(r"\b\d{4} ?[:(]|\d,\d\b", whole)  # a decimal comma, as all five write it
    for said in DISOWNED[language]:
        assert english_in(chat.say(said)) == [], said


def assistant_tracks(assistant: Assistant) -> list[str]:
    """Titles and artists of the catalogue, and its genres: they may be English in an answer."""
    catalogue = assistant._agent().recommender.catalogue
    return [*catalogue.titles, *catalogue.artist_names, *catalogue.values(Facet.GENRE)]


@pytest.mark.parametrize("language", TONGUES)
def test_what_is_suggested_for_taking_it_back_does_so(assistant: Assistant, language: str) -> None:
    chat = Chat(assistant, f"taking back {language}")
    chat.say(ASKED[language])
    note = chat.say(DISOWNED[language][0]).text
    (suggested,) = re.findall(r"[«„] ?([^«»„“]*?) ?[»“]", note.partition(phrasebook(language)("{n} tracks", n=""))[2])[
        -1:
    ]
    read = disowning.read(suggested)
    assert read is not None
    assert (read.mine, read.rest, read.language) == (True, "", language)


@pytest.mark.parametrize("language", TONGUES)
def test_what_was_asked_for_names_the_order_and_what_is_kept(assistant: Assistant, language: str) -> None:
    chat = Chat(assistant, f"asked {language}")
    book = phrasebook(language)
    chat.say(ASKED[language])
    order, keep, asked = KEPT[language]
    chat.say(keep)
    chat.say(order)
    said = chat.say(asked).text
    assert english_in(chat.say(asked)) == []
    kept = book("numbers {n} kept in their places", n=book.listing(["1", "2"]))
    assert book("{wish} (message {turn})", wish=kept, turn=2) in said
    assert book("{wish} (message {turn})", wish=book("from calm to loud"), turn=3) in said


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
