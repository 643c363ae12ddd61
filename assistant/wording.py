"""What Segue says about a turn, in a sentence or two; every number comes from the receipt or the slate."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from assistant.labels import arc_label, constraint_label, me_label, minutes_label, plain
from assistant.languages import ENGLISH
from assistant.phrasebook import Phrasebook, phrasebook
from assistant.receipt import MINUTES_TOLERANCE
from assistant.reply import ReceiptLine
from assistant.request import Intent, Request
from assistant.session import SessionState
from recsys.recommendation import ConstraintCount, Recommendation
from recsys.text import fold
from recsys.types import Facet

_GREETING = re.compile(
    r"(hi+|hey+|hello+|hallo|howdy|yo|hola|bonjour|ciao|good (morning|evening|afternoon|day)|what s up|sup|greetings)"
    r"( (there|segue|again|everyone|you|friend))*"
)
_THANKS = re.compile(
    r"(ok(ay)? )?(thanks?|thank you|thx|cheers|great|perfect|nice|cool|awesome|lovely|ok|okay|bye|goodbye)"
    r"( (thanks?|you|a lot|so much|very much|segue|everyone|bye))*"
)
_TELL = "Tell me a mood, a genre, an artist or a moment."
_HELLO = f"Hello! Here is {{mix}} to begin with: {{slate}}. {_TELL}"
_OVER = f"Starting over: {{mix}}, {{slate}}. {_TELL}"
_UNSAID = f"You did not say what, so here is {{mix}}: {{slate}}. {_TELL}"
_UNKNOWN = "I know no genre, mood, era or name in “{words}”; here is what comes nearest in meaning: {slate}."
#: Courtesies of other languages, folded: greetings, and thanks.
_HELLOS = {
    "es": "hola|buenas|buenos dias|buenas tardes|buenas noches",
    "fr": "bonjour|salut|bonsoir|coucou",
    "de": "hallo|moin|servus|guten tag|guten morgen|guten abend",
    "pt": "ola|oi|bom dia|boa tarde|boa noite",
    "it": "ciao|salve|buongiorno|buonasera",
}
_THANKED = {
    "es": "(muchas |mil )?gracias",
    "fr": "merci( beaucoup)?",
    "de": "danke( schon| sehr)?|vielen dank|dankeschon",
    "pt": "(muito )?obrigad[oa]",
    "it": "grazie( mille)?|molte grazie",
}
#: Wishes that the first sentence names; the receipt has them all.
_MAX_WISHES = 5


def is_greeting(text: str) -> bool:
    """Tell whether a message greets and asks for nothing."""
    return _GREETING.fullmatch(fold(text)) is not None or _language(_HELLOS, text) is not None


def is_thanks(text: str) -> bool:
    """Tell whether a message thanks or takes leave and asks for nothing."""
    return _THANKS.fullmatch(fold(text)) is not None or _language(_THANKED, text) is not None


def courtesy_language(text: str) -> str:
    """The language of a greeting or thanks, English for those that are none of another."""
    return _language(_HELLOS, text) or _language(_THANKED, text) or ENGLISH


def _language(courtesies: Mapping[str, str], text: str) -> str | None:
    said = fold(text)
    return next((code for code, pattern in courtesies.items() if re.fullmatch(pattern, said)), None)


def asks_for_something(request: Request) -> bool:
    """Tell whether the understanding found anything to go by beside free words."""
    size = (request.n_tracks, request.minutes, request.size_factor)
    dials = (request.discovery, request.fame, request.how_much_me)
    said = request.constraints or request.mentions or request.clean is not None
    return bool(said) or any(value is not None for value in (*size, *dials))


def say(
    message: str,
    request: Request,
    state: SessionState,
    result: Recommendation,
    receipt: Sequence[ReceiptLine],
    *,
    length: str,
    repeated: bool = False,
    unknown_words: str = "",
) -> str:
    """Word the reply.

    Args:
        message: the listener's words, made plain.
        request: what they were understood to mean, and the language to answer in.
        state: what holds in the session.
        result: the slate.
        receipt: the slate's receipt.
        length: how long the slate plays, in words.
        repeated: whether others were asked for and there were none, so that some were shown before.
        unknown_words: what the message is, where nothing of it was understood and no track has its words.
    """
    book = phrasebook(request.spoken)
    if not result.picks:
        sentences = [_nothing(state, request, receipt, book)]
    else:
        sentences = [_opening(message, request, state, result, length, unknown_words, book)]
        sentences += _shortfalls(state, result, book)
    unknown = next((line.unknown for line in receipt if line.chip == "clean"), 0)
    if request.clean and unknown:
        sentences.append(book("Unknown whether explicit: {n}.", n=unknown))
    if repeated:
        sentences.append(book("Nothing else fits, so some of these were shown before."))
    if request.note:
        sentences.append(request.note)
    return plain(" ".join(sentences))


def _opening(
    message: str,
    request: Request,
    state: SessionState,
    result: Recommendation,
    length: str,
    unknown_words: str,
    book: Phrasebook,
) -> str:
    n = len(result.picks)
    slate = book("{n} tracks, {length}" if n != 1 else "{n} track, {length}", n=n, length=length)
    wishes = _wishes(state, request, book)
    mix = book("a mix close to your taste" if result.has_taste and state.how_much_me != 0 else "a varied mix")
    later = state.turn > 1
    if is_thanks(message):
        thanked = "You are welcome! Your playlist: {slate}." if later else "Here is {mix}: {slate}."
        return book(thanked, mix=mix, slate=slate)
    if is_greeting(message) and later:
        return book("Hello again! Your playlist: {slate}.", slate=slate)
    if is_greeting(message):
        return book(_HELLO, mix=mix, slate=slate)
    if state.is_empty() and request.intent is Intent.START_OVER:
        return book(_OVER, mix=mix, slate=slate)
    if state.is_empty():
        return book(_UNSAID, mix=mix, slate=slate)
    if unknown_words:
        return book(_UNKNOWN, words=plain(unknown_words, 60), slate=slate)
    if wishes:
        return f"{slate}: {book.listing(wishes)}."
    return book("{slate}, picked by the meaning of your words.", slate=slate)


def _wishes(state: SessionState, request: Request, book: Phrasebook) -> list[str]:
    """Name what holds, what this message said first."""
    names, said_now = state.names(), {mention.key for mention in request.mentions}
    wishes = [(s.turn == state.turn, constraint_label(s.constraint, names, book)) for s in state.constraints]
    wishes += [(m.key in said_now, book("like {name}", name=plain(m.name, 40))) for m in state.likes]
    wishes += [(m.key in said_now, book("with “{name}”", name=plain(m.name, 40))) for m in state.titles]
    if state.fame and not any(c.facet is Facet.POPULARITY for c in state.active()):
        wishes.append((request.fame is not None, book("well known" if state.fame > 0 else "not too famous")))
    if state.discovery:
        wishes.append((request.discovery is not None, book("new to you" if state.discovery > 0 else "familiar")))
    if state.clean:
        wishes.append((request.clean is not None, book("nothing explicit")))
    if state.arc is not None:
        wishes.append((request.arc is not None, arc_label(state.arc, book)))
    if state.how_much_me is not None and state.how_much_me != 1:
        wishes.append((request.how_much_me is not None, me_label(state.how_much_me, book)))
    labels = list(dict.fromkeys(label for _, label in sorted(wishes, key=lambda wish: not wish[0])))
    more = len(labels) - _MAX_WISHES
    return [*labels[:_MAX_WISHES], book("{n} more", n=more)] if more > 0 else labels


def relaxed_sentence(counts: Sequence[ConstraintCount], names: Mapping[str, str], book: Phrasebook) -> str:
    """Say which demands gave way; empty where none did."""
    relaxed = [
        book(
            "“{wish}” ({n} of {total})",
            wish=constraint_label(count.constraint, names, book),
            n=count.n_met,
            total=count.n_total,
        )
        for count in counts
        if count.relaxed
    ]
    wishes = book.listing(relaxed[:3])
    return book("Too few tracks fit everything, so I relaxed {wishes}.", wishes=wishes) if relaxed else ""


def _shortfalls(state: SessionState, result: Recommendation, book: Phrasebook) -> list[str]:
    """What the slate does not deliver: relaxed wishes, missing tracks or minutes, missing titles."""
    sentences = []
    names = state.names()
    if gave_way := relaxed_sentence(result.counts, names, book):
        sentences.append(gave_way)
    n = len(result.picks)
    if state.minutes is not None:
        minutes = sum(pick.duration_s for pick in result.picks) / 60
        if abs(minutes - state.minutes) > MINUTES_TOLERANCE * state.minutes:
            length = minutes_label(state.minutes * 60)
            sentences.append(book("That is as near to {length} as I can get with what fits.", length=length))
    elif state.n_tracks is not None and n < state.n_tracks:
        sentences.append(book("Only {n} of the {asked} fit.", n=n, asked=state.n_tracks))
    shown = {pick.track.track_id for pick in result.picks}
    missing = [book("“{words}”", words=plain(title.name, 40)) for title in state.titles if title.key not in shown]
    if missing:
        sentences.append(book("{titles} had to stay out.", titles=book.listing(missing[:3])))
    return sentences


def _nothing(state: SessionState, request: Request, receipt: Sequence[ReceiptLine], book: Phrasebook) -> str:
    hard = [line.constraint for line in receipt if line.hard and line.asked == book("all")]
    wishes = book.listing(hard[:_MAX_WISHES]) or book.listing(_wishes(state, request, book)) or book("that")
    return book("No track of the catalogue fits {wishes}. Take something back, or say “start over”.", wishes=wishes)
