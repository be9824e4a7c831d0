-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Views that people type: quick with the server's own settings, whatever they filter by. What needs a person, who has said how long
-- something is kept, which patches may go, and starts in the caller's trace.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0009_answers.sql
-- The indexes are built while writers of `workflow`, `outcome` and `journal` wait: on a large schema, at a quiet hour.

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Workflows
--
-- The view joins a workflow with the one row, of two tables, that says how it stands. Conditions reach both tables as they are, so that
-- an index serves them; and a state or a type of error is known to the planner by how often there is one: a rare one is looked up, of a
-- frequent one the newest are met soon on the way through the newest workflows.
-- ---------------------------------------------------------------------------------------------------------------------

-- A text of an enumeration is not immutable to the server, which cannot know that these words never change.
CREATE FUNCTION durable.state_word(state durable.workflow_state) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE state
        WHEN 'queued' THEN 'queued' WHEN 'running' THEN 'running' WHEN 'waiting' THEN 'waiting' WHEN 'paused' THEN 'paused'
        WHEN 'cancelling' THEN 'cancelling' WHEN 'succeeded' THEN 'succeeded' WHEN 'failed' THEN 'failed'
        WHEN 'cancelled' THEN 'cancelled' END;

COMMENT ON FUNCTION durable.state_word(durable.workflow_state) IS 'A state as the views write it.';

-- Newest first, of all and of one type: 70 bytes of the log per start, always at the end of the index.
DROP INDEX durable.workflow_created;
CREATE INDEX workflow_created ON durable.workflow (created_at, name);
-- These hold what has attributes, what has not succeeded, and what has an error: whoever has none of it pays nothing for them.
CREATE INDEX workflow_attributes ON durable.workflow USING gin (attributes jsonb_path_ops) WHERE attributes IS NOT NULL;
CREATE INDEX outcome_state ON durable.outcome (durable.state_word(status)) WHERE durable.state_word(status) <> 'succeeded';
CREATE INDEX outcome_error ON durable.outcome (durable.error_part(error, 'type')) WHERE durable.error_part(error, 'type') IS NOT NULL;

CREATE STATISTICS durable.outcome_state ON (durable.state_word(status)) FROM durable.outcome;
CREATE STATISTICS durable.outcome_error ON (durable.error_part(error, 'type')) FROM durable.outcome;
CREATE STATISTICS durable.live_state ON (durable.state_word(state)) FROM durable.live;
COMMENT ON STATISTICS durable.outcome_state IS 'How many have ended in which state.';
COMMENT ON STATISTICS durable.outcome_error IS 'How many have ended with which type of error.';
COMMENT ON STATISTICS durable.live_state IS 'How many that are pending are in which state.';

-- A page, and not the thousand that the server assumes: it would compile whatever asks for what was found.
ALTER FUNCTION durable.find(text[], text[], text, timestamptz, timestamptz, text, text, bigint) ROWS 50;

-- Scalar subqueries rather than joins: a reader that does not ask for a column does not pay for it.
CREATE OR REPLACE VIEW durable.workflows AS
SELECT
    w.id,
    w.name,
    w.version,
    durable.state_word(s.state) AS state,
    s.reason,
    CASE WHEN s.finished_at IS NULL THEN coalesce(
        (SELECT a.name FROM durable.activity a WHERE a.workflow_id = w.id AND a.executor = s.executor
            ORDER BY a.started_at, a.scope, a.position LIMIT 1),
        (SELECT n.name FROM durable.journal n WHERE n.workflow_id = w.id AND n.phase > 0
            AND NOT EXISTS (SELECT FROM durable.journal r WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope
                AND r.position = n.position AND r.phase = 0)
            ORDER BY n.due, n.scope, n.position, n.phase DESC LIMIT 1)
    ) END AS step,
    CASE WHEN s.finished_at IS NULL THEN coalesce(
        (SELECT a.started_at FROM durable.activity a WHERE a.workflow_id = w.id AND a.executor = s.executor
            ORDER BY a.started_at, a.scope, a.position LIMIT 1),
        (SELECT n.at FROM durable.journal n WHERE n.workflow_id = w.id AND n.phase > 0
            AND NOT EXISTS (SELECT FROM durable.journal r WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope
                AND r.position = n.position AND r.phase = 0)
            ORDER BY n.due, n.scope, n.position, n.phase DESC LIMIT 1)
    ) END AS step_since,
    CASE WHEN s.finished_at IS NULL THEN coalesce(
        (SELECT a.attempt FROM durable.activity a WHERE a.workflow_id = w.id AND a.executor = s.executor
            ORDER BY a.started_at, a.scope, a.position LIMIT 1),
        (SELECT n.attempt FROM durable.journal n WHERE n.workflow_id = w.id AND n.phase > 0
            AND NOT EXISTS (SELECT FROM durable.journal r WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope
                AND r.position = n.position AND r.phase = 0)
            ORDER BY n.due, n.scope, n.position, n.phase DESC LIMIT 1)
    )::integer END AS attempt,
    s.waiting_for,
    CASE WHEN s.state IN ('waiting', 'queued') AND isfinite(s.run_at) THEN s.run_at END AS wakes_at,
    durable.error_part(s.error, 'type') AS error_type,
    durable.error_part(s.error, 'message') AS error,
    (SELECT e.name FROM durable.executor e WHERE e.number = s.executor) AS executor,
    w.parent,
    w.created_at,
    greatest(
        w.created_at, s.finished_at,
        (SELECT max(j.at) FROM durable.journal j WHERE j.workflow_id = w.id)
    ) AS updated_at,
    s.finished_at,
    w.attributes
FROM durable.workflow w
JOIN (
    -- Without conditions, and with the columns as they are: only so the planner looks into each for one workflow at a time.
    SELECT o.workflow_id, o.status AS state, o.executor, o.error, o.finished_at, NULL::text AS reason, NULL::text AS waiting_for,
           NULL::timestamptz AS run_at
    FROM durable.outcome o
    UNION ALL
    SELECT l.workflow_id, l.state, l.executor, l.error, NULL, l.reason, l.waiting_for, l.run_at
    FROM durable.live l
) AS s ON s.workflow_id = w.id;

COMMENT ON VIEW durable.workflows IS
    'One row per workflow, without its payloads. Quick on millions for an id, a parent, attributes @> …, and newest first (ORDER BY created_at DESC LIMIT …) of '
    'all, of a name, of a state or of a type of error; durable.find(…) for several of these at once, and page by page.';
COMMENT ON COLUMN durable.workflows.attributes IS
    'What whoever started it attached for searching: WHERE attributes @> ''{"customer": "42"}''; NULL for nothing.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Forks
-- ---------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION durable.fork(
    workflow_id text, "position" integer, scope text DEFAULT '', new_id text DEFAULT NULL,
    input json DEFAULT NULL, reason text DEFAULT NULL
) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        forked text := coalesce(fork.new_id, gen_random_uuid()::text);
        original durable.workflow;
        copied integer;
    BEGIN
        PERFORM durable.expect_known(fork.workflow_id);
        PERFORM durable.check_text('new workflow id', forked, 512);
        IF fork.position IS NULL OR fork.scope IS NULL THEN
            RAISE EXCEPTION 'a fork needs a position and a scope; the scope of the top is empty' USING ERRCODE = '22023';
        END IF;
        IF fork.scope <> '' AND NOT EXISTS (
            SELECT FROM durable.journal j WHERE j.workflow_id = fork.workflow_id AND j.scope = fork.scope)
        THEN
            RAISE EXCEPTION 'workflow "%" has recorded nothing in scope "%"', fork.workflow_id, fork.scope
                USING ERRCODE = '22023', HINT = 'See SELECT scope, position, step FROM steps WHERE workflow_id = …';
        END IF;
        IF fork.position < 0 THEN
            RAISE EXCEPTION 'the position % does not exist: positions count from 0', fork.position USING ERRCODE = '22023';
        END IF;
        IF fork.position > 0 AND NOT EXISTS (
            SELECT FROM durable.journal j
            WHERE j.workflow_id = fork.workflow_id AND j.scope = fork.scope AND j.position >= fork.position - 1)
        THEN
            RAISE EXCEPTION 'workflow "%" has recorded nothing at position % of scope "%"', fork.workflow_id, fork.position - 1,
                fork.scope
                USING ERRCODE = '22023', HINT = 'See SELECT scope, position, step FROM steps WHERE workflow_id = …';
        END IF;
        SELECT * INTO original FROM durable.workflow w WHERE w.id = fork.workflow_id;
        INSERT INTO durable.workflow (id, name, version, seed, input, attributes)
            VALUES (forked, original.name, original.version, original.seed, coalesce(fork.input, original.input), original.attributes)
            ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'the id "%" is taken', forked USING ERRCODE = 'DU020', HINT = 'Choose another, or none.';
        END IF;
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, attempt, executor, run, at, due, fingerprint, seconds,
                                     name, output, error)
            SELECT forked, j.scope, j.position, j.phase, j.kind, j.attempt, j.executor, j.run, j.at, j.due, j.fingerprint, j.seconds,
                   j.name, j.output, j.error
            FROM durable.journal j
            WHERE j.workflow_id = fork.workflow_id AND durable.stands_before(j.scope, j.position, fork.scope, fork.position);
        GET DIAGNOSTICS copied = ROW_COUNT;
        -- What has a history has begun: whoever cancels it before a process takes it wants undone what its records did.
        INSERT INTO durable.live (workflow_id, name, version, state, begun)
            VALUES (forked, original.name, original.version, 'queued', copied > 0);
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('fork', fork.workflow_id, fork.reason, jsonb_build_object(
                'new_id', forked, 'scope', fork.scope, 'position', fork.position, 'records', copied));
        RETURN forked;
    END
    $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Attention
--
-- A queue with limits is meant to hold work back: that needs nobody until its limits are 0, or somebody has waited for an hour.
-- ---------------------------------------------------------------------------------------------------------------------

-- There is one row in `server`, which the planner does not know: joined, it would take this for so dear that the server compiles whatever
-- asks for processes, for seconds.
CREATE OR REPLACE VIEW durable.executors AS
SELECT
    e.name,
    e.id,
    e.number,
    e.host,
    e.pid,
    e.build,
    CASE
        -- First: what a stopped one left behind is taken over as well, and that is no death.
        WHEN e.stopped_at IS NOT NULL THEN 'stopped'
        WHEN e.fenced_at IS NOT NULL THEN 'fenced'
        WHEN durable.clock() <= greatest(l.expires_at, greatest((SELECT s.since FROM durable.server s), pg_postmaster_start_time()) + l.period)
            THEN 'alive'
        ELSE 'dead'
    END AS state,
    l.expires_at AS lease_expires_at,
    e.started_at,
    (SELECT count(*) FROM durable.live v WHERE v.executor = e.number) AS running
FROM durable.executor e
LEFT JOIN durable.lease l ON l.executor = e.number;

-- The parts are small: what is paused, what is due, who is alive. Nothing here reads a history.
CREATE OR REPLACE VIEW durable.attention AS
WITH due AS (
    SELECT l.name, l.version, l.queue, min(l.workflow_id) AS first_id, min(l.run_at) AS since, count(*) AS workflows,
           durable.is_offered(l.name, l.version) AS is_offered
    FROM durable.live l
    WHERE l.executor IS NULL AND l.state IN ('queued', 'waiting', 'cancelling') AND l.run_at < now() - interval '1 minute'
      AND NOT EXISTS (SELECT FROM durable.paused_name p WHERE p.name = l.name)
    GROUP BY l.name, l.version, l.queue
), limited AS (
    SELECT q.name, q.concurrency = 0 OR q.process_concurrency = 0 AS is_paused, q.changed_by,
           concat_ws(' and ', q.concurrency || ' at once', q.process_concurrency || ' in each process') AS limits,
           -- What it was before somebody paused it.
           (SELECT a.details -> 'before' FROM durable.audit a WHERE a.subject = q.name COLLATE "default" AND a.action = 'set_queue'
               ORDER BY a.id DESC LIMIT 1) AS before
    FROM durable.queue q
    WHERE q.concurrency IS NOT NULL OR q.process_concurrency IS NOT NULL
), held AS (
    SELECT q.name, q.is_paused, q.changed_by, q.limits, q.before, min(d.since) AS since, sum(d.workflows) AS workflows
    FROM limited q JOIN due d ON d.queue = q.name
    WHERE d.is_offered
    GROUP BY q.name, q.is_paused, q.changed_by, q.limits, q.before
), pending AS (
    SELECT d.name, d.version, d.is_offered, min(d.first_id) AS first_id, min(d.since) AS since, sum(d.workflows) AS workflows
    FROM due d
    WHERE NOT d.is_offered OR NOT EXISTS (SELECT FROM limited q WHERE q.name = d.queue)
    GROUP BY d.name, d.version, d.is_offered
)
SELECT a.severity, a.kind, a.workflow_id, a.name, a.since, a.what, a.statement
FROM (
    SELECT 1 AS severity, 'paused' AS kind, l.workflow_id, l.name::text AS name, NULL::timestamptz AS since,
           l.reason || coalesce(': ' || durable.error_part(l.error, 'message'), '') AS what,
           format('SELECT * FROM %s.why(%L)', durable.own_schema(), l.workflow_id) AS statement
    FROM durable.live l
    WHERE l.state = 'paused' AND l.executor IS NULL
    UNION ALL
    SELECT 1, 'dead executor', NULL, e.name, e.lease_expires_at,
           format('process %s (%s, pid %s) is %s and still owns %s workflows', e.name, e.host, e.pid, e.state, e.running),
           format('SELECT %s.release_executor(%s)', durable.own_schema(), e.number)
    FROM durable.executors e
    WHERE e.state <> 'alive' AND e.running > 0
    UNION ALL
    SELECT 2, 'not offered', p.first_id, p.name, p.since,
           format('%s workflows %s of version %s are due, and no live process offers them', p.workflows, p.name, p.version),
           format('SELECT * FROM %s.why(%L)', durable.own_schema(), p.first_id)
    FROM pending p
    WHERE NOT p.is_offered
    UNION ALL
    SELECT 3, 'overdue', p.first_id, p.name, p.since,
           format('%s workflows %s of version %s have been due for minutes: the processes that offer them are full, or behind',
               p.workflows, p.name, p.version),
           format('SELECT * FROM %s.executors', durable.own_schema())
    FROM pending p
    WHERE p.is_offered AND p.since < now() - interval '5 minutes'
    UNION ALL
    SELECT 3, 'queue paused', NULL, h.name, h.since,
           format('%s due in queue %s, which lets none of them start: its limit is 0, set by %s', h.workflows, h.name, h.changed_by),
           format('SELECT %s.set_queue(%L, %s, %s)', durable.own_schema(), h.name,
               coalesce(nullif(h.before ->> 'concurrency', '0'), 'NULL'), coalesce(nullif(h.before ->> 'process_concurrency', '0'), 'NULL'))
    FROM held h
    WHERE h.is_paused
    UNION ALL
    SELECT 3, 'overdue', NULL, h.name, h.since,
           format('%s due in queue %s, the oldest for more than an hour: its limit is %s', h.workflows, h.name, h.limits),
           format('SELECT * FROM %s.queues WHERE name = %L', durable.own_schema(), h.name)
    FROM held h
    WHERE NOT h.is_paused AND h.since < now() - interval '1 hour'
    UNION ALL
    SELECT 3, 'name paused', NULL, p.name, p.since, format('workflow type paused by %s: %s', p.who, p.reason),
           format('SELECT %s.resume_name(%L)', durable.own_schema(), p.name)
    FROM durable.paused_name p
    WHERE p.since < now() - interval '1 hour'
    UNION ALL
    SELECT 2, 'retrying', n.workflow_id, l.name, n.since,
           format('attempt %s of %s failed, and it has been retried for more than an hour', n.attempt, n.name),
           format('SELECT * FROM %s.why(%L)', durable.own_schema(), n.workflow_id)
    FROM durable.live l
    CROSS JOIN LATERAL (
        SELECT j.workflow_id, j.scope, j.position, j.name, min(j.at) AS since, max(j.attempt) AS attempt
        FROM durable.journal j
        WHERE j.workflow_id = l.workflow_id AND j.phase > 0 AND j.kind IN (1, 2)
          AND NOT EXISTS (
            SELECT FROM durable.journal r
            WHERE r.workflow_id = j.workflow_id AND r.scope = j.scope AND r.position = j.position AND r.phase = 0)
        GROUP BY j.workflow_id, j.scope, j.position, j.name
    ) AS n
    WHERE l.state <> 'paused' AND n.since < now() - interval '1 hour'
) AS a
ORDER BY a.severity, a.since NULLS FIRST;

COMMENT ON COLUMN durable.attention.kind IS 'paused, dead executor, not offered, overdue, retrying, name paused, queue paused.';
COMMENT ON COLUMN durable.attention.name IS 'The workflow type, the process, or the queue.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Retention: what a person has said counts before what the code says
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE durable.retention ADD COLUMN is_overridden boolean NOT NULL DEFAULT true;

COMMENT ON COLUMN durable.retention.is_overridden IS
    'Whether a person has said so: then what the options of engines say does not count, until durable.drop_retention.';
COMMENT ON COLUMN durable.retention.who IS 'The role that said so last: a person''s, or that of the first engine whose options said so.';

-- Until now the audit alone tells who it was.
UPDATE durable.retention r SET is_overridden = coalesce((
    SELECT a.reason IS DISTINCT FROM 'an engine''s options' FROM durable.audit a
    WHERE a.action = 'set_retention' AND a.subject = durable.retention_key(r.name, r.outcome, r.subject)
    ORDER BY a.id DESC LIMIT 1), true);

CREATE FUNCTION durable.check_keep(keep interval) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
    BEGIN
        IF check_keep.keep < interval '0' OR check_keep.keep > interval '1000 years' THEN
            RAISE EXCEPTION 'what is over is kept for 0 to 1000 years, or for ever (NULL), not for %', check_keep.keep
                USING ERRCODE = '22023';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.check_keep(interval) IS 'Raises 22023 for a time that nothing can be kept for.';

CREATE FUNCTION durable.declare_retention(keep interval, name text DEFAULT '', outcome text DEFAULT '') RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        about text := durable.retention_key(declare_retention.name, declare_retention.outcome, 'workflow');
    BEGIN
        PERFORM durable.check_keep(declare_retention.keep);
        INSERT INTO durable.retention AS r (name, outcome, keep, is_overridden)
            VALUES (coalesce(declare_retention.name, ''), coalesce(declare_retention.outcome, ''), declare_retention.keep, false)
            ON CONFLICT (subject, name, outcome) DO UPDATE SET keep = excluded.keep, who = excluded.who, since = excluded.since
            WHERE NOT r.is_overridden AND r.keep IS DISTINCT FROM excluded.keep;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('set_retention', about, 'an engine''s options', jsonb_build_object('keep', declare_retention.keep));
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.declare_retention(interval, text, text) IS
    'What the options of an engine say of how long ended workflows are kept: counts unless a person has said something of the same. true: that is new.';

REVOKE ALL ON FUNCTION durable.declare_retention(interval, text, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION durable.set_retention(
    keep interval, name text DEFAULT '', outcome text DEFAULT '', subject text DEFAULT 'workflow', reason text DEFAULT NULL
) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        about text := durable.retention_key(set_retention.name, set_retention.outcome, set_retention.subject);
    BEGIN
        -- So engines of the release before this one say what their options say.
        IF set_retention.reason = 'an engine''s options' AND set_retention.subject = 'workflow' THEN
            RETURN durable.declare_retention(set_retention.keep, set_retention.name, set_retention.outcome);
        END IF;
        PERFORM durable.check_keep(set_retention.keep);
        INSERT INTO durable.retention AS r (subject, name, outcome, keep)
            VALUES (set_retention.subject, coalesce(set_retention.name, ''), coalesce(set_retention.outcome, ''), set_retention.keep)
            ON CONFLICT (subject, name, outcome) DO UPDATE
                SET keep = excluded.keep, is_overridden = true, who = excluded.who, since = excluded.since
                WHERE r.keep IS DISTINCT FROM excluded.keep OR NOT r.is_overridden;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('set_retention', about, set_retention.reason, jsonb_build_object('keep', set_retention.keep));
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.set_retention(interval, text, text, text, text) IS
    'Says how long ended workflows (of a type, of an outcome), published events (of a name), processes that have ended, or audit rows are kept; NULL: for ever. '
    'Counts before what the options of engines say of the same, until durable.drop_retention. true: that is new; false: it was so before. '
    'Engines delete what is over, gently; durable.prune does it by hand.';

COMMENT ON FUNCTION durable.drop_retention(text, text, text, text) IS
    'Takes back what durable.set_retention, or an engine, has said. An engine whose options say so says it again when it starts. false: there was no such row.';

-- As in 0006, with scalar subqueries, which the planner cannot make into a look at every workflow: it would, once some have a parent, where it
-- knows no better.
CREATE OR REPLACE FUNCTION durable.expired(ids text[]) RETURNS TABLE (id text, name text, outcome text)
    LANGUAGE sql STABLE
    AS $$
        SELECT w.id, w.name, o.status::text
        FROM durable.workflow w JOIN durable.outcome o ON o.workflow_id = w.id
        WHERE w.id = ANY (ids)
          AND o.finished_at < now() - durable.keeps('workflow', w.name, o.status::text)
          AND coalesce((SELECT false FROM durable.live l WHERE l.workflow_id = w.id), true)
          AND coalesce((SELECT false FROM durable.workflow p WHERE p.id = w.parent), true)
          AND coalesce((
            SELECT false FROM durable.workflow c
            WHERE c.parent = w.id AND coalesce((SELECT true FROM durable.live l WHERE l.workflow_id = c.id), false)
            LIMIT 1), true)
    $$;

ALTER FUNCTION durable.prune_workflows(integer) SET enable_seqscan = off;

-- ---------------------------------------------------------------------------------------------------------------------
-- Patches
-- ---------------------------------------------------------------------------------------------------------------------

-- Of patches alone: no other record has an entry.
CREATE INDEX journal_patch ON durable.journal (name, workflow_id) WHERE kind = 6;

CREATE VIEW durable.patches AS
WITH RECURSIVE marker (patch) AS (
    (SELECT j.name FROM durable.journal j WHERE j.kind = 6 ORDER BY j.name LIMIT 1)
    UNION ALL
    SELECT (SELECT j.name FROM durable.journal j WHERE j.kind = 6 AND j.name > m.patch ORDER BY j.name LIMIT 1)
    FROM marker m WHERE m.patch IS NOT NULL
), patch AS (
    -- As an array, of which the planner expects ten: of what recurses it expects a hundred, and would compile all this.
    SELECT p.patch FROM unnest(ARRAY(SELECT m.patch FROM marker m WHERE m.patch IS NOT NULL)) AS p (patch)
), pending AS (
    -- Scalar subqueries: the planner cannot make them into a join that reads a whole table.
    SELECT l.name, l.version, l.workflow_id, m.patch,
           coalesce((SELECT true FROM durable.journal j
                     WHERE j.kind = 6 AND j.name = m.patch AND j.workflow_id = l.workflow_id LIMIT 1), false) AS is_recorded
    FROM durable.live l CROSS JOIN patch m
    -- What no process has begun can follow any code.
    WHERE (l.begun OR l.executor IS NOT NULL
        OR (SELECT w.run FROM durable.workflow w WHERE w.id = l.workflow_id) IS NOT NULL)
), known AS (
    -- Which types it belongs to: of the many that have ended, some tell.
    SELECT (s.of).name, (s.of).version, s.patch
    FROM (
        SELECT m.patch, (SELECT w FROM durable.workflow w WHERE w.id = e.workflow_id) AS of
        FROM patch m
        CROSS JOIN LATERAL (
            SELECT j.workflow_id FROM durable.journal j WHERE j.kind = 6 AND j.name = m.patch
            ORDER BY j.workflow_id LIMIT 100
        ) AS e
        OFFSET 0
    ) AS s
    UNION
    SELECT p.name, p.version, p.patch FROM pending p WHERE p.is_recorded
), counted AS (
    SELECT p.name, p.version, p.patch, count(*) FILTER (WHERE p.is_recorded) AS with_it,
           count(*) FILTER (WHERE NOT p.is_recorded) AS without_it, min(p.workflow_id) AS example
    FROM pending p GROUP BY p.name, p.version, p.patch
)
SELECT k.name, k.version, k.patch, coalesce(c.with_it, 0) AS with_it, coalesce(c.without_it, 0) AS without_it, c.example,
       CASE WHEN c.patch IS NULL THEN 'safe to remove' ELSE 'in use' END AS verdict
FROM known k LEFT JOIN counted c ON c.name = k.name AND c.version = k.version AND c.patch = k.patch
WHERE k.name IS NOT NULL;

COMMENT ON VIEW durable.patches IS
    'One row per patched(…) that is recorded, by workflow type and version: how many of that version that have begun and have not ended need it. What no workflow '
    'that is kept has recorded is not here.';
COMMENT ON COLUMN durable.patches.name IS 'The workflow type.';
COMMENT ON COLUMN durable.patches.version IS 'The version of that type.';
COMMENT ON COLUMN durable.patches.patch IS 'What patched was called with.';
COMMENT ON COLUMN durable.patches.with_it IS 'How many have recorded that they take the new way: the call has a place in their history.';
COMMENT ON COLUMN durable.patches.without_it IS 'How many have not: they take the old way, or have not come there yet.';
COMMENT ON COLUMN durable.patches.example IS 'One of them; NULL when there is none.';
COMMENT ON COLUMN durable.patches.verdict IS
    'in use: the code that resumes this version needs the call. safe to remove: nothing is pending that does.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Starting, in the trace of the caller
-- ---------------------------------------------------------------------------------------------------------------------

-- Calls with ten arguments are calls of the new ones.
DROP FUNCTION durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean, text);
DROP FUNCTION durable.enqueue_all(text, json[], text[], integer, interval, integer, jsonb, interval, boolean, text);

CREATE FUNCTION durable.check_trace(name text, trace json) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
    BEGIN
        IF json_typeof(check_trace.trace) <> 'object' OR octet_length(check_trace.trace::text) > 8192 THEN
            RAISE EXCEPTION 'the trace of workflow "%" must be an object of at most 8192 bytes; it is % of % bytes', check_trace.name,
                json_typeof(check_trace.trace), octet_length(check_trace.trace::text)
                USING ERRCODE = '22023', HINT = 'It is what a tracer hands on: {"traceparent": "00-…"}.';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.check_trace(text, json) IS 'Raises 22023 for what cannot be the context of a trace.';

CREATE FUNCTION durable.enqueue(
    name text, input json DEFAULT NULL, id text DEFAULT NULL, version integer DEFAULT NULL,
    delay interval DEFAULT '0', priority integer DEFAULT 0, attributes jsonb DEFAULT NULL,
    timeout interval DEFAULT NULL, return_existing boolean DEFAULT false, queue text DEFAULT 'default',
    trace json DEFAULT NULL,
    OUT workflow_id text, OUT is_new boolean
)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        chosen integer;
        now_ timestamptz := durable.clock();
        found_name text;
        found_input json;
    BEGIN
        PERFORM durable.check_enqueue(enqueue.name, enqueue.version, enqueue.delay, enqueue.priority, enqueue.timeout, enqueue.queue);
        PERFORM durable.check_trace(enqueue.name, enqueue.trace);
        IF enqueue.id IS NOT NULL THEN
            PERFORM durable.check_text('workflow id', enqueue.id, 512);
        END IF;
        chosen := coalesce(enqueue.version, durable.offered_version(enqueue.name), 1);
        workflow_id := coalesce(enqueue.id, gen_random_uuid()::text);
        INSERT INTO durable.workflow (id, name, version, input, deadline, attributes, queue, trace, created_at)
            VALUES (enqueue.workflow_id, enqueue.name, chosen, enqueue.input, now_ + enqueue.timeout, enqueue.attributes,
                    enqueue.queue, enqueue.trace, now_)
            ON CONFLICT DO NOTHING;
        is_new := FOUND;
        IF is_new THEN
            INSERT INTO durable.live (workflow_id, name, version, state, run_at, priority, queue)
                VALUES (enqueue.workflow_id, enqueue.name, chosen, 'queued', now_ + enqueue.delay, enqueue.priority, enqueue.queue);
            RETURN;
        END IF;
        SELECT w.name, w.input INTO found_name, found_input FROM durable.workflow w WHERE w.id = enqueue.workflow_id;
        IF found_name <> enqueue.name THEN
            RAISE EXCEPTION 'the id "%" is taken by a workflow "%"; it cannot start a "%"', enqueue.workflow_id, found_name,
                enqueue.name USING ERRCODE = 'DU020';
        END IF;
        IF NOT enqueue.return_existing AND NOT durable.same_json(found_input, enqueue.input) THEN
            RAISE EXCEPTION 'workflow "%" was started with another input', enqueue.workflow_id
                USING ERRCODE = 'DU020', HINT = 'Say return_existing => true where that is meant, or use another id.';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean, text, json) IS
    'Puts a workflow into a queue in the caller''s own transaction: it exists when that commits, and a live process takes it within its poll interval '
    '(SELECT durable.notify() after the commit: at once) as soon as the queue''s limits let it. Higher priorities (-100 to 100) go first, then the older. An id '
    'that is taken returns the same workflow, is_new = false; with another name or another input it raises DU020. version: what live processes offer, unless given. trace: the context of the caller''s trace, {"traceparent": …}.';

CREATE FUNCTION durable.enqueue_all(
    name text, inputs json[], ids text[] DEFAULT NULL, version integer DEFAULT NULL,
    delay interval DEFAULT '0', priority integer DEFAULT 0, attributes jsonb DEFAULT NULL,
    timeout interval DEFAULT NULL, return_existing boolean DEFAULT false, queue text DEFAULT 'default',
    trace json DEFAULT NULL
) RETURNS TABLE (ordinal integer, workflow_id text, result text, reason text)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        chosen integer;
        now_ timestamptz := durable.clock();
        count_ integer := coalesce(cardinality(enqueue_all.inputs), 0);
        ids_ text[] := enqueue_all.ids;
        fresh text[];
    BEGIN
        PERFORM durable.check_enqueue(enqueue_all.name, enqueue_all.version, enqueue_all.delay, enqueue_all.priority,
            enqueue_all.timeout, enqueue_all.queue);
        PERFORM durable.check_trace(enqueue_all.name, enqueue_all.trace);
        IF ids_ IS NOT NULL AND cardinality(ids_) <> count_ THEN
            RAISE EXCEPTION 'there are % ids for % inputs', cardinality(ids_), count_ USING ERRCODE = '22023';
        END IF;
        IF count_ = 0 THEN
            RETURN;
        END IF;
        chosen := coalesce(enqueue_all.version, durable.offered_version(enqueue_all.name), 1);
        IF ids_ IS NULL THEN
            SELECT array_agg(gen_random_uuid()::text) INTO ids_ FROM generate_series(1, count_);
        ELSIF array_position(ids_, NULL) IS NOT NULL THEN
            SELECT array_agg(coalesce(i.id, gen_random_uuid()::text) ORDER BY i.place) INTO ids_
                FROM unnest(ids_) WITH ORDINALITY AS i (id, place);
        END IF;

        -- In the order of the ids: two calls that share some wait for each other in one order, and never in a circle. The times keep the
        -- caller's order, a microsecond apart.
        WITH started AS (
            INSERT INTO durable.workflow (id, name, version, input, deadline, attributes, queue, trace, created_at)
            SELECT i.id, enqueue_all.name, chosen, i.input, now_ + enqueue_all.timeout, enqueue_all.attributes, enqueue_all.queue,
                   enqueue_all.trace, now_ + (i.place - 1) * interval '1 microsecond'
            FROM unnest(ids_, enqueue_all.inputs) WITH ORDINALITY AS i (id, input, place)
            WHERE octet_length(i.id) BETWEEN 1 AND 512
            ORDER BY i.id COLLATE "C", i.place
            ON CONFLICT DO NOTHING
            RETURNING id, created_at
        ), queued AS (
            INSERT INTO durable.live (workflow_id, name, version, state, run_at, priority, queue)
            SELECT s.id, enqueue_all.name, chosen, 'queued', s.created_at + enqueue_all.delay, enqueue_all.priority, enqueue_all.queue
            FROM started s
            RETURNING workflow_id
        )
        SELECT coalesce(array_agg(q.workflow_id), '{}') INTO fresh FROM queued q;

        IF cardinality(fresh) = count_ THEN
            RETURN QUERY SELECT i.place::integer, i.id, 'started', NULL::text FROM unnest(ids_) WITH ORDINALITY AS i (id, place);
            RETURN;
        END IF;
        -- Subqueries and no joins: whatever a session's planner may use, each id that was taken costs one look into the index.
        RETURN QUERY
        SELECT v.place, v.id,
               CASE WHEN v.is_started THEN 'started' WHEN v.reason IS NULL THEN 'existing' ELSE 'refused' END, v.reason
        FROM (
            SELECT j.place, j.id, j.is_started,
                CASE
                    WHEN j.is_started THEN NULL
                    WHEN octet_length(j.id) NOT BETWEEN 1 AND 512
                        THEN format('the workflow id has %s bytes; it must have 1 to 512', octet_length(j.id))
                    ELSE (
                        SELECT CASE
                            WHEN w.name <> enqueue_all.name THEN format('the id is taken by a workflow "%s"', w.name)
                            WHEN NOT enqueue_all.return_existing AND NOT durable.same_json(w.input, j.input)
                                THEN 'it was started with another input'
                        END
                        FROM durable.workflow w WHERE w.id = j.id)
                END AS reason
            FROM (
                SELECT i.place::integer AS place, i.id, i.input,
                       i.id IN (SELECT f.id FROM unnest(fresh) AS f (id))
                           AND row_number() OVER (PARTITION BY i.id ORDER BY i.place) = 1 AS is_started
                FROM unnest(ids_, enqueue_all.inputs) WITH ORDINALITY AS i (id, input, place)
            ) AS j
        ) AS v
        ORDER BY v.place;
    END
    $$;

COMMENT ON FUNCTION durable.enqueue_all(text, json[], text[], integer, interval, integer, jsonb, interval, boolean, text, json) IS
    'Puts many workflows of one type into a queue in the caller''s transaction, one per input, which run in that order. Returns per input its id and what became '
    'of it: started; existing (an earlier start with the same id, name and input); refused, with the reason: an id that cannot be one, or that is taken by '
    'something else. What is wrong with the call as a whole raises, and nothing was started.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Grants
-- ---------------------------------------------------------------------------------------------------------------------

-- The functions are granted by durable.guard_functions(), by their names.
CREATE OR REPLACE FUNCTION durable.grant_operation() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
            GRANT SELECT ON durable.attention, durable.errors, durable.audit TO durable_reader;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
            GRANT SELECT ON durable.attention, durable.errors, durable.audit TO durable_operator;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_runtime') THEN
            GRANT SELECT ON durable.paused_name TO durable_runtime;
            GRANT SELECT, DELETE ON durable.request TO durable_runtime;
        END IF;
    END
    $$;

CREATE OR REPLACE FUNCTION durable.grant_upkeep() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        PERFORM durable.guard_functions();
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
            GRANT SELECT ON durable.pending, durable.versions, durable.patches, durable.stats, durable.retention TO durable_reader;
            GRANT EXECUTE ON FUNCTION durable.state_word(durable.workflow_state) TO durable_reader;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
            GRANT SELECT ON durable.pending, durable.versions, durable.patches, durable.stats, durable.retention TO durable_operator;
            GRANT EXECUTE ON FUNCTION durable.state_word(durable.workflow_state) TO durable_operator;
        END IF;
    END
    $$;

-- What was replaced above is guarded again, and what is new is granted.
DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (9, 'answers', 1);

COMMIT;
