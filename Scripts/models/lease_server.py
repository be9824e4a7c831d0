# SPDX-License-Identifier: Apache-2.0
"""What the server does with the transactions of the model of the lease: the fence, the unique keys, the commit."""
from explorer import Violation, put


class Server:
    """Mixed into the protocol, whose protections it asks for."""

    def of_server(self, w, t):
        it = f"server: P{t.process}'s {t.kind}"
        if t.stage == "begun" and t.held:
            yield it + " is in a session that holds the fence", False, self.having(
                self.without(w, t), t._replace(stage="fenced"))
        elif t.stage == "begun":
            if w.takeover and w.takeover[1] == t.process and w.takeover[3] == "holding" and self.fence != "none":
                return  # it waits behind the exclusive lock
            seen = t.snapshot if self.fence == "one statement" else w.db.epoch[t.process]
            if self.fence != "none" and seen != t.epoch or self.incarnation and t.server != w.server:
                yield it + " is refused", False, self.reply(w, t, "fenced")
            else:
                after = self.having(self.without(w, t), t._replace(stage="fenced"))
                if self.fence == "held by the session" and t.kind == "batch" and t.attached:
                    after = self.set(after, t.process, holds=True)
                yield it + " passes the fence", False, after
        elif t.stage == "fenced" and (t.kind == "batch" or t.attached):
            yield from self.write(w, t, it)
        elif t.stage == "written":
            yield self.land(w, t, it)
        if not t.attached and not t.sent:
            yield it + " is rolled back: its client is gone", False, self.without(w, t)

    def write(self, w, t, it):
        db, keys = w.db, {row[0] for row in t.rows}
        if self.unique != "none" and any(
                u is not t and u.stage == "written" and keys & {row[0] for row in u.rows} for u in w.transactions):
            return  # it waits for the other's key
        met = {self.fate(db, t, key) for key in keys} - {"absent"}
        if "foreign" in met:
            yield it + " meets another run's record, and is rolled back", False, self.reply(w, t, "taken")
        elif "own" in met and t.kind == "transaction":
            yield it + " meets its own earlier record, and is rolled back", False, self.reply(w, t, "committed")
        else:
            yield it + " has written; COMMIT is on its way", False, self.having(
                self.without(w, t), t._replace(stage="written", sent=True))

    def fate(self, db, t, key):
        """Whose the row is that stands where this one would go."""
        if key == "outcome":
            if self.outcome == "unconditional" or db.live and db.run == t.run:
                return "absent"
            writer = db.outcome
        else:
            writer = db.journal[key] if self.unique == "raises" else None
            if writer is None:
                return "absent"
        is_own = self.own == "assumed" or self.own == "token" and writer and writer[1:] == (t.process, t.run)
        return "own" if is_own else "foreign"

    def land(self, w, t, it):
        db, wrong = w.db, None
        is_late = False
        for key, value in t.rows:
            if key == "outcome":
                is_late = is_late or db.outcome is not None and db.outcome[1:] != (t.process, t.run)
                if self.outcome == "unconditional" or db.live:
                    db = db._replace(outcome=(value, t.process, t.run), live=False)
            else:
                is_late = is_late or w.db.outcome is not None and db.journal[key] is None
                if db.journal[key] is None or self.unique == "none":
                    db = db._replace(journal=put(db.journal, key, (value, t.process, t.run)))
                if t.kind == "transaction":
                    db = db._replace(business=db.business + 1)
        if w.db.epoch[t.process] != t.epoch and "5" not in self.ignore:
            wrong = Violation("promise 5: a superseded process has written")
        elif db.business > 1:
            wrong = Violation("promise 2: the business row of the transaction is there twice")
        elif is_late:
            wrong = Violation("one outcome: it is written again, or a record after it")
        return it + " commits", False, wrong or self.reply(self.commit(w, db), t, "committed")
