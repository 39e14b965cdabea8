"""Fakes that keep state, and builders of values, shared by tests."""
