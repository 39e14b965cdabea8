"""Real servers and workers under random kills, freezes and faults: what the books hold afterwards."""
