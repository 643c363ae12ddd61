"""The words around a name that say that it is one, and in which sense: wanted ("+") or as an example ("~").

Left contexts are matched at the end of the words before a name, right contexts at the beginning of those after it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import IntEnum

from assistant.request import Polarity
from assistant.understanding.tokens import Reading


class Strength(IntEnum):
    """How much the context alone makes of a word."""

    NONE = 0
    WEAK = 1  # "some X", "add X", "X songs"
    STRONG = 2  # "by X", "like X", "the band X"


@dataclass(frozen=True, slots=True)
class Cue:
    """What the context says about a name."""

    strength: Strength
    polarity: Polarity


#: What may stand between a cue and its name.
_FILL = (
    r"(?: (?:the|some|more|of|bit|few|little|any|songs?|music|tracks?|tunes?|stuff|hits?|from|by|bands?|group"
    r"|artists?|singers?"
    r"|rappers?|musicians?|good|great|old|early|new|newer|older|classic|classics|other|lots|lot|couple|something"
    r"|anything|called"
    r"|named|those|these|their|best|maybe|even|also|just|album|albums|legend|duo|in|me|us|him|her|to|hear|play|listen"
    r"|another"
    r"|by the|two|three|four|five|ten|\d{1,2}|tracks by|certain|please))*$"
)
_LIKE = re.compile(
    r"\b(?:like(?! (?:this|these|that|those|it|them)\b)|simil\w*(?: \w+){0,4}? (?:to|too|than|as|with)|similar"
    r"|reminiscent of|in the (?:style|vein|spirit|manner) of"
    r"|style of|along the lines of|a la|inspired by|influenced by|such as|same (?:vibe|style|sound|mood|feel|energy) as"
    r"|reminds? me of|remind me of|compar\w+ to|akin to|close to|resembl\w+|for fans of|fans of|sounds? as|e g"
    r"|vibes? of|feel of"
    r"|sound of|based on|based around|centered around|in between|somewhere between|think|esque to)" + _FILL
)
_WOULD_LIKE = re.compile(
    r"\b(?:would(?: \w+)?|d|wanna|want to|ll|will) (?:like|love|enjoy|adore|prefer|be like)" + _FILL
)
_TASTE = re.compile(
    r"\b(?:(?:i|we|they|she|he|you|also|really|do|just|absolutely|mostly|and|but|who|ve|have|always|truly|kinda|quite"
    r"|kids)"
    r" (?:really |also |do |absolutely |always |mostly |just |all |most |loved )?(?:like|love|enjoy|adore|dig|loved"
    r"|liked|enjoyed)"
    r"|(?:big |huge |massive )?fan of|favou?rites? (?:\w+ ){0,2}(?:is|are|include|includes|like)|really into|am into"
    r"|m into"
    r"|obsessed with|addicted to|grew up (?:on|with|listening to)|been listening to|(?<!can )(?<!could )(?<!to )i "
    r"listen to)" + _FILL
)
_BY = re.compile(
    r"\b(?:by|the (?:band|group|artist|singer|rapper|duo|song|track)|(?:band|group|artist|singer|song|track|rapper)"
    r"(?: (?:named|called|titled))|feat|ft|featuring|performed by|sung by|artist|singer|rapper)(?: (?:the|some|mostly"
    r"|only|artist|artists"
    r"|band|bands|group|likes of|called|named|legend|singer|singers|rapper|mr|like))*$"
)
#: "Songs like <title> by X".
_EXAMPLE_BY = re.compile(
    r"\b(?:(?<!i )(?<!would )(?<! d )like(?! (?:this|these|that|those|it|them)\b)|simil\w+ (?:\w+ ){0,3}?to|reminds? "
    r"me of|in the "
    r"style of) .*\bby$"
)
#: Earlier in the sentence examples were announced, and nothing has been asked for since.
_EXAMPLES_FOLLOW = re.compile(
    r"\b(?:(?<!would )(?<! d )like(?! (?:this|these|that|those|it|them|to)\b)|simil\w+ (?:\w+ ){0,3}?(?:to|as)(?! "
    r"(?:this|these|that|those|it|them)\b)"
    r"|reminds? me of|same (?:\w+ )?(?:as|energy)|[iI] (?:really |also )?(?:love|enjoy))"
    r"(?!.*\b(?:add|play|some|want|include|but|need|put|also|throw|more|give|hear|show)\b)"
)
_MAX_TITLE_WORDS = 14
_FAN = re.compile(r"^(?:s )?fans?\b(?! of)")
_WEAK = re.compile(
    r"\b(?:add|adding|play|playing|some|more|put|include|including|includes|throw in|hear|hearing|want|love|like"
    r"|enjoy|adore|about"
    r"|try|get|give me|from|of|need|show|showing|see|listen to|listening to|by|best|prefer|have|got|do|except"
    r"|excluding|no|not|without"
    r"|skip|avoid|hate|remove|enough|only|just|mostly|maybe|perhaps|also|find|search|send|drop|any|early|old|classic"
    r"|new|hello|me|i"
    r"|exclude|than|with|minus|stan|dislike|suggest|recommend|mix in|use|bring|spin|blast|start with|lets|let s|plus"
    r"|called|named)" + _FILL
)
_NAMED_SONG = re.compile(
    r"\b(?:song|track|tune|single|called|titled|named|title|anthem)(?: (?:called|titled|named|is))?$"
)
_PLAY = re.compile(
    r"\b(?:add|play|hear|like|include|put|want|need|love|listen to|similar to|sing|find|to|and|vibes? (?:of|as)|with"
    r"|about|me|have)"
    r"(?: (?:the|song|songs|track|tracks|some|on|similar to|like))*$"
)
_RIGHT = re.compile(
    r"^(?:s )?(?:songs?|music|tracks?|tunes?|hits?|albums?|discography|stuff|classics|ballads?|records|catalog(?:ue)?"
    r"|deep cuts"
    r"|playlists?|mix|radio|bangers|singles|material|jams|remix(?:es)?|covers?|numbers|greatest hits|only)\b"
)
_RIGHT_LIKE = re.compile(
    r"^(?:s )?(?:vibes?|esque|style|styled|type|types|ish|inspired|influenced|sounding|sound|flavou?r|feel|kind of)\b"
)
_SIMILAR_AFTER = re.compile(
    r"^,? ?(?:(?:or|and) )?(?:(?:something|anything|stuff|others?|artists?|bands?|music|more) )*(?:similar|alike"
    r"|like that|like those|like them"
    r"|etc|and so on|and the like|the like)\b(?! to)"
)
#: After a whole noun phrase comes one of these, or its end.
_ENDS = re.compile(
    r"^(?:$|,|s$|s ,|(?:s )?(?:songs?|music|tracks?|tunes?|hits?|albums?|stuff|vibes?|style|esque|type|classics"
    r"|please|pls|plz|too|also|as"
    r"|and|or|n|instead|next|now|then|to|for|on|in|but|with|at|from|similar|inspired|radio|only|tonight|today|because"
    r"|who|that|is|are|if"
    r"|when|while|mix|playlists?|ballads?|feat|ft|featuring|x|vs|plus|again|thanks|thank|would|has|have|if|first"
    r"|maybe|like|so|yes|since"
    r"|remix(?:es)?|covers?|discography|greatest|early|s (?:early|old|new))\b)"
)
_LISTED = re.compile(
    r"^(?:,|(?:, )?(?:and|or|n|plus|also|as well as|feat|ft|featuring|with|x|vs|maybe|then|even)(?: (?:the|some|also"
    r"|maybe|even|a little))*|, the)$"
)


def cue_for(reading: Reading, start: int, end: int) -> Cue:
    """Read the context of words start to end (exclusive)."""
    left, right = reading.left(start), reading.right(end)
    if _RIGHT_LIKE.match(right):
        return Cue(Strength.STRONG, "~")
    similar = bool(_SIMILAR_AFTER.match(right))
    if _WOULD_LIKE.search(left):
        return Cue(Strength.WEAK, "~" if similar else "+")
    if _TASTE.search(left):
        return Cue(Strength.WEAK, "~")
    if _LIKE.search(left):
        return Cue(Strength.STRONG, "~")
    if _BY.search(left):
        example = similar or _EXAMPLE_BY.search(reading.left(start, _MAX_TITLE_WORDS)) is not None
        return Cue(Strength.STRONG, "~" if example else "+")
    if _FAN.match(right):
        return Cue(Strength.WEAK, "~")
    weak = _WEAK.search(left) is not None or _RIGHT.match(right) is not None
    example = similar or _EXAMPLES_FOLLOW.search(reading.left(start, _MAX_TITLE_WORDS)) is not None
    return Cue(Strength.WEAK if weak else Strength.NONE, "~" if example else "+")


def ends_phrase(reading: Reading, end: int) -> bool:
    """Tell whether a name can end before a position: "some queen" and "queen songs", not "queen bed"."""
    return _ENDS.match(reading.right(end)) is not None


def names_song(reading: Reading, start: int) -> bool:
    """Tell whether the words before say that a title follows ("the song …")."""
    return _NAMED_SONG.search(reading.left(start)) is not None


def asks_to_play(reading: Reading, start: int) -> bool:
    """Tell whether the words before ask for what follows, whatever it is ("play …", "add …")."""
    return _PLAY.search(reading.left(start)) is not None


def are_listed(reading: Reading, end: int, start: int) -> bool:
    """Tell whether only a list's separator stands between a name that ends and one that starts."""
    if not 0 < start - end + 1 <= 5 or any(reading.pause(n) == 2 for n in range(end, start + 1)):
        return False
    between = " ".join(
        part
        for n in range(end, start + 1)
        for part in ((",",) if reading.pause(n) else ()) + reading.words[n : n + 1] * (n < start)
    )
    return _LISTED.match(between) is not None or ("/" in reading.tokens[start].gap and end == start)
