"""Countries by the two letters of ISO 3166-1, as services give them, in the vocabulary's words."""

from __future__ import annotations

from recsys.types import Facet
from recsys.vocabulary import Vocabulary

_CODES = """
us united states; gb united kingdom; ie ireland; ca canada; mx mexico; cu cuba; jm jamaica; pr puerto rico;
do dominican republic; tt trinidad and tobago; bb barbados; ht haiti; co colombia; ve venezuela; pe peru; pa panama;
br brazil; ar argentina; cl chile; uy uruguay; fr france; be belgium; nl netherlands; de germany; at austria;
ch switzerland; it italy; es spain; pt portugal; se sweden; no norway; dk denmark; fi finland; is iceland; ru russia;
pl poland; cz czech republic; hu hungary; ro romania; ua ukraine; bg bulgaria; rs serbia; gr greece; tr turkey;
il israel; lb lebanon; eg egypt; dz algeria; ma morocco; ir iran; in india; pk pakistan; bd bangladesh; jp japan;
kr south korea; cn china; tw taiwan; hk hong kong; id indonesia; ph philippines; th thailand; au australia;
nz new zealand; ng nigeria; gh ghana; ml mali; sn senegal; za south africa; et ethiopia; ke kenya; tz tanzania;
cd congo; cg congo; cm cameroon; bj benin; zw zimbabwe; cv cape verde; ne niger
"""
_OF_CODE = {code: name for code, _, name in (part.strip().partition(" ") for part in _CODES.split(";"))}


def country_of(said: str, vocabulary: Vocabulary) -> str | None:
    """The vocabulary's word for a country given by code or by name; None if it has none."""
    return vocabulary.canonical(Facet.COUNTRY, _OF_CODE.get(said.strip().lower(), said))
