# SPDX-License-Identifier: Apache-2.0
"""Events and those who wait for them (Messages/WorkflowContext+Event, durable.publish_event, durable.route).

The publisher inserts an event and an inbox row; the router makes of it a row per subscription, and the next turn
wakes. The waiter's subscription is durable before it looks back, and it parks on the counter that its look has seen.
"""
from typing import NamedTuple

from case import Case
from explorer import Model


class World(NamedTuple):
    event: bool
    row: bool
    subscription: bool
    fanned: bool
    mailbox: int
    parked: bool
    publisher: str
    waiter: str
    saw: bool
    seen: int


class Protocol:
    """match: the 'router' (after the commit) or the 'publisher' (in its own transaction) finds the subscriptions.
    look: back 'after' the subscription is committed, or in the 'same' transaction. counter: the release asks for it."""

    def __init__(self, match="router", look="after", counter=True):
        self.__dict__.update(locals())

    def model(self):
        world = World(False, False, False, False, 0, False, "new", "new", False, 0)
        return Model(world, self.next, lambda w: w.waiter == "done")

    def next(self, w):
        if w.publisher == "new":
            yield f"publisher inserts the event; {int(w.subscription)} subscriptions", False, w._replace(
                publisher="open", saw=w.subscription)
        if w.publisher == "open":
            published = w._replace(publisher="done", event=True, row=self.match == "router")
            if self.match == "publisher" and w.saw:
                published = published._replace(fanned=True)
            yield "publisher commits", False, published
        if w.row:
            yield f"router: {int(w.subscription)} subscriptions to the event", False, w._replace(
                row=False, fanned=w.subscription)
        if w.fanned:
            yield "router counts the waiter's mailbox", False, w._replace(
                fanned=False, mailbox=w.mailbox + 1, parked=False)
        if w.waiter == "new":
            if self.look == "same" and w.event:
                yield "waiter looks back: found", False, w._replace(waiter="done")
            else:
                back = ", looks back: nothing" if self.look == "same" else ""
                yield f"waiter inserts its subscription{back}", False, w._replace(waiter="open", seen=w.mailbox)
        if w.waiter == "open":
            yield "waiter commits its subscription", False, w._replace(
                subscription=True, waiter="look" if self.look == "after" else "park")
        if w.waiter == "look":
            if w.event:
                yield "waiter looks back: found", False, w._replace(waiter="done")
            else:
                yield f"waiter looks back: nothing, counter {w.mailbox}", False, w._replace(
                    waiter="park", seen=w.mailbox)
        if w.waiter == "park":
            is_due = self.counter and w.mailbox > w.seen
            yield f"waiter parks{', due at once' if is_due else ''}", False, w._replace(
                waiter="parked", parked=not is_due)
        if w.waiter == "parked" and not w.parked:
            yield "waiter is claimed, and looks", False, w._replace(waiter="done" if w.event else "look")


def case(title, breaks=None, **protections):
    return Case(f"events: {title}", lambda: Protocol(**protections).model(), breaks)


CASES = [
    case("the router matches, the look back is after the subscription's commit"),
    case("the look back in the subscribing transaction", "progress", look="same"),
    case("the publisher matches, in its own transaction", "progress", match="publisher"),
    case("both", "progress", match="publisher", look="same"),
    case("a waiter that parks without asking for the counter", "progress", counter=False),
]
