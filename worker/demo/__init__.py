"""`subledger demo`: a telecom group billed into three books on this machine, checked by itself."""

from worker.demo.run import run

__all__ = ["run"]
