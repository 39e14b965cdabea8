"""Logs: structured events on stderr, ids instead of names, secrets scrubbed as a last net (R17)."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
from collections.abc import MutableMapping
from typing import Any, TextIO

import structlog

from connectors.http.redact import redact


class _LossySink:
    """A log that can be away: what cannot be written is dropped and counted, and work goes on (row 89).

    The count is told with the next line that gets through.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._dropped = 0
        self._guard = threading.Lock()

    def write(self, text: str) -> int:
        """Write a piece of a line, or drop it."""
        with self._guard:
            told = f"log.dropped pieces={self._dropped}\n" if self._dropped else ""
            try:
                self._stream.write(told + text)
            except (OSError, ValueError):  # a full disk, a reader that is gone, a closed stream
                self._dropped += 1
            else:
                self._dropped = 0
        return len(text)

    def flush(self) -> None:
        """Flush; a flush that fails is a line that was dropped."""
        with contextlib.suppress(OSError, ValueError):
            self._stream.flush()


def configure(*, level: str, form: str) -> None:
    """Set structlog up once per process: `form` text (for people) or json (for machines)."""
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _scrub,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.PrintLoggerFactory(_LossySink(sys.stderr)),  # type: ignore[arg-type]  # a writer
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(levelname)s %(name)s %(message)s")


def _scrub(_logger: object, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    return {key: redact(value) if isinstance(value, str) else value for key, value in event.items()}
