"""The command line: `subledger NOUN VERB`. It holds no SQL and no rules: flows act, this asks and shows.

Modules at the top of a command file are light; what a verb needs is imported inside the verb. Loading the
database layer costs about a second, and `--help`, completion, `workspace schema` and a typing error must
answer at once.
"""
