"""Tests. A package of its own, so that no installed package named `tests` can take its place."""
