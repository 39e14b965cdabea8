"""The demo's folder is always started empty, and never somebody else's."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker.demo.folder import MARKER, FolderRefused, emptied


class TestFolder:
    def test_is_made_when_it_is_not_there(self, tmp_path: Path) -> None:
        with emptied(tmp_path / "new" / "demo") as folder:
            assert [entry.name for entry in folder.path.iterdir()] == [MARKER]

    def test_is_emptied_when_a_demo_made_it(self, tmp_path: Path) -> None:
        with emptied(tmp_path / "demo") as folder:
            (folder.path / "quickbooks").mkdir()
            (folder.path / "quickbooks" / "state").touch()
            folder.database.touch()

        with emptied(tmp_path / "demo") as folder:
            assert [entry.name for entry in folder.path.iterdir()] == [MARKER]

    def test_follows_no_link_out_of_it(self, tmp_path: Path) -> None:
        (tmp_path / "mine").mkdir()
        (tmp_path / "mine" / "thesis.txt").touch()
        with emptied(tmp_path / "demo") as folder:
            (folder.path / "link").symlink_to(tmp_path / "mine")

        with emptied(tmp_path / "demo"):
            pass

        assert (tmp_path / "mine" / "thesis.txt").exists()

    def test_is_refused_when_it_holds_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "thesis.txt").touch()

        with pytest.raises(FolderRefused, match="no demo made it"), emptied(tmp_path):
            pass

        assert (tmp_path / "thesis.txt").exists()

    def test_is_refused_while_another_demo_runs_in_it(self, tmp_path: Path) -> None:
        with (
            emptied(tmp_path / "demo"),
            pytest.raises(FolderRefused, match="Another demo"),
            emptied(tmp_path / "demo"),
        ):
            pass

    def test_is_refused_when_it_is_a_file(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()

        with pytest.raises(FolderRefused, match="is a file"), emptied(tmp_path / "file"):
            pass
