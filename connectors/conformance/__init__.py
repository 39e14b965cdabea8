"""The conformance kit: what every ledger must prove, told as a table by tests and by `subledger conform`.

How a ledger takes part (its folder, and nothing else):

1. `connectors/ledgers/NAME/stage.py` has one function `practice(folder, *, clock)`, a context manager that
   yields a `stage.Stage`: an empty practice book (a simulator on loopback, a file, a real server) with its
   `Ground` (codes, ids and names that documents stand on), `open` for a new session, `trouble` for faults by
   name, and `count` as a witness of its own for "how many documents has the book under this number".
2. `LEDGER` names it: `stage=...`, a function that imports `stage.py` when it is called, so that a worker
   never loads a simulator.

That is all: `tests/contract/test_conformance.py` and the verb go through the registry.

A row (`rows/`) is a function of a `trial.Trial`; it returns how the safety is achieved, in one sentence, or
raises `Failed`. What a ledger does not have it says by `NotOffered(why)`, what a book of somebody's own
cannot be made to do by `NotPossible(why)`: both are told as such. A core row takes neither.

Order of imports: ledgers -> this -> protocols. Rows know a ledger by its capabilities, never by its name.
"""
