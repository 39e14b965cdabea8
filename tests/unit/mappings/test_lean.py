from __future__ import annotations

import inspect
import pickle
from dataclasses import asdict, dataclass, field, replace

import msgspec
import pytest

from mappings.lean import lean


@lean
@dataclass(frozen=True, slots=True, order=True)
class Small:
    one: int
    two: str = "2"

    def __post_init__(self) -> None:
        if self.one < 0:
            raise ValueError(f"one is {self.one}")


@lean
@dataclass(frozen=True, slots=True)
class Large:
    one: int
    two: Small
    three: dict[str, int] = field(default_factory=dict)
    four: int = 4
    five: tuple[int, ...] = ()
    six: str = "six"


@lean(omit_defaults=True)
@dataclass(frozen=True, slots=True)
class Brief:
    one: int
    two: str = "2"


VALUES = [Small(1), Large(1, Small(2))]


@pytest.mark.parametrize("value", VALUES)
class TestALeanValue:
    def test_stays_frozen(self, value: Small) -> None:
        with pytest.raises(AttributeError, match="immutable"):
            value.one = 2  # type: ignore[misc]  # the point of the test

    def test_equals_and_hashes_by_its_fields(self, value: Small) -> None:
        assert value == replace(value, one=1) != replace(value, one=2)

    def test_survives_pickling_and_json(self, value: Small) -> None:
        assert pickle.loads(pickle.dumps(value)) == value
        assert msgspec.json.decode(msgspec.json.encode(value), type=type(value)) == value


class TestLean:
    def test_keeps_defaults_and_names(self) -> None:
        made = Large(one=1, two=Small(2), six="6")

        assert (made.three, made.four, made.five, made.six) == ({}, 4, (), "6")
        assert Large(1, Small(2)).three is not Large(1, Small(2)).three
        assert list(inspect.signature(Large).parameters) == ["one", "two", "three", "four", "five", "six"]

    def test_refuses_what_is_missing_or_unknown(self) -> None:
        with pytest.raises(TypeError, match="Missing required"):
            Large(1)  # type: ignore[call-arg]  # the point of the test
        with pytest.raises(TypeError, match="Unexpected"):
            Small(1, three=3)  # type: ignore[call-arg]  # the point of the test

    def test_still_checks_after_making(self) -> None:
        with pytest.raises(ValueError, match="one is -1"):
            Small(-1)

    def test_leaves_defaults_out_where_asked_to(self) -> None:
        assert msgspec.json.encode(Brief(1)) == b'{"one":1}'
        assert asdict(Brief(1)) == {"one": 1, "two": "2"}

    def test_orders_where_asked_to(self) -> None:
        assert Small(1, "9") < Small(2, "1")
