"""Errors of `assistant`: each says what was received, what was expected and what to do next."""

from __future__ import annotations

from recsys.errors import RecsysError


class AssistantError(Exception):
    """Root of every error that `assistant` raises on purpose."""


class NothingToExportError(AssistantError, LookupError):
    """An export was asked for before any playlist was made."""

    def __init__(self, session_id: str) -> None:
        super().__init__(f"session {session_id!r} has no playlist yet; ask for one first")
        self.session_id = session_id


class UnknownFormatError(AssistantError, ValueError):
    """A playlist file's extension names no format that can be written."""

    def __init__(self, extension: str, known: tuple[str, ...]) -> None:
        super().__init__(f"cannot write a playlist as {extension!r}; use one of {', '.join(known)}")
        self.extension, self.known = extension, known


class UnknownFeedbackError(AssistantError, ValueError):
    """Feedback on a track is of no known kind, or its completion is no share."""

    def __init__(self, received: object, expected: str) -> None:
        super().__init__(f"feedback {received!r} is not understood; give {expected}")
        self.received, self.expected = received, expected


class UnknownSessionError(AssistantError, LookupError):
    """A session was to be set aside that is not there, or was to count again though it was never set aside."""

    def __init__(self, listener_id: str, session_id: str | None, *, undo: bool) -> None:
        which = "a session" if session_id is None else f"the session {session_id!r}"
        problem = "that was set aside" if undo else "that counts for their taste"
        super().__init__(
            f"listener {listener_id!r} has not had {which} {problem}; give --session the id of one, or --listener "
            "another listener"
        )
        self.listener_id, self.session_id = listener_id, session_id


class ModelError(AssistantError, ValueError):
    """A language model cannot be opened. One that fails when it is asked is no error: rules and templates stand in."""

    def __init__(self, model: str, problem: str) -> None:
        super().__init__(
            f"cannot open the language model {model!r} ({problem}); name one as provider:model in SEGUE_LLM__MODEL, "
            "such as ollama:llama3.2, with its key in SEGUE_LLM__API_KEY if it needs one, or leave it empty for none"
        )
        self.model, self.problem = model, problem


class NoModelError(AssistantError, ValueError):
    """A language model was to be tried, and the settings name none."""

    def __init__(self) -> None:
        super().__init__(
            "no language model is set; name one as provider:model in SEGUE_LLM__MODEL, such as ollama:llama3.2, "
            "transformers:FOLDER or openai:gpt-4o-mini, with SEGUE_LLM__BASE_URL for a server of your own"
        )


class NoAnswerError(AssistantError, RuntimeError):
    """A language model gave no usable answer in time: whoever asked does without."""

    def __init__(self, problem: str, *, answered: bool = False) -> None:
        super().__init__(f"the language model gave no usable answer ({problem}); `segue doctor --live llm` tries it")
        self.problem, self.answered = problem, answered


class TooFewOwnRequestsError(AssistantError, ValueError):
    """Conversations have taught too little to train on, or too little to tell whether that helped."""

    def __init__(self, n_taught: int, n_tested: int, n_sessions: int, *, least: tuple[int, int, int]) -> None:
        super().__init__(
            f"too little was kept in conversations: {_count(n_taught, 'request')} to learn from and "
            f"{_count(n_tested, 'later one')} of {_count(n_sessions, 'session')} to test on, and at least {least[0]}, "
            f"{least[1]} and {least[2]} are needed; like tracks of more playlists, over more sessions (/like in "
            "`segue chat`, ♥ in `segue web`); nothing has changed"
        )
        self.n_taught, self.n_tested, self.n_sessions, self.least = n_taught, n_tested, n_sessions, least


class TooFewConversationsError(AssistantError, ValueError):
    """There are too few conversations to learn a ranker from, or to tell whether that helped."""

    def __init__(self, n_own: int, n_given: int, *, least: int) -> None:
        super().__init__(
            f"too few conversations to learn from: {n_own:,} held here in which a track that is served was liked, kept "
            f"or saved, and {n_given:,} of --dialogs about such tracks, and at least {least} are needed; like tracks "
            "in more sessions (/like in `segue chat`, ♥ in `segue web`), or give --dialogs FILE; nothing has changed"
        )
        self.n_own, self.n_given, self.least = n_own, n_given, least


class NothingTaughtError(AssistantError, LookupError):
    """There are no conversations to export as training data: no request was answered by anything kept or played."""

    def __init__(self, listener_id: str | None) -> None:
        whose = "no listener has" if listener_id is None else f"listener {listener_id!r} has not"
        super().__init__(
            f"nothing to export: {whose} kept a track of any playlist yet, nor listened to one for ten minutes; ask "
            "for music in `segue chat` or `segue web`, like what you like of it, and export again"
        )
        self.listener_id = listener_id


class NothingLikedError(AssistantError, LookupError):
    """There are no conversations to export as dialogues: in none was a track liked, kept or saved."""

    def __init__(self, listener_id: str | None) -> None:
        whose = "no listener has a" if listener_id is None else f"listener {listener_id!r} has no"
        super().__init__(
            f"nothing to export: {whose} conversation in which a track was liked or kept, or a playlist saved; ask for "
            "music in `segue chat` or `segue web`, like what you like of it, and export again"
        )
        self.listener_id = listener_id


class NoConversationsError(AssistantError, ValueError):
    """What is served does not read conversations, so there is nothing that a ranker could weigh."""

    def __init__(self) -> None:
        super().__init__(
            "conversations are not read here: SEGUE_RANKER is none, or every track of the catalogue states a genre or "
            "a mood, and is ranked by that; a ranker is learnt for catalogues with tracks that state neither"
        )


class NoTasteError(AssistantError, LookupError):
    """A listener without a taste was to be compared or drawn: nothing they did says anything of this catalogue."""

    def __init__(self, listener_id: str) -> None:
        super().__init__(
            f"listener {listener_id!r} has no taste here yet; a taste comes from likes, keeps and plays of this "
            f"catalogue's tracks: run `segue chat --listener {listener_id}` and rate some with /like, or name another"
        )
        self.listener_id = listener_id


class CompareError(AssistantError, ValueError):
    """What was to be compared is neither two listeners with one request nor one listener with two requests."""

    def __init__(self, n_requests: int, n_listeners: int) -> None:
        super().__init__(
            f"cannot compare {_count(n_requests, 'request')} of {_count(n_listeners, 'listener')}; give one request, "
            "in quotes, and two different listeners, or two different requests and one listener"
        )
        self.n_requests, self.n_listeners = n_requests, n_listeners


def _count(n: int, noun: str) -> str:
    return f"{n} {noun}{'' if n == 1 else 's'}"


#: What connectors show as it is: every other error is unexpected, and logged.
DELIBERATE = (AssistantError, RecsysError)


class LabelledRequestsError(AssistantError, ValueError):
    """A file of labelled requests is missing or malformed, or has nothing to learn from."""

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"{problem}; give a CSV file with query and intents as MusicRecoIntent has them, or JSON Lines with text "
            "and intents [[facet, span, polarity], …]"
        )
        self.problem = problem
