"""Where a word of music is only a word: "run", "date", "house", "country", "love" in ordinary speech.

Two rules per word, on the folded words around it. It *needs* one of its contexts, to its left or its right, where it
has any; and a *barred* context, on either side, rules it out. Left contexts are matched at the end of the text before
the word, right contexts at the beginning of the text after it; "," stands for a comma, and text ends with its sentence.
"""

from __future__ import annotations

import re

_MUSIC = (
    r"(?:music|songs?|tracks?|tunes?|playlists?|pop|rock|rap|hits?|ballads?|beats|sounds?|vibes?|mix|stuff|jams?"
    r"|lyrics)"
)

#: "The house" and "the soul" are no music, but for who refuses them: "skip the house".
_THE = (
    r"(?<!skip )(?<!ditch )(?<!drop )(?<!remove )(?<!cut )(?<!lose )(?<!leave out )(?<!cut out )(?<!lay off )"
    r"(?<!rid of )(?<!spare me )(?<!enough of )(?<!less of )the"
)

_NEEDS_LEFT = {
    "run; jog": r"(?:for|my|on|during|before|after|while|to|morning|evening|daily|long|i|we|mile|5k|10k|minute|hour"
    r"|min)"
    r"(?: (?:a|an|my|the|go|going|i|for|quick|short|long|morning|evening))*",
    "date": r"(?:a|my|our|first|second|hot|dinner|romantic|lunch)",
    "blue; mad": r"(?:feel|feeling|felt|i m|im|am|so|bit|little|get|getting|when)",
    "night": r"(?:for|at|the|a|quiet|chill|dark|this|all|into|through|friday|saturday|summer|winter|rainy|cold|hot)",
    "work": r"(?:at|for|from|my|while|during|after|help me|to)(?: (?:i|my|a|the|day|of|long|hard|some))*",
    "working": r"(?:while|when|for|i m|im|am|be|keep)",
    "fall": r"(?:this|cozy|cosy|crisp)",
    "training; lifting; weights; spinning": r"(?:for|while|my|during|weight|hard|when|lift|lifting|strength|some)",
    "reading": r"(?:for|while|a|my|when|and|or|to|during|quiet|some|i m|im|am)",
    "flight; plane; journey": r"(?:for|on|a|my|our|the|long|during|this)",
    "love": r"(?:about|for|making|falling in|fall in|lost|unrequited|romantic|and|sad|breakup|true|young)",
    "deep": r"(?:something|really|very|and|slow|feel|,)",
    "car": r"(?:the|my|in|our|a)",
    "family": r"(?:for|the|my|whole|with)(?: (?:the|my|whole|our))*",
    "positive": r"(?:something|and|more|really|very|feel|feeling|be|stay|,)",
    "holiday": r"(?:for|on|a|my|our|summer|beach)",
    "keys": r"(?:piano|on|with|electric|and|the)",
    "recorder": r"(?:the|with|a|and)",
    "world": r"(?:no|not|but|without|and|or|,|some|any|more|less|except)",
    "office": r"(?:the|my|an|in|at|for|home|our)",
    "weekend": r"(?:the|this|for|a|my|long|lazy|chill|next|every)",
    "club": r"(?:the|a|for|night|in|of|at|dance|,|and|some)",
    "wine": r"(?:some|of|with|drinking|a|and|red|white|sipping)",
    "boss": r"(?:a|like a)",
    "strong": r"(?:feel|feeling|be)",
    "christian": r"^$",
}
_NEEDS_RIGHT = {
    "run; jog": rf"{_MUSIC}",
    "date": r"(?:with|tonight)",
    "work": r"(?:music|playlists?|songs|day|mode|session|mix|tunes)",
    "working": r"(?:from|at|in the|music|playlist|late|on my (?:thesis|essay|project|computer|laptop)|hours)",
    "fall": r"(?:vibes?|playlist|music|day|days|evening|mood|weather|songs|season|leaves)",
    "raw; grand; strong; boss; bright; urgent; political; passionate; powerful; cheeky; fiery; "
    "heavy": rf"(?:and \w+ )?(?:\w+ )?{_MUSIC}",
    "love": r"(?:music|themed|tracks|tunes|playlist|ballads?)",
    "deep": rf"(?:(?:and|but|or) \w+|meaningful|,|{_MUSIC})",
    "night": r"(?:music|playlist|vibes?|time|owl|shift|in|songs)",
    "world": r"(?:music|fusion|beat)",
    "positive": rf"{_MUSIC}",
    "reading": r"(?:music|playlist|a book|books|session|time)",
    "weekend": r"(?:music|playlist|vibes?|songs|mood|party)",
    "club": r"(?:music|songs|bangers|hits|tracks|night)",
    "wine": r"(?:and|night|evening|bar|music|tasting)",
    "family": r"(?:friendly|time|playlist|dinner|gathering|party|road trip|music|reunion)",
    "car": r"(?:ride|rides|trip|music|playlist|songs|journey)",
    "flight; plane; journey": r"(?:music|playlist|home)",
    "training; weights; spinning": r"(?:music|playlist|session|songs|mix|class)",
    "holiday": r"(?:mood|vibes|by the|playlist)",
    "office": r"(?:music|playlist|background|party|work)",
    "christian": rf"(?:$|,|and|or|worship|contemporary|country|folk|artists?|bands?|hip|metal|gospel|{_MUSIC})",
}
_BARRED_LEFT = {
    "house": rf"(?:my|{_THE}|our|your|his|her|a|in|at|around|open|full|white|haunted|beach|whole|clean|cleaning|crowded)",
    "country": r"(?:my|this|our|your|the|which|another|other|each|every|home|(?:in|from) (?:a|any)|same|what|across"
    r"|favou?rite)",
    "world": r"(?:the|my|around)",
    "dance": r"(?:to|makes? (?:me|you|us|people)|we|i|can|will|you|wanna|want to|me|gonna|first|let s|lets|everyone"
    r"|us|people)",
    "soul": rf"(?:my|your|{_THE}|his|her|our)",
    "musical": r"(?:my|your|our|in|more|very|some|any|his|her)",
    "fun": r"(?:have|having|made|of|had|is|was)",
    "strings": r"(?:no|pull)",
    "swing": r"(?:full|mood|to|golf)",
    "pop": r"(?:(?<!listen )(?<!listening )(?<!dance )(?<!allergic )to)",
    "smile": r"(?:your|his|her)",
    "memories": r"(?:of|our|bring back|brings back|no)",
    "morning; evening; night": r"(?:good|last|tomorrow|every|one)",
    "summer": r"(?:last|donna)",
    "indian; american": r"(?:native)",
    "hit": r"(?:to|that|will|it|they|these|really|just|would|songs|don t|can)",
    "hits": r"(?:that|it|this|song|really|which|always|beat)",
    "loud": r"(?:out|laugh|cry|crying)",
    "harder": r"(?:work|push|myself|try|me|pushing|working|train|run)",
    "the usual": r"(?:not|than|from)",
    "familiar": r"(?:not|m|am|are|be|you|im)",
    "focus; explore; discover": r"(?:main|spotify|your|let s|lets|should|would)",
    "standards": r"(?:my|your|high|low|double|higher)",
    "roots": r"(?:my|the|their|your)",
    "work": r"(?:doesn t|does|didn t|not|will|would|that|it|they|could|nice|good|great|these|those|amazing|need to"
    r"|seem to)",
    "jungle": r"(?:the|a|concrete)",
    "turkey; organ": r"(?:eat|eating|roast|cold|a|an)",
    "chile": r"(?:red|hot|green)",
    "china": r"(?:fine|bone)",
    "sunday": r"(?:bloody)",
    "fast; slow": r"(?:that was|was|so|how|works?|not so)",
    "deep": r"(?:too|knee|neck|mariana)",
    "popular; famous": r"(?:who is|get)",
    "rare": r"(?:almost|medium)",
    "christian": r"(?:by)",
    "heavy": r"(?:top)",
    "angry": r"(?:by)",
    "kids": r"(?:kool|cool|new)",
    "party": r"(?:bloc|third|search)",
}
_BARRED_RIGHT = {
    "hit; hits": r"(?:me|us|you|hard|harder|different|the|home|deep|like|it|up|my|so|close|all)",
    "house": r"(?:warming|guests|of)",
    "country": r"(?:s |from |of )",
    "dance": r"(?:to|with|moves)",
    "love; loving": r"(?:it|them|this|these|that|to|you|how|the|those|all)",
    "happy": r"(?:with|about|to|birthday|hour)",
    "popular; famous": r"(?:among|in)",
    "musical": r"(?:taste|tastes|style|styles|genres?|influences?|journey|preferences?|artists?|acts?|mood|chairs|ear"
    r"|theme|experience)",
    "discover": r"(?:weekly)",
    "focus": r"(?:on|more|mainly)",
    "dark": r"(?:side)",
    "work": r"(?:with|well|on|great|too|but)",
    "loud": r"(?:and clear)",
    "rain; snow": r"(?:check|man|patrol|white)",
    "swing": r"(?:by|low)",
    "rock": r"(?:out|on|with me|bottom|star|the house|my world)",
    "rare": r"(?:occasion)",
    "morning": r"(?:everyone|all|there)",
    "date": r"(?:back|of|from)",
    "strong": r"(?:beat|bass)",
    "german; french; english; polish": r"(?:shepherd|toast|kiss|bulldog|fries|class|teacher|my)",
    "christian": r"(?:dior|bale)",
    "epic": r"(?:fail)",
    "sad": r"(?:to|that)",
    "fast": r"(?:food|forward|and furious)",
    "metal": r"(?:gear|head)",
}


def _compiled(table: dict[str, str], pattern: str) -> dict[str, re.Pattern[str]]:
    return {word: re.compile(pattern.format(rule)) for words, rule in table.items() for word in words.split("; ")}


_LEFT = r"(?:^|\b|(?<= )){}$"
_RIGHT = r"^{}(?:\b|$)"
_NEEDS = (_compiled(_NEEDS_LEFT, _LEFT), _compiled(_NEEDS_RIGHT, _RIGHT))
_BARRED = (_compiled(_BARRED_LEFT, _LEFT), _compiled(_BARRED_RIGHT, _RIGHT))
#: Words that anything around could make ambiguous.
GUARDED: frozenset[str] = frozenset().union(*_NEEDS, *_BARRED, ("us",))


def fits(phrase: str, left: str, right: str, raw: str) -> bool:
    """Tell whether a phrase means music here, given the words before and after it and how it was written."""
    if phrase == "us":
        return raw.replace(".", "") == "US"
    needs_left, needs_right = (rules.get(phrase) for rules in _NEEDS)
    # Alone in its sentence a word is what it is: "deep", "love".
    if (needs_left or needs_right) and (left or right):
        met = (needs_left and needs_left.search(left)) or (needs_right and needs_right.match(right))
        if not met:
            return False
    barred_left, barred_right = (rules.get(phrase) for rules in _BARRED)
    return not ((barred_left and barred_left.search(left)) or (barred_right and barred_right.match(right)))


#: Adjectives of languages name a country before these nouns: German techno is not sung.
_MAKERS = re.compile(
    r"^(?:\w+ )?(?:artists?|bands?|singers?|rappers?|composers?|musicians?|groups?|producers?|djs?|acts?|pianists?"
    r"|techno|house"
    r"|trance|electronic\w*|electro|edm|jazz|classical|ambient|synthwave|disco)\b"
)
_SUNG_RIGHT = re.compile(r"^(?:songs?|lyrics?|language|speaking|vocals?|words|spoken|versions?|sung|singing)\b")
_SUNG_LEFT = re.compile(r"\b(?:in|language)$")
_COUNTRY_OF = {
    "french": "france",
    "german": "germany",
    "italian": "italy",
    "spanish": "spain",
    "portuguese": "portugal",
    "dutch": "netherlands",
    "swedish": "sweden",
    "norwegian": "norway",
    "danish": "denmark",
    "finnish": "finland",
    "icelandic": "iceland",
    "russian": "russia",
    "polish": "poland",
    "czech": "czech republic",
    "ukrainian": "ukraine",
    "hungarian": "hungary",
    "romanian": "romania",
    "bulgarian": "bulgaria",
    "serbian": "serbia",
    "croatian": "serbia",
    "bosnian": "serbia",
    "greek": "greece",
    "japanese": "japan",
    "korean": "south korea",
    "chinese": "china",
    "thai": "thailand",
    "indonesian": "indonesia",
    "english": "united kingdom",
    "welsh": "united kingdom",
}


_DESTINATION = re.compile(
    r"\b(?:trip|trips|travel|travell?ing|going|go|flying|flight|moving|move|drive|driving|vacation|holidays?|tour"
    r"|train|ride|journey|way)"
    r" (?:to|in|through|across|around|for)(?: the)?$"
)


def is_destination(left: str) -> bool:
    """Tell whether a country is where somebody goes ("a trip to Norway"), not where the music comes from."""
    return _DESTINATION.search(left) is not None


def country_meant(word: str, left: str, right: str) -> str | None:
    """The country that an adjective of a language stands for here, None where it is the language.

    "French songs" and "songs in French" are sung in French, "French bands" come from France. English things come
    from England unless they are songs or words.
    """
    if word not in _COUNTRY_OF or _SUNG_LEFT.search(left) or _SUNG_RIGHT.match(right):
        return None
    return _COUNTRY_OF[word] if word == "english" or _MAKERS.match(right) else None
