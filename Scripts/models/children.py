# SPDX-License-Identifier: Apache-2.0
"""A parent that waits for all children of a call (Children/, durable.route_children, the outcome of a child).

Some of the children may be held back until others have ended: they take turns.
"""
from typing import NamedTuple

from case import Case
from explorer import Model, put


class World(NamedTuple):
    """live: which children have a live row, as committed. children: held, running, ended (uncommitted), over. told:
    rows of ended children that no router has taken. turn: how many rows a router has taken and not dealt with.
    counted: what a router has seen that looks before it takes. news: inbox rows for the parent. mailbox, parked: of
    the parent."""

    live: tuple
    children: tuple
    told: int
    turn: int
    counted: int | None
    mailbox: int
    parked: bool
    news: int
    parent: str
    seen: int


class Protocol:
    """wake: 'router' (it looks in a statement after the one that took the rows), 'early' (in one before), or 'child'
    (the child that sees no sibling left). turns: how many run at a time; None for all."""

    def __init__(self, wake="router", count=3, turns=None):
        self.__dict__.update(locals())

    def model(self):
        running = self.count if self.turns is None else self.turns
        children = ("running",) * running + ("held",) * (self.count - running)
        return Model(World((1,) * self.count, children, 0, 0, None, 0, False, 0, "look", 0), self.next,
                     lambda w: w.parent == "done")

    def next(self, w):
        for i, state in enumerate(w.children):
            if state == "running":
                is_last = sum(w.live) == 1
                ending = "ended, the last" if self.wake == "child" and is_last else "ended"
                yield f"child {i} deletes its live row, and sees {sum(w.live) - 1} siblings", False, w._replace(
                    children=put(w.children, i, ending))
            elif state.startswith("ended"):
                over = w._replace(children=put(w.children, i, "over"), live=put(w.live, i, 0), told=w.told + 1)
                if state == "ended, the last":
                    over = over._replace(news=over.news + 1)
                yield f"child {i} commits", False, over
        if self.wake == "early" and w.counted is None and not w.turn:
            yield f"router sees {sum(w.live)} children left", False, w._replace(counted=sum(w.live))
        elif w.told and not w.turn:
            yield f"router takes {w.told} rows", False, w._replace(turn=w.told, told=0)
        if w.turn:
            yield from self.of_turn(w)
        if w.news:
            yield "router tells the parent", False, w._replace(news=w.news - 1, mailbox=w.mailbox + 1, parked=False)
        if w.parent == "look" and not w.parked:
            if sum(w.live) == 0:
                yield "parent sees that all have ended", False, w._replace(parent="done")
            else:
                yield f"parent looks: {sum(w.live)} left, counter {w.mailbox}", False, w._replace(
                    parent="park", seen=w.mailbox)
        if w.parent == "park":
            is_due = w.mailbox > w.seen
            yield f"parent parks{', due at once' if is_due else ''}", False, w._replace(
                parent="look", parked=not is_due)

    def of_turn(self, w):
        left = w.counted if self.wake == "early" else sum(w.live)
        after = w._replace(turn=0, counted=None)
        if left == 0 and self.wake != "child":
            yield "router: no child is left", False, after._replace(news=after.news + 1)
            return
        held = [i for i, state in enumerate(w.children) if state == "held"]
        for i in held[:w.turn]:
            after = after._replace(children=put(after.children, i, "running"))
        yield f"router: {left} children are left", False, after


def case(title, breaks=None, **protections):
    return Case(f"children: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("the router looks after it has taken the rows"),
    case("the same, of children that take turns", turns=1),
    case("the same, of four children, two at a time", count=4, turns=2),
    case("the router looks before it takes the rows", "progress", wake="early"),
    case("the child that sees no sibling left tells the parent", "progress", wake="child"),
]
