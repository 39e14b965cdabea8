"""Strings that must never come out again, planted in everything that goes in."""

from __future__ import annotations

import re

from tests.faults import seller

PERSON = "Hildegard Canarini"
EMAIL = "hildegard.canarini@canary.example"
PHONE = "+49 341 5550199"
STREET = "Canary Lane 5551"
NAME = "Canary Birds"
TAX_IDS = ("IE9999999WH", "ESB99999999", "ESB88888888", "ATU12345675")

PERSONAL: tuple[str, ...] = (PERSON, EMAIL, PHONE, STREET, *TAX_IDS)
"""What tells of a person or a taxpayer. A customer's name comes apart: operators must see whose it is."""

DATABASE_PASSWORD = "db-canary-7b1f"
REDIS_PASSWORD = "redis-canary-90aa"
CLIENT_SECRET = "simulator-secret"
SECRETS: tuple[str, ...] = (DATABASE_PASSWORD, REDIS_PASSWORD, CLIENT_SECRET, seller.SECRET)

TOKEN = re.compile(r"\b(?:AT|RT|XAB)-[\w-]{16,}|(?i:bearer|basic) [\w.~+/=-]{12,}")
"""Anything that looks like a token or code of the simulator, or a header that carries one."""

ECHO = f"{PERSON}, {STREET}, {EMAIL}, phone {PHONE}: Bearer AT-{'x' * 40}"
"""What a ledger's error may repeat of what it was sent, and of what it knows itself (the phone)."""

TAXED = "Cairn"
ECHO_OF_TAXED = f"{TAXED} {TAX_IDS[0]}: {ECHO}"
"""The same for the customer of that name, whose tax id was sent, too."""

_PAYER = re.compile(r"line1: [^,]+")
_LEGAL_NAME = re.compile(r'legal_name: "?([^",]+?)(, Inc\.)?"?,')


def planted(workspace: str) -> str:
    """A workspace file whose customers all carry the canaries: name, street, person, e-mail."""
    return "\n".join(_planted(line) for line in workspace.splitlines()) + "\n"


def _planted(line: str) -> str:
    if "bill_to_address:" not in line or "code:" not in line:
        return line
    line = _PAYER.sub(f"line1: {STREET}, line2: {PERSON}", line)
    line = _LEGAL_NAME.sub(rf'legal_name: "\1 {NAME}",', line)
    return line.replace("{ code:", f"{{ emails: [{EMAIL}], code:", 1)


def held_by(text: str, wanted: tuple[str, ...]) -> list[str]:
    """Which canaries a text holds: in any case, with any blanks, also as an address of the web has them."""
    plain = " ".join(text.split()).casefold()

    def spellings(one: str) -> tuple[str, str]:
        return one.casefold(), one.casefold().replace("@", "%40").replace(" ", "+")

    return [one for one in wanted if any(form in plain for form in spellings(one))]
