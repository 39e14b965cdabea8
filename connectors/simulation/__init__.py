"""What every simulated ledger is made of: an HTTP shell on loopback, its own time, faults by script, set-up.

It knows no ledger. A fault is scripted by the same words whatever ledger it strikes.
"""
