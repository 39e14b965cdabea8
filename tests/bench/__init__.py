"""Benchmarks: programs that print one JSON document with a ratio against a comparator they run themselves."""
