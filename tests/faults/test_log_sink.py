"""The log's reader is gone or its disk is full: work goes on, and later it is told what was dropped."""

from __future__ import annotations

import errno
import io
import sys

import pytest
import structlog

from worker import logs


class BadSink(io.StringIO):
    """A stream that cannot be written to while it is broken."""

    is_broken = True

    def write(self, text: str) -> int:
        if self.is_broken:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(text)

    def flush(self) -> None:
        if self.is_broken:
            raise BrokenPipeError(errno.EPIPE, "Broken pipe")


class TestSink:
    def test_that_is_down_stops_nobody_and_is_told_later(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Row 89: closed pipe, full disk."""
        sink = BadSink()
        monkeypatch.setattr(sys, "stderr", sink)
        try:
            logs.configure(level="info", form="json")
            log = structlog.get_logger()

            log.info("push.posted", delivery="1")
            sink.is_broken = False
            log.info("push.posted", delivery="2")
        finally:
            structlog.reset_defaults()

        lines = sink.getvalue().splitlines()
        assert lines[0].startswith("log.dropped")
        assert '"delivery": "2"' in lines[1]
