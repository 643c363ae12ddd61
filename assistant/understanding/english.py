"""Is a message English? What was learnt from English requests misreads others, and takes whole sentences for names."""

from __future__ import annotations

from assistant.understanding.common_words import FUNCTION_WORDS
from assistant.understanding.tables import words
from assistant.understanding.tokens import Reading

#: The most frequent words of the other languages that the rules read, folded, without those that are English too.
_FOREIGN = (
    words(
        "aber al algo auf avec ce che com como con da dans das de del della dello der des di die dos du e ein eine "
        "einen el et fur gli ich il je la las le les lo los ma mais mas mit musica musik musique muy na nao nicht non "
        "ohne os para per pero piu por pour qualcosa que qui quiero sans sem senza sin sur uma umas un una unas und "
        "une unos von y zum zur"
    )
    - FUNCTION_WORDS
)


def is_english(reading: Reading) -> bool:
    """Tell whether a message has no more of the most frequent words of other languages than of English ones."""
    n_foreign = sum(word in _FOREIGN for word in reading.words)
    return n_foreign <= sum(word in FUNCTION_WORDS for word in reading.words)
