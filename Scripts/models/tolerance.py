# SPDX-License-Identifier: Apache-2.0
"""A group of children of which so many may fail, started in several commits (durable.route_children,
durable.close_child_groups).

Those of the first commit may have ended before the last is seen. Failures are counted all the same, and once there is
one too many, whoever is left is asked to end: by the router, or by the last commit of the parent.
"""
from typing import NamedTuple

from case import Case
from explorer import Model, Violation, put


class Group(NamedTuple):
    """The row of the group, as committed or as a transaction is about to leave it."""

    failed: int
    is_open: bool
    is_stopped: bool


class Router(NamedTuple):
    """A transaction of the router. took: failures among the rows that it has taken. phase: 'took', or what its next
    statement does, 'cancel' or 'look'; from then on it has the group locked. cancels: whom it has asked to end."""

    took: int
    phase: str = "took"
    group: Group | None = None
    cancels: frozenset = frozenset()


class World(NamedTuple):
    """children: unborn, running, asked (to end) or over. told: per row of an ended child that no router has taken,
    whether it failed. parent: start; then, for its last commit, insert, cancel and commit; at last wait."""

    children: tuple
    told: tuple
    group: Group | None
    router: Router | None
    parent: str
    stops: bool
    failures: int


class Protocol:
    """keeps: a group is kept while it is open, though none of it is left. looks: the last commit of the parent looks
    whether it was stopped. locks: it does so with the group locked. tolerated: how many may fail."""

    def __init__(self, keeps=True, looks=True, locks=True, count=3, tolerated=0):
        self.__dict__.update(locals())

    def model(self):
        world = World(("unborn",) * self.count, (), Group(0, True, False), None, "start", False, 0)
        return Model(world, self.next, lambda w: w.parent == "wait" and w.group is None and not w.told
                     and not w.router and set(w.children) == {"over"})

    def next(self, w):
        for label, after in self.moves(w):
            yield label, False, self.judge(after)

    def judge(self, w):
        is_quiet = w.parent == "wait" and not w.told and w.router is None
        if is_quiet and w.failures > self.tolerated and "running" in w.children:
            return Violation("tolerance: a child goes on, though too many have failed")
        return w

    def moves(self, w):
        for i, state in enumerate(w.children):
            for failed in (False, True) if state == "running" else (True,) if state == "asked" else ():
                yield f"child {i} {'fails' if failed else 'succeeds'}", w._replace(
                    children=put(w.children, i, "over"), told=w.told + (failed,), failures=w.failures + failed)
        yield from self.of_parent(w)
        if w.router is None and w.told:
            yield f"router takes {len(w.told)} rows", w._replace(router=Router(sum(w.told)), told=())
        if w.router is not None:
            yield from self.of_router(w)

    def of_parent(self, w):
        unborn = w.children.count("unborn")
        first = w.children.index("unborn") if unborn else None
        if w.parent == "start" and unborn > 1:
            yield f"parent starts child {first}", w._replace(children=put(w.children, first, "running"))
        elif w.parent == "start":
            # Its last commit. Until then nobody else sees the child.
            yield "parent begins its last commit", w._replace(parent="insert")
        elif w.parent == "insert" and not (self.locks and self.router_locks(w)):
            stops = self.looks and w.group is not None and w.group.is_stopped
            yield f"parent closes the group{', which was stopped' if stops else ''}", w._replace(
                parent="commit", stops=stops)
        elif w.parent == "commit":
            children = put(w.children, first, "running")
            if w.stops:
                children = tuple("asked" if state == "running" else state for state in children)
            group = w.group._replace(is_open=False) if w.group is not None else None
            yield f"parent commits, and with it child {first}", w._replace(
                children=children, group=group, parent="wait")

    def of_router(self, w):
        router = w.router
        if router.phase == "took":
            if self.locks and w.parent == "commit":
                return
            if w.group is None:
                yield "router: there is no group", w._replace(router=router._replace(phase="look"))
                return
            failed = w.group.failed + router.took
            stops = failed > self.tolerated and not w.group.is_stopped
            group = Group(failed, w.group.is_open, w.group.is_stopped or stops)
            yield f"router counts {failed} failures", w._replace(
                router=router._replace(phase="cancel" if stops else "look", group=group))
        elif router.phase == "cancel":
            left = frozenset(i for i, state in enumerate(w.children) if state == "running")
            yield f"router asks {len(left)} children to end", w._replace(
                router=router._replace(phase="look", cancels=left))
        else:
            group = router.group
            # What another transaction wrote meanwhile stays: one that does not lock, in a column of its own.
            if group is not None and w.group is not None:
                group = group._replace(is_open=w.group.is_open)
            is_left = bool({"running", "asked"} & set(w.children))
            if not is_left and group is not None and not (self.keeps and group.is_open):
                group = None
            children = tuple("asked" if i in router.cancels and state == "running" else state
                             for i, state in enumerate(w.children))
            yield "router commits", w._replace(children=children, group=group, router=None)

    def router_locks(self, w):
        return w.router is not None and w.router.phase != "took" and w.router.group is not None


def case(title, breaks=None, **protections):
    return Case(f"tolerance: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("the last commit of a group looks whether it was stopped"),
    case("the same, of four children of which one may fail", count=4, tolerated=1),
    case("a group is not kept while none of it is left", "tolerance", keeps=False),
    case("the last commit does not look", "tolerance", looks=False),
    case("it looks without a lock", "tolerance", locks=False),
]
