"""Become a server that ends with its parent: `python launch.py PARENT SIGNAL USER PROGRAM ARGUMENT...`

USER "" keeps the user. The process id stays the same, so the server is a direct child of who started it.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import sys

PR_SET_PDEATHSIG = 1


def main(parent: str, signal_number: str, user: str, *command: str) -> None:
    if user:
        entry = pwd.getpwnam(user)
        os.setgroups([])
        os.setgid(entry.pw_gid)
        os.setuid(entry.pw_uid)
    if sys.platform == "linux":  # after setuid, which clears it
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal_number))
    if os.getppid() != int(parent):
        sys.exit("the parent ended before its server began")
    os.execv(command[0], command)


if __name__ == "__main__":
    main(*sys.argv[1:])
