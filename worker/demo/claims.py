"""The demo checks itself: a claim that does not hold ends it."""

from __future__ import annotations


class ClaimFailed(Exception):
    """Something the demo says about itself is not so; the message is the sentence that failed."""


def claim(sentence: str, holds: bool) -> None:
    """Go on when a sentence is true; raises `ClaimFailed` with it when it is not."""
    if not holds:
        raise ClaimFailed(sentence)
