"""In which language a turn is answered: that of its message, or of the session where the message tells none.

"Jazz", a title or a tap in a front end are of no language, and some words are of several ("adoro"). Then the session
goes on in its own.
"""

from __future__ import annotations

from assistant.languages import ENGLISH, TONGUES
from assistant.request import Request
from assistant.understanding.tokens import read
from assistant.understanding.tongues import english_music, load_tongues
from recsys.common_words import COMMON_WORDS, FUNCTION_WORDS

_ENGLISH_WORDS = FUNCTION_WORDS | COMMON_WORDS


def in_language(request: Request, before: str, demanded: str | None = None) -> Request:
    """Let a request be answered in the language of the session before it, unless its words are clearly of another.

    A language that a front end demands beats both, where Segue speaks it.
    """
    if demanded in (ENGLISH, *TONGUES):
        return request.model_copy(update={"spoken": demanded})
    tongue = next((tongue for tongue in load_tongues() if tongue.code == before), None)
    if tongue is None or request.spoken == before:
        return request
    named = {word for mention in request.mentions for word in read(f"{mention.text} {mention.name}").words}
    told = {word for word in read(request.text).words if not word.isdigit()} - named
    others = {word for word in told if not tongue.knows(word) and word not in tongue.cues}
    if request.spoken == ENGLISH:
        others = {word for word in others if word in _ENGLISH_WORDS and word not in english_music()}
    return request if others else request.model_copy(update={"spoken": before})
