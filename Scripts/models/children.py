# SPDX-License-Identifier: Apache-2.0
"""A parent that starts children and waits for all of them (Children/, durable.route_children, durable.route, the outcome
of a child).

They are started in several commits, and may end before the others are there. Some of them may be held back until others
have ended: they take turns.
"""
from typing import NamedTuple

from case import Case
from explorer import Model, Violation, put


class World(NamedTuple):
    """live: which children have a live row, as committed. children: unborn, held, running, ended (uncommitted), over.
    told: rows of ended children that no router has taken. turn: how many rows a router has taken and not dealt with.
    counted: what a router has seen that looks before it takes. group: how many have had their turn, and how many have
    ended; None once none was left. news: inbox rows for the parent. mailbox, parked: of the parent."""

    live: tuple
    children: tuple
    told: int
    turn: int
    counted: int | None
    group: tuple | None
    mailbox: int
    parked: bool
    news: int
    parent: str
    seen: int


class Protocol:
    """wake: 'router' (it looks in a statement after the one that took the rows), 'early' (in one before), or 'child'
    (the child that sees no sibling left). turns: how many run at a time; None for all. held_first: those that wait for
    a turn are started first. drops: the router drops the news that none is left where some are."""

    def __init__(self, wake="router", count=3, turns=None, held_first=True, drops=True):
        self.__dict__.update(locals())

    def model(self):
        group = None if self.turns is None else (self.turns, 0)
        return Model(World((0,) * self.count, ("unborn",) * self.count, 0, 0, None, group, 0, False, 0, "start", 0),
                     self.next, lambda w: w.parent == "done")

    def next(self, w):
        if w.parent == "start":
            yield self.of_start(w)
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
            yield self.of_turn(w)
        if w.news:
            yield self.of_news(w)
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

    def of_start(self, w):
        """A commit of the parent: it starts one child."""
        turns = self.count if self.turns is None else self.turns
        order = list(range(self.count))
        if self.held_first:
            order = order[turns:] + order[:turns]
        i = next(i for i in order if w.children[i] == "unborn")
        state = "running" if i < turns else "held"
        children = put(w.children, i, state)
        return f"parent starts child {i}, {state}", False, w._replace(
            children=children, live=put(w.live, i, 1), parent="start" if "unborn" in children else "look")

    def of_turn(self, w):
        """What the router makes of the rows that it has taken."""
        left = w.counted if self.wake == "early" else sum(w.live)
        after = w._replace(turn=0, counted=None)
        if left == 0 and self.wake != "child":
            return "router: no child is left", False, after._replace(news=after.news + 1, group=None)
        if w.group is not None:
            turns, ended = w.group[0], w.group[1] + w.turn
            held = [i for i, state in enumerate(w.children) if state == "held"]
            for i in held[:max(0, self.turns - (turns - ended))]:
                after = after._replace(children=put(after.children, i, "running"))
                turns += 1
            after = after._replace(group=(turns, ended))
        return f"router: {left} children are left", False, after

    def of_news(self, w):
        """The router brings the parent the news that no child is left."""
        after = w._replace(news=w.news - 1)
        if self.drops and sum(w.live):
            return "router drops old news", False, after
        if w.parked and sum(w.live):
            return "router tells the parent", False, Violation("one wake-up: a parent is woken while children are left")
        return "router tells the parent", False, after._replace(mailbox=w.mailbox + 1, parked=False)


def case(title, breaks=None, **protections):
    return Case(f"children: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("the router looks after it has taken the rows"),
    case("the same, of children that take turns", turns=1),
    case("the same, of four children, two at a time", count=4, turns=2),
    case("the router looks before it takes the rows", "progress", wake="early"),
    case("the child that sees no sibling left tells the parent", "progress", wake="child"),
    case("those whose turn comes first are started first", "progress", count=4, turns=2, held_first=False),
    case("old news is brought to the parent", "one wake-up", drops=False),
]
