""" "This was not me": take a session out of a listener's taste, and put it back, in conversation and by command.

Said in a session that has had a turn, it means that session, with all that will still be done in it. Said first of all
in a new one ("that wasn't me last night"), it means the session before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from assistant.languages import ENGLISH
from assistant.phrasebook import phrasebook
from recsys.store import Store
from recsys.text import fold

_SOMEBODY = (
    r"(?:my|our|the) (?:kids?|children|son|daughter|wife|husband|partner|girlfriend|boyfriend|flatmate|roommate|brother"
    r"|sister|mother|father|mum|mom|dad|guests?|friends?|family)"
)
_CLAUSES = (
    r"(?:that|this|these|those|(?:that|this|the last|my last) (?:session|evening|night|playlist|one)|last night"
    r"|yesterday)(?: s not| (?:was|were|is|are) (?:really )?not| (?:was|were|is|are)n t| (?:was|were|is|are)nt"
    r"| (?:wasn|weren|isn|aren) t)(?: really)? me(?: (?:listening|playing|last night|yesterday|today|tonight|at all))*",
    r"it (?:was not|wasn t|wasnt|is not|isn t|isnt) me (?:(?:who|that) (?:was )?)?(?:listening|listened|playing|played"
    r"|asking|liked|picked)(?: (?:this|that|these|those|it|them))?",
    # Past tense alone: "this is for my kids" and "my kids are listening" say what to play.
    rf"(?:that|this|it) was (?:(?:only|just) )?(?:for )?{_SOMEBODY}(?: not me| listening| playing)?",
    rf"{_SOMEBODY} (?:(?:was|were|has been|have been)(?: just)? (?:listening|playing(?: (?:this|that|these|music))?)"
    r"|(?:was|were|has been|have been) using (?:this|it|my account)|used my account)",
    r"(?:(?:forget|ignore|don t (?:count|use|remember)|do not (?:count|use|remember)) (?:this|that|the last|my last)"
    r" (?:session|evening|one) (?:for|in|from) my taste)",
    r"(?:don t|do not|never) (?:learn|remember) (?:anything )?from (?:this|that|the last|my last)(?: (?:session|one))?",
)
_BACK = re.compile(
    r"(?:(?:that|this|it) was me(?: after all| actually)|(?:actually |yes |ok )?(?:that|this|it) was me after all"
    r"|(?:count|use|remember) (?:that|this|the last) session (?:again|after all)(?: for my taste)?)"
)
_WHOLE = re.compile(
    rf"(?:(?:no|oh|sorry|oops|wait|hey|by the way|btw|please|ok|okay|actually) )*(?:{'|'.join(_CLAUSES)})"
)
#: The same in the other languages, folded: not me, and me after all.
_ELSEWHERE = {
    "es": (
        r"(?:perdon |ups )?(?:(?:eso|ese|esto|esa|anoche|ayer) )?no (?:era|fui|he sido) yo"
        r"|(?:(?:eso|esto) )?(?:era|eran|fue|fueron) (?:mi|mis|los|el|la) (?:hij[oa]s?|nin[oa]s?|herman[oa]s?|mujer"
        r"|marido|novi[oa]|padres?|madre|amig[oa]s?|parej[a])",
        r"(?:al final )?si (?:era|fui|he sido) yo|al final (?:era|fui) yo",
    ),
    "fr": (
        r"(?:non |pardon |oups )?(?:(?:ca )?ce n (?:etait|est) pas moi|c (?:etait|est) pas moi|ce n etait pas moi"
        r"|hier (?:soir )?c etait pas moi|hier (?:soir )?ce n etait pas moi)"
        r"|c etai(?:en)?t (?:mes|mon|ma|les) (?:enfants?|fils|fille|filles|femme|mari|copine|copain|frere|soeur|parents"
        r"|ami|amie|amis)",
        r"(?:en fait |finalement )?c etait (?:bien )?moi(?: finalement| en fait)?",
    ),
    "de": (
        r"(?:nein |sorry |ups )?(?:das|gestern(?: abend)?)(?: war(?:en)?)(?: das)?(?: gar)? nicht ich"
        r"|(?:nein |sorry |ups )?(?:das )?(?:bin|war) (?:gar )?nicht ich(?: gewesen)?|das war ich (?:gar )?nicht"
        r"|das war(?:en)? (?:meine?|die|unsere?) (?:kinder|sohn|tochter|frau|mann|freundin|freund|bruder|schwester"
        r"|eltern|freunde)",
        r"das war doch ich|das war ich doch|doch das war ich",
    ),
    "pt": (
        r"(?:desculpa |ups )?(?:(?:isso|isto|aquilo|ontem|esse|essa) )?nao (?:era|fui) eu"
        r"|(?:isso |isto |aquilo )?(?:era|eram|foi|foram) (?:o|a|os|as) (?:meus?|minhas?) (?:filh[oa]s?|irma|irmao"
        r"|mulher|marido|namorad[oa]|pais?|mae|amig[oa]s?)",
        r"afinal (?:era|fui) eu(?: mesmo| mesma)?|(?:isso )?era eu (?:mesmo|mesma|afinal)",
    ),
    "it": (
        r"(?:scusa |ops )?(?:(?:questo|quello|ieri(?: sera)?) )?non ero io"
        r"|(?:questo |quello )?(?:era|erano) (?:(?:il|la|i|le) )?(?:mi[oa]|miei|mie) (?:figli[oa]?|figlie|moglie|marito"
        r"|ragazz[oa]|fratello|sorella|genitori|amic[oi]|amica|amiche)",
        r"(?:alla fine |in realta )ero io|ero proprio io|invece ero io",
    ),
}
_WHOSE = tuple(
    (language, mine, re.compile(pattern))
    for language, patterns in _ELSEWHERE.items()
    for mine, pattern in zip((False, True), patterns, strict=True)
)
#: What may stand between such a clause and what else a message says.
_BETWEEN = re.compile(r"[.!?;:,…¡¿]+|\s[-–—]+\s|\b(?:so|but|now)\b")
_NO_SESSION = "There is no session yet that your taste could forget."
_SHARED = "Several people share this session, so I set nothing aside: here, a like counts for who says it."
_THIS_COUNTS, _LAST_COUNTS = (
    "This session counts for your taste again.",
    "Your last session counts for your taste again.",
)
_THIS_GONE = "Nothing of this session counts for your taste; say “it was me after all” to take that back."
_LAST_GONE = "Nothing of your last session counts for your taste; say “it was me after all” to take that back."


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says about whose session it was, and what else it says."""

    mine: bool
    rest: str
    language: str = ENGLISH  # of the words that say so


@dataclass(frozen=True, slots=True)
class Disowned:
    """What came of it: which session, and how many of its events stopped or began to count."""

    session_id: str
    n_events: int


def read(text: str) -> Said | None:
    """Find "this was not me", or its taking back, in a message: as the whole of it, or as one clause of it."""
    bounds = [(0, 0), *((m.start(), m.end()) for m in _BETWEEN.finditer(text)), (len(text), len(text))]
    for first in range(len(bounds) - 1):
        for last in range(len(bounds) - 1, first, -1):
            start, end = bounds[first][1], bounds[last][0]
            told = _told(fold(text[start:end]))
            if told is not None:
                rest = f"{text[: bounds[first][0]]} {text[bounds[last][1] :]}"
                return Said(told[0], " ".join(rest.split()), told[1])
    return None


def _told(clause: str) -> tuple[bool, str] | None:
    """Whether a folded clause says that it was the listener, or was not, and in which language; None for others."""
    mine = _BACK.fullmatch(clause) is not None
    if mine or _WHOLE.fullmatch(clause):
        return mine, ENGLISH
    return next(((mine, language) for language, mine, pattern in _WHOSE if pattern.fullmatch(clause)), None)


def follow(store: Store, said: Said, listener_id: str, session_id: str, *, started: bool) -> str:
    """Do what was said in a session, and tell in a sentence of the same language what came of it.

    Args:
        store: the database.
        said: what the message says.
        listener_id: who says so.
        session_id: where.
        started: whether the session has had a turn; if not, it is the one before that is meant.
    """
    if said.mine:
        done = own(store, listener_id, session_id) or own(store, listener_id, None)
    else:
        done = disown(store, listener_id, session_id) if started else None
        done = done or disown(store, listener_id, None, but=session_id)
    book = phrasebook(said.language)
    if done is None:
        return book("No session was set aside." if said.mine else _NO_SESSION)
    this = done.session_id == session_id
    if said.mine:
        return book(_THIS_COUNTS if this else _LAST_COUNTS)
    return book(_THIS_GONE if this else _LAST_GONE)


def refuse(said: Said) -> str:
    """Say that a session which several people share is nobody's to set aside, nor to take back."""
    return phrasebook(said.language)(_SHARED)


def disown(store: Store, listener_id: str, session_id: str | None, *, but: str | None = None) -> Disowned | None:
    """Set a session aside, by default the latest that counts (other than `but`); None where there is none."""
    meant = store.disowned.latest_session(listener_id, but=but) if session_id is None else session_id
    n_events = None if meant is None else store.disowned.add(meant, listener_id)
    return None if meant is None or n_events is None else Disowned(meant, n_events)


def own(store: Store, listener_id: str, session_id: str | None) -> Disowned | None:
    """Let a session count again, by default the one that was set aside last; None where there is none."""
    meant = store.disowned.last(listener_id) if session_id is None else session_id
    n_events = None if meant is None else store.disowned.remove(meant, listener_id)
    return None if meant is None or n_events is None else Disowned(meant, n_events)
