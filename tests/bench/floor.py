"""The floor: what an invoice run costs without any rules. Read lines, integer arithmetic, COPY.

Hand-written for speed: no objects, no Decimal, one statement in and two out for each chunk, as many processes
as the engine gets. It knows one price per line, one tax rate, one rounding, and says nothing about why.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import LiteralString

import psycopg

from tests.bench.sellers import MONTH, groups

CHUNK = 1000
"""Invoices of one transaction."""

TAX_PERCENT = 19
DAYS = 31

TABLES = """
CREATE TABLE floor_line (
    invoice bigint, number int, product text, quantity bigint, price_ten_thousandths bigint, days int,
    PRIMARY KEY (invoice, number));
CREATE TABLE floor_invoice (
    invoice bigint PRIMARY KEY, party text, on_day date, net bigint, tax bigint, gross bigint);
CREATE TABLE floor_invoice_line (
    invoice bigint, number int, product text, quantity bigint, price_ten_thousandths bigint, net bigint,
    words text, PRIMARY KEY (invoice, number));
"""


def prepare(url: str, *, seed: int, subscriptions: int) -> None:
    """The lines of the same sellers, ready to be read."""
    with psycopg.connect(url) as connection:
        connection.execute(TABLES)
        _copy(
            connection,
            "COPY floor_line FROM STDIN",
            ("\t".join(map(str, row)) for row in _lines(seed, subscriptions)),
        )
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("VACUUM (ANALYZE) floor_line")


def run(url: str, *, subscriptions: int, processes: int) -> float:
    """Invoice every line; returns the seconds it took, without the start of its processes."""
    chunks = [(first, min(first + CHUNK, subscriptions)) for first in range(0, subscriptions, CHUNK)]
    context = get_context("spawn")
    with ProcessPoolExecutor(processes, context, initializer=_connect, initargs=(url,)) as pool:
        for _ in pool.map(time.sleep, [0.2] * processes):  # every process is up
            pass
        started = time.perf_counter()
        for _ in pool.map(_chunk, chunks):
            pass
        return time.perf_counter() - started


def _lines(seed: int, subscriptions: int) -> Iterator[tuple[int, int, str, int, int, int]]:
    invoice = 0
    for group in groups(seed, range(subscriptions // 10)):
        versions = iter(group.versions)
        for held, bought in zip(group.subscriptions[::2], group.subscriptions[1::2], strict=True):
            before, after, purchase = next(versions), next(versions), next(versions)
            price = 20_000 + int(before.quantity) * 7919 % 580_000
            days = DAYS - (after.on - before.on).days
            yield invoice, 1, held.product, int(before.quantity), price, DAYS
            yield invoice, 2, held.product, int(after.quantity - before.quantity), price, days
            yield invoice, 3, bought.product, int(purchase.quantity), price, DAYS
            invoice += 1


_connections: list[psycopg.Connection] = []
"""The one connection of this process."""


def _connect(url: str) -> None:
    _connections.append(psycopg.connect(url))


def _chunk(numbers: tuple[int, int]) -> None:
    first, until = numbers
    invoices: list[str] = []
    lines: list[str] = []
    connection = _connections[0]
    with connection.transaction():
        rows = connection.execute(
            "SELECT invoice, number, product, quantity, price_ten_thousandths, days FROM floor_line"
            " WHERE invoice >= %s AND invoice < %s ORDER BY invoice, number",
            (first, until),
        ).fetchall()
        net = 0
        for invoice, number, product, quantity, price, days in rows:
            exact = quantity * price * days
            amount = (2 * exact + 100 * DAYS) // (200 * DAYS)
            words = f"{quantity} x {price // 10000}.{price % 10000:04} x {days}/{DAYS}"
            lines.append(f"{invoice}\t{number}\t{product}\t{quantity}\t{price}\t{amount}\t{words}")
            net += amount
            if number == 3:
                tax = (net * TAX_PERCENT + 50) // 100
                invoices.append(f"{invoice}\tE{invoice}\t{MONTH}\t{net}\t{tax}\t{net + tax}")
                net = 0
        _copy(connection, "COPY floor_invoice FROM STDIN", invoices)
        _copy(connection, "COPY floor_invoice_line FROM STDIN", lines)


def _copy(connection: psycopg.Connection, statement: LiteralString, rows: Iterable[str]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        lot: list[str] = []
        for row in rows:
            lot.append(row)
            if len(lot) == 5000:
                copy.write("\n".join(lot) + "\n")
                lot = []
        if lot:
            copy.write("\n".join(lot) + "\n")
