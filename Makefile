# The two commands of the README: `make demo` and `make test`. Each does all the set-up it needs
# on a machine that has Python 3.11-3.14 (with venv and pip) and make. `make help` lists the rest.

PYTEST_WORKERS ?= 2
ARGS ?=

export PYTHON

.PHONY: help setup demo test check locked lint types imports format lock

help:
	@echo "make demo     a telecom group billed into three books, on this machine only (add ARGS=--keep)"
	@echo "make test     all tests, at most 10 minutes (choose some: make test ARGS='-k money')"
	@echo "make check    lock, lint, format, types and import contracts"
	@echo "make format   let ruff put the code in order"
	@echo "make lock     write uv.lock anew after a change of the dependencies in pyproject.toml"
	@echo "make setup    only the environment in .venv (choose a Python: make setup PYTHON=python3.13)"

setup:
	@sh .ci/setup

demo: setup
	@.venv/bin/subledger demo $(ARGS)

test: setup
	@.venv/bin/python -m pytest -n $(PYTEST_WORKERS) --dist worksteal $(ARGS)

check: locked lint types imports

locked:
	@sh .ci/uv lock --check --quiet || { echo "uv.lock does not match pyproject.toml: run make lock" >&2; exit 1; }

lint: setup
	@.venv/bin/ruff check
	@.venv/bin/ruff format --check

types: setup
	@.venv/bin/python -m mypy

imports: setup
	@.venv/bin/lint-imports --no-logo

format: setup
	@.venv/bin/ruff check --fix --quiet || true
	@.venv/bin/ruff format

lock:
	@sh .ci/uv lock
