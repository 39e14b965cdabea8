"""The one door through which bytes leave this machine: deadlines, reads that retry, tokens, redaction."""
