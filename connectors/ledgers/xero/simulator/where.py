"""The `where` of a list, as far as it is documented: members, ==, !=, StartsWith and friends, AND, OR.

How a quote inside a text is escaped is not documented: a text with one is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from connectors.ledgers.xero.simulator.voice import Refusal, bad_request

Test = Callable[[Mapping[str, object]], bool]

_TERM = re.compile(
    r"""\s*(?P<member>[A-Za-z]\w*(?:\.\w+)*?)
        (?:\.(?P<method>StartsWith|EndsWith|Contains)\("(?P<argument>[^"\\]*)"\)
          |\s*(?P<operator>==|!=)\s*(?:"(?P<text>[^"\\]*)"|(?P<word>null|true|false)|[Gg]uid\("(?P<guid>[^"]*)"\)))
    """,
    re.VERBOSE,
)
_JOIN = re.compile(r"\s*(AND|&&|OR|\|\|)\s*", re.IGNORECASE)
_WORDS: Mapping[str, object] = {"null": None, "true": True, "false": False}


def parse(text: str) -> Test:
    """Whether a record fits; AND binds tighter than OR. Raises `Refusal` for what cannot be read."""
    alternatives: list[list[Test]] = [[]]
    position = 0
    while True:
        found = _TERM.match(text, position)
        if found is None:
            raise Refusal(
                bad_request(f"No property or field, or a syntax error, at position {position}", number=16)
            )
        alternatives[-1].append(_test(found))
        position = found.end()
        if not text[position:].strip():
            return lambda record: any(all(test(record) for test in group) for group in alternatives)
        join = _JOIN.match(text, position)
        if join is None:
            raise Refusal(bad_request(f"Syntax error at position {position} of the where", number=16))
        if join[1].upper() in ("OR", "||"):
            alternatives.append([])
        position = join.end()


def _test(found: re.Match[str]) -> Test:
    member, method = found["member"], found["method"]
    if method:
        return _by_method(member, method, found["argument"])
    wanted = (
        _WORDS[found["word"]] if found["word"] else found["text"] if found["guid"] is None else found["guid"]
    )
    is_equal = found["operator"] == "=="
    return lambda record: (_value(record, member) == wanted) is is_equal


def _by_method(member: str, method: str, argument: str) -> Test:
    """A method of a text; on a member that a record lacks it fails, as Xero's does."""

    def test(record: Mapping[str, object]) -> bool:
        value = _value(record, member)
        if not isinstance(value, str):
            raise Refusal(bad_request(f"Object reference not set: {member} is null", number=17))
        if method == "StartsWith":
            return value.startswith(argument)
        return value.endswith(argument) if method == "EndsWith" else argument in value

    return test


def _value(record: Mapping[str, object], member: str) -> object:
    value: object = record
    for part in member.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return value
