"""Runs a Python module as a child that ends with its parent, however the parent ends.

    python -m worker.demo.tether MODULE [ARGUMENT...]

The parent holds the other end of this process's stdin; the kernel closes it when the parent dies.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
import threading


def main() -> None:
    """Watch the parent in a thread and run the module in this one."""
    module, *arguments = sys.argv[1:]
    threading.Thread(target=_end_with_parent, name="tether", daemon=True).start()
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def _end_with_parent() -> None:
    while os.read(0, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
