# SPDX-License-Identifier: Apache-2.0
"""Branches, joins and replay (Branches/, Replay/BranchLedger, Engine/Run+Waiting, the barrier).

A group of two branches of one step each, and a step after the join, whose effect depends on how the group ended. The
process is killed and the workflow replayed; a step's body may take no notice of being cancelled; the workflow may
begin anew, so that the same places come back.
"""
from typing import NamedTuple

from case import Case
from explorer import Model, Violation, put


class Run(NamedTuple):
    """branches: replaying, found X, frontier, running, has X (X: what its step came to, ok or bad), ended, stopped.
    decided: the verdict, once there is one. parent: group, joined, done. rows: submitted and not durable, in order.
    is_other: the code is no longer that which recorded branch 0."""

    branches: tuple
    decided: tuple | None
    parent: str
    rows: tuple
    is_other: bool


class World(NamedTuple):
    """journal: what is durable, by place: branch 0, branch 1, the join, the step after it. relied: under which
    verdict the step after the join has begun, in this generation. stray: (branch, generation) of an attempt whose
    branch is over."""

    journal: tuple
    generation: int
    run: Run | None
    relied: tuple | None
    stray: tuple
    is_paused: bool
    is_over: bool
    kills: int


class Protocol:
    """join: the group ends with a record. gate: no effect until every branch stands at its frontier. barrier: the
    step after the join waits until all before it is durable. dead: what a branch records after its group was decided
    is thrown away. changed: the code was changed: what branch 0 has recorded no longer fits."""

    def __init__(self, rule="all", join=True, gate=True, barrier=True, dead=True, changed=False, anew=False,
                 kills=2):
        self.__dict__.update(locals())

    def model(self):
        return Model(World((None,) * 4, 0, None, None, (), False, False, self.kills), self.next,
                     lambda w: w.is_over or w.is_paused)

    def next(self, w):
        if w.is_over or w.is_paused:
            return
        if w.run is None:
            yield "a process claims it and loads its history", False, w._replace(run=self.load(w))
            return
        for b in range(2):
            yield from self.of_branch(w, b)
        yield from self.of_parent(w)
        if w.run.rows:
            (generation, place, value), rows = w.run.rows[0], w.run.rows[1:]
            yield f"durable: the record of {self.word(place)}", False, self.land(w, rows, generation, place, value)
        for b, generation in w.stray:
            stray = tuple(s for s in w.stray if s != (b, generation))
            after = w._replace(stray=stray)
            if not self.dead:
                after = after._replace(run=w.run._replace(rows=w.run.rows + ((generation, b, "ok"),)))
            yield f"the attempt of branch {b} ends at last", False, after
        if w.kills:
            yield "the process is killed", True, w._replace(run=None, stray=(), kills=w.kills - 1)

    def word(self, place):
        return ("branch 0", "branch 1", "the join", "the step after it")[place]

    def load(self, w):
        join = w.journal[2]
        if join is not None and join[0] != "complete":
            return Run(("stopped", "stopped"), join, "joined", (), False)
        branches = tuple("replaying" if w.journal[b] is not None else "frontier" for b in range(2))
        return Run(branches, None, "group", (), self.changed and branches[0] == "replaying")

    def land(self, w, rows, generation, place, value):
        if w.journal[place] is not None:
            return w._replace(run=None)  # the first writer wins: this run is over
        if generation != w.generation and self.dead:
            return w._replace(run=w.run._replace(rows=rows))
        return w._replace(journal=put(w.journal, place, value), run=w.run._replace(rows=rows))

    def change(self, w, b, state, rows=()):
        run = w.run
        return w._replace(run=run._replace(branches=put(run.branches, b, state), rows=run.rows + rows))

    def of_branch(self, w, b):
        run, state = w.run, w.run.branches[b]
        if run.parent != "group":
            return
        if state == "replaying":
            if run.is_other and b == 0:
                yield "branch 0 meets a record that is not its own, and pauses the workflow", False, w._replace(
                    run=None, is_paused=True)
            else:
                yield f"branch {b} finds its step recorded", False, self.change(w, b, f"found {w.journal[b]}")
        elif state.startswith(("found", "has")) and run.decided:
            yield f"branch {b} is stopped: the group is decided", False, self.change(w, b, "stopped")
        elif state.startswith(("found", "has")):
            yield f"branch {b} ends", False, self.ended(self.change(w, b, "ended"), b, state.split()[1])
        elif state == "frontier":
            if run.decided:
                yield f"branch {b} is not begun: the group is decided", False, self.change(w, b, "stopped")
            elif not self.gate or not any(other.startswith(("replaying", "found")) for other in run.branches):
                yield f"branch {b} begins its step", False, self.effect(w, b) or self.change(w, b, "running")
        elif state == "running":
            if run.decided:
                stopped = self.change(w, b, "stopped")
                yield f"branch {b} is cancelled, and its attempt takes no notice", False, stopped._replace(
                    stray=tuple(sorted(set(w.stray) | {(b, w.generation)})))
                if not self.dead:
                    yield f"branch {b} ends after the decision, and records", False, self.change(
                        w, b, "stopped", ((w.generation, b, "ok"),))
                return
            for value in ("ok", "bad"):
                yield f"branch {b}: its step comes to {value}", False, self.change(
                    w, b, f"has {value}", ((w.generation, b, value),))

    def effect(self, w, b):
        if w.run.is_other:
            return Violation("promise 6: an effect starts before the divergence is found")
        if w.relied is not None:
            return Violation(f"promise 3: branch {b} of a group that is decided starts its step again")
        return None

    def ended(self, w, b, value):
        """What the end of a branch decides: with a value that is bad its code throws."""
        run = w.run
        if run.decided:
            return w
        if value == "bad":
            verdict = ("failed", b)
        elif self.rule == "race":
            verdict = ("won", b)
        elif all(state == "ended" for state in run.branches):
            verdict = ("complete",)
        else:
            return w
        return w._replace(run=run._replace(decided=verdict))

    def of_parent(self, w):
        run = w.run
        if run.parent == "group" and run.decided and all(state in ("ended", "stopped") for state in run.branches):
            has_record = w.journal[2] is not None or not self.join
            rows = () if has_record else ((w.generation, 2, run.decided),)
            yield f"the group ends: {' '.join(map(str, run.decided))}", False, w._replace(
                run=run._replace(parent="joined", rows=run.rows + rows))
        elif run.parent == "joined":
            if w.relied is not None and w.relied != run.decided:
                yield "the code goes on after the join", False, Violation(
                    f"promise 4: the group has ended as {run.decided}, and the step after it began under {w.relied}")
            elif w.journal[3] is not None:
                yield "the step after the join is recorded", False, w._replace(run=run._replace(parent="done"))
            elif not self.barrier or not run.rows:
                yield "the step after the join runs", False, w._replace(
                    relied=run.decided,
                    run=run._replace(parent="done", rows=run.rows + ((w.generation, 3, run.decided),)))
        elif run.parent == "done" and not run.rows:
            if self.anew and w.generation == 0:
                yield "the workflow begins anew", False, w._replace(
                    journal=(None,) * 4, generation=1, relied=None,
                    run=Run(("frontier", "frontier"), None, "group", (), False))
            else:
                yield "the workflow ends", False, w._replace(is_over=True, run=None)
        # A record of the former generation is taken for a step of this one.
        if w.generation == 1 and any(generation == 0 for generation, _, _ in run.rows):
            yield "the next batch is sent", False, Violation(
                "one history: a record of the former one is written into the next")


def case(title, breaks=None, **protections):
    return Case(f"branches: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("two branches, of which either may fail"),
    case("a race", rule="race"),
    case("two branches, and the workflow begins anew", anew=True),
    case("a race, and the workflow begins anew", rule="race", anew=True),
    case("code that no longer fits", changed=True),
    case("a group without a record of its end", "promise 4", join=False),
    case("a race without a record of its end", "promise 4", rule="race", join=False),
    case("neither a record of the end nor a gate", "promise 3", join=False, gate=False),
    case("effects that start while a branch still replays", "promise 6", changed=True, gate=False),
    case("the step after the join does not wait for its record", "promise 3", barrier=False),
    case("what a loser records late", "one history", rule="race", dead=False, anew=True),
]
