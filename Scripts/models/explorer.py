# SPDX-License-Identifier: Apache-2.0
"""Every interleaving of a small protocol, breadth first.

A model is a state that can be hashed, and a function that lists what may happen next. What is found first is found on a
shortest way, which is the counterexample that a person wants to read.
"""
import time
from collections import deque
from typing import NamedTuple


class Violation(Exception):
    """A step that breaks a promise."""


class Model(NamedTuple):
    """initial: a state. steps: from a state to (label, whether a fault is spent, next state or Violation).
    goal: whether a state is what must always stay within reach, without another fault."""

    initial: object
    steps: object
    goal: object


class Finding(NamedTuple):
    """states: how many were seen. problem: what is broken, and trace how; or None. is_cut: time was over before the
    end."""

    states: int
    problem: str | None
    trace: list
    is_cut: bool = False


def explore(model, until=None):
    """Looks at every state that can be reached, until the monotonic time `until`."""
    came_from = {model.initial: None}
    before = {}
    queue = deque([model.initial])
    goals = []
    seen = 0
    while queue:
        seen += 1
        if until is not None and seen % 512 == 0 and time.monotonic() > until:
            return Finding(len(came_from), None, [], is_cut=True)
        state = queue.popleft()
        if model.goal(state):
            goals.append(state)
        for label, is_fault, following in model.steps(state):
            if isinstance(following, Violation):
                return Finding(len(came_from), str(following), way(came_from, state) + [label])
            if not is_fault:
                before.setdefault(following, []).append(state)
            if following not in came_from:
                came_from[following] = (state, label)
                queue.append(following)
    return Finding(len(came_from), *stuck(came_from, before, goals))


def stuck(came_from, before, goals):
    """The first state from which the goal cannot be reached any more without a fault: something has been lost for
    ever."""
    able, to_do = set(goals), list(goals)
    while to_do:
        for state in before.get(to_do.pop(), ()):
            if state not in able:
                able.add(state)
                to_do.append(state)
    # In the order of insertion, which is breadth first: the first one found is a nearest.
    for state in came_from:
        if state not in able:
            return "progress: from here the end can never be reached", way(came_from, state)
    return None, []


def way(came_from, state):
    """The labels of the steps from the first state to this one."""
    labels = []
    while came_from[state]:
        state, label = came_from[state]
        labels.append(label)
    return labels[::-1]


def put(values, index, value):
    """A tuple with one value replaced."""
    return values[:index] + (value,) + values[index + 1:]
