"""The person beside it: sets the seller up, reconnects books that lost consent, replays what is parked."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

from sqlalchemy import func, select

from tests.bench.chaos.park import Park
from tests.faults.seller import REALMS
from worker.flows import connect, pause, replay, workspace
from worker.store import deliveries, lanes
from worker.store.deliveries import DELIVERY
from worker.store.tables import DocumentRow, InboxRow, table_of
from worker.store.trouble import DATABASE_ERRORS

INBOX = table_of(InboxRow)
DOCUMENT = table_of(DocumentRow)
WORKED_OFF_S_MAX = 300.0
_EVERY_S = 1.0
_WHO = "chaos"


@dataclass
class Operator:
    """Looks at the lanes once a second from a thread of its own; `finish` ends it."""

    park: Park
    reconnected: int = 0
    replayed: int = 0
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def set_up(self, text: str) -> None:
        """Import the workspace and connect every book."""
        workspace.import_(self.park.app.ports, text.encode(), name="seller.yaml", actor=_WHO)
        for book in REALMS:
            self._connect(book)

    def start(self) -> None:
        self._thread = threading.Thread(target=self._run, name="operator", daemon=True)
        self._thread.start()

    def finish(self) -> bool:
        """The books behave again; whether everything was worked off in time, parked rows replayed once."""
        self.park.simulator.post("faults/clear", {})
        is_done = self._is_worked_off()
        if is_done and self._replay_parked():
            is_done = self._is_worked_off()
        self._stop.set()
        assert self._thread is not None
        self._thread.join()
        return is_done

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_S):
            try:
                self._help_paused()
            except DATABASE_ERRORS:
                continue  # it was killed; look again when it is back

    def _help_paused(self) -> None:
        for book in REALMS:
            with self.park.app.store.read() as connection:
                lane = lanes.get(connection, book)
            if lane is None or not lane.pause_reason:
                continue
            if lane.pause_reason == "consent_lost":
                self.reconnected += 1
                self._connect(book)
            else:
                pause.resume(self.park.app.ports, self.park.app.book(book), actor=_WHO, reason="chaos")

    def _connect(self, book: str) -> None:
        app, token = self.park.app, self.park.simulator.refresh_token(REALMS[book])
        connect.adopt(app.ports, app.book(book), app.tokens(book), refresh_token=token, actor=_WHO)

    def _is_worked_off(self) -> bool:
        deadline = time.monotonic() + WORKED_OFF_S_MAX
        while self._open() > 0:
            if time.monotonic() > deadline:
                return False
            time.sleep(_EVERY_S)
        return True

    def _open(self) -> int:
        """Events that wait, drafts, and deliveries that go on by themselves."""
        events = select(func.count()).select_from(INBOX).where(INBOX.c.state == "stored")
        drafts = select(func.count()).select_from(DOCUMENT).where(DOCUMENT.c.state == "draft")
        with self.park.app.store.read() as connection:
            waiting = int(connection.scalar(events) or 0) + int(connection.scalar(drafts) or 0)
            return waiting + deliveries.open_count(connection, tuple(REALMS))

    def _replay_parked(self) -> bool:
        with self.park.app.store.read() as connection:
            query = select(DELIVERY.c.id).where(DELIVERY.c.state.in_(("parked", "blocked")))
            ids = list(connection.scalars(query))
        for delivery_id in ids:
            replay.replay(self.park.app.ports, delivery_id, actor=_WHO, reason="chaos is over")
        self.replayed += len(ids)
        return bool(ids)
