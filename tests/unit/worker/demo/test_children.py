"""Children of the demo see nothing of the user's installation, and end with the demo, however it ends."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from worker.demo.children import ChildFailed, running

SERVES_FOR_EVER = ("http.server", ["0", "--bind", "127.0.0.1"])


class TestChild:
    def test_ends_with_the_block(self, tmp_path: Path) -> None:
        with running("server", *SERVES_FOR_EVER, env={}, log=tmp_path / "log") as child:
            assert child.process.poll() is None

        assert child.process.poll() is not None

    def test_ends_when_nobody_holds_its_tether_any_more(self, tmp_path: Path) -> None:
        with running("server", *SERVES_FOR_EVER, env={}, log=tmp_path / "log") as child:
            assert child.process.stdin is not None

            child.process.stdin.close()  # what the kernel does when the demo is killed

            assert child.process.wait(20) == -signal.SIGTERM

    def test_that_is_killed_is_gone_at_once(self, tmp_path: Path) -> None:
        with running("server", *SERVES_FOR_EVER, env={}, log=tmp_path / "log") as child:
            child.kill()

            assert child.process.returncode == -signal.SIGKILL

    def test_sees_no_variable_of_the_users_installation(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("DATABASE_URL", "postgresql://books.of.the.user")
        script = tmp_path / "told.py"
        script.write_text("import os\nprint(os.environ.get('DATABASE_URL'), os.environ['ASKED'])\n")

        with running("script", "told", [], env={"ASKED": "yes"}, log=tmp_path / "log") as child:
            assert child.next_line() == b"None yes\n"

    def test_that_says_nothing_is_told_with_its_log(self, tmp_path: Path) -> None:
        (tmp_path / "silent.py").write_text("raise SystemExit('no')\n")

        with (
            running("script", "silent", [], env={}, log=tmp_path / "log") as child,
            pytest.raises(ChildFailed, match="what it said is in"),
        ):
            child.next_line()

        assert "no" in (tmp_path / "log").read_text()
