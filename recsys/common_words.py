"""Ordinary English words: what makes "yes", "happy" or "the weekend" a poor name until something says that it is one.

Written from general knowledge of English and of how people ask for music. `FUNCTION_WORDS` name an artist only in
quotes or after "by"; `COMMON_WORDS` need some cue ("some queen", "like Heart").
"""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The words of a text, as a set."""
    return frozenset(text.split())


FUNCTION_WORDS = words("""
a about above actually add added after again all almost along already alright also always am an and another any
anybody anymore anyone anything anyway anywhere are aren around as ask at away awesome awful back bad based
basically be because been before being below best better between both but by bye call called came can cannot
cant come coming could couldn cool create currently d dear definitely did didn different do does doesn doing don
done dont down each either else em especially etc even ever every everybody everyone everything exactly except
excellent extra far feat featuring few fewer fine finally find first for found from ft gave get gets getting
gimme give gives glad go goes going gonna good goodbye got gotta great greetings guess guy guys ha had haha has
hasn have haven having he heard hear hearing hello help helps her here hers hey hi him himself his hmm hold how
however i id idea if ill im in include including inside instead into is isn it its itself ive just keep keeping
kind kinda know known last lastly lately later least less let lets like liked likes list listen listened
listening ll lol long look looking looks lot lots m made mainly make makes making many may maybe me mean means
might mine minus mix more morning most mostly much music musical musician musicians must my myself name named
near need needed needs never new newer next nice no nobody none nope nor not nothing now o of off often oh ok
okay on once one ones only onto or other others our out outside over own part particular particularly perfect
perhaps pick picks piece play played player playing playlist playlists plays please pls plus possible possibly
prefer preferably pretty probably provide put quite rather re really recommend recommendation recommendations
recommended remove right s said same say search second see seem send set several shall she should show shows
similar similarly simply since singer singers sing singing so some somebody someone something sometimes somewhat
somewhere song songs soon sorry sort sorts sound sounding sounds start started starting still stop stuff style
styles such suggest suggested suggestion suggestions super sure t take talking tell than thank thanks that thats
the their them themselves then there these they thing things think this those though through throw till time
times to today together tonight too total totally track tracks tried true try trying tune tunes type types u ugh
um under unless until up upon us use used using usually ve versus very via vibe vibes vs wait wanna want wanted
wanting wants was wasn way ways we well went were what whatever when where whether which while who whole whom
whose why will with within without won wonderful wondering would wouldn wow yeah year years yep yes yet you your
yours yourself love loves loved loving hate hates hated enjoy enjoyed adore yup havent hasnt doesnt didnt isnt
arent wasnt werent couldnt wouldnt shouldnt youre theyre whats heres theres hes shes wont aint theyve weve youve
sorta musics muic similiar simular album albums artist artists band bands group groups genre genres hit hits
version versions remix cover covers original lyric lyrics vocal vocals vocalist voice voices beat beats melody
tempo bpm rhythm era decade decades classic classics oldie ballad ballads mood moods feel feeling feels theme
themes random mixed mixture selection collection compilation variety bunch couple dozen minute minutes min mins
hour hours hr hrs famous popular obscure unknown favorite favorites favourite favourites lovely amazing
fantastic brilliant beautiful interesting enough rated rate round rounds screen app bot assistant spotify
youtube radio discover explore surprise skip
""")

COMMON_WORDS = words("""
abandon ability able accident account across act action active actor adult adventure advice afraid afternoon age
agree ahead air alarm album alien alive allow alone alphabet amber america american anchor ancient angel angels
anger animal animals answer apart apartment apple april area arm arms army art ash asia ask asleep atlas
attention august aunt autumn average awake away awe baby backyard badly bag ball balloon banana bank bar
barbecue bare bark barn base basement basic basket bath battle bay beach bear beast beauty become bed bee beer
beginning behavior believe bell belong belt bend berlin beside big bike bird birds birth birthday bit bite
bitter black blade blame blank blanket bleed bless blind block blonde blood bloom blow blue blues blur board
boat body bold bomb bone bones book books boom boot border bored boring born boss boston bottle bottom bounce
bow bowl box boy boyfriend boys brain brand brave bread break breath breathe breeze brick bride bridge bright
bring broken brother brothers brown brush bubble bucket build building bullet burn burning bus bush business
busy butter butterfly button buy cake calendar calm camera camp campfire candle candy captain car care careful
careless carry cars case castle cat catch caught cause cave celebrate cell center central breaking champion
champions chain chair challenge chance change channel chaos character charge charm chase cheap cheer cheese cheesy
cherry chicago chicken child childhood children choice choose church cinema circle circus city claim clap clash
class classroom clean clear clever climb clock close closer closet cloth clothes cloud clouds club clue coast
coat code coffee coin cold collar college color colour comfort company complete computer concert concrete
control cook cookie copper corner cost cotton count countdown country courage course court cousin cow crash
crazy cream creature credit crew crime cross crow crowd crown cruel cruise cry crystal cup cure curious current
curtain custom cut cute cycle dad daddy daily damage damn dance dancer danger dangerous dare dark darkness
darling date daughter dawn day daydream days dead deal death debt december decide deep deer degree delicate
demand demon desert desire desk destiny detail devil diamond diamonds diary dictionary die diet difference
difficult dinner dinosaur direction dirt dirty disaster disco discovery dish distance dive divide doctor dog
dogs doll dollar dolphin door doors dot double doubt doves dragon dragons drama draw drawing dream dreamer
dreams dress drift drink drive driver drop drops drug drum drunk dry duck dude dumb during dust dusk duty eagle
eagles ear early earth earthquake east easy eat echo edge edit editors education egg ego eight either electric
elephant elevator eleven embrace emerald emotion emotional emotions empire empty end ending energy engine
england enter epic equal error escape eternal europe evening event everyday evil exam excited exciting exercise
exit expensive experience explain explosion express eye eyes face fact fade fail faint fair fairy faith fall
falling false fame families family fan fans fantasy farm farmer fashion fast fat fate father favor fear feast
feather february feed feet fellow fence fever field fifty fight fighter file fill film final finger finish fire
fireworks fish fit five fix flag flame flash flesh flight floor flow flower flowers fly focus fog folk folks
follow food fool foot football force foreign forest forever forget forgive form forty forward fountain four fox
fragile frame free freedom freeze fresh friday friend friends frog front frozen fruit full fun funeral funny
fuel fuse future galaxy gallery gamble game games gang gap garage garbage garden gas gate gather generation
gentle ghost ghosts giant gift girl girlfriend girls glad glass glasses glitter global glory glow goal goat god
gods gold golden gone grace grade grand grandma grandpa grass gratitude grave gravity gray green grey grief
grind grip ground grove grow grown growth guard guest guilty guitar gun guns gym habit hair half hall halloween
hand handle hands hang happen happens happiness happy harbor hard harder harmony haunted hazard head healing
health hearing heart heartbreak hearts heat heaven heavy height hell helmet hero heroes hidden hide high higher
highway hike hill hills history hole holiday hollow hollywood holy home homework honest honey honor hook hope
horizon horror horse horses hospital hot hotel house houses huge human humans hundred hung hungry hunt hunter
hurricane hurry hurt husband ice icon ideal idol ignore image imagination imagine impossible impulse inch indie
industry infinite infinity influence injury ink inner innocence innocent insane insect inspiration iron island
islands jacket jail jam january jar jealous jeans jelly jersey jet jewel job join joke journey joy judge juice
july jump june jungle junior jury justice keep key keys kick kid kids kill killer killers king kings kingdom
kiss kitchen kite kitten knee knife knight knights knock ladder lady lake lamb lamp land lane language large
laser late laugh laughter laundry law lawn lazy lead leader leaf leak learn leather leave leaves lecture left
leg legend legends lemon lesson letter letters level liar liberty library lie lies life lift light lighter
lightning lights limit line lines lion lions lip lips liquid little live lives living load loan lobby local lock
logic london lonely loop loose lord lose loser loss lost loud lover lovers low lower loyal luck lucky lump lunch
lung machine mad madness magazine magic magical mail main major male man manager mango map maps march mark
market marriage married mars mask massive master match mate math matter maximum mayor meadow meal measure meat
media medicine medium meet meeting melody member memory men mental mercy mess message metal meter midnight mike
mile miles milk million mind minds mineral minimal minor minute miracle mirror misery miss missing mission mist
mistake mob model modern mom moment moments monday money monkey monkeys monster month moon moral mother motion
motor mountain mountains mouse mouth move movement movie movies mud muse museum mute mystery myth nails naked
nap narrow nation national native nature nasty naughty navy neck needle neon nerve nervous nest net network
neutral news nickel night nights nightmare nine noise noon normal north nose note notes novel november nowhere
number numb numbers nurse nut oasis obsessed ocean october odd offer office oil old older olive open opera
opinion option orange orbit orchid order orders ordinary organ outlaw outlaws outside oven owl own owner ox
oxygen pack page pain paint painting pair palace pale palm panic pants paper parade paradise paralyzed pardon
parent parents paris park parking party pass passion past patch path patience patient pattern pause pay peace
peach peak pearl pen pencil penny people pepper perfume period person personal pet phantom phase phoenix phone
photo picture pictures pie pig pilot pilots pink pipe pirate pirates pistol pitch pizza place plain plan plane
planet plant plastic plate platinum playground pleasure pledge plenty pocket poem poet poets poetry point poison
police policy polite politics pool poor pop porcelain porch port portrait position positive post pot potato
pound powder power powerful practice praise pray prayer preacher present president press pressure pretend
pretender pretenders price pride priest prime prince princess print prison private prize problem process prodigy
product professor program progress project promise promises proof proper protect proud public pull pulp pulse
pump punch punk pure purple purpose push puzzle quality queen queens quest question quick quiet quit rabbit race
radiator radical rage rail rain rainbow rainy raise ranch range rapture rare rascal rat raven raw ray reach
reaction read ready real reality reason rebel recently record recorder records recovery red reef reflection
refuse regret related relation relax religion remain remember rent repeat report request rescue respect rest
restaurant result return reunion revenge revolution reward rhythm rib ribbon rice rich ride riding ring rings
riot rise risk ritual rival river rivers road roads roar robot robots rock rocket rocks role roll roller romance
romantic roof room root roots rope rose roses rough route row royal rubber ruby rude rug rule rules rumor run
runaway runner running rush russian rust sad saddle safe safety sail sailor saint saints salad sale salt
salvation sand santa satellite saturday sauce savage save savior scale scar scare scared scarlet scene scent
school science score scream screaming sea seal season seat secret secrets seed self selfish sense september
sequence series serious serve service settle seven sex sexy shade shadow shadows shake shame shampoo shape share
shark sharp shatter sheep sheet shelf shell shelter shift shine shiny ship ships shirt shock shoe shoes shoot
shop shopping shore short shot shoulder shout shower shut shy sick side sight sign signal silence silent silk
silly silver simple sin single sink sir sister sisters sit six size skeleton skill skin skirt sky slave sleep
sleeping slice slide slip slow small smart smash smell smile smith smiths smoke smoking smooth snake snow soap
soccer social society sock soft soldier soldiers solid solution son sons sorrow soul souls soup sour source
south space spark sparks speak special speed spell spend spider spirit spirits spit splash split spoon sport
sports spot spread spring square squad squeeze squirrel stable stage stairs stand standard star stardust stars
state states station statue stay steal steam steel step steps stick stiff stolen stomach stone stones store
storm story straight strange stranger strangers stream street streets strength stress stretch strike string
strings stroke strokes strong struggle stuck student students studio study stupid subject sublime suburb success
sudden suffer sugar suicide suit summer sun sunday sunflower sunglasses sunny sunrise sunset sunshine superman
supper supply support supreme surf surface survive survivor swan swans sweat sweater sweet sweetheart swim swing
switch sword symbol sympathy system table tail talent talk tall tank tap tape target task taste tattoo tax tea
teach teacher team tear tears technology teen teenage teenager teeth telephone telescope television temple
temptation ten tender tension tent term terrible test texas text thank theater theory therapy thick thief thin
third thirteen thirty thorn thousand thread threat three throat throne thrill thumb thunder thursday ticket tide
tie tiger tigers tight timber tin tiny tip tired toast tomorrow tone tongue tool tools tooth top torch tornado
touch tough tour tourist tower town toy toys trace trade tradition traffic trail train training trains translate
transport trap trash travel traveler treasure treat tree trees triangle tribe trick trip trophy trouble truck
trust truth tuesday tunnel turn turtle twelve twenty twice twilight twin twins twist two ugly ultimate umbrella
uncle underground understand underwater underworld uniform union unique united universal universe university
unusual upset upside urban urge usher usual vacation valley value vampire van vanilla velvet venom vice victim
victory video view village vine violence violet virgin virus visible vision visit visitor volcano volume vote
voyage wake walk walker walking wall wallet walls war warm warning warrior wash waste watch water waterfall wave
waves wax weak weakness wealth weapon wear weather web wedding wednesday week weekend weekends weight weird
welcome west western wet whale wheel wheels whisper whistle white wicked wide wife wild wilderness will willow
win wind window windows wine wing wings winner winter wire wisdom wise wish witch witches wizard wolf wolves
woman women wonder wood wooden woods wool word words work worker world worlds worry worse worst worth wound wrap
wrist write writer writing wrong yard yellow yesterday young youth zebra zero zombie zombies zone zoo cool
relaxing relaxed chilling workout sleepy energetic tropical festival events holidays girlfriends bosses lounge
stereo acoustic soulful lyrical melodic tonight tractor groceries motivational educational inspirational
uplifting daycare toddler toddlers grandmother grandfather teens nursery lullaby dancing driving studying
cooking cleaning reading gaming coding commuting camping fishing hunting skating surfing skiing yoga meditation
fitness treadmill marathon jogging hiking biking cycling swimming boxing basketball baseball hockey tennis golf
stormy cloudy windy foggy snowy icy humid chilly cozy cosy funky groovy catchy dope lit vibey chill chilled hype
hyped bop bops banger bangers jams slap slaps groove grooves parties clubs
""")
