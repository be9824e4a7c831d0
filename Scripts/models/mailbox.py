# SPDX-License-Identifier: Apache-2.0
"""Messages, parking, claims and the router (Waking/, Messages/, Recovery+Claim, durable.route, the release of the
writer).

One workflow that receives one message, two processes, two senders. At the grain of READ COMMITTED statements: a
statement reads what is committed when it starts; an UPDATE waits for the row's lock and then judges the newest
version; what a transaction wrote is seen by others from its commit on.
"""
from typing import NamedTuple

from case import Case
from explorer import Model, Violation, put


class Database(NamedTuple):
    """state: of the live row: queued, running, waiting, or gone. is_due: run_at is over. is_late: the deadline of the
    receive is. messages: by sender: 0 not there, 1 there, 2 consumed. inbox: rows that the router has not taken."""

    state: str
    owner: int | None
    run: int
    mailbox: int
    is_due: bool
    messages: tuple
    inbox: tuple
    is_late: bool
    result: str | None


class Process(NamedTuple):
    up: bool
    at: str
    run: int
    seen: int
    message: int | None


class World(NamedTuple):
    """disk: what a crash of Postgres leaves. lock: who has the live row locked. left: kills, crashes, lost replies,
    all."""

    db: Database
    disk: Database
    lock: int | None
    processes: tuple
    senders: tuple
    left: tuple


class Protocol:
    """counter: a release is due at once when more has come in than the run has seen. look: messages and counter in
    one statement, or one after the other. token: what a run writes asks for its own run. orphans: a process gives
    back what it owns and does not run. has_deadline: the receive does not wait for ever. bump: the router counts the
    mailbox of a row that somebody runs, too."""

    def __init__(self, counter=True, look="one statement", token=True, orphans=True, has_deadline=False, bump=True,
                 kill=1, crash=1, cut=1, total=2):
        self.__dict__.update(locals())

    def model(self):
        db = Database("queued", None, 0, 0, True, (0, 0), (0, 0), False, None)
        left = (self.kill, self.crash, self.cut, self.total)
        world = World(db, db, None, (Process(True, "idle", 0, 0, None),) * 2, ("new", "new"), left)
        return Model(world, self.next, lambda w: w.db.result is not None)

    def set(self, w, i, **values):
        return w._replace(processes=put(w.processes, i, w.processes[i]._replace(**values)))

    def commit(self, w, db, to_disk=True):
        return w._replace(db=db, disk=db if to_disk else w.disk)

    def spend(self, w, kind):
        if not w.left[kind] or not w.left[3]:
            return None
        return w._replace(left=put(put(w.left, kind, w.left[kind] - 1), 3, w.left[3] - 1))

    def next(self, w):
        db = w.db
        for j, stage in enumerate(w.senders):
            if stage == "new":
                yield f"sender {j} inserts a message and an inbox row", False, w._replace(
                    senders=put(w.senders, j, "open"))
            elif stage == "open":
                sent = db._replace(messages=put(db.messages, j, 1), inbox=put(db.inbox, j, 1))
                yield f"sender {j} commits", False, self.commit(w, sent)._replace(senders=put(w.senders, j, "done"))
        # It skips what is locked, and its two halves are lost together: no need to wait for the disk.
        for j in range(2):
            if db.inbox[j] and w.lock is None:
                yield f"router brings row {j}", False, self.commit(w, self.routed(db, j), to_disk=False)
        if self.has_deadline and not db.is_late:
            yield "the deadline passes", False, self.commit(w, db._replace(is_late=True))
        for i, p in enumerate(w.processes):
            yield from self.of_process(w, i, p) if p.up else self.of_dead(w, i)
        if w.db != w.disk:
            yield "server: the log reaches the disk", False, w._replace(disk=w.db)
        if spent := self.spend(w, 1):
            crashed = spent._replace(db=w.disk, lock=None,
                                     senders=tuple("new" if s == "open" else s for s in w.senders))
            for i, p in enumerate(w.processes):
                if p.at == "parking":
                    crashed = self.set(crashed, i, at="park")
            yield "Postgres crashes and restarts", True, crashed

    def routed(self, db, j):
        db = db._replace(inbox=put(db.inbox, j, 0))
        if db.state == "gone" or db.owner is not None and not self.bump:
            return db
        return db._replace(mailbox=db.mailbox + 1, is_due=db.is_due or db.state == "waiting")

    def of_dead(self, w, i):
        yield f"P{i} starts again", False, self.set(w, i, up=True)
        if w.db.owner == i:
            freed = w.db._replace(state="queued", owner=None, is_due=True)
            yield f"the row of P{i}, which is dead, is freed", False, self.commit(w, freed)

    def of_process(self, w, i, p):
        db, me = w.db, f"P{i}"
        is_mine = db.owner == i and db.run == p.run
        if p.at == "idle":
            yield from self.of_idle(w, i, me)
        elif p.at == "look":
            message = next((k for k in range(2) if db.messages[k] == 1), None)
            if message is not None:
                yield f"{me} looks: message {message}", False, self.set(w, i, at="take", message=message)
            elif db.is_late:
                yield f"{me} looks: no message, and the time is over", False, self.set(w, i, at="give up")
            elif self.look == "one statement":
                yield f"{me} looks: no message, counter {db.mailbox}", False, self.set(w, i, at="park", seen=db.mailbox)
            else:
                yield f"{me} looks: no message", False, self.set(w, i, at="count")
        elif p.at == "count":
            yield f"{me} reads the counter: {db.mailbox}", False, self.set(w, i, at="park", seen=db.mailbox)
        elif p.at == "park":
            if db.mailbox > p.seen and is_mine:
                yield f"{me} hears that something has come in", False, self.set(w, i, at="look")
            if w.lock is None:
                if self.token and not is_mine or db.state == "gone":
                    yield f"{me} releases: the row is not its own", False, self.set(w, i, at="idle")
                else:
                    yield f"{me} releases the row (locked)", False, self.set(w._replace(lock=i), i, at="parking")
        elif p.at == "parking":
            # Judged on the newest version of the row, which is locked now.
            is_due = self.counter and db.mailbox > p.seen or self.has_deadline and db.is_late
            parked = db._replace(state="waiting", owner=None, is_due=is_due)
            yield f"{me} commits: parked{', due at once' if is_due else ''}", False, self.set(
                self.commit(w, parked)._replace(lock=None), i, at="idle")
        elif w.lock is None:
            yield self.end(w, i, p, me, is_mine)
        if spent := self.spend(w, 0):
            yield f"{me} is killed", True, self.set(spent, i, up=False, at="idle", message=None)._replace(
                lock=None if w.lock == i else w.lock)

    def of_idle(self, w, i, me):
        db = w.db
        is_due = db.is_due or self.has_deadline and db.is_late
        if w.lock is None and db.owner is None and db.state in ("queued", "waiting") and is_due:
            claimed = db._replace(state="running", owner=i, run=db.run + 1, is_due=False)
            after = self.commit(w, claimed, to_disk=False)
            yield f"{me} claims (run {claimed.run})", False, self.set(after, i, at="look", run=claimed.run)
            if spent := self.spend(after, 2):
                yield f"{me} claims (run {claimed.run}), the reply is lost", True, spent
        if self.orphans and db.owner == i and w.lock is None:
            given = db._replace(state="queued", owner=None, is_due=True)
            yield f"{me} gives back a row of its own that it does not run", False, self.commit(w, given)

    def end(self, w, i, p, me, is_mine):
        """The record that consumes the message, or says that the time was over; with it the outcome."""
        db = w.db
        if self.token and not is_mine:
            return f"{me} records: the row is not its own", False, self.set(w, i, at="idle", message=None)
        words = f"message {p.message}" if p.at == "take" else "the end of the time"
        if db.result:
            return f"{me} records {words}", False, Violation("two results of one receive: a message is lost")
        messages = put(db.messages, p.message, 2) if p.at == "take" else db.messages
        ended = db._replace(state="gone", owner=None, messages=messages, result=words)
        return f"{me} records {words}, and ends", False, self.set(self.commit(w, ended), i, at="idle", message=None)


def case(title, breaks=None, is_deep=False, **protections):
    return Case(f"mailbox: {title}", lambda: Protocol(**protections).model(), breaks, is_deep)


CASES = [
    case("a receive that waits for ever"),
    case("a receive with a deadline", has_deadline=True),
    case("a receive with a deadline, three faults", has_deadline=True, kill=2, total=3, is_deep=True),
    case("a release that does not ask for the counter", "progress", counter=False, kill=0, crash=0),
    case("the counter read after the messages", "progress", look="two statements", kill=0, crash=0),
    case("no counting for a row that somebody runs", "progress", bump=False, kill=0, crash=0),
    case("writes that do not ask for their own run", "two results", token=False),
    case("a claim whose reply is lost, and nobody looks for such rows", "progress", orphans=False, kill=0, crash=0),
]
