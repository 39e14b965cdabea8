"""Why deliveries stopped, in words: one sentence and one next step per cause. Pure.

A cause that has no row here is told in the words of its oldest delivery.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """`sentence` takes {what} (12 invoices), {book} and {missing}; `step` is what to do next."""

    sentence: str
    step: str


_LINK = (
    "subledger mapping suggest --book {book}, then subledger mapping import FILE; they go on by themselves."
)

WORDS: Mapping[str, Words] = {  # by reason, or by reason/kind where the step depends on the kind
    "target_missing": Words(
        "{what} wait: book {book} has no {missing}, and creates nothing by itself.", _LINK
    ),
    "mapping_missing": Words("{what} wait: book {book} has no id for {missing}.", _LINK),
    "number_taken": Words(
        "{what}: book {book} holds another record under the same number.",
        "Find who made it and renumber that one there, then replay; we never renumber ours.",
    ),
    "number_taken/customer": Words("{what}: book {book} has one of the same name already.", _LINK),
    "number_taken/item": Words("{what}: book {book} has one of the same name already.", _LINK),
    "period_closed": Words(
        "{what} are dated into a closed period of book {book}.",
        "Let finance reopen it (subledger book check {book} notices), or reverse and issue anew.",
    ),
    "customer_inactive": Words(
        "{what} name a customer that is inactive in book {book}.",
        "Make it active there or link another one, then replay.",
    ),
    "item_inactive": Words(
        "{what} name an item that is inactive in book {book}.",
        "Make it active there or link another one, then replay.",
    ),
    "voided_there": Words(
        "{what} were voided in book {book}.", "Ask finance why; cancel the delivery, or issue it anew."
    ),
    "differs_there": Words(
        "{what} are in book {book} with other content than we sent.",
        "Compare both; once they are equal there, replay adopts them.",
    ),
    "echo_differs": Words(
        "{what} were answered by book {book} with other content than we sent.",
        "Compare both; once they are equal there, replay adopts them.",
    ),
    "email_unclear": Words(
        "{what}: nobody knows whether book {book} mailed them.",
        "Look in the book or ask the customer; replay sends it once more, cancel leaves it.",
    ),
    "unrecognised": Words(
        "{what} got an answer from book {book} that we do not know.",
        "Report code and trace id (subledger delivery show); replay looks first.",
    ),
}


def words_of(reason: str, *, kind: str, what: str, book: str, missing: str, why: str, hint: str) -> Words:
    """The sentence and next step of a group; `why` and `hint` are those of its oldest delivery."""
    known = WORDS.get(f"{reason}/{kind}") or WORDS.get(reason)
    if known is None:
        return Words(f"{what} stopped in book {book}: {why or reason}", hint or "Look at one, then replay.")
    named = missing.replace("\n", ", ")
    return Words(
        known.sentence.format(what=what, book=book, missing=named or "something it needs"),
        known.step.format(book=book),
    )
