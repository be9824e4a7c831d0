# SPDX-License-Identifier: Apache-2.0
"""Lease, fence, takeover, group commit, unknown COMMIT and resending (Journal/, Executors/, Recovery/, durable.fence,
durable.take_over).

One workflow of a few steps (`s`: a step with an outside effect; `t`: a transaction whose business row commits with
its record), two processes, and a few faults: a process is killed; a lease is over although its process lives, as
after SIGSTOP or behind a partition; a connection is cut, perhaps between COMMIT and its reply; Postgres crashes,
aborts what is open and forgets asynchronous commits that had not reached the disk. A process may stand still
anywhere: that is in the order of steps.
"""
from case import Case
from explorer import Model, Violation, put
from lease_server import Server
from lease_world import Database, Process, Transaction, World


class Protocol(Server):
    """The protocol, with the protections that a case leaves in place."""

    def __init__(self, steps="st", fence="two statements", incarnation=True, barrier=True, unique="raises", own="token",
                 outcome="conditional", claim="asynchronous", claim_barrier=True, drain=True, free="fenced only",
                 cancel="nobody's", ends=True, literal=False, ignore=(), kill=1, pause=1, cut=1, crash=0, total=2):
        self.__dict__.update(locals())
        self.count = len(steps)

    def model(self):
        idle = Process(True, 1, 0, 0, (None,) * self.count, 0, 0, None, None, False, None)
        db = Database((1, 1), None, 0, 0, True, (None,) * self.count, None, 0)
        faults = (self.kill, self.pause, self.cut, self.crash, self.total)
        return Model(World(db, db, (idle, idle), (), None, faults, 0, False), self.next,
                     lambda world: world.db.outcome is not None)

    # What the steps below are made of

    def commit(self, w, db, to_disk=True):
        return w._replace(db=db, disk=db if to_disk else w.disk)

    def set(self, w, i, **values):
        return w._replace(processes=put(w.processes, i, w.processes[i]._replace(**values)))

    def without(self, w, t):
        rest = list(w.transactions)
        rest.remove(t)
        return w._replace(transactions=tuple(rest))

    def having(self, w, t):
        return w._replace(transactions=tuple(sorted(w.transactions + (t,), key=repr)))

    def reply(self, w, t, words):
        w = self.without(w, t)
        return self.set(w, t.process, reply=words) if t.attached and w.processes[t.process].up else w

    def spend(self, w, kind):
        if not w.left[kind] or not w.left[4]:
            return None
        left = put(w.left, kind, w.left[kind] - 1)
        return w._replace(left=put(left, 4, left[4] - 1))

    def is_current(self, w, i):
        return w.db.epoch[i] == w.processes[i].epoch

    def detach(self, w, i):
        """Nobody listens any more to what a process had in flight."""
        return w._replace(transactions=tuple(sorted(
            (t._replace(attached=False) if t.process == i else t for t in w.transactions), key=repr)))

    def forget(self, w, i):
        """The run is dropped; the process lives."""
        return self.set(w, i, run=0, view=(None,) * self.count, acked=0, at=0, io=None, reply=None, unknown=False)

    def stop(self, w, i):
        """The process ends: killed, or told that it was superseded."""
        w = self.detach(self.set(self.forget(w, i), i, up=False, holds=False), i)
        return w._replace(takeover=None) if w.takeover and w.takeover[0] == i else w

    def load(self, w, i):
        journal = w.db.journal
        known = next((k for k in range(self.count) if journal[k] is None), self.count)
        view = tuple(journal[k][0] if k < known else None for k in range(self.count))
        return self.set(w, i, run=w.db.run, view=view, acked=known, at=known, io=None, reply=None, unknown=False)

    def effect(self, w, i, k):
        """What is wrong with a step that starts now."""
        p, db = w.processes[i], w.db
        if k and (w.disk.journal[k - 1] is None or w.disk.journal[k - 1][0] != p.view[k - 1]):
            return Violation(f"promise 4: step {k} starts from a value of step {k - 1} that is not durable")
        owns = db.owner == i and db.run == p.run and self.is_current(w, i)
        if "3" not in self.ignore and self.steps[k] == "s" and db.journal[k] is not None and (owns or self.literal):
            return Violation(f"promise 3: step {k} starts after its record is committed")
        others = db.live and db.owner not in (None, i)
        if "one owner" not in self.ignore and others and self.is_current(w, i) and self.is_current(w, db.owner):
            return Violation("two processes with valid leases run one workflow")
        return None

    # What may happen next

    def next(self, w):
        for i in range(2):
            yield from self.of_process(w, i) if w.processes[i].up else self.of_dead(w, i)
            yield from self.of_sweep(w, i)
        if w.takeover:
            yield from self.of_takeover(w, *w.takeover)
        for t in w.transactions:
            yield from self.of_server(w, t)
        if w.disk != w.db:
            yield "server: the log reaches the disk", False, w._replace(disk=w.db)
        yield from self.of_operator(w)
        yield from self.of_faults(w)

    def of_dead(self, w, i):
        """A restart is a takeover of the former self: nothing of it may be left in the middle."""
        open_ones = self.holders(w, i)
        if open_ones and self.drain:
            for t in open_ones:
                if not t.sent or t.stage == "begun":
                    yield f"P{i}, restarting, ends the session of its former self", False, self.without(w, t)
        else:
            db = w.db._replace(epoch=put(w.db.epoch, i, w.db.epoch[i] + 1))
            yield f"P{i} starts again with a new identity", False, self.set(
                self.commit(w, db), i, up=True, epoch=db.epoch[i], server=w.server)

    def of_process(self, w, i):
        p, db, me = w.processes[i], w.db, f"P{i}"
        is_refused = not self.is_current(w, i) or self.incarnation and p.server != w.server
        if p.run == 0 and not is_refused and db.live and db.owner is None:
            claimed = db._replace(owner=i, oepoch=p.epoch, run=db.run + 1)
            yield f"{me} claims (run {claimed.run})", False, self.load(
                self.commit(w, claimed, self.claim == "synchronous"), i)
        if p.run == 0 and not is_refused and db.live and db.owner == i and db.oepoch == p.epoch:
            yield f"{me} gives back a row of its own that it does not run", False, self.commit(
                w, db._replace(owner=None))
        if p.run == 0 and is_refused:
            yield f"{me} learns that its identity is over", False, self.stop(w, i)
        if p.run and p.io is None:
            yield from self.of_run(w, i, p, me)
        if p.reply:
            yield self.hear(w, i, p, me)
        # A takeover: another process's lease is over.
        for j in range(2):
            if j == i or is_refused or w.takeover or p.run or not (db.live and db.owner == j):
                continue
            if db.oepoch != db.epoch[j]:
                continue  # fenced already: the sweep frees its rows
            if not w.processes[j].up:
                yield f"{me} asks for P{j}'s fence", False, w._replace(takeover=(i, j, db.epoch[j], "waiting"))
            elif spent := self.spend(w, 1):
                yield f"{me} asks for P{j}'s fence (its lease is over, and it lives)", True, spent._replace(
                    takeover=(i, j, db.epoch[j], "waiting"))

    def of_run(self, w, i, p, me):
        k, db = p.at, w.db
        if k < self.count and not p.unknown:
            is_clear = not self.barrier or p.acked == k
            is_mine = w.disk.owner == i and w.disk.run == p.run
            if self.claim_barrier and self.is_current(w, i) and db.run != p.run:
                yield f"{me} sees that its claim is gone", False, self.forget(w, i)
            elif is_clear and (is_mine or not self.claim_barrier or not self.is_current(w, i)):
                wrong = self.effect(w, i, k)
                if self.steps[k] == "s":
                    view = put(p.view, k, (i, p.run))
                    yield f"{me} runs step {k} (run {p.run})", False, wrong or self.set(w, i, view=view, at=k + 1)
                elif p.acked == k:
                    t = Transaction(i, p.epoch, p.server, p.run, "transaction", ((k, (i, p.run)),), "begun",
                                    db.epoch[i], True, False)
                    yield f"{me} opens transaction {k}", False, wrong or self.set(
                        self.having(w, t), i, io="transaction")
        if not self.barrier and p.at == self.count and p.told is None:
            yield f"{me} tells its caller the result", False, self.set(w, i, told=p.view[-1])
        if p.acked < p.at or p.at == self.count:
            rows = tuple((k, p.view[k]) for k in range(p.acked, p.at))
            if p.at == self.count:
                rows += (("outcome", p.view[-1]),)
            t = Transaction(i, p.epoch, p.server, p.run, "batch", rows, "begun", db.epoch[i], True, True, p.holds)
            yield f"{me} {'re' if p.unknown else ''}sends batch {[row[0] for row in rows]}", False, self.set(
                self.having(w, t), i, io="batch", unknown=False)
        elif p.unknown:
            yield f"{me} reconnects, and will run transaction {p.at} again", False, self.set(w, i, unknown=False)

    def hear(self, w, i, p, me):
        if p.reply == "taken":
            return f"{me} hears that another run was first, and drops its own", False, self.forget(w, i)
        if p.reply == "fenced":
            return f"{me} hears that it is superseded, and ends", False, self.stop(w, i)
        if p.io == "batch" and p.at == self.count:
            value = p.view[-1]
            if w.disk.outcome is None or w.disk.outcome[0] != value:
                return f"{me} hears COMMIT", False, Violation(
                    "promise 4: a caller is told what is not the durable outcome")
            return f"{me} hears COMMIT, and tells its caller", False, self.forget(self.set(w, i, told=value), i)
        upto, view = p.at, p.view
        if p.io == "transaction":
            # Whatever the body came to: what is recorded counts.
            recorded = w.db.journal[p.at]
            upto, view = p.at + 1, put(p.view, p.at, recorded[0] if recorded else None)
        return f"{me} hears COMMIT", False, self.set(w, i, acked=upto, at=upto, view=view, io=None, reply=None)

    def of_sweep(self, w, i):
        """Frees rows whose owner is fenced; the claim that follows is a transaction of its own."""
        db = w.db
        if not w.processes[i].up or not db.live or db.owner is None or w.takeover:
            return
        is_fenced = db.oepoch != db.epoch[db.owner]
        is_silent = self.free == "any" and not w.processes[db.owner].up
        if is_fenced or is_silent:
            yield f"P{i} frees the row of P{db.owner}", False, self.commit(w, db._replace(owner=None))

    def holders(self, w, j):
        """The transactions that are past a process's fence, or in a session that holds it."""
        return [t for t in w.transactions if t.process == j and (t.stage != "begun" or t.held and self.ends)]

    def of_takeover(self, w, i, j, epoch, stage):
        holders = self.holders(w, j)
        if stage == "waiting":
            is_held = w.processes[j].holds and self.ends
            if not holders and not is_held or not self.drain:
                yield f"P{i} holds P{j}'s fence alone", False, w._replace(takeover=(i, j, epoch, "holding"))
            if is_held:
                yield f"P{i} ends the session that holds P{j}'s fence", False, self.set(w, j, holds=False)
            for t in holders:
                if not t.sent or t.stage == "begun":
                    ended = self.without(w, t)
                    if t.attached and w.processes[j].up:
                        ended = self.set(ended, j, io=None, reply=None, unknown=True, holds=False)
                    yield f"P{i} ends the session in which P{j} has a transaction open", False, ended
        elif w.db.epoch[j] != epoch:
            yield f"P{i} finds that P{j}'s epoch is over already", False, w._replace(takeover=None)
        else:
            db = w.db._replace(epoch=put(w.db.epoch, j, epoch + 1))
            yield f"P{i} ends P{j}'s epoch, and commits", False, self.commit(w._replace(takeover=None), db)

    def of_operator(self, w):
        """Whoever ends a workflow from outside does so only while nobody runs it; else he leaves a request."""
        if w.cancelled or not w.db.live or not w.left[4] or self.cancel == "never":
            return
        if w.db.owner is not None and self.cancel != "anybody's":
            return
        if any(t.stage == "written" and t.rows[-1][0] == "outcome" for t in w.transactions):
            return  # the row is locked
        db = w.db._replace(live=False, outcome=("cancelled", -1, 0))
        yield "operator: the live row is deleted, the outcome inserted", True, self.commit(w, db)._replace(
            cancelled=True)

    def of_faults(self, w):
        for i, p in enumerate(w.processes):
            if p.up and (spent := self.spend(w, 0)):
                yield f"P{i} is killed", True, self.stop(spent, i)
            if p.up and p.io and (spent := self.spend(w, 2)):
                yield f"P{i}'s connection is cut, the reply unknown", True, self.set(
                    self.detach(spent, i), i, io=None, reply=None, unknown=True, holds=False)
        if spent := self.spend(w, 3):
            spent = spent._replace(db=w.disk, transactions=(), takeover=None, server=w.server + 1)
            for i, p in enumerate(w.processes):
                spent = self.set(spent, i, holds=False)
                if p.io:
                    spent = self.set(spent, i, io=None, reply=None, unknown=True)
            yield "Postgres crashes and restarts", True, spent


def case(title, breaks=None, is_deep=False, **protections):
    return Case(f"lease: {title}", lambda: Protocol(**protections).model(), breaks, is_deep)


CASES = [
    case("a step, then a transaction"),
    case("two steps", steps="ss"),
    case("Postgres crashes, claims that do not wait for the disk", crash=1, cut=0),
    case("a transaction, then a step, three faults", steps="ts", total=3, is_deep=True),
    case("step, transaction, step, three faults of any kind", steps="sts", total=3, crash=1, is_deep=True),
    case("every conflict taken for another run's: safe, and costs a replay", own="never"),
    case("without the fence", "promise 5", fence="none"),
    case("lock and check of the fence in one statement", "promise 5", fence="one statement"),
    case("a takeover that does not wait for transactions past the fence", "promise 5", drain=False),
    case("a fence that sessions hold, a step, then a transaction", fence="held by the session"),
    case("a fence that sessions hold, two steps", fence="held by the session", steps="ss"),
    case("a fence that sessions hold, Postgres crashes", fence="held by the session", crash=1, cut=0),
    case("a fence that sessions hold, three steps, three faults", fence="held by the session", steps="sss", total=3,
         is_deep=True),
    case("a takeover that leaves the sessions that hold the fence", "promise 5", fence="held by the session",
         steps="ss", ends=False),
    case("without the fence, first writer wins alone (promise 5 not asked for)", "promise 3", fence="none",
         ignore=("5",), cancel="never", cut=0),
    case("rows freed before their owner is fenced", "one outcome", free="any", steps="ss"),
    case("without the barrier", "promise 4", steps="ss", barrier=False),
    case("no unique key in the journal", "promise 2", unique="none"),
    case("a transaction's record with ON CONFLICT DO NOTHING", "promise 2", unique="does nothing"),
    case("neither fence nor unique key (promise 4 and the outcome asked for)", "promise 4", fence="none", unique="none",
         ignore=("5", "3", "one owner"), steps="ss", cancel="never"),
    case("every conflict taken for one's own, no fence", "promise 4", own="assumed", fence="none",
         ignore=("5", "3", "one owner"), steps="ss", cut=0, cancel="never"),
    case("the first effect does not wait for the claim", "two processes", claim_barrier=False, crash=1, kill=0, pause=0,
         cut=0, incarnation=False),
    case("an operator ends a workflow that a process owns", "one outcome", cancel="anybody's", kill=0, pause=0, cut=0),
    case("an outcome that does not ask for its live row", "one outcome", outcome="unconditional", cancel="anybody's",
         steps="s", kill=0, pause=0, cut=0),
    case("promise 3 read to the letter, stopped processes included", "promise 3", literal=True, steps="ss"),
]
