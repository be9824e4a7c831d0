// SPDX-License-Identifier: Apache-2.0

import Durable

/// All SQL of the command.
///
/// What a person names travels as a parameter, never as text. Views and functions only: no
/// verb needs a right on a table.
struct CommandStatements: Sendable {
    private let schema: SchemaName

    init(schema: SchemaName) { self.schema = schema }

    private func sql(_ text: String) -> String { self.schema.rewrite(text) }

    // MARK: - The session

    // MARK: - Workflows

    private static let workflowColumns = """
        w.id, w.name, w.version, w.state, w.reason, w.step, w.step_since, w.attempt, w.waiting_for, w.wakes_at, w.error_type, \
        w.error, w.executor, w.parent, w.created_at, w.updated_at, w.finished_at
        """

    /// One workflow: `$1` its id.
    var workflow: String { self.sql("SELECT \(Self.workflowColumns) FROM durable.workflows w WHERE w.id = $1") }

    /// What a filter selects, newest first: `$1` to `$6` the filter, `$7` the id to go on behind, `$8` how many.
    ///
    /// First only which, then the rest about each: the view computes much that sorting does not need.
    var list: String {
        self.sql(
            """
            SELECT \(Self.workflowColumns) FROM durable.find($1, $2, $3, $4, $5, $6, $7, $8) AS f (id)
            CROSS JOIN LATERAL (SELECT * FROM durable.workflows o WHERE o.id = f.id OFFSET 0) AS w
            ORDER BY w.created_at DESC, w.id DESC
            """
        )
    }

    /// The ids that a filter selects, in order, with the state of each: `$1` to `$6` the filter.
    var selection: String {
        self.sql(
            """
            SELECT c.id, c.state FROM durable.workflows c
            WHERE c.id = ANY (ARRAY(SELECT durable.find($1, $2, $3, $4, $5, $6))) ORDER BY c.id
            """
        )
    }

    // MARK: - One workflow

    /// The steps of a workflow: `$1` its id.
    var steps: String {
        self.sql(
            """
            SELECT s.scope, s.position, s.step, s.kind, s.state, s.attempt, s.executor, s.started_at, s.recorded_at, s.seconds,
                s.next_attempt_at, s.wakes_at, s.error_type, s.error
            FROM durable.steps s WHERE s.workflow_id = $1 ORDER BY s.scope, s.position
            """
        )
    }

    /// What a workflow and its steps took and returned: `$1` its id.
    var payloads: String {
        self.sql(
            """
            SELECT p.part, p.scope, p.position, p.payload FROM durable.payloads p
            WHERE p.workflow_id = $1 AND p.payload IS NOT NULL
            """
        )
    }

    // MARK: - All of them

    /// The processes: `$1` whether also those that are over.
    var executors: String {
        self.sql(
            """
            SELECT e.name, e.id, e.number, e.host, e.pid, e.build, e.state, e.lease_expires_at, e.started_at, e.running,
                   e.behind_since
            FROM durable.executors e
            WHERE $1 OR e.state IN ('alive', 'dead') OR e.running > 0
            ORDER BY array_position(ARRAY['dead', 'alive', 'fenced', 'stopped'], e.state), e.started_at DESC, e.number DESC
            """
        )
    }

    /// Errors by workflow, type and the shape of their message: `$1` of which one happened since when, `$2` names, `$3` how many.
    var errors: String {
        self.sql(
            """
            SELECT f.name, f.error_type AS type, f.fingerprint AS message, f.workflows AS count, f.paused, f.first_at, f.last_at,
                f.latest_id AS example
            FROM durable.errors f
            WHERE ($1::timestamptz IS NULL OR f.last_at >= $1 OR f.paused > 0) AND ($2::text[] IS NULL OR f.name = ANY ($2))
            ORDER BY f.workflows DESC, f.last_at DESC NULLS LAST, f.name, f.error_type, f.fingerprint
            LIMIT $3
            """
        )
    }

    /// What is pending for each name and version, and who offers it.
    var versions: String {
        self.sql(
            """
            SELECT v.name, v.version, v.pending, v.queued, v.running, v.waiting, v.paused, v.cancelling, v.oldest, v.example,
                v.offered_by, to_json(v.executors) AS executors
            FROM durable.versions v ORDER BY v.name, v.version
            """
        )
    }

    /// Which patches are recorded, and how many that are pending need them.
    var patches: String {
        self.sql(
            """
            SELECT p.name, p.version, p.patch, p.with_it, p.without_it, p.example, p.verdict
            FROM durable.patches p ORDER BY p.name, p.patch, p.version
            """
        )
    }

    /// Counts and sizes.
    var stats: String {
        self.sql(
            "SELECT s.subject, s.name, s.value, s.unit FROM durable.stats s ORDER BY s.subject, s.value DESC NULLS LAST, s.name"
        )
    }

    /// How many have ended in which state, counted.
    var endings: String {
        self.sql(
            """
            SELECT 'ended' AS subject, w.state AS name, count(*)::float8 AS value, 'count' AS unit
            FROM durable.workflows w WHERE w.finished_at IS NOT NULL GROUP BY w.state ORDER BY w.state
            """
        )
    }

    /// What is pending and how it stands, for the live view: `$1` names, `$2` how many.
    var pending: String {
        self.sql(
            """
            SELECT p.id, p.name, p.version, p.state, p.reason, p.waiting_for, p.progress
            FROM durable.pending p
            WHERE ($1::text[] IS NULL OR p.name = ANY ($1)) ORDER BY p.id LIMIT $2
            """
        )
    }

    /// How those that are no longer pending have ended: `$1` their ids.
    var ended: String {
        self.sql(
            """
            SELECT w.id, w.name, w.version, w.state, w.reason, w.waiting_for, w.error_type, w.error
            FROM durable.workflows w WHERE w.id = ANY ($1)
            """
        )
    }

    /// The database's time.
    var clock: String { self.sql("SELECT durable.clock() AS now") }

    // MARK: - Verbs

    /// A message: `$1` id, `$2` name, `$3` payload, `$4` idempotency key.
    var signal: String { self.sql("SELECT durable.signal($1, $2, $3::json, $4) AS sent") }

    /// Asks it to end: `$1` id, `$2` why.
    var cancel: String { self.sql("SELECT durable.cancel($1, $2) AS result") }

    /// Ends it at once: `$1` id, `$2` why.
    var kill: String { self.sql("SELECT durable.kill($1, $2) AS result") }

    /// Holds it: `$1` id, `$2` why.
    var pause: String { self.sql("SELECT durable.pause($1, $2) AS result") }

    /// Lets a paused one go on: `$1` id, `$2` why.
    var resume: String { self.sql("SELECT durable.resume($1, $2) AS result") }

    /// Lets a failed one go on from the step that failed: `$1` id, `$2` why.
    var retry: String { self.sql("SELECT durable.retry($1, $2) AS result") }

    /// Starts it anew: `$1` id, `$2` the new id, `$3` why.
    var rerun: String { self.sql("SELECT durable.rerun($1, $2, $3) AS result") }

    /// Starts a copy that has recorded what is before a place: `$1` id, `$2` position, `$3` scope, `$4` new id, `$5` input, `$6` why,
    /// `$7` what the step there has returned.
    var fork: String { self.sql("SELECT durable.fork($1, $2, $3, $4, $5::json, $6, $7::json) AS result") }

    /// Starts one: `$1` name, `$2` input, `$3` id, `$4` version, `$5` delay in seconds, `$6` priority, `$7` whether an existing one will do,
    /// `$8` queue, `$9` attributes, `$10` the time that it has in seconds.
    var start: String {
        self.sql(
            """
            SELECT e.workflow_id AS id, e.is_new
            FROM durable.enqueue($1, $2::json, $3, version => $4, delay => make_interval(secs => $5), priority => $6,
                return_existing => $7, queue => $8, attributes => $9::jsonb, timeout => make_interval(secs => $10)) AS e
            """
        )
    }

    /// Stops a workflow type: `$1` name, `$2` why.
    var pauseName: String { self.sql("SELECT durable.pause_name($1, $2) IS NULL AS result") }

    /// Lets a workflow type go on: `$1` name, `$2` why.
    var resumeName: String { self.sql("SELECT durable.resume_name($1, $2) AS result") }

    /// What a step returned: `$1` id, `$2` position, `$3` result, `$4` scope, `$5` name, `$6` why.
    var setResult: String {
        self.sql("SELECT durable.set_step_result($1, $2, $3::json, $4, $5, $6) IS NULL AS result")
    }

    /// That a step is done: `$1` id, `$2` position, `$3` scope, `$4` name, `$5` why.
    var skip: String { self.sql("SELECT durable.skip_step($1, $2, $3, $4, $5) IS NULL AS result") }

    /// Declares a process dead: `$1` number, `$2` why.
    var releaseExecutor: String { self.sql("SELECT durable.release_executor($1, $2)::bigint AS result") }

    // MARK: - Retention

    /// What is kept for how long.
    var retention: String {
        self.sql(
            """
            SELECT r.subject, r.name, r.outcome, coalesce(r.keep::text, 'forever') AS keep, r.is_overridden, r.who, r.since
            FROM durable.retention r ORDER BY r.subject DESC, r.name, r.outcome
            """
        )
    }

    /// Keeps it for so long: `$1` how long, `$2` name, `$3` outcome, `$4` of what, `$5` why.
    var setRetention: String {
        self.sql("SELECT durable.set_retention($1::text::interval, $2, $3, $4, $5) AS result")
    }

    /// Takes a policy away: `$1` name, `$2` outcome, `$3` of what, `$4` why.
    var dropRetention: String { self.sql("SELECT durable.drop_retention($1, $2, $3, $4) AS result") }

    /// What would go first.
    var prunable: String {
        self.sql("SELECT p.subject, p.name, p.outcome, p.rows, p.oldest FROM durable.prunable() AS p")
    }

    /// One batch: `$1` how many.
    var prune: String { self.sql("SELECT p.deleted, p.result FROM durable.prune($1) AS p") }

    /// One workflow and what it has started: `$1` id, `$2` why.
    var delete: String { self.sql("SELECT durable.delete_workflow($1, $2) AS result") }

    /// A workflow as a document: `$1` id.
    var export: String { self.sql("SELECT durable.export($1) AS document") }

    // MARK: - Looking

    /// Why it is where it is: `$1` id.
    var why: String { self.sql("SELECT y.sentence, y.facts FROM durable.why($1) AS y") }

    /// What needs a person.
    var attention: String {
        self.sql(
            """
            SELECT a.severity, a.kind, a.workflow_id, a.name, a.since, a.what, a.statement FROM durable.attention a
            ORDER BY a.severity, a.since NULLS LAST, a.kind, a.name, a.workflow_id
            """
        )
    }

    /// Tells engines that listen to look at once; behind the commit of what it is about.
    var notify: String { self.sql("SELECT durable.notify()") }
}
