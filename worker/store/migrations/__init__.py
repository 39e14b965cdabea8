"""Migrations of the database: forward only, one file per change, run by worker.store.migrate."""
