"""Commands, edits and questions in Spanish, French, German, Portuguese and Italian: they mean what the English mean."""

from __future__ import annotations

from typing import Any

import pytest

from assistant.languages import TONGUES
from assistant.phrases import asks_for_others
from assistant.request import Request
from tests.reading import read, written

#: English → how it is said in each language.
SAID: dict[str, dict[str, tuple[str, ...]]] = {
    "keep 1-4 and swap the rest for something calmer": {
        "es": ("mantén 1-4 y cambia el resto por algo más tranquilo",),
        "fr": ("garde 1-4 et remplace le reste par quelque chose de plus calme",),
        "de": ("behalte 1-4 und ersetze den Rest durch etwas Entspannteres",),
        "pt": ("mantém 1-4 e troca o resto por algo mais calmo",),
        "it": ("tieni 1-4 e cambia il resto con qualcosa di più tranquillo",),
    },
    "pin 1 and 3": {
        "es": ("fija la 1 y la 3",),
        "fr": ("garde la 1 et la 3",),
        "de": ("behalte die 1 und die 3",),
        "pt": ("fixa a 1 e a 3",),
        "it": ("tieni la 1 e la 3",),
    },
    "remove 3": {
        "es": ("quita la 3", "elimina la número 3"),
        "fr": ("enlève la 3", "supprime le numéro 3"),
        "de": ("entferne die 3", "nimm die 3 raus", "lösch Nummer 3", "weg mit der 3"),
        "pt": ("tira a 3", "retira a número 3"),
        "it": ("togli la 3", "cancella la numero 3"),
    },
    "remove the second one": {
        "es": ("quita la segunda", "saca el segundo tema"),
        "fr": ("enlève la deuxième", "supprime le deuxième morceau"),
        "de": ("entferne das zweite", "nimm den zweiten Titel raus"),
        "pt": ("tira a segunda", "remove a segunda música"),
        "it": ("togli la seconda", "rimuovi il secondo brano"),
    },
    "keep 1-4": {
        "es": ("mantén 1–4", "mantén de la 1 a la 4", "quédate con las cuatro primeras"),
        "fr": ("garde 1-4", "garde de 1 à 4", "garde les 4 premières"),
        "de": ("behalte 1 bis 4", "behalte die ersten vier"),
        "pt": ("mantém 1-4", "mantém as quatro primeiras"),
        "it": ("tieni 1-4", "tieni da 1 a 4", "tieni le prime quattro"),
    },
    "more like 3": {
        "es": ("más como la 3", "otras como la tercera"),
        "fr": ("plus comme la 3", "d'autres comme la troisième"),
        "de": ("mehr wie die 3", "mehr wie Nummer 3"),
        "pt": ("mais como a 3",),
        "it": ("più come la 3", "altre come la terza"),
    },
    "remove the last one": {
        "es": ("quita la última",),
        "fr": ("enlève la dernière",),
        "de": ("entferne das letzte", "nimm das letzte Lied raus"),
        "pt": ("tira a última",),
        "it": ("togli l'ultima",),
    },
    "remove the live ones": {
        "es": ("quita las versiones en directo",),
        "fr": ("enlève les versions live",),
        "de": ("entferne die Live-Versionen",),
        "pt": ("tira as versões ao vivo",),
        "it": ("togli le versioni dal vivo",),
    },
    "add two by Queen": {
        "es": ("añade dos de Queen",),
        "fr": ("ajoute deux morceaux de Queen", "ajoute-en deux de Queen"),
        "de": ("füge zwei von Queen hinzu", "pack zwei Lieder von Queen dazu"),
        "pt": ("adiciona duas da Queen", "acrescenta duas músicas dos Queen"),
        "it": ("aggiungi due dei Queen", "aggiungine due dei Queen"),
    },
    "more like 3 but faster": {
        "es": ("más como la 3 pero más rápido",),
        "fr": ("plus comme la 3 mais plus rapide",),
        "de": ("mehr wie die 3, aber schneller",),
        "pt": ("mais como a 3 mas mais rápido",),
        "it": ("più come la 3 ma più veloce",),
    },
    "move 2 to the end": {
        "es": ("mueve la 2 al final", "pon la 2 al final"),
        "fr": ("déplace la 2 à la fin", "mets la 2 à la fin"),
        "de": ("verschiebe die 2 ans Ende",),
        "pt": ("move a 2 para o fim", "põe a 2 no fim"),
        "it": ("sposta la 2 alla fine", "metti la 2 in fondo"),
    },
    "I like 5": {
        "es": ("me gusta la 5", "la 5 me gusta"),
        "fr": ("j'aime la 5", "la 5 me plaît"),
        "de": ("ich mag die 5", "die 5 gefällt mir"),
        "pt": ("gosto da 5", "eu adoro a 5"),
        "it": ("mi piace la 5", "la 5 mi piace"),
    },
    "I don't like 5": {
        "es": ("no me gusta la 5", "la 5 no me gusta"),
        "fr": ("je n'aime pas la 5", "la 5 ne me plaît pas"),
        "de": ("ich mag die 5 nicht", "die 5 gefällt mir nicht"),
        "pt": ("não gosto da 5", "não curto a 5"),
        "it": ("non mi piace la 5", "la 5 non mi piace"),
    },
    "undo": {
        "es": ("deshaz eso", "deshacer"),
        "fr": ("annule ça", "annuler"),
        "de": ("mach das rückgängig", "rückgängig"),
        "pt": ("desfaz", "desfaz isso"),
        "it": ("annulla", "torna indietro"),
    },
    "redo": {
        "es": ("rehacer",),
        "fr": ("rétablis",),
        "de": ("wiederherstellen",),
        "pt": ("refazer",),
        "it": ("ripristina",),
    },
    "start over": {
        "es": ("empieza de nuevo",),
        "fr": ("recommence à zéro",),
        "de": ("fang von vorne an",),
        "pt": ("começa de novo",),
        "it": ("ricomincia da capo",),
    },
    "forget the pop": {
        "es": ("olvida el pop", "olvídate del pop"),
        "fr": ("oublie la pop",),
        "de": ("vergiss den Pop",),
        "pt": ("esquece o pop",),
        "it": ("dimentica il pop",),
    },
    "the tempo doesn't matter": {
        "es": ("el tempo no importa", "el ritmo da igual"),
        "fr": ("le tempo n'a pas d'importance",),
        "de": ("das Tempo ist egal", "das Tempo spielt keine Rolle"),
        "pt": ("o ritmo não importa",),
        "it": ("il tempo non importa",),
    },
    "make it 90 minutes": {
        "es": ("que dure 90 minutos", "hazla de 90 minutos"),
        "fr": ("que ça dure 90 minutes", "fais-la durer 90 minutes"),
        "de": ("mach es 90 Minuten lang", "mach 90 Minuten daraus"),
        "pt": ("faz durar 90 minutos",),
        "it": ("falla durare 90 minuti", "che duri 90 minuti"),
    },
    "the same but older": {
        "es": ("lo mismo pero más antiguo",),
        "fr": ("la même chose mais plus vieux",),
        "de": ("dasselbe, aber älter",),
        "pt": ("o mesmo mas mais antigo",),
        "it": ("lo stesso ma più vecchio",),
    },
    "why number 2?": {
        "es": ("¿por qué la número 2?", "¿por qué la 2?", "¿por qué has elegido la 2?"),
        "fr": ("pourquoi le numéro 2 ?", "pourquoi la 2 ?", "pourquoi as-tu choisi la 2 ?"),
        "de": ("warum Nummer 2?", "warum die 2?", "warum hast du die 2 gewählt?"),
        "pt": ("por que a faixa 2?", "porquê a 2?", "por que você escolheu a 2?"),
        "it": ("perché la numero 2?", "perché la 2?", "perché hai scelto la 2?"),
    },
    "what did I ask for?": {
        "es": ("¿qué he pedido?", "¿qué te pedí?"),
        "fr": ("qu'est-ce que j'ai demandé ?", "j'ai demandé quoi ?"),
        "de": ("was habe ich mir gewünscht?", "worum habe ich gebeten?"),
        "pt": ("o que eu pedi?", "o que é que eu pedi?"),
        "it": ("cosa ho chiesto?", "che cosa ti ho chiesto?"),
    },
    "how many jazz songs do I have?": {
        "es": ("¿cuántas canciones de jazz tengo?",),
        "fr": ("combien de morceaux de jazz est-ce que j'ai ?", "combien de chansons de jazz ai-je ?"),
        "de": ("wie viele Jazzlieder habe ich?", "wie viele Lieder mit Jazz habe ich?"),
        "pt": ("quantas músicas de jazz eu tenho?", "quantas músicas de jazz tenho?"),
        "it": ("quante canzoni jazz ho?", "quanti brani jazz ho?"),
    },
    "who is this?": {
        "es": ("¿quién es este?", "¿quién canta?"),
        "fr": ("c'est qui ?", "qui chante ?"),
        "de": ("wer ist das?", "wer singt da?"),
        "pt": ("quem é este?", "quem canta?"),
        "it": ("chi è questo?", "chi canta?"),
    },
    "how long is the playlist?": {
        "es": ("¿cuánto dura la lista?",),
        "fr": ("combien de temps dure la liste ?",),
        "de": ("wie lang ist die Liste?",),
        "pt": ("quanto tempo dura a lista?",),
        "it": ("quanto dura la lista?",),
    },
    "help": {
        "es": ("ayuda", "¿qué puedes hacer?"),
        "fr": ("aide-moi", "que peux-tu faire ?"),
        "de": ("Hilfe", "was kannst du?"),
        "pt": ("ajuda", "o que você pode fazer?"),
        "it": ("aiuto", "cosa puoi fare?"),
    },
    "more like these": {
        "es": ("más como estas",),
        "fr": ("plus comme ça", "d'autres comme ça"),
        "de": ("mehr davon", "mehr wie diese"),
        "pt": ("mais como estas", "mais dessas"),
        "it": ("altre così", "altre come queste"),
    },
    "something else": {
        "es": ("algo distinto",),
        "fr": ("autre chose",),
        "de": ("etwas anderes",),
        "pt": ("outra coisa",),
        "it": ("qualcosa di diverso",),
    },
    "save it": {
        "es": ("guárdala", "guarda la lista"),
        "fr": ("enregistre la liste", "exporte la liste"),
        "de": ("speichere die Liste",),
        "pt": ("guarda a lista", "salva a lista"),
        "it": ("salva la lista", "esporta la lista"),
    },
}


def meant(request: Request) -> dict[str, Any]:
    """What a message changes or asks, without the words that said it."""
    question = request.question
    return {
        "said": written(request),
        "edits": [
            (e.action, e.what.which, e.what.positions, [c.values for c in e.what.constraints], e.to, e.n)
            for e in request.edits
        ],
        "chips": [(c.action, c.chip, c.facets, [(k.facet, k.values) for k in c.constraints]) for c in request.chips],
        "intent": request.intent,
        "factor": request.size_factor,
        "others": asks_for_others(request.text),
        "question": question and (question.kind, [(k.facet, k.values) for k in question.constraints]),
    }


@pytest.mark.parametrize(
    ("english", "language", "text"),
    [(english, code, text) for english, all_ in SAID.items() for code, texts in all_.items() for text in texts],
)
def test_commands_mean_the_same_in_every_language(english: str, language: str, text: str) -> None:
    request = read(text, first_turn=False)
    assert request.spoken == language
    assert meant(request) == meant(read(english, first_turn=False))


@pytest.mark.parametrize("language", TONGUES)
def test_every_command_is_tried_in_every_language(language: str) -> None:
    assert [english for english, said in SAID.items() if not said.get(language)] == []
