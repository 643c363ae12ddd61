"""What Segue says about a turn, in a sentence or two; every number comes from the receipt or the slate."""

from __future__ import annotations

import re
from collections.abc import Sequence

from assistant.labels import constraint_label, listing, minutes_label, plain
from assistant.receipt import MINUTES_TOLERANCE
from assistant.reply import ReceiptLine
from assistant.request import Intent, Request
from assistant.session import SessionState
from recsys.recommendation import Recommendation
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
#: Wishes that the first sentence names; the receipt has them all.
_MAX_WISHES = 5


def is_greeting(text: str) -> bool:
    """Tell whether a message greets and asks for nothing."""
    return _GREETING.fullmatch(fold(text)) is not None


def is_thanks(text: str) -> bool:
    """Tell whether a message thanks or takes leave and asks for nothing."""
    return _THANKS.fullmatch(fold(text)) is not None


def asks_for_something(request: Request) -> bool:
    """Tell whether the understanding found anything to go by beside free words."""
    size = (request.n_tracks, request.minutes, request.size_factor)
    dials = (request.discovery, request.fame, request.how_much_me)
    return bool(request.constraints or request.mentions) or any(value is not None for value in (*size, *dials))


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
        request: what they were understood to mean.
        state: what holds in the session.
        result: the slate.
        receipt: the slate's receipt.
        length: how long the slate plays, in words.
        repeated: whether others were asked for and there were none, so that some were shown before.
        unknown_words: what the message is, where nothing of it was understood and no track has its words.
    """
    if not result.picks:
        sentences = [_nothing(state, request, receipt)]
    else:
        sentences = [_opening(message, request, state, result, length, unknown_words)]
        sentences += _shortfalls(state, result, receipt)
    if repeated:
        sentences.append("Nothing else fits, so some of these were shown before.")
    if request.note:
        sentences.append(request.note)
    return plain(" ".join(sentences))


def _opening(
    message: str, request: Request, state: SessionState, result: Recommendation, length: str, unknown_words: str
) -> str:
    n = len(result.picks)
    slate = f"{n} track{'s' if n != 1 else ''}, {length}"
    wishes = _wishes(state, request)
    mix = "a mix close to your taste" if result.has_taste and state.how_much_me != 0 else "a varied mix"
    later = state.turn > 1
    if is_thanks(message):
        return f"You are welcome! Your playlist: {slate}." if later else f"Here is {mix}: {slate}."
    if is_greeting(message) and later:
        return f"Hello again! Your playlist: {slate}."
    if is_greeting(message):
        return f"Hello! Here is {mix} to begin with: {slate}. Tell me a mood, a genre, an artist or a moment."
    if state.is_empty() and request.intent is Intent.START_OVER:
        return f"Starting over: {mix}, {slate}. Tell me a mood, a genre, an artist or a moment."
    if state.is_empty():
        return f"You did not say what, so here is {mix}: {slate}. Tell me a mood, a genre, an artist or a moment."
    if unknown_words:
        words = plain(unknown_words, 60)
        return f"I know no genre, mood, era or name in “{words}”; here is what comes nearest in meaning: {slate}."
    return f"{slate}: {listing(wishes)}." if wishes else f"{slate}, picked by the meaning of your words."


def _wishes(state: SessionState, request: Request) -> list[str]:
    """Name what holds, what this message said first."""
    names, said_now = state.names(), {mention.key for mention in request.mentions}
    wishes = [(s.turn == state.turn, constraint_label(s.constraint, names)) for s in state.constraints]
    wishes += [(mention.key in said_now, f"like {plain(mention.name, 40)}") for mention in state.likes]
    wishes += [(mention.key in said_now, f"with “{plain(mention.name, 40)}”") for mention in state.titles]
    if state.fame and not any(c.facet is Facet.POPULARITY for c in state.active()):
        wishes.append((request.fame is not None, "well known" if state.fame > 0 else "not too famous"))
    if state.discovery:
        wishes.append((request.discovery is not None, "new to you" if state.discovery > 0 else "familiar"))
    if state.how_much_me is not None and state.how_much_me != 1:
        words = (
            "without your taste" if not state.how_much_me else f"{'more' if state.how_much_me > 1 else 'less'} of you"
        )
        wishes.append((request.how_much_me is not None, words))
    labels = list(dict.fromkeys(label for _, label in sorted(wishes, key=lambda wish: not wish[0])))
    more = len(labels) - _MAX_WISHES
    return [*labels[:_MAX_WISHES], f"{more} more"] if more > 0 else labels


def _shortfalls(state: SessionState, result: Recommendation, receipt: Sequence[ReceiptLine]) -> list[str]:
    """What the slate does not deliver: relaxed wishes, missing tracks or minutes, missing titles."""
    sentences = []
    names = state.names()
    relaxed = [
        f"“{constraint_label(count.constraint, names)}” ({count.n_met} of {count.n_total})"
        for count in result.counts
        if count.relaxed
    ]
    if relaxed:
        sentences.append(f"Too few tracks fit everything, so I relaxed {listing(relaxed[:3])}.")
    n = len(result.picks)
    if state.minutes is not None:
        minutes = sum(pick.duration_s for pick in result.picks) / 60
        if abs(minutes - state.minutes) > MINUTES_TOLERANCE * state.minutes:
            sentences.append(f"That is as near to {minutes_label(state.minutes * 60)} as I can get with what fits.")
    elif state.n_tracks is not None and n < state.n_tracks:
        sentences.append(f"Only {n} of the {state.n_tracks} fit.")
    shown = {pick.track.track_id for pick in result.picks}
    missing = [f"“{plain(title.name, 40)}”" for title in state.titles if title.key not in shown]
    if missing:
        sentences.append(f"{listing(missing[:3])} had to stay out.")
    return sentences


def _nothing(state: SessionState, request: Request, receipt: Sequence[ReceiptLine]) -> str:
    hard = [line.constraint for line in receipt if line.hard and line.asked == "all"]
    wishes = listing(hard[:_MAX_WISHES]) or listing(_wishes(state, request))
    return f"No track of the catalogue fits {wishes or 'that'}. Take something back, or say “start over”."
