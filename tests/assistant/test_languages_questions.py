"""Questions in Spanish, French, German, Portuguese and Italian: what they ask, and what only sounds like them."""

from __future__ import annotations

import pytest

from assistant.languages import TONGUES
from assistant.relative import against
from assistant.request import Intent, Request
from recsys.catalogue import Catalogue
from recsys.types import Arc, Track
from tests.reading import read, written

#: English → how it is asked in each language.
ASKED: dict[str, dict[str, tuple[str, ...]]] = {
    "how many jazz records do I have?": {
        "es": ("¿cuántos discos de jazz tengo?", "¿cuánto jazz tengo?", "¿cuántos temas de jazz hay?"),
        "fr": ("combien de disques de jazz ai-je ?", "j'ai combien d'albums de jazz ?", "combien de jazz ai-je ?"),
        "de": ("wie viele Jazzplatten habe ich?", "wie viele Jazz-Alben habe ich?", "wie viel Jazz habe ich?"),
        "pt": ("quantos discos de jazz tenho?", "quantos álbuns de jazz há?", "quanto jazz eu tenho?"),
        "it": ("quanti dischi jazz ho?", "quanti dischi di jazz ho?", "quanto jazz ho?"),
    },
    "how many sad songs by Queen do I have?": {
        "es": ("¿cuántas canciones tristes de Queen tengo?",),
        "fr": ("combien de chansons tristes de Queen ai-je ?",),
        "de": ("wie viele traurige Lieder von Queen habe ich?",),
        "pt": ("quantas músicas tristes dos Queen eu tenho?",),
        "it": ("quante canzoni tristi dei Queen ho?",),
    },
    "do I have anything by Drake?": {
        "es": ("¿tengo algo de Drake?", "¿hay algo de Drake?"),
        "fr": ("est-ce que j'ai quelque chose de Drake ?", "j'ai quelque chose de Drake ?"),
        "de": ("habe ich etwas von Drake?", "hab ich was von Drake?"),
        "pt": ("tenho alguma coisa do Drake?", "tenho algo do Drake?"),
        "it": ("ho qualcosa di Drake?",),
    },
    "how many of these are rock?": {
        "es": ("¿cuántas de estas son rock?", "¿cuántas de estas son de rock?"),
        "fr": ("combien de celles-ci sont du rock ?",),
        "de": ("wie viele davon sind Rock?",),
        "pt": ("quantas destas são rock?",),
        "it": ("quante di queste sono rock?",),
    },
    "which genres do I have?": {
        "es": ("¿qué géneros tengo?",),
        "fr": ("quels genres ai-je ?",),
        "de": ("welche Genres habe ich?",),
        "pt": ("que géneros tenho?", "quais gêneros eu tenho?"),
        "it": ("che generi ho?",),
    },
    "what do you know about my taste?": {
        "es": ("¿qué sabes de mis gustos?", "¿qué sabes sobre mis gustos?", "¿qué sabes de mi gusto musical?"),
        "fr": ("que sais-tu de mes goûts ?", "qu'est-ce que tu sais de mes goûts ?", "que savez-vous de mes goûts ?"),
        "de": ("was weißt du über meinen Geschmack?", "was weißt du über meinen Musikgeschmack?"),
        "pt": ("o que você sabe do meu gosto?", "o que sabes sobre o meu gosto?", "o que você sabe sobre meu gosto?"),
        "it": ("cosa sai dei miei gusti?", "che cosa sai dei miei gusti?", "cosa sai del mio gusto?"),
    },
    "why not Queen?": {
        "es": (
            "¿por qué no Queen?",
            "¿por qué no está Queen?",
            "¿por qué no hay nada de Queen?",
            "¿por qué falta Queen?",
        ),
        "fr": ("pourquoi pas Queen ?", "pourquoi Queen n'est pas là ?", "pourquoi n'y a-t-il rien de Queen ?"),
        "de": ("warum nicht Queen?", "warum ist Queen nicht dabei?", "warum gibt es nichts von Queen?"),
        "pt": ("por que não Queen?", "por que não está Queen?", "por que não há nada dos Queen?"),
        "it": ("perché non Queen?", "perché non c'è Queen?", "perché non c'è niente dei Queen?"),
    },
    "why isn't Bohemian Rhapsody there?": {
        "es": ("¿por qué Bohemian Rhapsody no está en la lista?",),
        "fr": ("pourquoi Bohemian Rhapsody n'y est pas ?",),
        "de": ("warum ist Bohemian Rhapsody nicht in der Liste?",),
        "pt": ("por que Bohemian Rhapsody não está na lista?",),
        "it": ("perché Bohemian Rhapsody non c'è?",),
    },
    "tell me about Queen": {
        "es": ("¿quién es Queen?", "¿qué sabes de Queen?"),
        "fr": ("parle-moi de Queen", "que sais-tu de Queen ?"),
        "de": ("erzähl mir was über Queen", "was weißt du über Queen?"),
        "pt": ("fala-me dos Queen", "quem são os Queen?"),
        "it": ("parlami dei Queen", "cosa sai dei Queen?"),
    },
    "what did I ask for?": {
        "es": ("¿qué pedí?", "¿qué te he pedido?"),
        "fr": ("j'avais demandé quoi ?", "qu'est-ce que je t'ai demandé ?"),
        "de": ("was hatte ich gesagt?", "was wollte ich?"),
        "pt": ("o que pedi?", "o que foi que eu pedi?"),
        "it": ("cosa avevo chiesto?", "che ho chiesto?"),
    },
}
#: Suggestions and wishes, which only sound like questions.
WISHES = (
    ("¿por qué no algo de jazz?", "es", "genre! jazz"),
    ("pourquoi pas du jazz ?", "fr", "genre! jazz"),
    ("warum nicht mal Jazz?", "de", "genre! jazz"),
    ("por que não jazz agora?", "pt", "genre! jazz"),
    ("perché non un po' di jazz?", "it", "genre! jazz"),
    ("tengo una fiesta", "es", "activity party"),
    ("habe ich Lust auf Jazz", "de", "genre! jazz"),
)
RISING = {
    "es": ("que empiece tranquila y acabe fuerte", "de tranquilo a fuerte"),
    "fr": ("commence calme et finis fort", "du calme au fort"),
    "de": ("fang ruhig an und ende laut", "von ruhig nach laut"),
    "pt": ("começa calmo e acaba forte", "do calmo ao forte"),
    "it": ("inizia calmo e finisci forte", "dal calmo al forte"),
}
#: Comparatives, and the same adjectives that compare nothing.
SLOWER = {
    "es": (("más lento", "un poco más lento", "más lentas"), ("algo lento", "más bien lento")),
    "fr": (("plus lent", "un peu plus lent", "plus lentes"), ("quelque chose de lent",)),
    "de": (("langsamer", "etwas langsamer", "langsamere Lieder"), ("langsame Lieder",)),
    "pt": (("mais lento", "um pouco mais lento", "mais devagar"), ("algo lento",)),
    "it": (("più lento", "un po' più lento", "più lente"), ("qualcosa di lento",)),
}
OLDER = {
    "es": ("más antiguo", "más viejas"),
    "fr": ("plus vieux", "plus ancien"),
    "de": ("älter", "ältere Sachen"),
    "pt": ("mais antigo", "mais velho"),
    "it": ("più vecchio", "più datato"),
}


def asks(request: Request) -> object:
    """What is asked, and about what, whatever the words."""
    question = request.question
    if question is None:
        return None
    constraints = [(c.facet, c.values, c.low, c.high) for c in question.constraints]
    return request.intent, question.kind, [m.key for m in question.mentions], constraints


@pytest.mark.parametrize(
    ("english", "language", "text"),
    [(english, code, text) for english, all_ in ASKED.items() for code, texts in all_.items() for text in texts],
)
def test_questions_ask_the_same_in_every_language(english: str, language: str, text: str) -> None:
    request = read(text, first_turn=False)
    assert request.spoken == language
    assert asks(request) == asks(read(english, first_turn=False)) is not None


@pytest.mark.parametrize(("text", "language", "wish"), WISHES)
def test_a_wish_is_no_question(text: str, language: str, wish: str) -> None:
    request = read(text, first_turn=False)
    assert (request.spoken, request.question) == (language, None)
    assert wish in written(request)
    assert request.intent in (Intent.ASK, Intent.REFINE)


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in RISING.items() for text in texts])
@pytest.mark.parametrize("first_turn", [True, False])
def test_the_order_is_asked_for(language: str, text: str, first_turn: bool) -> None:
    request = read(text, first_turn=first_turn)
    assert (request.spoken, request.arc) == (language, Arc.RISING)


def moved(text: str) -> tuple[float | None, float | None]:
    """The bounds of a message's only wish against a slow and old playlist: years 1950 to 1958, 70 to 78 BPM."""
    tracks = [Track(f"t{n}", f"Song {n}", ("A",), year=1950 + n, tempo_bpm=70.0 + n) for n in range(9)]
    catalogue = Catalogue.from_tracks(tracks)
    (constraint,) = against(read(text, first_turn=False), catalogue, catalogue.track_ids).constraints
    return constraint.low, constraint.high


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, said in SLOWER.items() for text in said[0]])
def test_slower_is_meant_against_the_playlist(language: str, text: str) -> None:
    assert moved(text) == (None, 68.0)


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, said in SLOWER.items() for text in said[1]])
def test_slow_is_meant_as_it_is_said(language: str, text: str) -> None:
    low, high = moved(text)
    assert low is None
    assert high is not None
    assert high >= 100


@pytest.mark.parametrize(("language", "text"), [(code, text) for code, texts in OLDER.items() for text in texts])
def test_older_is_meant_against_the_playlist(language: str, text: str) -> None:
    assert moved(text) == (None, 1951.0)


def test_every_question_is_tried_in_every_language() -> None:
    for tried in (*ASKED.values(), RISING, SLOWER, OLDER):
        assert set(tried) == set(TONGUES)
