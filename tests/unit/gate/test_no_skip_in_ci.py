"""With CI=true a skipped test is a failed one, also when a whole file skips itself."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[3]
A_TEST = "import pytest\ndef test_it():\n    pytest.skip('no server')\n"
A_FILE = "import pytest\npytest.skip('no server', allow_module_level=True)\n"
AN_EXPECTED_FAILURE = "import pytest\n@pytest.mark.xfail\ndef test_it():\n    assert False\n"


def run_pytest(text: str, folder: Path, *, ci: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_probe.py").write_text(text)
    options = ("-p", "tests.conftest", "-p", "no:cacheprovider", "--rootdir", str(folder))
    return subprocess.run(
        (sys.executable, "-m", "pytest", *options, str(folder)),
        cwd=PROJECT,
        env={**os.environ, "CI": ci, "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )


class TestSkip:
    @pytest.mark.parametrize("text", [A_TEST, A_FILE], ids=["test", "file"])
    def test_fails_in_ci_and_names_its_reason(self, text: str, tmp_path: Path) -> None:
        result = run_pytest(text, tmp_path, ci="true")

        assert result.returncode in {pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED}
        assert "nothing may be skipped: " in result.stdout
        assert "no server" in result.stdout

    def test_is_allowed_elsewhere(self, tmp_path: Path) -> None:
        assert run_pytest(A_TEST, tmp_path, ci="").returncode == pytest.ExitCode.OK


class TestExpectedFailure:
    def test_is_no_skip(self, tmp_path: Path) -> None:
        assert run_pytest(AN_EXPECTED_FAILURE, tmp_path, ci="true").returncode == pytest.ExitCode.OK
