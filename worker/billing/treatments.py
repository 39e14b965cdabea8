"""Tax treatment of a line: from issuer, buyer, place and tax ids; nothing is taxed at 0 % by default.

Service to a business in another member state: the buyer accounts for the tax (Directive 2006/112/EC, art. 44
and 196) and the invoice says so (art. 226, no. 11 a). Without a tax id of the buyer it stays taxed here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from mappings.canonical.catalog import Product
from mappings.canonical.party import Address, Exemption, Issuer, Party, TaxRule, Treatment
from mappings.lean import lean
from worker.billing.tax_ids import in_union, registrations_in, why_wrong
from worker.billing.values import Check

REVERSE_CHARGE = "Reverse charge"
EXPORT = "Service outside the scope of the seller's tax: it is taxed where the buyer is"
DESTINATION = frozenset({"US", "CA"})
"""Countries whose sales taxes follow the place of use: the ship-to address counts before the bill-to's."""


@lean
@dataclass(frozen=True, slots=True)
class Treated:
    """A treatment with the issuer's tax code for it, the reason as printed, and what speaks against it."""

    treatment: Treatment
    code: str
    reason: str = ""
    checks: tuple[Check, ...] = ()


def treatment_of(issuer: Issuer, bill_to: Party, product: Product, *, on: date) -> Treated:
    """How a line of a product is taxed on its tax day."""
    place = place_of(issuer, bill_to)
    certificate, expired = _certificates(issuer, bill_to, place, on)
    if certificate is not None:
        return Treated("exempt", issuer.exempt_tax_code, _words(certificate))
    treated = _by_rules(issuer, bill_to, place, product, on)
    if treated is None:
        treated = _by_country(issuer, bill_to, place, on)
    if expired is None or not treated.code:
        return treated
    return Treated(treated.treatment, treated.code, treated.reason, (_expired(bill_to, expired),))


def place_of(issuer: Issuer, bill_to: Party) -> Address:
    """Where the supply is taxed: the buyer's establishment, or where it is used under a sales tax."""
    if issuer.country in DESTINATION and bill_to.ship_to_address.country:
        return bill_to.ship_to_address
    return bill_to.bill_to_address


def treatment_by_code(issuer: Issuer, bill_to: Party, *, is_taxed: bool) -> Treated:
    """What a contract that names its own tax code means by it."""
    country = place_of(issuer, bill_to).country
    if is_taxed or country in {"", issuer.country}:
        return Treated("domestic", "")
    if in_union(country) and in_union(issuer.country):
        return Treated("reverse_charge", "", REVERSE_CHARGE)
    return Treated("export", "", EXPORT)


def _by_rules(issuer: Issuer, bill_to: Party, place: Address, product: Product, on: date) -> Treated | None:
    """The first row of the issuer's own table that fits; None where it has no table."""
    if not issuer.tax_rules:
        return None
    by_id = ("any", "with" if _has_right_id(bill_to, place.country, on) else "without")
    for rule in issuer.tax_rules:
        if _fits(rule, issuer, place, product, on) and rule.tax_id in by_id:
            reason = rule.reason or {"reverse_charge": REVERSE_CHARGE, "export": EXPORT}.get(
                rule.treatment, ""
            )
            return Treated(rule.treatment, rule.code, reason)
    missing = Check(
        "tax_treatment_missing",
        f"No tax rule of issuer {issuer.code} fits {bill_to.code} ({place.country or 'no country'}"
        f"{' ' + place.region if place.region else ''}) and product {product.code} on {on}. Add a rule; the"
        " next run bills it. Nothing is taxed at 0 % by default.",
    )
    return Treated("", "", checks=(missing,))


def _fits(rule: TaxRule, issuer: Issuer, place: Address, product: Product, on: date) -> bool:
    if (rule.from_ is not None and on < rule.from_) or (rule.until is not None and rule.until <= on):
        return False
    is_other_member = in_union(place.country) and place.country != issuer.country
    in_country = place.country in rule.countries or ("EU" in rule.countries and is_other_member)
    return (
        (not rule.countries or in_country)
        and (not rule.regions or place.region in rule.regions)
        and (not rule.products or product.code in rule.products or product.family in rule.products)
    )


def _by_country(issuer: Issuer, bill_to: Party, place: Address, on: date) -> Treated:
    """Domestic, reverse charge inside the Union, else export; no treatment where the issuer has no codes."""
    domestic, abroad = issuer.domestic_tax_code, issuer.export_tax_code
    if not (domestic or abroad or issuer.reverse_charge_tax_code):
        return Treated("", "")
    if place.country == issuer.country:
        return Treated("domestic", domestic)
    if not place.country:
        return Treated("domestic", domestic, checks=(_missing_address(issuer, bill_to),))
    if not (in_union(issuer.country) and in_union(place.country)):
        return Treated("export", abroad, EXPORT)
    ids = registrations_in(bill_to.tax_ids, place.country, on=on)
    if any(not why_wrong(place.country, one) for one in ids):
        return Treated("reverse_charge", issuer.reverse_charge_tax_code or abroad, REVERSE_CHARGE)
    check = _wrong_id(bill_to, place.country, ids[0]) if ids else _missing_id(issuer, bill_to, place.country)
    return Treated("domestic", domestic, checks=(check,))


def _has_right_id(bill_to: Party, country: str, on: date) -> bool:
    return any(not why_wrong(country, one) for one in registrations_in(bill_to.tax_ids, country, on=on))


def _certificates(
    issuer: Issuer, bill_to: Party, place: Address, on: date
) -> tuple[Exemption | None, Exemption | None]:
    """The certificate that counts on a day; where none does, the one that expired last."""
    expired: Exemption | None = None
    for one in bill_to.exemptions:
        if one.country not in {"", issuer.country} or one.region not in {"", place.region}:
            continue
        if one.from_ is not None and on < one.from_:
            continue
        if one.expires is None or on <= one.expires:
            return one, None
        if expired is None or (expired.expires or on) < one.expires:
            expired = one
    return None, expired


def _words(certificate: Exemption) -> str:
    what = "resale certificate" if certificate.kind == "resale" else "certificate"
    return f"Exempt: {certificate.reason}, {what} {certificate.certificate}"


def _expired(bill_to: Party, certificate: Exemption) -> Check:
    return Check(
        "certificate_expired",
        f"The {certificate.kind} certificate {certificate.certificate} of {bill_to.code} was valid until"
        f" {certificate.expires}. Add the new one, or switch this check off in the contract to charge tax.",
    )


def _missing_address(issuer: Issuer, bill_to: Party) -> Check:
    return Check(
        "missing_address",
        f"{bill_to.code} has no country in its bill-to address, so it cannot be told whether"
        f" {issuer.code} charges domestic tax. Add the address; the next run bills it.",
    )


def _missing_id(issuer: Issuer, bill_to: Party, country: str) -> Check:
    return Check(
        "missing_tax_id",
        f"{bill_to.code} is in {country} and has no tax id of {country}, so issuer {issuer.code} cannot leave"
        " the tax to it (reverse charge). Add the id, or switch this check off in the contract to charge the"
        " tax of the seller.",
    )


def _wrong_id(bill_to: Party, country: str, tax_id: str) -> Check:
    return Check(
        "invalid_tax_id",
        f"{tax_id} of {bill_to.code} is no tax id of {country}: {why_wrong(country, tax_id)}. Correct it, or"
        " switch this check off in the contract to charge the tax of the seller.",
    )
