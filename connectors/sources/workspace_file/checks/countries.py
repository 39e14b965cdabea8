"""Country codes of ISO 3166-1 alpha-2 and the shapes of tax ids, as data.

Source of the codes: https://www.iso.org/obp/ui/#search (officially assigned, 249). Shapes of tax ids:
https://ec.europa.eu/taxation_customs/vies (EU) and the national tax offices; only the shape, no check digit.
"""

from __future__ import annotations

import re

COUNTRIES = frozenset(
    """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW
    BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI
    FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN
    IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME
    MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF
    PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV
    SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE
    YT ZA ZM ZW
    """.split()  # noqa: SIM905 - 249 quoted words would be harder to read
)

INSTEAD = {
    "UK": "GB",
    "EL": "GR",
    "USA": "US",
    "GER": "DE",
    "DEU": "DE",
    "FRA": "FR",
    "GBR": "GB",
    "ENG": "GB",
    "ESP": "ES",
    "ITA": "IT",
}
"""What people write -> the code."""

TAX_PREFIXES = frozenset(("EL", "XI", "EU"))
"""Prefixes of tax ids that are no country codes: Greece, Northern Ireland, the EU's one-stop shop."""

TAX_IDS = {
    country: re.compile(shape)
    for country, shape in {
        "AE": r"\d{15}",
        "AT": r"ATU\d{8}",
        "AU": r"\d{11}",
        "BE": r"BE[01]\d{9}",
        "BG": r"BG\d{9,10}",
        "CH": r"CHE\d{9}(MWST|TVA|IVA)?",
        "CY": r"CY\d{8}[A-Z]",
        "CZ": r"CZ\d{8,10}",
        "DE": r"DE\d{9}|\d{10,13}",
        "DK": r"DK\d{8}",
        "EE": r"EE\d{9}",
        "EL": r"EL\d{9}",
        "ES": r"ES[A-Z0-9]\d{7}[A-Z0-9]",
        "FI": r"FI\d{8}",
        "FR": r"FR[A-Z0-9]{2}\d{9}|\d{9}|\d{14}",
        "GB": r"GB(\d{9}|\d{12}|(GD|HA)\d{3})",
        "GR": r"EL\d{9}",
        "HR": r"HR\d{11}",
        "HU": r"HU\d{8}",
        "IE": r"IE\d[A-Z0-9+*]\d{5}[A-Z]{1,2}",
        "IN": r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]Z[A-Z0-9]",
        "IT": r"IT\d{11}",
        "JP": r"T\d{13}",
        "LT": r"LT(\d{9}|\d{12})",
        "LU": r"LU\d{8}",
        "LV": r"LV\d{11}",
        "MT": r"MT\d{8}",
        "NL": r"NL[A-Z0-9+*]{10}\d{2}",
        "NO": r"(NO)?\d{9}(MVA)?",
        "PL": r"(PL)?\d{10}",
        "PT": r"PT\d{9}",
        "RO": r"RO\d{2,10}",
        "SA": r"3\d{13}3",
        "SE": r"SE\d{12}",
        "SI": r"SI\d{8}",
        "SK": r"SK\d{10}",
        "US": r"\d{9}",
        "XI": r"XI(\d{9}|\d{12}|(GD|HA)\d{3})",
    }.items()
}
"""Shape of a tax id per country, without blanks, dots and dashes."""
