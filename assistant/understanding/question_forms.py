"""How people ask: patterns over `Reading.line`, each with where it names what is asked about.

Every pattern stands for a whole message but for courtesies around it, so that a request which merely holds the words of
a question ("songs like who let the dogs out", "how about some jazz") is none.
"""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["why", "why_not", "who", "taste", "count", "asked", "length"]

#: What may stand before and after: courtesies and ways of coming to the point.
_WH = r"(?=[ ,.]+(?:why|who|what|whats|which|how|if)\b)"
_BEFORE = (
    r"(?:(?:ok|okay|hey|hi|hello|please|pls|so|and|but|well|um|hm+|great|thanks|thank you|nice|cool|wow|just|also"
    r"|oh|now"
    r"|actually|wait|sorry|segue|quick question|one question|by the way|btw|out of curiosity"
    rf"|(?:(?:can|could|would|will) you )?(?:please )?(?:tell me|remind me|say|explain(?: to me)?)(?: again)?{_WH}"
    rf"|(?:do you know|i wonder|i(?: a)?m wondering|i was wondering|i(?: woul)?d like to know|i want to know"
    rf"|may i ask|can i ask){_WH}|let me ask)[ ,.]+)*"
)
_AFTER = (
    r"(?:[ ,.]+(?:please|pls|thanks|thank you|again|anyway|though|exactly|by the way|btw|then|now|so far|right now"
    r"|at all|segue|at the moment|currently|yet))*"
)

_NUMBER = (
    r"(?:\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen"
    r"|seventeen|eighteen|nineteen|twenty)"
)
_NTH = (
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|last|final|next to last"
    r"|second to last|penultimate|top|opening|closing|\d{1,2}(?:st|nd|rd|th))"
)
_TRACK = r"(?:songs?|tracks?|tunes?|picks?|ones?|pieces?|titles?|numbers?|entry|entries|choices?|selections?)"
_PERFORMER = r"(?:artist|singer|band|group|musician|performer|composer|rapper|duo|guy|woman|man|person)"
#: A track of the playlist, by place or by pointing at it.
_PLACED = (
    rf"(?:(?:the )?(?:{_TRACK}|no|nr) {_NUMBER}|(?:the )?{_NUMBER}|the {_NTH}(?: {_TRACK})?"
    rf"|(?:this|that|these|those)(?: {_NTH})?(?: {_TRACK})?|it|them)"
)
_X = r"(?P<x>[^.]+?)"
_PLACED_X = rf"(?P<x>{_PLACED})"
_LIST = r"(?:playlist|list|mix|set|slate|selection|queue)"
_LIBRARY = r"(?:library|collection|catalogue|catalog|records|shelf|music|database|data)"
_HERE = (
    rf"(?:in (?:here|there|it)|here|there|in|on (?:it|here|there)|(?:in|on|part of) (?:the|my|this|that|your) {_LIST}"
    r"|included|listed|picked|chosen|selected|among them)"
)
_CHOOSE = (
    r"(?:pick|choose|add|include|play|suggest|recommend|put|select|give me|show me|bring up|use|take|go (?:with|for))"
)
_CHOSEN = r"(?:picked|chosen?|chose|added|included|played|suggested|recommended|put|selected|given me|gave me|used)"
_LEAVE = r"(?:leave out|left out|skip(?:ped)?|exclude[d]?|drop(?:ped)?|omit(?:ted)?|ignored?|remove[d]?|missing|absent)"
_BE, _NOT_BE = (
    r"(?:is|are|was|were|s)",
    r"(?:isn t|isnt|aren t|arent|wasn t|wasnt|weren t|werent|(?:is|are|was|were) not)",
)
_HAVE_NOT = r"(?:didn t|didnt|did not|don t|dont|do not|haven t|havent|have not|won t|can t)"

_WHY_NOT = (
    rf"(?:why|how come) {_NOT_BE} (?:there )?(?:any |anything (?:by|from|of) )?{_X}(?: {_HERE})?",
    rf"(?:why|how come) (?:(?:is|are|was|were) there|there (?:is|are|s|was|were)|there) "
    rf"(?:no (?:{_TRACK}|music) (?:by|from|of)|nothing (?:by|from|of)|none of|not any|no) {_X}(?: {_HERE})?",
    rf"(?:why|how come) (?:there )?{_NOT_BE} (?:any|anything|no|{_TRACK}) (?:(?:by|from|of) )?{_X}(?: {_HERE})?",
    rf"(?:why|how come) {_BE} {_X} (?:not (?:{_HERE})|not|{_LEAVE})(?: from (?:the|my|this) {_LIST})?",
    rf"(?:why|how come) {_X} (?:{_NOT_BE} {_HERE}|(?:is|was|are|were) (?:not {_HERE}|{_LEAVE}))(?: from (?:the|my"
    rf"|this) {_LIST})?",
    rf"(?:why|how come) (?:you )?{_HAVE_NOT} (?:you )?(?:{_CHOOSE}|{_CHOSEN}) "
    rf"(?:any |anything (?:by|from|of) |any {_TRACK} (?:by|from|of) )?{_X}(?: {_HERE})?",
    rf"(?:why|how come) (?:did |have |do )?you (?:not |never )(?:{_CHOOSE}|{_CHOSEN}) {_X}(?: {_HERE})?",
    rf"(?:why|how come) (?:did |have )?you {_LEAVE} {_X}(?: out)?(?: of (?:the|my|this) {_LIST})?",
    rf"(?:why|how come) (?:don t|dont|do not|can t|cant|cannot|didn t|did not) i (?:see|hear|get|find|have) "
    rf"(?:any |anything (?:by|from|of) |any {_TRACK} (?:by|from|of) )?{_X}(?: {_HERE})?",
    rf"(?:why|how come) no(?:thing (?:by|from))? {_X}(?: {_HERE})?",
)
#: "Why not X?" asks about a name and suggests everything else; "where is X?" too needs a name.
_WHY_NOT_NAMED = (rf"why not {_X}", rf"where {_BE} {_X}")
_WHY = (
    rf"(?:why|how come) (?:(?:did|do|d|would|have) )?(?:you|u) (?:have )?(?:{_CHOOSE}|{_CHOSEN}) {_X}(?: {_HERE})?",
    rf"(?:why|how come)(?: on earth| the hell)? {_BE} {_X} {_HERE}",
    rf"why did {_X} (?:make|get (?:on|onto|into|in)|end up (?:on|in)) (?:it|here|there|(?:the|my|this) {_LIST})",
    rf"(?:why|how come) {_X} (?:is|was|are|were) {_HERE}",
    rf"(?:why|how come) (?:{_BE} )?{_PLACED_X}(?: {_HERE})?",
    rf"(?:why|how come) {_PLACED_X} {_BE}(?: {_HERE})?",
    rf"(?:explain|justify)(?: to me)? {_PLACED_X}(?: to me)?",
    r"(?:explain|justify) (?:yourself|your (?:choices?|picks?|selection)|(?:the|this|my) (?:playlist|choices?"
    r"|picks?|list))",
    rf"(?:what (?:is|s|was) )?(?:(?:the|your) )?(?:reason|reasoning|explanation|logic) (?:for|behind|of) {_PLACED_X}",
    rf"what makes {_PLACED_X} (?:fit|(?:a )?(?:good |right )?(?:fit|match|choice|pick)|right|suitable"
    rf"|special)(?: for .+)?",
    rf"(?:what|how) (?:does|do|has|have) {_PLACED_X} (?:have |got )?(?:to do with|fit|match|relate to)(?: .+)?",
)
_WHO = (
    rf"who(?:se)? (?:sings|sang|sung|plays|played|made|wrote|recorded|performs|performed|did|does|composed"
    rf"|produced) {_X}",
    rf"(?:who {_BE}|whos)(?: the hell| on earth)? {_X}",
    rf"who {_X} (?:is|was|are|were)",
    rf"who(?: is| s)? (?:playing|singing|performing)(?: in| on)? {_PLACED_X}",
    rf"(?:what|which) year (?:{_BE} )?{_PLACED_X} (?:from|made|recorded|released)",
    rf"(?:(?:can|could) you )?(?:please )?tell me (?:(?:some|a bit|a little|a little bit|something"
    rf"|everything) )?(?:more )?"
    rf"(?:about|on) {_X}",
    rf"what (?:do|can|else do|else can|more can) (?:you|we) (?:know|tell me|say) (?:about|of) {_X}",
    rf"(?:any |some |more |give me )*(?:info|information|facts|details|background|data) (?:about|on) {_X}",
    rf"(?:what|which) (?:{_PERFORMER}|song|track|tune|album|title) (?:{_BE} )?{_PLACED_X}(?: (?:by|from|off|on))?",
    rf"what (?:{_BE} )?(?:the )?(?:name|title|album|year) (?:of|for) {_PLACED_X}",
    rf"(?:what|whats) (?:{_BE} )?{_PLACED_X}(?: called| from)?",
    rf"when (?:was|did|were) {_PLACED_X} (?:made|recorded|released|come out|from)",
)
_TASTE_NOUN = (
    r"(?:(?:my|about my) (?:own )?(?:music |musical |listening )?(?:tastes?|preferences?|profile|history|habits"
    r"|likes(?: and "
    r"dislikes)?|favou?rites?|favou?rite (?:music|genres?|artists?|bands?|songs?|tracks?|decades?|moods?|singers?)"
    r"|top (?:genres?|artists?|bands?|songs?|tracks?)))"
)
_I_LIKE = (
    r"i (?:really |usually |mostly |most |tend to |often )*(?:like|love|enjoy|listen to|prefer|am into"
    r"|m into|play|hear|hate|dislike)"
)
_TASTE = (
    rf"what (?:do|did|have|else do) you (?:know|think|believe|remember|learn|learned|learnt|gather|guess)(?: of"
    rf"| about)? "
    rf"(?:me|{_TASTE_NOUN}|(?:what |that )?(?:music |genres |artists |kind of music |sort of music )?{_I_LIKE}"
    rf"(?: best| most| to)?)",
    rf"(?:what|which)(?: (?:kind|sort|type|style)s? of)?(?: (?:music|genres?|artists?|bands?|songs?|tracks?|moods?"
    rf"|decades?"
    rf"|eras?))? (?:do|did|have) (?:{_I_LIKE}|i (?:liked|loved|listened to|kept|played|disliked"
    rf"|rated))(?: the)?(?: best| most)?",
    rf"(?:what|whats|which|who)(?: {_BE})? {_TASTE_NOUN}(?: like)?",
    r"who do i (?:like|love|listen to|play)(?: best| most| the most)?",
    rf"(?:describe|summari[sz]e|analy[sz]e|explain|show me|show|tell me|guess|list) {_TASTE_NOUN}(?: to me| for me)?",
    rf"(?:how would you |can you |could you )describe {_TASTE_NOUN}",
    r"(?:how well )?do you (?:even )?know (?:me|my tastes?|what i like|who i am|anything about (?:me|my tastes?))",
    rf"(?:tell me )?(?:what|everything) you know about (?:me|{_TASTE_NOUN})",
    r"(?:am i (?:really |much )?(?:into|a fan of)|do i (?:even |really )?(?:like|love|enjoy)) [^.]+",
    r"(?:and )?my (?:music |musical )?tastes?|tell me about (?:me|myself)",
)
_IN_LIBRARY = rf"(?:(?:in|of|on|are in|is in) (?:my|the|your|this|our) (?:whole |entire |music )?{_LIBRARY})"
_IN_LIST = (
    rf"(?P<here>(?:in|on|of) (?:this|the|my|that) (?:current )?{_LIST}|(?:in|on) (?:here|it)|of (?:these|those|them))"
)
_THESE = rf"(?:these|those|them|this|it|(?:the|my|this|these) (?:{_LIST}|songs|tracks))"
_IN = rf"(?:{_IN_LIBRARY}|{_IN_LIST})"
_I_HAVE = r"(?:(?:do|did) (?:i|we|you) (?:have|own|possess|know)|(?:have|ve) (?:i|we|you) got|i (?:have|own)|i ve got)"
_COUNT = (
    rf"how (?:many|much) {_X} (?:{_I_HAVE}|are there|is there|there are|there is)(?: "
    rf"(?P<more>(?:by|from|of|with|in|like|that|without|about) .+?))??(?: {_IN})?",
    rf"how (?:many|much) (?:of )?{_X} (?:are|is) {_IN}",
    rf"how (?:many|much) {_X} {_IN}",
    rf"how (?:many|much) of (?P<here>{_THESE}) (?:is|are) {_X}",
    rf"how (?:big|large) (?:is|s) (?:my|the|your|this|our) {_LIBRARY}|(?:what|whats)(?: (?:is"
    rf"|s))? the size of (?:my|the|your) {_LIBRARY}",
    rf"do (?:i|we) (?:have|own|even have)(?: got)? {_X}(?: {_IN})?",
    rf"have (?:i|we) got {_X}(?: {_IN})?",
    rf"(?:is|are) there {_X} {_IN}",
    rf"(?:is|are) {_X} in (?:my|the|your) (?:library|collection|catalogue|catalog)",
    rf"(?:does|do) (?:my|the|your) (?:library|collection|catalogue|catalog) (?:have|contain|include|hold) {_X}",
    rf"(?:count|the number of|number of|total) {_X} {_IN}|count (?:all )?(?:my|the) (?P<mine>.+?)",
    rf"(?:what|which) (?P<listed>genres?|artists?|bands?|moods?|decades?|countries|languages|albums?|music)"
    rf" (?:{_I_HAVE}|are (?:there )?{_IN_LIBRARY}|are there)",
    r"(?:what|whats)(?: (?:is|s|do i have))? in (?:my|the|your) (?:library|collection|catalogue|catalog)",
)
_ASKED_FOR = (
    r"(?:(?:asked|said|wanted|requested|told you|wished|typed|ask(?:ed)? you|say|ask|want|request)"
    r"(?: (?:you )?for| you| to you| to hear| from you| of you)?)"
)
_WISHES = r"(?:requests?|wish|wishes|constraints?|filters?|criteria|conditions?|rules|demands?|instructions?)"
_ASKED = (
    rf"what (?:all )?(?:did|do|have|had) (?:i|we) (?:just |already |actually |originally )*{_ASKED_FOR}",
    rf"what (?:i|we|i ve|i have) (?:just |already |actually )*{_ASKED_FOR}",
    rf"(?:remind me|repeat|recap|summari[sz]e|sum up|list)(?: of)? (?:what (?:i|we)(?: ve| have)? (?:just "
    rf"|already )*{_ASKED_FOR}"
    rf"|(?:my|the|all|all my|all the) (?:current )?{_WISHES}|what (?:i|we) want|so far)",
    rf"(?:what|which|whats)(?: {_BE})? (?:my|the|your|our) (?:current |active |last |previous |standing "
    rf"|own )?{_WISHES}",
    rf"(?:what|which) (?:current )?{_WISHES} (?:are (?:on|active|set|there|in place|applied)|do i have"
    rf"|have i (?:set|given)|apply)",
    rf"show (?:me )?(?:my|the|all|all my) (?:current )?{_WISHES}",
    r"(?:(?:can|could) you )?(?:please )?repeat what i (?:asked|said|wanted)(?: for)?|what are you filtering (?:on"
    r"|by|for)",
    r"what am i (?:asking|looking|searching) for|what are we (?:looking for|doing)|where (?:were|are) we",
    r"(?:what|which) (?:is|s) (?:this|the|my) (?:playlist|list|mix) (?:about|based on|for)",
    r"what (?:is|s) (?:this|it) based on|recap|what do you think i (?:asked for|want)",
)
_WHOLE = (
    rf"(?:it|this|that|these|they|them|everything|all of (?:it|this|that|them)|(?:the|this|my|that"
    rf"|your) (?:whole |entire )?{_LIST})"
)
_LASTS = r"(?:be|last|take|run|play|play for|going to be|in total|altogether|all together|in all|overall)"
_LENGTH = (
    rf"(?:and )?how long(?: in total| now| overall)?|how long (?:is|s|are|will|does|do) {_WHOLE}(?: {_LASTS})*",
    rf"how long (?:is|s|does|will) {_PLACED_X}(?: {_LASTS})*|how long {_WHOLE} (?:is|are|lasts|takes|runs)",
    rf"how (?:many|much) (?:minutes|hours|time|music) (?:is|are|s|does|do|will) (?:(?:in"
    rf"|on) )?{_WHOLE}(?: {_LASTS})*",
    rf"how (?:many|much) (?:{_TRACK}|artists?|time) (?:is|are|does|do) (?:there )?(?:(?:in"
    rf"|on) )?{_WHOLE}(?: (?:have|hold|contain))?",
    rf"how many (?:{_TRACK})(?: (?:are there|did you (?:{_CHOOSE})|have you (?:{_CHOSEN})|do (?:i|we) have now))?",
    rf"how (?:big|large) is {_WHOLE}",
    rf"(?:(?:what|whats)(?: (?:is|s))? )?(?:the )?(?:total |overall |full )?(?:length|duration|running time"
    rf"|run ?time|playing time"
    rf"|play ?time)(?: of {_WHOLE})?|total time|when does {_WHOLE} end",
)

_FORMAT = (
    r"(?P<format>m3u8|m3u|csv|json|jspf|txt|text|xml|xspf|pls|pdf|excel|xlsx|mp3|mp4|wav|flac|zip|html|spotify|youtube"
    r"|youtube music"
    r"|apple music|tidal|deezer|soundcloud|amazon music|itunes)"
)
_WRITTEN = r"m3u8|m3u|xspf|jspf|csv|json|txt"
_IT = (
    rf"(?:it|this|that|them|these|those|everything|all(?: of (?:it|this|them))?|(?:the|my|this|that"
    rf"|these) (?:whole |current )?(?:{_LIST}|songs|tracks)|{_LIST})"
)
_AS = (
    rf"(?:(?:as|to|in|into|for|on) )?(?:an? |my |the )?(?:{_FORMAT}|file|disk|computer|phone|device|hard drive"
    rf"|desktop)"
    r"(?: (?:file|format|playlist|list|account|player))?|for later|for me|somewhere|now"
)
_DO_SAVE = r"(?:save|export|download)"
_SAVE = (
    rf"(?:(?:can|could|may|shall) (?:i|you|we) |i (?:want|would like|d like|need) to |let s |how (?:do|can"
    rf"|could) (?:i|we) )?"
    rf"(?:please )?{_DO_SAVE}(?: {_IT})?(?: {_AS})*",
    rf"(?:(?:can|could) (?:i|you) (?:get|have|give me|make me|make)|give me|make me|make|write|i (?:want|need"
    rf"|would like|d like))"
    rf" (?:{_IT} )?(?:as |in )?(?:an? |the )(?P<format>file|{_WRITTEN})(?: (?:file|format|export|of {_IT}))*",
    rf"(?:put|write|save|store) {_IT} (?:in|into|to|as|on) (?:an? |the |my )?(?P<format>file|{_WRITTEN})"
    r"(?: file)?",
    rf"(?:as |to )(?:an? )?(?P<format>{_WRITTEN})(?: file)?",
)

_SMALL_TALK = (
    r"how (?:are|r) (?:you|u|things)(?: doing| today| going)*|how (?:is|s) it going|how do you do|how have you been",
    r"(?:nice|good|great|lovely|pleased) to (?:meet|see|talk to) you|(?:good|nice) (?:job|work|one|bot|choice"
    r"|picks?)",
    r"(?:you re|youre|you are) (?:the best|great|awesome|amazing|funny|cool|good at this|so good|smart|welcome)"
    r"|well done"
    r"|i love you",
    r"(?:have a )?(?:good|nice|great|lovely) (?:night|day|evening|weekend|one)|see you(?: later| soon| tomorrow)?"
    r"|take care",
    r"(?:ha){2,}h?|lol|lmao|rofl|(?:that(?: is| s) )?(?:funny|hilarious)|no worries|no problem|never ?mind|sorry"
    r"|my bad",
    r"(?:are you|r u) (?:a |an )?(?:robot|bot|human|real|real person|person|ai|there|machine|ok|okay|alive|happy)",
    r"(?:what|whats)(?: (?:is|s))? your name|do you (?:like|love|enjoy) (?:music|me|this|your job)",
    r"(?:what s|whats|what is) up",
    r"(?:what|whats)(?: (?:is|s))? your (?:favou?rite (?:song|band|artist|music|genre|color|colour)|favou?rite)",
)
_HELP = (
    r"help(?: me)?|(?:i )?need help|(?:can|could) you help(?: me)?|how can you help(?: me)?|help needed|usage|manual",
    r"what (?:can|do|could|else can) you (?:do|offer|understand|know)(?: for me| here)?|(?:show"
    r"|list)(?: me)? (?:the |all )?"
    r"(?:commands|options|features)|commands|options|instructions|what are (?:the|your|my) (?:commands|options"
    r"|features)",
    r"what (?:can|could|should|do) i (?:say|ask|do|type|tell you|write)(?: you| here| for| to you)*|what now"
    r"|what next",
    r"how (?:does|do|can|should) (?:this|it|you|i|one)(?: (?:thing|app|chat))? (?:work|use (?:this|it|you|segue)"
    r"|talk to you)",
    r"(?:who|what) are you|(?:what|whats|who)(?: (?:is|s))? (?:this (?:app|thing|bot|program|site|page)|segue)",
    r"what are you (?:good )?for|what(?: is| s) (?:this|it) for|i (?:do not|don t|dont) (?:know"
    r"|understand) how (?:this|it|that) works",
)
_TASK = (
    r"(?:poem|essay|e ?mail|story|letter|joke|haiku|limerick|script|code|program|function|speech|report|article"
    r"|recipe|cv|resume"
    r"|review|blog post|novel|riddle|song lyrics|lyrics|python \w+|shopping list|to ?do list)"
)
_OUT_OF_SCOPE = (
    r"(?:what|whats|how|hows)(?: (?:is|s|will|was))? (?:the )?(?:weather|temperature|forecast)(?: .+)?"
    r"|(?:will|is) it (?:going to )?(?:rain|snow|raining|snowing|be (?:sunny|cold|hot|warm))(?: .+)?"
    r"|do i need an umbrella(?: .+)?",
    rf"(?:(?:can|could|will) you )?(?:please )?(?:write|compose|draft|generate|code|tell|give|make)(?: me"
    rf"| us)?(?: up)? (?:an?|some|the|my)? ?"
    rf"(?:\w+ ){{0,2}}?{_TASK}(?: .+)?",
    r"(?:what|whats)(?: (?:is|s))? (?:the )?(?:time|date|day)(?: is it)?(?: (?:now|today|in .+))?"
    r"|what day is (?:it|today)"
    r"|(?:what|whats)(?: (?:is|s))? (?:today s date|the news|happening in the news|the latest news"
    r"|in the news)(?: .+)?",
    r"(?:who|which)(?: team)? (?:won|is winning|will win|scored|invented|discovered|assassinated|killed) .+",
    r"who(?: (?:is|s|was|are))? the (?:\w+ )?(?:president|king|queen|pope|prime minister|chancellor|ceo|mayor"
    r"|captain|owner|author"
    r"|inventor) (?:of|behind|at) .+",
    r"(?:what|whats|where)(?: (?:is|s|are))? (?:the )?(?:capital|population|currency|area|height|distance|price"
    r"|cost|meaning"
    r"|definition|square root|cube root|boiling point|stock price|exchange rate|formula)(?: .+)?",
    r"(?:what|whats)(?: (?:is|s))? (?:the meaning of life|\d+ .+)|(?:calculate|compute|solve|translate|define"
    r"|convert|multiply|divide) .+",
    r"(?:set|start) (?:an? |my )?(?:timer|alarm|reminder|stopwatch)(?: .+)?|remind me to .+|wake me(?: up)? .+"
    r"|(?:call|text|email"
    r"|message) (?:my |the )?(?:mum|mom|dad|wife|husband|boss|friend|brother|sister|mother|father|doctor"
    r"|police)(?: .+)?",
    r"(?:order|buy|book|reserve|rent)(?: me| us)? (?:an? |some |the |my )?(?:\w+ ){0,2}?(?:pizza|food|flight|table"
    r"|hotel|taxi|ticket"
    r"|tickets|room|car|uber|groceries|train)(?: .+)?|(?:turn|switch) (?:on|off|up|down) the (?:lights?|tv|heating"
    r"|oven|lamp)(?: .+)?",
    r"(?:how (?:old|tall|far|heavy|high|deep|hot|cold) (?:is|are|was) (?!your|the playlist).+|how (?:do|can"
    r"|would) (?:i|you|we) (?:cook|bake|fix"
    r"|repair|boil|lose weight|get to|install|invest|tie|knit|make (?:a cake|bread|money|pasta|pancakes))(?: .+)?)",
    r"(?:(?:can|could|will) you )?sing(?: (?:to|for))?(?: me| us)?(?: an?| some| something| the| your| song)*",
    r"do my homework|what should i (?:eat|cook|wear|do (?:today|with my life))(?: .+)?|ignore (?:all |your "
    r"|the )*(?:previous |prior |above )*"
    r"instructions(?: .+)?|(?:show|reveal|print|repeat)(?: me)? your (?:system )?prompt",
)


def _compiled(patterns: tuple[str, ...]) -> tuple[re.Pattern[str], ...]:
    return tuple(re.compile(pattern) for pattern in patterns)


#: Takes the courtesies at both ends of a message off.
BARE = re.compile(rf"{_BEFORE}(?P<core>.*?){_AFTER}")
PLACED = re.compile(_PLACED)
#: "the artist of track 4", "this singer", "she": people are meant, by way of a track.
PERFORMER = re.compile(
    rf"(?:the |this |that )?{_PERFORMER}(?: (?:of|on|behind|in|from|for) {_PLACED})?|he|she|they|him|her"
)
SAVE, HELP, SMALL_TALK, OUT_OF_SCOPE = map(_compiled, (_SAVE, _HELP, _SMALL_TALK, _OUT_OF_SCOPE))
WHY_NOT_NAMED = _compiled(_WHY_NOT_NAMED)
#: What is asked, the first that fits: kind, patterns.
KINDS: tuple[tuple[Kind, tuple[re.Pattern[str], ...]], ...] = (
    ("asked", _compiled(_ASKED)),
    ("length", _compiled(_LENGTH)),
    ("taste", _compiled(_TASTE)),
    ("count", _compiled(_COUNT)),
    ("why_not", _compiled(_WHY_NOT)),
    ("why", _compiled(_WHY)),
    ("who", _compiled(_WHO)),
)
