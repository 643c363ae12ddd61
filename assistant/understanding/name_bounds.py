"""Words at which a name ends, and words that are no title."""

from __future__ import annotations

from assistant.understanding.tables import words

#: A name that is misspelt ends before these.
STOPS = words(
    "and or but songs song music tracks track tunes please pls for to with in on from vibes vibe style "
    "that by at who "
    "playlist too also as because so when while if i we can could it is are was feat ft featuring album albums hits "
    "stuff type esque similar like than without no not instead maybe then thanks thank only into mix bands artists "
    "singers rappers composers"
)
#: "Songs by X" is no title.
NO_TITLES = words(
    "songs song music some something anything stuff tracks track tunes more hits albums bands artists "
    "this that these "
    "those it"
)
#: "Like X, nothing by X": these begin something else, and not the title of a track by X.
REFUSING = words("nothing none not no without never")
