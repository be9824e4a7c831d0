# SPDX-License-Identifier: Apache-2.0
"""Cancellation and its clean-up (Cancellation/, Sagas/, EngineCore.cleanUp, durable.cancel).

A workflow of two steps with undos, one after the other or in two branches. Somebody asks for its end; the run that
owns it is interrupted, lets its rows become durable, records that the clean-up has begun, and gives the workflow
back; the next run finds by replay what is to be undone, and does nothing else. Processes are killed in between.
"""
from typing import NamedTuple

from case import Case
from explorer import Model, Violation, put


class Run(NamedTuple):
    """mode: forward, stopping (interrupted, its rows are on their way), undoing. steps: new, running, done. to_undo:
    in their order. undoing: the undo that runs. rows: submitted and not durable, in order."""

    mode: str
    steps: tuple
    to_undo: tuple
    undoing: int | None
    rows: tuple


class World(NamedTuple):
    """journal: when each step was recorded (0: not). marker: the clean-up has begun. undone: by place. request: none,
    open, taken. begun, reversed: which bodies and which undos have ever begun."""

    journal: tuple
    marker: bool
    undone: tuple
    request: str
    begun: tuple
    reversed: tuple
    run: Run | None
    outcome: str | None
    kills: int


class Protocol:
    """marker: the clean-up is recorded before the first undo. drain: behind all rows of the run. request: taken back
    'after' the marker, or 'before' it. frontier: the step at the frontier counts as begun. order: undos in the
    reverse order of the 'program', or of 'time'."""

    def __init__(self, parallel=False, marker=True, drain=True, request="after", frontier=True, order="program",
                 kills=2):
        self.__dict__.update(locals())

    def model(self):
        world = World((0, 0), False, (False, False), "none", (False, False), (False, False), None, None, self.kills)
        return Model(world, self.next, lambda w: w.outcome is not None)

    def next(self, w):
        if w.outcome:
            return
        if w.request == "none":
            yield "somebody asks for its end", False, w._replace(request="open")
        if w.run is None:
            yield "a process claims it and loads its history", False, w._replace(run=self.load(w))
            return
        run = w.run
        if run.rows:
            yield self.land(w, run)
        if run.mode == "forward":
            yield from self.of_steps(w, run)
            if w.request == "open":
                yield "the run hears of the request", False, w._replace(run=self.stopping(w, run))
        elif run.mode == "stopping":
            for k in range(2):
                if run.steps[k] == "running":
                    # Its attempt is cancelled, and may come to its end all the same.
                    yield f"step {k} ends all the same", False, self.stopped(w, k, (("step", k),))
                    yield f"step {k} is cancelled", False, self.stopped(w, k, ())
            if "running" not in run.steps and not run.rows:
                yield "the run gives the workflow back", False, w._replace(run=None)
        else:
            yield from self.of_undos(w, run)
        if w.kills:
            yield "the process is killed", True, w._replace(run=None, kills=w.kills - 1)

    def load(self, w):
        steps = tuple("done" if w.journal[k] else "new" for k in range(2))
        if w.marker:
            return Run("undoing", steps, self.to_undo(w, steps), None, ())
        run = Run("forward", steps, (), None, ())
        return self.stopping(w, run) if w.request == "open" else run

    def to_undo(self, w, steps):
        """What a run that replays finds: what is recorded, and the step at which each branch stands."""
        found = [k for k in range(2) if steps[k] == "done"]
        if self.frontier:
            fronts = [k for k in range(2) if steps[k] == "new"]
            found += fronts if self.parallel else fronts[:1]
        found.sort(key=(lambda k: w.journal[k] or 9) if self.order == "time" else None, reverse=True)
        return tuple(k for k in found if not w.undone[k])

    def stopping(self, w, run):
        if not self.marker:
            # Undone from memory, at once.
            begun = tuple("done" if state != "new" else state for state in run.steps)
            to_undo = tuple(k for k in (1, 0) if begun[k] == "done")
            return Run("undoing", begun, to_undo, None, run.rows + (("taken", 0),))
        stopping = run._replace(mode="stopping")
        return stopping if "running" in run.steps else self.marked(stopping)

    def stopped(self, w, k, rows):
        run = w.run._replace(steps=put(w.run.steps, k, "done"), rows=w.run.rows + rows)
        return w._replace(run=run if "running" in run.steps else self.marked(run))

    def marked(self, run):
        last = (("marker", 0), ("taken", 0)) if self.request == "after" else (("taken", 0), ("marker", 0))
        return run._replace(rows=run.rows + last if self.drain else last + run.rows)

    def land(self, w, run):
        (kind, k), rows = run.rows[0], run.rows[1:]
        after = w._replace(run=run._replace(rows=rows))
        if kind == "marker":
            return "durable: the clean-up has begun", False, after._replace(marker=True)
        if kind == "taken":
            return "durable: the request is taken back", False, after._replace(request="taken")
        if kind == "undo":
            return f"durable: the undo of step {k}", False, after._replace(undone=put(w.undone, k, True))
        if w.marker or any(w.undone):
            return f"durable: step {k}", False, Violation(f"clean-up: step {k} is recorded after it has begun")
        return f"durable: step {k}", False, after._replace(journal=put(w.journal, k, 1 + sum(map(bool, w.journal))))

    def of_steps(self, w, run):
        for k in range(2):
            is_next = self.parallel or k == 0 or run.steps[0] == "done"
            if run.steps[k] == "new" and is_next and (self.parallel or not run.rows):
                yield f"step {k} begins", False, self.forgotten(w) or w._replace(
                    begun=put(w.begun, k, True), run=run._replace(steps=put(run.steps, k, "running")))
            elif run.steps[k] == "running":
                yield f"step {k} ends", False, w._replace(
                    run=run._replace(steps=put(run.steps, k, "done"), rows=run.rows + (("step", k),)))
        if run.steps == ("done", "done") and not run.rows:
            yield "the workflow succeeds", False, self.forgotten(w) or w._replace(outcome="succeeded", run=None)

    def forgotten(self, w):
        if any(w.reversed):
            return Violation("clean-up: the workflow goes on after an undo")
        if w.request == "taken":
            return Violation("promise 4: a request that was accepted is forgotten")
        return None

    def of_undos(self, w, run):
        if run.undoing is not None:
            k = run.undoing
            yield f"the undo of step {k} ends", False, w._replace(
                run=run._replace(undoing=None, rows=run.rows + (("undo", k),)))
        elif run.to_undo and not run.rows:
            k = run.to_undo[0]
            later = [j for j in range(k + 1, 2) if w.begun[j] and not w.reversed[j]]
            wrong = None
            if later:
                wrong = Violation(f"clean-up: step {k} is undone before step {later[0]}, which comes later")
            elif w.undone[k]:
                wrong = Violation(f"promise 3: the undo of step {k} begins again after its record")
            yield f"the undo of step {k} begins", False, wrong or w._replace(
                reversed=put(w.reversed, k, True), run=run._replace(undoing=k, to_undo=run.to_undo[1:]))
        elif not run.to_undo and not run.rows:
            left = [k for k in range(2) if w.begun[k] and not w.reversed[k]]
            wrong = Violation(f"clean-up: step {left[0]} had begun, and is never undone") if left else None
            yield "the workflow is cancelled", False, wrong or w._replace(outcome="cancelled", run=None)


def case(title, breaks=None, **protections):
    return Case(f"clean-up: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("two steps, one after the other"),
    case("two branches", parallel=True),
    case("two branches, three kills", parallel=True, kills=3),
    case("undone from memory, without a record that it has begun", "promise 4", marker=False),
    case("the record of its beginning overtakes rows of the run", "clean-up: step 0 is recorded", drain=False),
    case("the request is taken back before the clean-up is recorded", "promise 4", request="before"),
    case("the step at the frontier does not count as begun", "clean-up: step 0 had begun", frontier=False),
    case("undos in the reverse order of time", "clean-up: step 0 is undone before", parallel=True, order="time"),
]
