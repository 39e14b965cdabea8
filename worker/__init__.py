"""Our side: state, decisions, time, people."""
