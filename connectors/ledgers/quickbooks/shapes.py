"""What an answer must look like before anything is read out of it (bad input 45).

Protects: only a well-formed answer may say that something is absent. A document that a broken answer seemed
not to hold would be sent again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from connectors.errors import OutcomeUnknown

Entity = Mapping[str, Any]


def object_in(payload: Entity, name: str) -> Entity:
    """The object that an answer carries under a name; raises `OutcomeUnknown`."""
    found = payload.get(name)
    if not isinstance(found, Mapping):
        raise OutcomeUnknown(f"QuickBooks answered without {name}: the answer says nothing")
    return found


def rows_in(payload: Entity, entity: str) -> Sequence[Entity]:
    """The rows of a query's answer, () when there are none; raises `OutcomeUnknown`."""
    return _objects(object_in(payload, "QueryResponse").get(entity, ()), f"a list of {entity}")


def changed_in(payload: Entity, entities: Sequence[str]) -> Sequence[tuple[str, Entity]]:
    """(entity, record) of every change that a change feed's answer tells; raises `OutcomeUnknown`."""
    answers = _objects(payload.get("CDCResponse"), "CDCResponse")
    parts = [part for answer in answers for part in _objects(answer.get("QueryResponse"), "QueryResponse")]
    return [
        (entity, record)
        for part in parts
        for entity in entities
        for record in _objects(part.get(entity, ()), f"a list of {entity}")
    ]


def _objects(found: object, what: str) -> Sequence[Entity]:
    if not isinstance(found, list | tuple) or not all(isinstance(one, Mapping) for one in found):
        raise OutcomeUnknown(f"QuickBooks answered without {what}: the answer says nothing")
    return found
