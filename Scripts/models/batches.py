# SPDX-License-Identifier: Apache-2.0
"""Several workflows in one batch (Journal/: WriteQueue, JournalWriter+Settling, JournalFindings).

Two runs of one process, of two records each, share two connections; the first record of the first carries a message.
Another process's run of the first workflow may have recorded its first step before. A batch is one transaction; its
reply may be lost.
"""
from typing import NamedTuple

from case import Case
from explorer import Model, Violation, put


class Batch(NamedTuple):
    """rows: in their order. stage: sent, then committed, refused (a row was there already) or ignored (its reply is
    lost)."""

    rows: tuple
    stage: str


class World(NamedTuple):
    """journal: by workflow, the writers of its two records: None, 'own', 'other'. messages: how many the first has
    sent. submitted, acked: by workflow. is_over: by workflow, whether its run has been dropped. pending: rows in
    their order."""

    journal: tuple
    messages: int
    submitted: tuple
    acked: tuple
    is_over: tuple
    pending: tuple
    connections: tuple
    cuts: int


class Protocol:
    """conflict: a row that is there already 'raises', or 'does nothing'. sticky: rows of a run follow those in
    flight, on the same connection. drop: of a run that lost, everything ('run'), or the row that lost ('row'), or all
    runs of the batch ('batch'). unit: a record and its message are sent again together, or not. looks: after a lost
    reply it looks what is there."""

    def __init__(self, conflict="raises", sticky=True, drop="run", unit=True, looks=True, cuts=1):
        self.__dict__.update(locals())

    def model(self):
        world = World(((None, None), (None, None)), 0, (0, 0), (0, 0), (False, False), (), (None, None), self.cuts)
        return Model(world, self.next, self.is_done)

    def is_done(self, w):
        return all(w.is_over[i] or w.acked[i] == 2 for i in range(2)) and w.connections == (None, None)

    def next(self, w):
        for i in range(2):
            if w.submitted[i] < 2 and not w.is_over[i]:
                yield f"run {i} submits record {w.submitted[i]}", False, w._replace(
                    submitted=put(w.submitted, i, w.submitted[i] + 1), pending=w.pending + ((i, w.submitted[i]),))
        if w.journal[0][0] is None:
            yield "another process's run of workflow 0 records its first step", False, w._replace(
                journal=put(w.journal, 0, ("other", w.journal[0][1])))
        for c, batch in enumerate(w.connections):
            if batch is None:
                rows = self.take(w, c)
                if rows:
                    yield f"connection {c} sends {self.words(rows)}", False, w._replace(
                        pending=tuple(row for row in w.pending if row not in rows),
                        connections=put(w.connections, c, Batch(rows, "sent")))
            elif batch.stage == "sent":
                yield self.execute(w, c, batch)
            else:
                yield self.settle(w, c, batch)
                if batch.stage in ("committed", "refused") and w.cuts:
                    lost = put(w.connections, c, Batch(batch.rows, "ignored"))
                    yield f"connection {c} is cut, the reply unknown", True, w._replace(
                        connections=lost, cuts=w.cuts - 1)

    def words(self, rows):
        return ", ".join(f"{i}.{n}" for i, n in rows)

    def take(self, w, c):
        """The rows of the next batch: those of runs that have nothing in flight elsewhere."""
        elsewhere = {i for d, batch in enumerate(w.connections) if batch and d != c for i, _ in batch.rows}
        return tuple(row for row in w.pending if not self.sticky or row[0] not in elsewhere)

    def execute(self, w, c, batch):
        """The server's work on a batch."""
        it = f"server: {self.words(batch.rows)}"
        if self.conflict == "raises" and any(w.journal[i][n] for i, n in batch.rows):
            return it + " meets a record, and is rolled back", False, w._replace(
                connections=put(w.connections, c, Batch(batch.rows, "refused")))
        journal, messages = w.journal, w.messages
        for i, n in batch.rows:
            if journal[i][n] is None:
                journal = put(journal, i, put(journal[i], n, "own"))
            if (i, n) == (0, 0):
                messages += 1
        after = w._replace(journal=journal, messages=messages,
                           connections=put(w.connections, c, Batch(batch.rows, "committed")))
        return it + " commits", False, self.wrong(after) or after

    def wrong(self, w):
        if w.messages and w.journal[0][0] != "own":
            return Violation("promise 5: a run that was superseded has sent its message")
        if w.messages > 1:
            return Violation("promise 2: the message is sent twice")
        for i in range(2):
            if w.journal[i][1] == "own" and w.journal[i][0] != "own":
                return Violation(f"prefix: the second record of run {i} is durable, and its first is not")
        return None

    def settle(self, w, c, batch):
        """What the writer makes of the reply, or of its absence."""
        free = w._replace(connections=put(w.connections, c, None))
        if batch.stage == "committed":
            return f"connection {c}: committed", False, self.acknowledge(free, batch.rows)
        if batch.stage == "ignored" and not self.looks:
            again = w._replace(connections=put(w.connections, c, Batch(batch.rows, "sent")))
            return f"connection {c} sends it again", False, again
        own = tuple(row for row in batch.rows if w.journal[row[0]][row[1]] == "own")
        rest = tuple(row for row in batch.rows if w.journal[row[0]][row[1]] is None)
        lost = {i for i, n in batch.rows if w.journal[i][n] == "other"}
        if self.drop == "batch" and lost:
            lost = {i for i, _ in batch.rows}
        after = self.acknowledge(free, own)
        if isinstance(after, Violation):
            return f"connection {c} looks what is there", False, after
        if self.drop == "row" and lost:
            # The workflow's other rows are sent as if nothing had happened.
            after = after._replace(submitted=w.submitted)
        else:
            rest = tuple(row for row in rest if row[0] not in lost)
            after = after._replace(
                is_over=tuple(over or i in lost for i, over in enumerate(w.is_over)),
                pending=tuple(row for row in after.pending if row[0] not in lost))
        if not self.unit and (0, 0) in own:
            after = after._replace(messages=w.messages + 1)
        wrong = self.wrong(after)
        if not wrong and 1 in lost:
            wrong = Violation("innocent: a run is dropped for what another one of its batch met")
        if rest:
            after = after._replace(connections=put(after.connections, c, Batch(rest, "sent")))
        left = self.words(rest) or "nothing"
        return f"connection {c} looks what is there; {left} is left to send", False, wrong or after

    def acknowledge(self, w, rows):
        for i, n in rows:
            if w.journal[i][n] != "own":
                return Violation(f"promise 4: record {n} of run {i} is acknowledged, and is not there")
            w = w._replace(acked=put(w.acked, i, w.acked[i] + 1))
        return w


def case(title, breaks=None, **protections):
    return Case(f"batches: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("two workflows, two connections, a lost reply"),
    case("the same, two lost replies", cuts=2),
    case("journal rows with ON CONFLICT DO NOTHING", "promise 5", conflict="does nothing", cuts=0),
    case("only the row that lost is dropped", "prefix", drop="row", cuts=0),
    case("all runs of the batch are dropped", "innocent", drop="batch", cuts=0),
    case("rows of a run on any connection", "prefix", sticky=False, cuts=0),
    case("a message that is sent again without its record", "promise 2", unit=False),
    case("the batch is sent again without a look, and conflicts do nothing", "promise", looks=False,
         conflict="does nothing"),
]
