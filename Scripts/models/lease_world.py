# SPDX-License-Identifier: Apache-2.0
"""What the model of the lease is made of."""
from typing import NamedTuple


class Database(NamedTuple):
    """What is committed. owner, oepoch, run: of the `live` row. journal[k] and outcome: (value, process, run)."""

    epoch: tuple
    owner: int | None
    oepoch: int
    run: int
    live: bool
    journal: tuple
    outcome: tuple | None
    business: int


class Process(NamedTuple):
    """server: the start of Postgres that it registered with. view: the values it knows. acked: how many records it
    knows to be durable. at: its next step. io: None, 'batch' or 'transaction' in flight. unknown: the reply was lost.
    holds: the session of its batches holds its fence.
    """

    up: bool
    epoch: int
    server: int
    run: int
    view: tuple
    acked: int
    at: int
    io: str | None
    reply: str | None
    unknown: bool
    told: tuple | None
    holds: bool = False


class Transaction(NamedTuple):
    """One on the server. stage: 'begun', 'fenced', 'written'. snapshot: the epoch that the statement saw which waits
    for the lock. attached: its client hears the reply. sent: nothing more is to come from the client. held: it asks
    only whether its session holds the fence."""

    process: int
    epoch: int
    server: int
    run: int
    kind: str
    rows: tuple
    stage: str
    snapshot: int
    attached: bool
    sent: bool
    held: bool = False


class World(NamedTuple):
    """disk: what a crash of Postgres leaves of db. takeover: (who, whom, the epoch that is to end, 'waiting' or
    'holding'). left: faults to come."""

    db: Database
    disk: Database
    processes: tuple
    transactions: tuple
    takeover: tuple | None
    left: tuple
    server: int
    cancelled: bool
