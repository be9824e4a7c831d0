// SPDX-License-Identifier: Apache-2.0

import Durable

/// All SQL of the command.
///
/// What a person names travels as a parameter, never as text. Views where they do; the tables beneath them where
/// millions of rows would have to be read.
struct CommandStatements: Sendable {
    private let schema: SchemaName

    init(schema: SchemaName) { self.schema = schema }

    private func sql(_ text: String) -> String { self.schema.rewrite(text) }

    // MARK: - The session

    /// The database's time, and whether the tables may be read: `$1` the schema.
    var facts: String {
        self.sql(
            """
            SELECT durable.clock(), coalesce((
                SELECT bool_and(pg_catalog.has_table_privilege(c.oid, 'SELECT'))
                FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
                WHERE n.nspname = $1 AND c.relname IN ('workflow', 'live', 'outcome', 'executor')
            ), false)
            """
        )
    }

    // MARK: - Workflows

    private static let workflowColumns = """
        w.id, w.name, w.version, w.state, w.reason, w.step, w.step_since, w.attempt, w.waiting_for, w.wakes_at, w.error_type, \
        w.error, w.executor, w.parent, w.created_at, w.updated_at, w.finished_at
        """

    /// One workflow: `$1` its id.
    var workflow: String { self.sql("SELECT \(Self.workflowColumns) FROM durable.workflows w WHERE w.id = $1") }

    /// What a filter selects, newest first: `$1` to `$6` the filter, `$7` and `$8` the time and id to go on behind, `$9` how many.
    ///
    /// First only which, then the rest about those: the view computes much that sorting does not need.
    func list(_ scope: StateScope) -> String {
        self.sql(
            """
            SELECT \(Self.workflowColumns) FROM durable.workflows w
            WHERE w.id = ANY (ARRAY(
                SELECT c.id FROM \(scope == .all ? "durable.workflow" : "durable.workflows") c
                WHERE \(Self.condition(scope))
                  AND ($7::timestamptz IS NULL OR (c.created_at, c.id) < ($7, $8::text))
                ORDER BY c.created_at DESC, c.id DESC
                LIMIT $9
            ))
            ORDER BY w.created_at DESC, w.id DESC
            """
        )
    }

    /// How many workflows of which state a filter selects: `$1` to `$6` the filter.
    func count(_ scope: StateScope) -> String {
        self.sql(
            """
            SELECT c.state, count(*) AS count FROM durable.workflows c
            WHERE \(Self.condition(scope)) GROUP BY c.state ORDER BY c.state
            """
        )
    }

    /// The ids that a filter selects, in order: `$1` to `$6` the filter, `$7` the id to go on behind, `$8` how many.
    func ids(_ scope: StateScope) -> String {
        self.sql(
            """
            SELECT c.id, c.name, c.state FROM durable.workflows c
            WHERE \(Self.condition(scope)) AND ($7::text IS NULL OR c.id > $7)
            ORDER BY c.id LIMIT $8
            """
        )
    }

    private static func condition(_ scope: StateScope) -> String {
        let states =
            switch scope {
            case .all: "($1::text[] IS NULL)"
            case .view: "($1::text[] IS NULL OR c.state = ANY ($1))"
            case .live: "c.id IN (SELECT l.workflow_id FROM durable.live l WHERE l.state::text = ANY ($1::text[]))"
            case .ended: "c.id IN (SELECT o.workflow_id FROM durable.outcome o WHERE o.status::text = ANY ($1::text[]))"
            }
        return """
            \(states)
              AND ($2::text[] IS NULL OR c.name = ANY ($2))
              AND ($3::text IS NULL OR c.id LIKE $3)
              AND ($4::timestamptz IS NULL OR c.created_at >= $4)
              AND ($5::timestamptz IS NULL OR c.created_at < $5)
              AND \(scope == .all ? "($6::text IS NULL)" : "($6::text IS NULL OR c.error_type = $6)")
            """
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
            SELECT e.name, e.id, e.number, e.host, e.pid, e.build, e.state, e.lease_expires_at, e.started_at, e.running
            FROM durable.executors e
            WHERE $1 OR e.state IN ('alive', 'dead') OR e.running > 0
            ORDER BY array_position(ARRAY['dead', 'alive', 'fenced', 'stopped'], e.state), e.started_at DESC, e.number DESC
            """
        )
    }

    /// Errors by workflow, type and the shape of their message: `$1` since when, `$2` names, `$3` how many.
    var errors: String {
        self.sql(
            """
            SELECT f.name, f.error_type AS type, f.shape AS message, count(*) AS count,
                count(*) FILTER (WHERE f.state = 'paused') AS paused, min(f.at) AS first_at, max(f.at) AS last_at,
                (array_agg(f.id ORDER BY f.at DESC, f.id))[1] AS example
            FROM (
                SELECT w.id, w.name, w.state, w.error_type, coalesce(w.finished_at, w.created_at) AS at,
                    regexp_replace(regexp_replace(regexp_replace(
                        left(w.error, 1000),
                        '"[^"]*"', '"…"', 'g'),
                        '[0-9a-fA-F]{8}-[0-9a-fA-F-]{27}|0x[0-9a-fA-F]+|\\m[0-9a-fA-F]*[0-9][0-9a-fA-F]{7,}\\M', '…', 'g'),
                        '[0-9]+', '#', 'g') AS shape
                FROM durable.workflows w
                WHERE w.state IN ('failed', 'paused') AND w.error_type IS NOT NULL
                  AND ($1::timestamptz IS NULL OR coalesce(w.finished_at, w.created_at) >= $1)
                  AND ($2::text[] IS NULL OR w.name = ANY ($2))
            ) AS f
            GROUP BY f.name, f.error_type, f.shape
            ORDER BY count(*) DESC, max(f.at) DESC, f.name, f.error_type, f.shape
            LIMIT $3
            """
        )
    }

    /// What is pending for each name and version, and who offers it.
    var versions: String {
        self.sql(
            """
            WITH pending AS (
                SELECT l.name, l.version, count(*) AS pending,
                    count(*) FILTER (WHERE l.state = 'queued') AS queued,
                    count(*) FILTER (WHERE l.state = 'running') AS running,
                    count(*) FILTER (WHERE l.state = 'waiting') AS waiting,
                    count(*) FILTER (WHERE l.state = 'paused') AS paused,
                    count(*) FILTER (WHERE l.state = 'cancelling') AS cancelling,
                    min(w.created_at) AS oldest, min(l.workflow_id) AS example
                FROM durable.live l JOIN durable.workflow w ON w.id = l.workflow_id GROUP BY l.name, l.version
            ), offered AS (
                SELECT o.name, v.version, array_agg(e.name ORDER BY e.name, e.number) AS executors
                FROM durable.executors e
                JOIN durable.executor x ON x.number = e.number
                CROSS JOIN LATERAL jsonb_to_recordset(x.workflows) AS o (name text, versions integer[])
                CROSS JOIN LATERAL unnest(o.versions) AS v (version)
                WHERE e.state = 'alive'
                GROUP BY o.name, v.version
            )
            SELECT coalesce(p.name, o.name) AS name, coalesce(p.version, o.version) AS version, coalesce(p.pending, 0) AS pending,
                coalesce(p.queued, 0) AS queued, coalesce(p.running, 0) AS running, coalesce(p.waiting, 0) AS waiting,
                coalesce(p.paused, 0) AS paused, coalesce(p.cancelling, 0) AS cancelling,
                p.oldest, p.example, coalesce(cardinality(o.executors), 0) AS offered_by, to_json(coalesce(o.executors, '{}')) AS executors
            FROM pending p FULL JOIN offered o ON o.name = p.name COLLATE "C" AND o.version = p.version
            ORDER BY 1, 2
            """
        )
    }

    /// Counts and sizes: `$1` the schema, `$2` whether to count what has ended rather than to estimate it.
    var stats: String {
        self.sql(
            """
            SELECT 'live' AS subject, l.state::text AS name, count(*)::float8 AS value, 'count' AS unit
            FROM durable.live l GROUP BY l.state
            UNION ALL
            SELECT 'live', 'due and not taken', count(*), 'count' FROM durable.live l
            WHERE l.executor IS NULL AND l.run_at < durable.clock() - interval '10 seconds'
            UNION ALL
            SELECT 'live', 'oldest due and not taken', extract(epoch FROM durable.clock() - min(l.run_at))::float8, 'seconds'
            FROM durable.live l WHERE l.executor IS NULL AND l.run_at < durable.clock()
            UNION ALL
            SELECT 'inbox', 'not yet delivered', count(*), 'count' FROM durable.inbox
            UNION ALL
            SELECT 'inbox', 'oldest', extract(epoch FROM durable.clock() - min(i.created_at))::float8, 'seconds' FROM durable.inbox i
            UNION ALL
            SELECT 'executors', e.state, count(*), 'count' FROM durable.executors e GROUP BY e.state
            UNION ALL
            SELECT 'ended', o.status::text, count(*), 'count' FROM durable.outcome o WHERE $2 GROUP BY o.status
            UNION ALL
            SELECT 'ended', 'about', greatest(c.reltuples, 0)::float8, 'count'
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE NOT $2 AND n.nspname = $1 AND c.relname = 'outcome'
            UNION ALL
            SELECT 'size', c.relname::text, pg_catalog.pg_total_relation_size(c.oid)::float8, 'bytes'
            FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
            WHERE n.nspname = $1 AND c.relkind = 'r' AND pg_catalog.pg_total_relation_size(c.oid) > 65536
            ORDER BY 1, 3 DESC NULLS LAST, 2
            """
        )
    }

    /// What is pending and how it stands, for the live view: `$1` names, `$2` how many.
    var pending: String {
        self.sql(
            """
            SELECT l.workflow_id AS id, l.name, l.version, l.state::text AS state, l.reason, l.waiting_for, l.progress
            FROM durable.live l
            WHERE ($1::text[] IS NULL OR l.name = ANY ($1)) ORDER BY l.workflow_id LIMIT $2
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

    /// Starts a copy that has recorded what is before a place: `$1` id, `$2` position, `$3` scope, `$4` new id, `$5` input, `$6` why.
    var fork: String { self.sql("SELECT durable.fork($1, $2, $3, $4, $5::json, $6) AS result") }

    /// Starts one: `$1` name, `$2` input, `$3` id, `$4` version, `$5` delay in seconds, `$6` priority, `$7` whether an existing one will do.
    var start: String {
        self.sql(
            """
            SELECT e.workflow_id AS id, e.is_new
            FROM durable.enqueue($1, $2::json, $3, version => $4, delay => make_interval(secs => $5), priority => $6,
                return_existing => $7) AS e
            """
        )
    }

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
