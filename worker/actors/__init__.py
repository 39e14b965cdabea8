"""Thin actors: a message carries one id, the flow does the work, and nothing is ever raised."""
