""" "This was not me": take a session out of a listener's taste, and put it back, in conversation and by command.

Said in a session that has had a turn, it means that session, with all that will still be done in it. Said first of all
in a new one ("that wasn't me last night"), it means the session before.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

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
    r"(?:das war(?:en)? (?:gar )?nicht ich|c (?:etait|est) pas moi|ce n etait pas moi|(?:eso|ese|esto) no era yo"
    r"|(?:isso|isto) nao (?:era|fui) eu|(?:questo|quello) non ero io)",
)
_BACK = re.compile(
    r"(?:(?:that|this|it) was me(?: after all| actually)|(?:actually |yes |ok )?(?:that|this|it) was me after all"
    r"|(?:count|use|remember) (?:that|this|the last) session (?:again|after all)(?: for my taste)?)"
)
_WHOLE = re.compile(
    rf"(?:(?:no|oh|sorry|oops|wait|hey|by the way|btw|please|ok|okay|actually) )*(?:{'|'.join(_CLAUSES)})"
)
#: What may stand between such a clause and what else a message says.
_BETWEEN = re.compile(r"[.!?;:,…]+|\s[-–—]+\s|\b(?:so|but|now)\b")


@dataclass(frozen=True, slots=True)
class Said:
    """What a message says about whose session it was, and what else it says."""

    mine: bool
    rest: str


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
            clause = fold(text[start:end])
            mine = _BACK.fullmatch(clause) is not None
            if mine or _WHOLE.fullmatch(clause):
                rest = f"{text[: bounds[first][0]]} {text[bounds[last][1] :]}"
                return Said(mine, " ".join(rest.split()))
    return None


def follow(store: Store, said: Said, listener_id: str, session_id: str, *, started: bool) -> str:
    """Do what was said in a session, and tell in a sentence what came of it.

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
    if done is None:
        return "No session was set aside." if said.mine else "There is no session yet that your taste could forget."
    which = "this session" if done.session_id == session_id else "your last session"
    if said.mine:
        return f"{which.capitalize()} counts for your taste again."
    return f"Nothing of {which} counts for your taste; say “it was me after all” to take that back."


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
