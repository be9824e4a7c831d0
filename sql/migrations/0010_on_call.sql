-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- On call: what needs a person, why a workflow is where it is, and repairs that say what was done.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0010_on_call.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- What the planner takes for granted
--
-- Whether to walk through the newest workflows or to ask an index is decided by how many have the state, the parent or the attributes that are asked
-- for; and what a view costs, by how many records a workflow has. Of a table that was never analysed the planner believes that any value is that of
-- one row in two hundred. In truth nearly all have succeeded, parents and attributes are of few, and a workflow has a handful of records. So it is
-- told here, once, by rows that nobody sees: ANALYZE keeps what it has learned of them, TRUNCATE takes them away. The first ANALYZE of real rows
-- replaces it.
-- ---------------------------------------------------------------------------------------------------------------------

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM durable.workflow) THEN
        LOCK TABLE durable.workflow, durable.journal, durable.outcome IN ACCESS EXCLUSIVE MODE;
    END IF;
    -- Again: somebody may have come first.
    IF EXISTS (SELECT FROM durable.workflow) OR EXISTS (SELECT FROM durable.journal) OR EXISTS (SELECT FROM durable.outcome) THEN
        ANALYZE durable.workflow, durable.journal, durable.outcome;
    ELSE
        INSERT INTO durable.workflow (id, name, parent, attributes)
            SELECT i::text, '', CASE WHEN i % 10 = 0 THEN i::text END, CASE WHEN i % 10 = 0 THEN jsonb_build_object('', i) END
            FROM generate_series(1, 3000) AS i;
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name)
            SELECT i::text, '', p, 0, 1, 0, 0, '' FROM generate_series(1, 500) AS i, generate_series(0, 5) AS p;
        INSERT INTO durable.outcome (workflow_id, status)
            SELECT i::text, CASE i % 250 WHEN 1 THEN 'failed' WHEN 2 THEN 'cancelled' ELSE 'succeeded' END::durable.workflow_state
            FROM generate_series(1, 5000) AS i;
        -- Of these columns alone: nothing is known of ids, names and times.
        ANALYZE durable.workflow (parent, attributes), durable.journal (workflow_id), durable.outcome (status);
        TRUNCATE durable.workflow, durable.journal, durable.outcome;
    END IF;
END
$$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Processes whose writes do not become durable
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE durable.lease ADD COLUMN behind_since timestamptz;

COMMENT ON COLUMN durable.lease.behind_since IS
    'Since when the oldest record of the process that is not durable has waited, as far as it knew at the last renewal; NULL when none waits for long.';

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
    (SELECT count(*) FROM durable.live v WHERE v.executor = e.number) AS running,
    l.behind_since
FROM durable.executor e
LEFT JOIN durable.lease l ON l.executor = e.number;

COMMENT ON COLUMN durable.executors.behind_since IS
    'Since when the oldest record of the process that is not durable has waited; NULL when none waits for long.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Attention
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.counted(number numeric, noun text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN number || ' ' || noun || CASE WHEN number = 1 THEN '' ELSE 's' END;

COMMENT ON FUNCTION durable.counted(numeric, text) IS 'So many of a thing, in words.';

-- A process that was killed has a lease until somebody takes over from it: it offers nothing.
CREATE OR REPLACE FUNCTION durable.is_offered(name text, version integer) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
        SELECT EXISTS (
            SELECT FROM durable.executor x JOIN durable.lease l ON l.executor = x.number
            WHERE x.fenced_at IS NULL AND x.stopped_at IS NULL AND x.workflows @> jsonb_build_array(
                jsonb_build_object('name', is_offered.name, 'versions', jsonb_build_array(is_offered.version)))
              AND durable.clock() <= greatest(l.expires_at,
                greatest((SELECT s.since FROM durable.server s), pg_postmaster_start_time()) + l.period))
    $$;

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
    SELECT q.name, 0 IN (coalesce(q.concurrency, 1), coalesce(q.process_concurrency, 1)) AS is_paused, q.changed_by,
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
           format(CASE WHEN x.fenced_at IS NULL THEN 'process %s (%s, pid %s) is %s and still owns %s'
                       ELSE 'process %s (%s, pid %s) is %s, and no live process has taken over its %s' END,
               e.name, e.host, e.pid, e.state, durable.counted(e.running, 'workflow')),
           -- Whoever was declared dead is dead: what is missing is a process that is alive.
           CASE WHEN x.fenced_at IS NULL THEN format('SELECT %s.release_executor(%s)', durable.own_schema(), e.number)
                ELSE format('SELECT * FROM %s.executors', durable.own_schema()) END
    FROM durable.executors e JOIN durable.executor x ON x.number = e.number
    WHERE e.state <> 'alive' AND e.running > 0
    UNION ALL
    SELECT 1, 'schema mismatch', NULL, e.name, NULL,
           format('process %s (%s, pid %s) is of code generation %s, and the schema needs generation %s: replace it by a newer build',
               e.name, e.host, e.pid, x.code_generation, (SELECT max(m.oldest_generation) FROM durable.migration m)),
           format('SELECT * FROM %s.migration ORDER BY version', durable.own_schema())
    FROM durable.executors e JOIN durable.executor x ON x.number = e.number
    WHERE e.state = 'alive' AND x.code_generation < (SELECT max(m.oldest_generation) FROM durable.migration m)
    UNION ALL
    SELECT 1, 'schema mismatch', NULL, 'migration', NULL,
           format('migration %s was applied, and migration %s before it was not: no process starts on this schema', m.version, m.version - 1),
           format('SELECT * FROM %s.migration ORDER BY version', durable.own_schema())
    FROM durable.migration m
    WHERE m.version > 1 AND NOT EXISTS (SELECT FROM durable.migration p WHERE p.version = m.version - 1)
    UNION ALL
    SELECT 2, 'writer behind', NULL, e.name, e.behind_since,
           format('process %s (%s, pid %s) is alive, and what it has recorded since then is not durable: the database is slow, or '
               'something holds a lock', e.name, e.host, e.pid),
           'SELECT pid, usename, state, wait_event_type, wait_event, pg_blocking_pids(pid) AS blocked_by, query_start, left(query, 60) AS query '
               'FROM pg_stat_activity WHERE datname = current_database() AND (wait_event_type = ''Lock'' OR state <> ''idle'') ORDER BY query_start'
    FROM durable.executors e
    WHERE e.state = 'alive' AND e.behind_since < now() - interval '15 seconds'
    UNION ALL
    SELECT 2, 'not delivered', i.workflow_id, 'inbox', i.since,
           format('%s for workflows, the oldest for more than a minute: no process is alive, or those that are do not look',
               durable.counted(i.waiting, 'message')),
           format('SELECT * FROM %s.executors', durable.own_schema())
    FROM (SELECT count(*) AS waiting, min(x.created_at) AS since, min(x.workflow_id) AS workflow_id FROM durable.inbox x) AS i
    WHERE i.since < now() - interval '1 minute'
    UNION ALL
    SELECT 2, 'not offered', p.first_id, p.name, p.since,
           format('%s %s of version %s: due, and no live process offers it', durable.counted(p.workflows, 'workflow'), p.name, p.version),
           format('SELECT * FROM %s.why(%L)', durable.own_schema(), p.first_id)
    FROM pending p
    WHERE NOT p.is_offered
    UNION ALL
    SELECT 3, 'overdue', p.first_id, p.name, p.since,
           format('%s %s of version %s: due for minutes, and the processes that offer it are full, or behind',
               durable.counted(p.workflows, 'workflow'), p.name, p.version),
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

COMMENT ON COLUMN durable.attention.kind IS
    'paused, dead executor, schema mismatch, not offered, writer behind, not delivered, retrying, overdue, name paused, queue paused.';
COMMENT ON COLUMN durable.attention.name IS 'The workflow type, the process, the queue, or the table.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Explanations
-- ---------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION durable.why_queued(workflow_id text) RETURNS TABLE (sentence text, facts jsonb)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        mine record;
        now_ timestamptz := durable.clock();
        q record;
        ahead integer;
        behind text;
        running integer;
    BEGIN
        SELECT l.name, l.version, l.queue, l.begun, l.priority, l.run_at INTO mine
            FROM durable.live l WHERE l.workflow_id = why_queued.workflow_id;
        -- Counted up to 10,000, so that the answer comes at once however much waits.
        WITH RECURSIVE pile (begun, priority) AS (
            (SELECT l.begun, l.priority FROM durable.live l
             WHERE l.executor IS NULL AND l.name = mine.name AND l.version = mine.version AND l.queue = mine.queue
             ORDER BY l.begun DESC, l.priority DESC LIMIT 1)
            UNION ALL
            SELECT next.begun, next.priority
            FROM pile CROSS JOIN LATERAL (
                SELECT l.begun, l.priority FROM durable.live l
                WHERE l.executor IS NULL AND l.name = mine.name AND l.version = mine.version AND l.queue = mine.queue
                  AND (l.begun, l.priority) < (pile.begun, pile.priority)
                ORDER BY l.begun DESC, l.priority DESC LIMIT 1
            ) AS next
            WHERE (pile.begun, pile.priority) > (mine.begun, mine.priority)
        )
        SELECT count(*) INTO ahead FROM (
            SELECT FROM pile CROSS JOIN LATERAL (
                SELECT FROM durable.live l
                WHERE l.executor IS NULL AND l.name = mine.name AND l.version = mine.version AND l.queue = mine.queue
                  AND l.begun = pile.begun AND l.priority = pile.priority
                  AND l.run_at <= CASE WHEN (pile.begun, pile.priority) = (mine.begun, mine.priority)
                      THEN mine.run_at - interval '1 microsecond' ELSE now_ END
                  AND l.state IN ('queued', 'waiting', 'cancelling')
            ) AS due
            WHERE (pile.begun, pile.priority) >= (mine.begun, mine.priority)
            LIMIT 10001
        ) AS before;
        behind := CASE WHEN ahead > 10000 THEN 'behind more than 10000 of its kind' WHEN ahead = 0 THEN 'as the first of its kind'
                       ELSE format('behind %s of its kind', ahead) END;
        facts := jsonb_build_object('ahead', ahead);
        IF mine.queue <> '' THEN
            facts := facts || jsonb_build_object('queue', mine.queue, 'priority', mine.priority);
            SELECT x.concurrency, x.process_concurrency INTO q FROM durable.queue x WHERE x.name = mine.queue;
            IF q.concurrency IS NOT NULL OR q.process_concurrency IS NOT NULL THEN
                running := durable.running_in(mine.queue);
                facts := facts || jsonb_strip_nulls(jsonb_build_object('queue_running', running,
                    'queue_concurrency', q.concurrency, 'queue_process_concurrency', q.process_concurrency));
                IF 0 IN (coalesce(q.concurrency, 1), coalesce(q.process_concurrency, 1)) THEN
                    sentence := format('It is queued in %s, %s: the queue lets nothing start, since its limit is 0.', mine.queue, behind);
                ELSIF running >= q.concurrency THEN
                    sentence := format('It is queued in %s %s: the limit of %s that run at once is reached.',
                        mine.queue, behind, q.concurrency);
                ELSIF q.process_concurrency IS NOT NULL AND NOT EXISTS (
                    SELECT FROM durable.executor x JOIN durable.lease l ON l.executor = x.number
                    WHERE x.fenced_at IS NULL AND x.stopped_at IS NULL
                      AND (SELECT count(*) FROM durable.live r WHERE r.executor = x.number AND r.queue = mine.queue)
                          < q.process_concurrency)
                THEN
                    sentence := format('It is queued in %s %s: each process runs %s of the queue, which is its limit.',
                        mine.queue, behind, q.process_concurrency);
                END IF;
                IF sentence IS NOT NULL THEN
                    facts := facts || jsonb_build_object('limit_reached', true);
                    RETURN NEXT;
                    RETURN;
                END IF;
            END IF;
            sentence := format('It has been queued in %s since %s, %s; a process takes it at its next look.',
                mine.queue, durable.moment(mine.run_at), behind);
        ELSE
            sentence := format('It is due since %s, %s; a process takes it at its next look.',
                durable.moment(mine.run_at), behind);
        END IF;
        RETURN NEXT;
    END
    $$;

CREATE OR REPLACE FUNCTION durable.why(workflow_id text) RETURNS TABLE (sentence text, facts jsonb)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        w record;
        e record;
        s record;
        paused record;
        paused_by text;
        paused_since timestamptz;
        found_ text[];
        offered integer[];
    BEGIN
        PERFORM durable.expect_known(why.workflow_id);
        SELECT v.*, l.run_at, l.executor AS owner INTO w
            FROM durable.workflows v LEFT JOIN durable.live l ON l.workflow_id = v.id WHERE v.id = why.workflow_id;
        facts := jsonb_strip_nulls(jsonb_build_object(
            'id', w.id, 'name', w.name, 'version', w.version, 'state', w.state, 'reason', w.reason,
            'error_type', w.error_type, 'error', w.error, 'waiting_for', w.waiting_for, 'wakes_at', w.wakes_at,
            'created_at', w.created_at, 'finished_at', w.finished_at));

        IF w.finished_at IS NOT NULL THEN
            sentence := format('It %s at %s%s.',
                CASE w.state WHEN 'cancelled' THEN 'was cancelled' ELSE w.state END, durable.moment(w.finished_at),
                coalesce(': ' || nullif(durable.because(w.error_type, w.error), ''), ''));
            RETURN NEXT;
            RETURN;
        END IF;

        IF w.state = 'paused' THEN
            IF w.reason = 'operator' THEN
                SELECT a.who, a.at INTO paused_by, paused_since FROM durable.audit a
                    WHERE a.subject = why.workflow_id AND a.action = 'pause' ORDER BY a.id DESC LIMIT 1;
                facts := facts || jsonb_strip_nulls(jsonb_build_object('paused_by', paused_by, 'paused_since', paused_since));
            END IF;
            -- As Divergence.swift says it: the place, what the code does there, and what is recorded.
            found_ := regexp_match(w.error, 'the code calls ([a-z]+) "(.*)" at (position .*), where the history has ([a-z]+) "(.*)": the');
            IF w.reason = 'diverged' AND found_ IS NOT NULL THEN
                facts := facts || jsonb_build_object('diverged_at', found_[3], 'code_calls', found_[1] || ' ' || found_[2],
                    'history_has', found_[4] || ' ' || found_[5]);
            END IF;
            sentence := concat_ws(' ', format('It is paused (%s)%s%s.', w.reason,
                    coalesce(' by ' || paused_by || ' since ' || durable.moment(paused_since), ''),
                    coalesce(': ' || nullif(rtrim(w.error, '.'), ''), '')),
                CASE
                    WHEN w.error LIKE '%then resume%' THEN NULL
                    WHEN w.reason = 'operator' THEN 'Resume it when it may go on.'
                    WHEN w.reason = 'diverged' THEN 'Deploy code that matches what is recorded, then resume it.'
                    WHEN w.reason = 'undecodable' THEN 'Deploy code that can read what is recorded, then resume it.'
                    ELSE 'Mend the cause, then resume it.' END);
            RETURN NEXT;
            RETURN;
        END IF;

        IF w.owner IS NOT NULL THEN
            SELECT x.number, x.name, x.host, x.pid, x.state, l.renewed_at INTO e
                FROM durable.executors x LEFT JOIN durable.lease l ON l.executor = x.number WHERE x.number = w.owner;
            facts := facts || jsonb_strip_nulls(jsonb_build_object(
                'executor', e.name, 'executor_number', e.number, 'executor_state', e.state, 'executor_seen', e.renewed_at));
            IF e.state IS DISTINCT FROM 'alive' THEN
                sentence := format('Its process %s (%s, pid %s) is %s%s: another one takes it over at its next sweep.',
                    e.name, e.host, e.pid, e.state, coalesce(', last seen ' || durable.moment(e.renewed_at), ''));
                RETURN NEXT;
                RETURN;
            END IF;
        END IF;

        SELECT t.step, t.kind, t.state, t.attempt, t.started_at, t.next_attempt_at, t.error_type, t.error INTO s
            FROM durable.steps t
            WHERE t.workflow_id = why.workflow_id AND t.state IN ('running', 'retrying')
            ORDER BY t.state = 'running' DESC, t.started_at LIMIT 1;
        IF FOUND THEN
            facts := facts || jsonb_strip_nulls(jsonb_build_object(
                'step', s.step, 'step_kind', s.kind, 'attempt', s.attempt, 'next_attempt_at', s.next_attempt_at,
                'step_error_type', s.error_type, 'step_error', s.error));
            IF s.state = 'running' THEN
                facts := facts || jsonb_build_object('step_since', s.started_at);
                sentence := format('Process %s has been running attempt %s of %s %s since %s.', e.name, s.attempt, s.kind, s.step,
                    durable.moment(s.started_at));
            ELSE
                sentence := format('Attempt %s of %s %s failed%s; the next %s.', s.attempt, s.kind, s.step,
                    coalesce(' with ' || nullif(durable.because(s.error_type, s.error), ''), ''),
                    CASE WHEN s.next_attempt_at IS NULL THEN 'begins as soon as a process takes it'
                         WHEN s.next_attempt_at < durable.clock() THEN 'was due at ' || durable.moment(s.next_attempt_at)
                         ELSE 'is due at ' || durable.moment(s.next_attempt_at) END);
            END IF;
            RETURN NEXT;
            RETURN;
        END IF;

        IF w.owner IS NOT NULL THEN
            sentence := format('Process %s (%s, pid %s) runs it; that process was last seen %s.', e.name, e.host, e.pid,
                durable.moment(e.renewed_at));
            RETURN NEXT;
            RETURN;
        END IF;

        SELECT p.* INTO paused FROM durable.paused_name p WHERE p.name = w.name;
        IF FOUND THEN
            facts := facts || jsonb_build_object('name_paused_since', paused.since, 'name_paused_because', paused.reason);
            sentence := format('Workflow type %s has been paused by %s since %s: %s.', w.name, paused.who,
                durable.moment(paused.since), rtrim(paused.reason, '.'));
            RETURN NEXT;
            RETURN;
        END IF;

        IF w.run_at > durable.clock() THEN
            facts := facts || CASE w.state WHEN 'waiting' THEN jsonb_build_object('waiting_since', w.updated_at) ELSE '{}' END;
            -- Parked when its last record was written: that of the step before, or the deadline of the wait.
            sentence := CASE
                WHEN w.waiting_for = 'sleep' THEN format('It sleeps until %s.', durable.moment(w.wakes_at))
                WHEN w.state = 'waiting' THEN format('It waits for %s since %s%s.', coalesce(w.waiting_for, 'something to come in'),
                    durable.moment(w.updated_at), coalesce(', until ' || durable.moment(w.wakes_at) || ' at the latest', ''))
                ELSE format('It is to start at %s.', durable.moment(w.run_at)) END;
            RETURN NEXT;
            RETURN;
        END IF;

        SELECT array_agg(DISTINCT v.version::integer) INTO offered
            FROM durable.executor x
            JOIN durable.lease l ON l.executor = x.number
            CROSS JOIN LATERAL jsonb_array_elements(x.workflows) AS o (offer)
            CROSS JOIN LATERAL jsonb_array_elements_text(o.offer -> 'versions') AS v (version)
            WHERE x.fenced_at IS NULL AND x.stopped_at IS NULL AND o.offer ->> 'name' = w.name
              AND (SELECT e.state FROM durable.executors e WHERE e.number = x.number) = 'alive';
        IF offered IS NULL OR NOT w.version = ANY (offered) THEN
            facts := facts || jsonb_build_object('offered_versions', coalesce(to_jsonb(offered), '[]'));
            sentence := format('No live process offers workflow %s in version %s%s.', w.name, w.version,
                coalesce('; offered: ' || array_to_string(offered, ', '), ''));
            RETURN NEXT;
            RETURN;
        END IF;
        SELECT b.sentence, facts || b.facts INTO sentence, facts FROM durable.why_queued(why.workflow_id) AS b;
        RETURN NEXT;
    END
    $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Repair
-- ---------------------------------------------------------------------------------------------------------------------

-- With one argument more; calls that leave it out mean what they meant.
DROP FUNCTION durable.fork(text, integer, text, text, json, text);
CREATE FUNCTION durable.fork(
    workflow_id text, "position" integer, scope text DEFAULT '', new_id text DEFAULT NULL,
    input json DEFAULT NULL, reason text DEFAULT NULL, result json DEFAULT NULL
) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        forked text := coalesce(fork.new_id, gen_random_uuid()::text);
        original durable.workflow;
        copied integer;
        given_kind smallint;
        given_name text;
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
        IF fork.result IS NOT NULL THEN
            SELECT j.kind, j.name INTO given_kind, given_name FROM durable.journal j
                WHERE j.workflow_id = fork.workflow_id AND j.scope = fork.scope AND j.position = fork.position
                ORDER BY j.phase LIMIT 1;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'workflow "%" has recorded nothing at position % of scope "%": there is no step to give a result',
                    fork.workflow_id, fork.position, fork.scope
                    USING ERRCODE = '22023', HINT = 'See SELECT scope, position, step FROM steps WHERE workflow_id = …';
            END IF;
            IF given_kind NOT IN (1, 2) THEN
                RAISE EXCEPTION 'position % of scope "%" of workflow "%" is a %, not a step', fork.position, fork.scope,
                    fork.workflow_id, durable.kind_word(given_kind) USING ERRCODE = '22023';
            END IF;
        END IF;
        SELECT * INTO original FROM durable.workflow w WHERE w.id = fork.workflow_id;
        INSERT INTO durable.workflow (id, name, version, seed, input, attributes, queue)
            VALUES (forked, original.name, original.version, original.seed, coalesce(fork.input, original.input), original.attributes,
                    original.queue)
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
        IF fork.result IS NOT NULL THEN
            -- Executor 0 is nobody: a person has written it. The run is random, so that nobody takes the row for his own.
            INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output)
                VALUES (forked, fork.scope, fork.position, 0, given_kind, 0, (random() * 9007199254740992)::bigint, given_name,
                        fork.result);
            copied := copied + 1;
        END IF;
        -- What has a history has begun: whoever cancels it before a process takes it wants undone what its records did.
        INSERT INTO durable.live (workflow_id, name, version, state, begun, queue)
            VALUES (forked, original.name, original.version, 'queued', copied > 0, coalesce(original.queue, ''));
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('fork', fork.workflow_id, fork.reason, jsonb_strip_nulls(jsonb_build_object(
                'new_id', forked, 'scope', fork.scope, 'position', fork.position, 'records', copied, 'given', given_name)));
        RETURN forked;
    END
    $$;

COMMENT ON FUNCTION durable.fork(text, integer, text, text, json, text, json) IS
    'Starts a copy of a workflow under a new id, which has recorded what does not depend on the place (scope, position) and runs from there on; '
    'with another input if one is given, and with another result of the step at the place, which then does not run. Returns the id. What runs again has '
    'new idempotency keys; what was recorded before is not run again.';

-- In the queue of the other one, so that its limits hold for both.
CREATE OR REPLACE FUNCTION durable.rerun(workflow_id text, new_id text DEFAULT NULL, reason text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        started text;
    BEGIN
        PERFORM durable.expect_known(rerun.workflow_id);
        SELECT e.workflow_id INTO started
            FROM durable.workflow w
            CROSS JOIN LATERAL durable.enqueue(w.name, w.input, rerun.new_id, attributes => w.attributes,
                timeout => w.deadline - w.created_at, queue => coalesce(w.queue, 'default')) AS e
            WHERE w.id = rerun.workflow_id AND (rerun.new_id IS NULL OR NOT EXISTS (
                SELECT FROM durable.workflow taken WHERE taken.id = rerun.new_id));
        IF started IS NULL THEN
            RAISE EXCEPTION 'the id "%" is taken', rerun.new_id USING ERRCODE = 'DU020', HINT = 'Choose another, or none.';
        END IF;
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('rerun', rerun.workflow_id, rerun.reason, jsonb_build_object('new_id', started));
        RETURN started;
    END
    $$;

CREATE FUNCTION durable.give_result(
    action text, workflow_id text, "position" integer, output json, scope text, name text, reason text
) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        repair bigint;
        known record;
        state text;
    BEGIN
        PERFORM durable.expect_known(give_result.workflow_id);
        SELECT l.state::text INTO state FROM durable.live l
            WHERE l.workflow_id = give_result.workflow_id AND l.executor IS NULL FOR UPDATE;
        IF state IS DISTINCT FROM 'paused' THEN
            RAISE EXCEPTION 'workflow "%" is not paused', give_result.workflow_id
                USING ERRCODE = 'DU020', HINT = 'Pause it first: SELECT pause(id, reason). A failed one is retried first.';
        END IF;
        IF give_result.position IS NULL OR give_result.scope IS NULL THEN
            RAISE EXCEPTION 'a step needs a position and a scope; the scope of the top is empty' USING ERRCODE = '22023';
        END IF;
        IF give_result.position < 0 THEN
            RAISE EXCEPTION 'the position % does not exist: positions count from 0', give_result.position USING ERRCODE = '22023';
        END IF;
        SELECT j.kind, j.name INTO known FROM durable.journal j
            WHERE j.workflow_id = give_result.workflow_id AND j.scope = give_result.scope
              AND j.position = give_result.position
            ORDER BY j.phase LIMIT 1;
        IF NOT FOUND AND give_result.name IS NULL THEN
            RAISE EXCEPTION 'workflow "%" has recorded nothing at position % of scope "%"', give_result.workflow_id,
                give_result.position, give_result.scope
                USING ERRCODE = '22023', HINT = 'Where the step has not begun, say what it is called: name => ''…''.';
        END IF;
        IF known.name IS NULL THEN
            PERFORM durable.check_text('step''s name', give_result.name, 128);
            -- The next one of its scope: a result further on would belong to no call.
            IF give_result.position > 0 AND NOT EXISTS (
                SELECT FROM durable.journal j
                WHERE j.workflow_id = give_result.workflow_id AND j.scope = give_result.scope
                  AND j.position = give_result.position - 1)
                OR give_result.scope <> '' AND EXISTS (
                SELECT FROM unnest(string_to_array(give_result.scope, '/')) AS l (level)
                WHERE durable.level_position(l.level) IS NULL)
            THEN
                RAISE EXCEPTION 'workflow "%" has recorded nothing before position % of scope "%"', give_result.workflow_id,
                    give_result.position, give_result.scope
                    USING ERRCODE = '22023', HINT = 'See SELECT scope, position, step FROM steps WHERE workflow_id = …';
            END IF;
        END IF;
        IF known.kind NOT IN (1, 2) THEN
            RAISE EXCEPTION 'position % of scope "%" of workflow "%" is a %, not a step', give_result.position,
                give_result.scope, give_result.workflow_id, durable.kind_word(known.kind) USING ERRCODE = '22023';
        END IF;
        IF give_result.name <> known.name THEN
            RAISE EXCEPTION 'position % of scope "%" of workflow "%" is the step "%", not "%"', give_result.position,
                give_result.scope, give_result.workflow_id, known.name, give_result.name USING ERRCODE = '22023';
        END IF;
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES (give_result.action, give_result.workflow_id, give_result.reason, jsonb_build_object(
                'scope', give_result.scope, 'position', give_result.position, 'step', coalesce(known.name, give_result.name)))
            RETURNING id INTO repair;
        PERFORM durable.take_back(give_result.workflow_id, give_result.scope, give_result.position, repair);
        -- Executor 0 is nobody: a person has written it. The run is random, so that nobody takes the row for his own.
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output)
            VALUES (give_result.workflow_id, give_result.scope, give_result.position, 0, coalesce(known.kind, 1), 0,
                    (random() * 9007199254740992)::bigint, coalesce(known.name, give_result.name), give_result.output);
    END
    $$;

COMMENT ON FUNCTION durable.give_result(text, text, integer, json, text, text, text) IS
    'What durable.set_step_result and durable.skip_step have in common; action: which of them it is, for the audit. Not to be called alone.';

CREATE OR REPLACE FUNCTION durable.set_step_result(
    workflow_id text, "position" integer, output json, scope text DEFAULT '', name text DEFAULT NULL, reason text DEFAULT NULL
) RETURNS void
    LANGUAGE sql VOLATILE
    AS $$
        SELECT durable.give_result('set_step_result', workflow_id, "position", output, scope, name, reason)
    $$;

CREATE OR REPLACE FUNCTION durable.skip_step(
    workflow_id text, "position" integer, scope text DEFAULT '', name text DEFAULT NULL, reason text DEFAULT NULL
) RETURNS void
    LANGUAGE sql VOLATILE
    AS $$
        SELECT durable.give_result('skip_step', workflow_id, "position", NULL, scope, name, reason)
    $$;

DROP FUNCTION durable.resume_name(text);
CREATE FUNCTION durable.resume_name(name text, reason text DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        IF resume_name.reason IS NOT NULL THEN
            PERFORM durable.check_text('reason', resume_name.reason, 1000);
        END IF;
        DELETE FROM durable.paused_name p WHERE p.name = resume_name.name;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO durable.audit (action, subject, reason) VALUES ('resume_name', resume_name.name, resume_name.reason);
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.resume_name(text, text) IS 'Lets a workflow type start and resume again. false: it was not paused.';
COMMENT ON COLUMN durable.audit.action IS
    'The function that was called: cancel, pause, kill, resume, retry, rerun, fork, set_step_result, skip_step, pause_name, resume_name, release_executor and so on.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Grants
-- ---------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION durable.guard_functions() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        -- `is_offered` is a part of the view `attention`: a view reads tables with its owner's rights, and calls functions with its reader's.
        of_reader CONSTANT text[] := ARRAY['find', 'is_offered', 'prunable', 'why'];
        of_operator CONSTANT text[] := ARRAY[
            'beat_token', 'cancel', 'complete_token', 'delete_workflow', 'drop_retention', 'enqueue', 'enqueue_all', 'export', 'fail_token', 'fork',
            'kill', 'pause', 'pause_name', 'prune', 'publish_event', 'release_executor', 'request_update', 'rerun', 'reset_queue', 'resume',
            'resume_name', 'retry', 'set_queue', 'set_retention', 'set_step_result', 'signal', 'skip_step'];
        -- Called by the functions above, or by the engine.
        of_nobody CONSTANT text[] := ARRAY['continue_as_new', 'decide_token', 'erase', 'give_result', 'request_of', 'take_back'];
        guarded record;
    BEGIN
        FOR guarded IN
            SELECT p.oid::regprocedure AS signature, p.proname::text AS name
            FROM pg_proc p
            WHERE p.pronamespace = (SELECT c.relnamespace FROM pg_class c WHERE c.oid = 'durable.live'::regclass)
              AND p.proname = ANY (of_reader || of_operator || of_nobody)
        LOOP
            EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', guarded.signature);
            CONTINUE WHEN guarded.name = ANY (of_nobody);
            EXECUTE format('ALTER FUNCTION %s SECURITY DEFINER SET search_path = pg_catalog, pg_temp', guarded.signature);
            IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO durable_operator', guarded.signature);
            END IF;
            IF guarded.name = ANY (of_reader)
                AND EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
                EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO durable_reader', guarded.signature);
            END IF;
        END LOOP;
    END
    $$;

-- What was replaced above is guarded again, and what is new is granted.
DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (10, 'on_call', 1);

COMMIT;
