# SPDX-License-Identifier: Apache-2.0
"""A workflow that begins anew (Engine/EngineCore+Ending, Journal/JournalWriter+Settling, durable.continue_as_new).

Its first run records a step and something that rides along, and then, in one transaction, cuts the journal, puts down with
what it begins next, and is queued. The next run, of the same process or of another one, does the same two things and ends.
A batch is one transaction, whose reply may be lost; a process may be declared dead, and its workflow taken over. A session
whose client has gone carries out what it was sent whenever it comes to it, until it is ended (Journal/LostSession).
"""
from typing import NamedTuple

from case import Case
from explorer import Model, Violation, put


class Run(NamedTuple):
    """is_here: of the process that has the journal writer; the others write without batches. generation: how often the
    workflow had begun anew when its journal was loaded. submitted, acked: how many of its rows, those included that it
    has loaded: two records, and what ends it."""

    is_here: bool
    generation: int
    submitted: int
    acked: int
    is_over: bool = False


class Batch(NamedTuple):
    """rows: (run, its how manieth) in their order. stage: sent, then committed, refused (a row was there already, or the
    fence) or ignored (its reply is lost)."""

    rows: tuple
    stage: str


class World(NamedTuple):
    """journal: by position, the run that has recorded. done: (generation, position) of all that was ever durable.
    generation: what the journal begins with. owner: the run that `live` names; None: it is queued. pending: rows in
    their order. is_fenced: the process here was declared dead. half: a journal is cut, and what comes with it is not
    yet there. late: what sessions may still carry out that were cut off before they had, by connection."""

    journal: tuple
    done: frozenset
    generation: int
    owner: int | None
    has_ended: bool
    runs: tuple
    pending: tuple
    connections: tuple
    is_fenced: bool
    half: int | None
    late: tuple
    cuts: int
    takeovers: int


class Protocol:
    """alone: a beginning is submitted when everything before it is durable. owned: it asks whose the workflow is.
    whole: it cuts the journal in the transaction that queues the workflow. fence: a process that was declared dead
    commits nothing. gone: a session that was cut off is ended before anybody looks what it has left."""

    def __init__(self, alone=True, owned=True, whole=True, fence=True, gone=True, cuts=1, takeovers=1):
        self.__dict__.update(locals())

    def model(self):
        world = World((None, None), frozenset(), 0, 0, False, (Run(True, 0, 0, 0),), (), (None, None), False, None,
                      ((), ()), self.cuts, self.takeovers)
        return Model(world, self.next, lambda w: w.has_ended)

    def next(self, w):
        if w.half is not None and not w.is_fenced:
            yield "server: the workflow is queued, to begin anew", False, self.begin(w._replace(half=None), w.half)
        for i, run in enumerate(w.runs):
            if not run.is_over and (w.owner == i or run.is_here):
                yield from self.advance(w, i, run)
        if w.owner is None and w.half is None and not w.has_ended:
            if not w.is_fenced:
                yield self.claim(w, is_here=True)
            yield self.claim(w, is_here=False)
        if w.takeovers and w.owner is not None and w.runs[w.owner].is_here and not w.has_ended:
            runs = tuple(run._replace(is_over=True) if run.is_here and self.fence else run for run in w.runs)
            label, _, after = self.claim(
                w._replace(owner=None, is_fenced=self.fence, runs=runs, takeovers=w.takeovers - 1, half=None), False)
            yield f"this process is declared dead; {label}", True, after
        for c, rows in enumerate(w.late):
            if rows:
                gone = w._replace(late=put(w.late, c, ()))
                after = None if w.is_fenced else self.write(gone, rows)
                yield f"server: {self.words(rows)} at last", False, after or gone
        for c, batch in enumerate(w.connections):
            if batch is None:
                rows = self.take(w, c)
                if rows:
                    yield f"connection {c} sends {self.words(rows)}", False, w._replace(
                        pending=tuple(row for row in w.pending if row not in rows),
                        connections=put(w.connections, c, Batch(rows, "sent")))
            elif batch.stage == "sent":
                yield self.execute(w, c, batch)
                if w.cuts and not w.late[c]:
                    lost = put(w.connections, c, Batch(batch.rows, "ignored"))
                    yield f"connection {c} is cut before the server has the batch", True, w._replace(
                        connections=lost, cuts=w.cuts - 1, late=put(w.late, c, batch.rows))
            else:
                yield self.settle(w, c, batch)
                if batch.stage != "ignored" and w.cuts:
                    lost = put(w.connections, c, Batch(batch.rows, "ignored"))
                    yield f"connection {c} is cut, the reply unknown", True, w._replace(
                        connections=lost, cuts=w.cuts - 1)

    def words(self, rows):
        return ", ".join(f"{i}.{n}" for i, n in rows)

    def claim(self, w, is_here):
        """A run that loads the journal, and finds there what its own generation has recorded."""
        i = len(w.runs)
        loaded = 0
        for writer in w.journal:
            if writer is None:
                break
            loaded += 1
            if w.runs[writer].generation != w.generation:
                return f"run {i} loads the journal", False, Violation(
                    "promise 6: a run finds a record of what its workflow has left behind")
        run = Run(is_here, w.generation, loaded, loaded)
        return f"run {i} is {'here' if is_here else 'elsewhere'}, with {loaded} records loaded", False, w._replace(
            owner=i, runs=w.runs + (run,))

    def advance(self, w, i, run):
        """The workflow's code: a step when all before it is durable, then what rides, then what ends the run."""
        n = run.submitted
        if n > 2 or (n == 2 and run.generation == 0 and self.alone and run.acked < 2):
            return
        # A run that has lost its workflow may still begin a step: when it does not is the lease's to see.
        if n == 0 and w.owner == i and (run.generation, 0) in w.done:
            yield f"run {i} begins its step", False, Violation("promise 3: a step is begun again after its record")
            return
        ahead = w._replace(runs=put(w.runs, i, run._replace(submitted=n + 1)))
        if run.is_here:
            yield f"run {i} submits {self.name(run, n)}", False, ahead._replace(pending=w.pending + ((i, n),))
        else:
            after = self.write(ahead, ((i, n),))
            if after is None:
                after = Violation("promise 5: the run that owns its workflow finds its place taken")
            yield f"run {i} commits {self.name(run, n)}", False, self.acknowledge(after, ((i, n),))

    def name(self, run, n):
        return ("its step", "what rides", "its end" if run.generation else "its new beginning")[n]

    def take(self, w, c):
        """The rows of the next batch: those of runs that have nothing in flight elsewhere."""
        elsewhere = {i for d, batch in enumerate(w.connections) if batch and d != c for i, _ in batch.rows}
        return tuple(row for row in w.pending if row[0] not in elsewhere)

    def execute(self, w, c, batch):
        """The server's work on a batch."""
        it = f"server: {self.words(batch.rows)}"
        after = None if w.is_fenced else self.write(w, batch.rows)
        if after is None:
            return it + " is rolled back", False, w._replace(
                connections=put(w.connections, c, Batch(batch.rows, "refused")))
        if isinstance(after, Violation):
            return it + " commits", False, after
        return it + " commits", False, after._replace(
            connections=put(w.connections, c, Batch(batch.rows, "committed")))

    def write(self, w, rows):
        """One transaction, records first; None where a record's place is taken."""
        for i, n in sorted(rows, key=lambda row: row[1] == 2):
            run = w.runs[i]
            if n < 2:
                if w.journal[n] is not None:
                    return None
                w = w._replace(journal=put(w.journal, n, i), done=w.done | {(run.generation, n)})
            elif w.owner != i and (self.owned or run.generation):
                continue
            elif run.generation:
                w = w._replace(owner=None, has_ended=True)
            elif self.whole:
                w = self.begin(w, i)
            else:
                w = w._replace(journal=(None, None), half=i)
            if isinstance(w, Violation):
                return w
        return w

    def begin(self, w, i):
        """Cuts the journal, and queues the workflow."""
        left = {(w.runs[writer].generation, n) for n, writer in enumerate(w.journal) if writer is not None}
        if any(generation for generation, _ in left):
            return Violation("promise 3: a record is cut off that a later run has made")
        return w._replace(journal=(None, None), generation=w.runs[i].generation + 1, owner=None)

    def settle(self, w, c, batch):
        """What the writer makes of the reply, or of its absence: what ends a run leaves no trace that it looks for."""
        free = w._replace(connections=put(w.connections, c, None))
        if self.gone:
            free = free._replace(late=put(free.late, c, ()))
        if batch.stage == "committed":
            return f"connection {c}: committed", False, self.acknowledge(free, batch.rows)
        if w.is_fenced:
            return f"connection {c}: refused by the fence", False, free._replace(pending=())
        own, rest, lost = [], [], set()
        for i, n in batch.rows:
            if n == 2:
                rest.append((i, n))
            elif w.journal[n] is None:
                rest.append((i, n))
            elif w.journal[n] == i:
                own.append((i, n))
            else:
                lost.add(i)
        rest = tuple(row for row in rest if row[0] not in lost)
        after = self.acknowledge(free, own)
        after = after._replace(
            runs=tuple(run._replace(is_over=True) if i in lost else run for i, run in enumerate(after.runs)),
            pending=tuple(row for row in after.pending if row[0] not in lost))
        if rest:
            after = after._replace(connections=put(after.connections, c, Batch(rest, "sent")))
        return f"connection {c} looks what is there; {self.words(rest) or 'nothing'} is sent again", False, after

    def acknowledge(self, w, rows):
        if isinstance(w, Violation):
            return w
        for i, _ in rows:
            w = w._replace(runs=put(w.runs, i, w.runs[i]._replace(acked=w.runs[i].acked + 1)))
        return w


def case(title, breaks=None, **protections):
    return Case(f"beginnings: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("a workflow begins anew; a lost reply, a takeover"),
    case("the same, two lost replies", cuts=2),
    case("a beginning in one batch with what it leaves behind", "promise 6", alone=False, takeovers=0),
    case("a beginning that does not ask whose the workflow is", "promise 3", owned=False, takeovers=0),
    case("the journal is cut before the workflow is queued", "promise 3", whole=False, cuts=0),
    case("records of a process that was declared dead", "promise", fence=False, cuts=0),
    case("a session that carries out what it was sent after it was cut off", "promise", gone=False, takeovers=0),
]
