"""Kinds of import contracts that import-linter does not have; the contracts are in pyproject.toml."""
