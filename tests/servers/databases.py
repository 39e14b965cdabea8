"""A fresh database for every test, copied from one that was migrated once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers.postgres import PostgresServer

DROP_WHEN = 25  # dropping many at once costs one checkpoint; keeping all would fill a small disk


@dataclass
class PostgresDatabases:
    """Databases of one server; dropped in lots, the last ones with the server."""

    server: PostgresServer
    _template: str = ""
    _used: list[str] = field(default_factory=list)

    def empty(self) -> str:
        """The URL of a new database without tables."""
        return self._keep_track(self.server.create_database())

    def migrated(self) -> str:
        """The URL of a new database with all our tables and no rows."""
        if not self._template:
            url = self.server.create_database()
            _upgrade(url)
            self._template = url.rpartition("/")[2]
        return self._keep_track(self.server.create_database(template=self._template))

    def _keep_track(self, url: str) -> str:
        self._used.append(url)
        if len(self._used) > DROP_WHEN:
            for old in self._used[:-1]:
                self.server.drop_database(old)
            del self._used[:-1]
        return url


@dataclass
class SqliteDatabases:
    """SQLite files, each in its own folder given by the caller; `template` is made on first use."""

    template: Path

    def empty(self, folder: Path) -> str:
        """The URL of a file that does not exist yet."""
        return f"sqlite:///{folder / 'subledger.db'}"

    def migrated(self, folder: Path) -> str:
        """The URL of a file with all our tables and no rows."""
        if not self.template.exists():
            _upgrade(f"sqlite:///{self.template}")
        shutil.copy(self.template, folder / "subledger.db")
        return self.empty(folder)


def _upgrade(url: str) -> None:
    from worker.store import migrate  # not at the top: tests of pure code start without SQLAlchemy

    migrate.upgrade(url)
