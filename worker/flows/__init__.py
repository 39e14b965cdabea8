"""One file per stage: the only glue between pure decisions and the doors to the outside."""
