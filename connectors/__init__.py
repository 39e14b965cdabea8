"""Other systems: everything that leaves this machine, behind small protocols."""
