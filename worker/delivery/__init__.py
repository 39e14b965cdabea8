"""What to do next with a delivery: pure decisions from (row, outcome, now). No database, clock or log."""
