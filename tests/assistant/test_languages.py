"""Requests in Spanish, French, German, Portuguese and Italian, and what is understood of them."""

from __future__ import annotations

import tomllib
from importlib import resources

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.languages import TONGUES
from assistant.phrases import asks_for_others
from assistant.request import Intent
from assistant.understanding.gloss import gloss
from assistant.understanding.labelled import NAMES
from assistant.understanding.spoken import spoken
from assistant.understanding.tokens import read as cut
from assistant.understanding.tongues import load_tongues
from evals.understanding import read_written
from recsys.text import fold
from recsys.types import Facet
from recsys.vocabulary import SECTIONS, load_vocabulary
from tests.reading import read, written

ASKED = {
    "es": {
        "canciones alegres para cocinar": "mood happy; activity cooking",
        "dame 25 canciones tristes de los ochenta": "n 25; mood sad; era! 1980..1989",
        "pop de los años 90": "genre! pop; era! 1990..1999",
        "sin rock ni pop pero blues sí": "-genre! rock; -genre! pop; genre! blues",
        "el reggaeton no me gusta, ponme salsa": "-genre! reggaeton; genre! salsa",
        "todo menos heavy metal": "-genre! metal",
        "no quiero que sea triste": "-mood! sad",
        "música para correr sin voz": "activity running; vocals! none",
        "45 minutos de jazz suave": "min 45; genre! jazz; mood mellow",
        "hora y media de cumbia": "min 90; genre! cumbia",
        "música clásica de 1990 a 1999": "genre! classical; era! 1990..1999",
        "baladas de antes de 1985": "tempo ..100; era! ..1984",
        "nada demasiado famoso": "fame -",
        "canciones que no conozco": "discovery +",
        "algo como Queen pero más tranquilo": "~artist Queen; mood calm",
        "temas de Metallica": "+artist Metallica",
        "no solo rock, también soul": "genre! rock|soul",
        "rock psicodélico con guitarra eléctrica": "genre! psychedelic rock; instrument electric guitar",
        "canciones en francés": "language! french",
        "rock francés": "genre! rock; language! french",
        "grupos franceses": "country! france",
    },
    "fr": {
        "chansons joyeuses pour cuisiner": "mood happy; activity cooking",
        "20 chansons tristes des années quatre-vingt": "n 20; mood sad; era! 1980..1989",
        "pop des années 90": "genre! pop; era! 1990..1999",
        "pas de rap ni de rock, mais du jazz": "-genre! hip-hop; -genre! rock; genre! jazz",
        "je n'aime pas le reggaeton, mets de la salsa": "-genre! reggaeton; genre! salsa",
        "tout sauf du metal": "-genre! metal",
        "de la musique pour courir, sans paroles": "activity running; vocals! none",
        "une heure de jazz doux": "min 60; genre! jazz; mood mellow",
        "une demi-heure de piano": "min 30; instrument piano",
        "rock français fin 90": "genre! rock; language! french; era! 1997..1999",
        "rien de trop connu": "fame -",
        "des morceaux que je ne connais pas": "discovery +",
        "quelque chose comme Queen mais plus calme": "~artist Queen; mood calm",
        "chansons de Metallica": "+artist Metallica",
        "pas seulement du rock, aussi de la soul": "genre! rock|soul",
        "chansons en espagnol": "language! spanish",
        "rock avec guitare électrique": "genre! rock; instrument electric guitar",
    },
    "de": {
        "fröhliche Lieder zum Kochen": "mood happy; activity cooking",
        "zwanzig traurige Lieder aus den Achtzigern": "n 20; mood sad; era! 1980..1989",
        "Pop aus den 90ern": "genre! pop; era! 1990..1999",
        "kein Rock und kein Pop, lieber Blues": "-genre! rock; -genre! pop; genre! blues",
        "weder Techno noch House": "-genre! techno; -genre! house",
        "Ich mag keinen Techno, spiel lieber Soul": "-genre! techno; genre! soul",
        "alles außer Metal": "-genre! metal",
        "Musik zum Laufen ohne Gesang": "activity running; vocals! none",
        "eine Stunde sanften Jazz": "min 60; genre! jazz; mood mellow",
        "anderthalb Stunden Reggae": "min 90; genre! reggae",
        "Rockmusik von 1970 bis 1979": "genre! rock; era! 1970..1979",
        "nichts zu Bekanntes": "fame -",
        "Lieder, die ich noch nicht kenne": "discovery +",
        "etwas wie Queen, aber ruhiger": "~artist Queen; energy ..0.45",
        "Songs von Metallica": "+artist Metallica",
        "nicht nur Rock, auch Soul": "genre! rock|soul",
        "Musik auf Französisch": "language! french",
        "französischer Rock": "genre! rock; language! french",
        "traurige Klaviermusik": "mood sad; instrument piano",
        "20 Rocklieder": "genre! rock; n 20",
        "zehn Jazzstücke zum Kochen": "activity cooking; genre! jazz; n 10",
        "keine Rocklieder": "-genre! rock",
        "Rocktitel": "genre! rock",
    },
    "pt": {
        "músicas alegres para cozinhar": "mood happy; activity cooking",
        "vinte músicas tristes dos anos oitenta": "n 20; mood sad; era! 1980..1989",
        "pop dos anos 90": "genre! pop; era! 1990..1999",
        "sem rock nem pop, mas com blues": "-genre! rock; -genre! pop; genre! blues",
        "não gosto de techno, põe soul": "-genre! techno; genre! soul",
        "tudo menos metal": "-genre! metal",
        "música para correr sem voz": "activity running; vocals! none",
        "uma hora de jazz suave": "min 60; genre! jazz; mood mellow",
        "meia hora de piano": "min 30; instrument piano",
        "nada muito famoso": "fame -",
        "músicas que não conheço": "discovery +",
        "algo como Queen mas mais calmo": "~artist Queen; mood calm",
        "músicas da Metallica": "+artist Metallica",
        "não só rock, também soul": "genre! rock|soul",
        "músicas em francês": "language! french",
        "rock francês com violão": "genre! rock; language! french; instrument acoustic guitar",
    },
    "it": {
        "canzoni allegre per cucinare": "mood happy; activity cooking",
        "venti canzoni tristi degli anni ottanta": "n 20; mood sad; era! 1980..1989",
        "pop anni '90": "genre! pop; era! 1990..1999",
        "niente rock né pop, metti il blues": "-genre! rock; -genre! pop; genre! blues",
        "non mi piace la techno, metti del soul": "-genre! techno; genre! soul",
        "tutto tranne il metal": "-genre! metal",
        "musica per correre senza voce": "activity running; vocals! none",
        "un'ora di jazz morbido": "min 60; genre! jazz; mood mellow",
        "mezz'ora di pianoforte": "min 30; instrument piano",
        "niente di troppo famoso": "fame -",
        "canzoni che non conosco": "discovery +",
        "qualcosa come Queen ma più tranquillo": "~artist Queen; mood calm",
        "brani dei Metallica": "+artist Metallica",
        "non solo rock, anche soul": "genre! rock|soul",
        "canzoni in francese": "language! french",
        "rock italiano con chitarra elettrica": "genre! rock; language! italian; instrument electric guitar",
    },
}
CHANGED = {
    "es": {"empieza de nuevo": Intent.START_OVER, "deshacer": Intent.UNDO, "más tranquilo": Intent.REFINE},
    "fr": {"on recommence à zéro": Intent.START_OVER, "annule": Intent.UNDO, "plus calme": Intent.REFINE},
    "de": {"von vorne anfangen": Intent.START_OVER, "mach das rückgängig": Intent.UNDO, "ruhiger": Intent.REFINE},
    "pt": {"começar de novo": Intent.START_OVER, "desfaz": Intent.UNDO, "mais calmo": Intent.REFINE},
    "it": {"ricominciamo da capo": Intent.START_OVER, "annulla": Intent.UNDO, "più tranquillo": Intent.REFINE},
}
SHORTER = {"es": "más corto", "fr": "plus court", "de": "kürzer", "pt": "mais curta", "it": "più corta"}
OLDER = {
    "es": "lo mismo pero más viejo",
    "fr": "la même chose mais plus ancien",
    "de": "dasselbe, aber älter",
    "pt": "a mesma coisa mas mais antigo",
    "it": "la stessa cosa ma più vecchia",
}


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in ASKED.items() for text in texts])
def test_requests_of_other_languages_are_understood(language: str, text: str) -> None:
    request = read(text)
    assert (request.spoken, written(request)) == (language, set(ASKED[language][text].split("; ")))
    assert request.text == text


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in CHANGED.items() for text in texts])
def test_playlists_are_changed_in_other_languages(language: str, text: str) -> None:
    request = read(text, first_turn=False)
    assert (request.spoken, request.intent) == (language, CHANGED[language][text])


@pytest.mark.parametrize("language", TONGUES)
def test_sizes_and_ages_are_refined_in_other_languages(language: str) -> None:
    assert read(SHORTER[language], first_turn=False).size_factor == 0.6
    assert written(read(OLDER[language], first_turn=False)) == {"era ..1995"}


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("100 canciones de jazz", "genre! jazz; n 100"),
        ("100 chansons de jazz", "genre! jazz; n 100"),
        ("100 Lieder mit Jazz", "genre! jazz; n 100"),
        ("100 músicas de jazz", "genre! jazz; n 100"),
        ("100 canzoni di jazz", "genre! jazz; n 100"),
        ("100 pistas de jazz", "genre! jazz; n 100"),
        ("musique noire américaine", "country! united states"),
        ("músicas para passar o tempo", ""),
        ("canzoni ripetute di jazz", "genre! jazz"),
    ],
)
def test_ordinary_words_of_requests_say_nothing_of_the_music(text: str, meant: str) -> None:
    assert "; ".join(sorted(written(read(text)))) == meant


@pytest.mark.parametrize(
    "text",
    [
        "otras canciones, por favor",
        "d'autres morceaux",
        "etwas anderes",
        "outras músicas",
        "altre canzoni",
        "autre chose",
    ],
)
def test_others_are_asked_for_in_other_languages(text: str) -> None:
    assert asks_for_others(text)
    assert not asks_for_others("algo distinto a Queen")


def test_descriptors_quote_the_listener() -> None:
    found = {
        (one.facet, one.text, one.polarity) for one in read("Rock psicodélico de los setenta, sin Voces").descriptors
    }
    assert found == {("Genre", "Rock psicodélico", "+"), ("Decade", "setenta", "+"), ("Vocals", "Voces", "-")}


def test_the_search_text_is_english_and_keeps_names() -> None:
    assert (
        read("algo triste como Queen para un día de lluvia").search_text == "something sad like Queen for a rainy day"
    )


def test_names_of_several_words_are_no_words_of_the_language() -> None:
    request = read("mets La femme d'argent, c'est parfait pour dormir")
    assert "+track La femme d'argent" in written(request)
    assert read("La femme d'argent").spoken == "en"
    assert read('música como "Blinding Lights"').mentions[0].polarity == "~"


def test_refused_names_that_nobody_knows_are_names() -> None:
    found = {(one.facet, one.text, one.polarity) for one in read("tout sauf Zorglub, s'il te plaît").descriptors}
    assert found == {(NAMES, "Zorglub", "-")}


@pytest.mark.parametrize(
    "text",
    [
        "bossa nova", "flamenco", "k-pop", "La Bamba", "la bamba", "El Cóndor Pasa", "Die Antwoord",
        "songs like la vie en rose", "play some chanson", "salsa and merengue please", "a la carte",
        "something in the style of Los Lobos", "German techno", "rock en español", "no", "more", "me", "solo piano",
        "deutsche grammophon", "1999", "???", "Ibiza", "café del mar", "son of a gun", "on the road", "die hard",
    ],
)  # fmt: skip
def test_names_and_genres_do_not_make_a_message_foreign(text: str) -> None:
    assert read(text).spoken == "en"


def test_english_requests_stay_english() -> None:
    requests = read_written("negation")
    assert [one.text for one in requests if read(one.text).spoken != "en"] == []


@pytest.mark.parametrize("language", TONGUES)
def test_most_requests_are_taken_for_their_language(language: str) -> None:
    told = [read(one.text).spoken == language for one in read_written(language)]
    assert sum(told) >= 0.8 * len(told)


@given(st.text(max_size=80) | st.text(alphabet="aeioulrnscm àéñöß,.!-'0189er", max_size=60))
@settings(max_examples=150)
def test_any_text_can_be_read_in_any_language(text: str) -> None:
    request = read(text)
    assert request.text == text
    assert request.spoken in ("en", *TONGUES)
    reading = cut(text)
    spoken(reading)
    for tongue in load_tongues():
        glossed = gloss(reading, tongue, frozenset()).reading
        for token in glossed.tokens:
            assert 0 <= token.start < token.end <= len(reading.text)
        assert [t.start for t in glossed.tokens] == sorted(t.start for t in glossed.tokens)


@pytest.mark.parametrize("language", TONGUES)
def test_the_words_of_a_language_mean_words_of_the_vocabulary(language: str) -> None:
    text = resources.files("assistant").joinpath("languages", f"{language}.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    vocabulary = load_vocabulary()
    for facet, section in SECTIONS.items():
        if facet is Facet.THEME:
            continue  # what songs are to be about is read from English alone
        assert set(data[section]) <= set(vocabulary.words(facet)), section
        owner: dict[str, str] = {}
        for word, phrases in data[section].items():
            for phrase in phrases.split("; "):
                assert fold(phrase), (section, word)
                assert phrase == phrase.lower().strip(), (section, phrase)
                assert owner.setdefault(fold(phrase), word) == word, (section, phrase)
