"""Pure checks of a workspace file, one module per part of it; each yields every problem it sees."""
