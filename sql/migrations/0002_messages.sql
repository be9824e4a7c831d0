-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Messages: what workflows are sent, what they wait for, and the router that brings the two together.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0002_messages.sql
-- Senders only insert. No function that is called in a foreign transaction locks a row of `live`, so that nobody's long
-- transaction stalls a workflow. The router, in every executor, carries the news in short transactions of its own.

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Waiting
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE durable.live ADD COLUMN awaits text[] COLLATE "C";

COMMENT ON COLUMN durable.live.awaits IS
    'What a parked workflow waits for besides the time, as kind or kind:name (message:approval). The router wakes it for these and for requests only.';

-- Emptied all the time: dead rows at its beginning would slow every look.
CREATE TABLE durable.inbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow_id text COLLATE "C",
    kind text COLLATE "C" NOT NULL,
    name text COLLATE "C",
    body json,
    created_at timestamptz NOT NULL DEFAULT durable.clock()
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 50000
);

COMMENT ON TABLE durable.inbox IS
    'What has come in and was not yet brought to its workflow. Anybody inserts, in any transaction; the router consumes by deletion.';
COMMENT ON COLUMN durable.inbox.id IS 'Only the order; numbers commit out of order, and nobody remembers one.';
COMMENT ON COLUMN durable.inbox.workflow_id IS 'The workflow that it is for; NULL for an event, whose waiters the router finds.';
COMMENT ON COLUMN durable.inbox.kind IS 'What came: message, token, event, child, update; or a request: cancel, pause, resume.';
COMMENT ON COLUMN durable.inbox.name IS 'Which one: the name of the message, the id of the token. With the kind it is compared with live.awaits.';
COMMENT ON COLUMN durable.inbox.body IS 'What a request says.';
COMMENT ON COLUMN durable.inbox.created_at IS 'When it was inserted.';

CREATE TABLE durable.message (
    workflow_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    sent_at timestamptz NOT NULL DEFAULT durable.clock(),
    taken_by text COLLATE "C",
    body json,
    PRIMARY KEY (workflow_id, name, id)
) WITH (
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_analyze_scale_factor = 0.05
);

COMMENT ON TABLE durable.message IS
    'Messages that no receive has taken yet, in order per workflow and name. Deleted by the transaction that records the receive.';
COMMENT ON COLUMN durable.message.workflow_id IS 'The workflow that it was sent to.';
COMMENT ON COLUMN durable.message.name IS 'The name under which the workflow receives it.';
COMMENT ON COLUMN durable.message.id IS 'The order among the messages of one workflow and name.';
COMMENT ON COLUMN durable.message.sent_at IS 'When it was sent, by the database''s clock. What was sent before a deadline wins over it.';
COMMENT ON COLUMN durable.message.taken_by IS
    'The branch of an undecided race whose receive has taken it. Where that branch loses, the message is free again, in its old place.';
COMMENT ON COLUMN durable.message.body IS 'The payload, exact text; NULL for none.';

CREATE TABLE durable.message_key (
    workflow_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    sent_at timestamptz NOT NULL DEFAULT durable.clock(),
    PRIMARY KEY (workflow_id, name, key)
);

COMMENT ON TABLE durable.message_key IS 'Idempotency keys of the messages that were sent to a workflow; kept as long as the workflow.';
COMMENT ON COLUMN durable.message_key.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.message_key.name IS 'The name of the message.';
COMMENT ON COLUMN durable.message_key.key IS 'The key that its sender gave it.';
COMMENT ON COLUMN durable.message_key.sent_at IS 'When the first message with this key was sent.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Sending
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.expect_unfinished(workflow_id text, what text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        ended text;
    BEGIN
        -- One statement, so that a workflow which ends now is seen either before or after, and never as neither.
        SELECT o.status::text INTO ended
            FROM durable.workflow w LEFT JOIN durable.outcome o ON o.workflow_id = w.id
            WHERE w.id = expect_unfinished.workflow_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no workflow has the id "%"', expect_unfinished.workflow_id
                USING ERRCODE = 'DU010', HINT = 'Start it first, or look at the id.';
        END IF;
        IF ended IS NOT NULL THEN
            RAISE EXCEPTION 'workflow "%" has ended (%): it takes no % any more', expect_unfinished.workflow_id, ended,
                expect_unfinished.what USING ERRCODE = 'DU011';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.expect_unfinished(text, text) IS
    'Raises DU010 when there is no workflow of this id, DU011 when it has ended. Locks nothing.';

CREATE FUNCTION durable.signal(workflow_id text, name text, payload json DEFAULT NULL, key text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        IF coalesce(octet_length(signal.name), 0) NOT BETWEEN 1 AND 128 THEN
            RAISE EXCEPTION 'the name of a signal must have 1 to 128 bytes' USING ERRCODE = 'DU012';
        END IF;
        IF octet_length(signal.key) NOT BETWEEN 1 AND 512 THEN
            RAISE EXCEPTION 'the idempotency key of a signal must have 1 to 512 bytes' USING ERRCODE = 'DU012';
        END IF;
        PERFORM durable.expect_unfinished(signal.workflow_id, 'signal');
        IF signal.key IS NOT NULL THEN
            INSERT INTO durable.message_key (workflow_id, name, key)
                VALUES (signal.workflow_id, signal.name, signal.key) ON CONFLICT DO NOTHING;
            IF NOT FOUND THEN
                RETURN false;
            END IF;
        END IF;
        INSERT INTO durable.message (workflow_id, name, body) VALUES (signal.workflow_id, signal.name, signal.payload);
        INSERT INTO durable.inbox (workflow_id, kind, name) VALUES (signal.workflow_id, 'message', signal.name);
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.signal(text, text, json, text) IS
    'Sends a message to a workflow, in the caller''s own transaction: it exists when that commits. true: sent; false: the idempotency key was used '
    'before. Raises DU010 when there is no such workflow, DU011 when it has ended. Wakes within the engines'' poll interval; durable.notify() wakes at once.';

CREATE FUNCTION durable.notify() RETURNS void
    LANGUAGE sql VOLATILE
    AS $$
        -- The channel is called as the schema.
        SELECT pg_notify(n.nspname, wake.what)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN (VALUES ('inbox'), ('claim')) AS wake (what)
        WHERE c.oid = 'durable.inbox'::regclass
    $$;

COMMENT ON FUNCTION durable.notify() IS
    'Tells engines that listen to look now instead of at their next poll. Call it after the commit of what it is about: notifications of many '
    'concurrent transactions queue up behind one lock.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The router
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.route(maximum integer)
    RETURNS TABLE (
        taken integer, busy integer,
        workflow_id text, name text, version integer, executor integer, mailbox bigint, is_ready boolean
    )
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        rows bigint[];
        ids text[];
        kinds text[];
        names text[];
        locked text[];
    BEGIN
        SELECT array_agg(i.id), array_agg(i.workflow_id), array_agg(i.kind), array_agg(i.name)
            INTO rows, ids, kinds, names
            FROM (
                SELECT i.id, i.workflow_id, i.kind, i.name FROM durable.inbox i
                ORDER BY i.id LIMIT route.maximum FOR UPDATE SKIP LOCKED
            ) AS i;
        taken := coalesce(cardinality(rows), 0);
        busy := 0;
        IF taken = 0 THEN
            RETURN;
        END IF;

        -- It waits for nobody: a run may be just writing its end, or parking. What is for such a workflow stays for the next turn.
        SELECT coalesce(array_agg(l.workflow_id), '{}') INTO locked FROM (
            SELECT l.workflow_id FROM durable.live l WHERE l.workflow_id = ANY (ids) FOR NO KEY UPDATE SKIP LOCKED
        ) AS l;
        DELETE FROM durable.inbox i
            WHERE i.id = ANY (rows)
              AND (i.workflow_id IS NULL OR i.workflow_id = ANY (locked)
                   OR NOT EXISTS (SELECT FROM durable.live l WHERE l.workflow_id = i.workflow_id));
        GET DIAGNOSTICS busy = ROW_COUNT;
        busy := taken - busy;

        -- A statement of its own: it sees everything that was committed together with the rows that were taken.
        RETURN QUERY
        WITH came AS MATERIALIZED (
            SELECT c.workflow_id,
                   bool_or(c.kind IN ('cancel', 'pause', 'resume')) AS is_request,
                   array_agg(c.kind) || array_agg(c.kind || ':' || c.name) AS topics
            FROM unnest(ids, kinds, names) AS c (workflow_id, kind, name)
            WHERE c.workflow_id = ANY (locked)
            GROUP BY c.workflow_id
        )
        UPDATE durable.live AS l
        SET mailbox = l.mailbox + 1,
            run_at = CASE
                WHEN l.executor IS NULL AND l.state = 'waiting' AND (came.is_request OR l.awaits && came.topics)
                    THEN least(l.run_at, durable.clock())
                ELSE l.run_at
            END
        FROM came
        WHERE l.workflow_id = came.workflow_id
        RETURNING route.taken, route.busy, l.workflow_id, l.name, l.version, l.executor, l.mailbox,
            l.executor IS NULL AND l.state = 'waiting' AND (came.is_request OR coalesce(l.awaits && came.topics, false));
        IF NOT FOUND THEN
            workflow_id := NULL;
            RETURN NEXT;
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.route(integer) IS
    'Takes rows from the inbox and brings them to their workflows: counts each one''s mailbox up, and makes those due that wait parked for what came. '
    'Every executor calls it, in transactions of its own, and it waits for no lock. Returns how many rows it has seen, how many of them it left since their workflow was busy, and what the others touched.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Views
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.kind_word(kind smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT CASE kind_word.kind
            WHEN 1 THEN 'step' WHEN 2 THEN 'transaction' WHEN 3 THEN 'sleep' WHEN 4 THEN 'join'
            WHEN 5 THEN 'scope' WHEN 6 THEN 'patch' WHEN 7 THEN 'receive' WHEN 8 THEN 'child'
            WHEN 9 THEN 'signal' WHEN 10 THEN 'token' WHEN 11 THEN 'event' WHEN 12 THEN 'publish'
            WHEN 13 THEN 'update' WHEN 14 THEN 'stream' ELSE 'unknown'
        END
    $$;

COMMENT ON FUNCTION durable.kind_word(smallint) IS 'The word for journal.kind.';

-- The window is partitioned by workflow first, so that a condition on workflow_id reaches the primary key below it.
CREATE OR REPLACE VIEW durable.steps AS
SELECT
    p.workflow_id,
    p.scope,
    p.position,
    CASE WHEN p.occurrence = 1 THEN p.name ELSE p.name || '#' || p.occurrence END AS step,
    durable.kind_word(p.kind) AS kind,
    p.state,
    p.attempt::integer AS attempt,
    (SELECT e.name FROM durable.executor e WHERE e.number = p.executor) AS executor,
    p.executor AS executor_number,
    p.recorded_at,
    p.started_at,
    p.seconds,
    CASE WHEN p.state = 'retrying' THEN p.due END AS next_attempt_at,
    CASE WHEN p.state = 'waiting' THEN p.due END AS wakes_at,
    durable.error_part(p.error, 'type') AS error_type,
    durable.error_part(p.error, 'message') AS error
FROM (
    SELECT
        u.*,
        row_number() OVER (PARTITION BY u.workflow_id, u.scope, u.kind, u.name ORDER BY u.position) AS occurrence
    FROM (
        -- What has its result.
        SELECT
            j.workflow_id, j.scope, j.position, j.name, j.kind, j.attempt, j.executor,
            CASE WHEN j.error IS NULL THEN 'recorded' ELSE 'failed' END AS state,
            j.at AS recorded_at,
            CASE WHEN j.seconds IS NOT NULL THEN j.at - j.seconds * interval '1 second' END AS started_at,
            j.seconds, j.due, j.error
        FROM durable.journal j
        WHERE j.phase = 0
        UNION ALL
        -- What a process is at now.
        SELECT
            a.workflow_id, a.scope, a.position, a.name, a.kind, a.attempt, a.executor,
            'running', NULL, a.started_at,
            -- Not durable.clock(): a volatile function would keep conditions out.
            extract(epoch FROM statement_timestamp() - a.started_at)::real, NULL, NULL
        FROM durable.activity a
        JOIN durable.live l ON l.workflow_id = a.workflow_id AND l.executor = a.executor
        WHERE NOT EXISTS (
            SELECT FROM durable.journal r
            WHERE r.workflow_id = a.workflow_id AND r.scope = a.scope AND r.position = a.position AND r.phase = 0)
        UNION ALL
        -- What has only notes: the last of them says what is next.
        SELECT
            n.workflow_id, n.scope, n.position, n.name, n.kind, n.attempt, n.executor,
            CASE
                WHEN NOT EXISTS (SELECT FROM durable.live l WHERE l.workflow_id = n.workflow_id) THEN 'abandoned'
                WHEN n.kind IN (1, 2) THEN 'retrying'
                ELSE 'waiting'
            END,
            NULL, n.at, NULL, n.due, n.error
        FROM durable.journal n
        WHERE n.phase > 0
          AND NOT EXISTS (
            SELECT FROM durable.journal r
            WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope AND r.position = n.position
              AND (r.phase = 0 OR r.phase > n.phase))
          AND NOT EXISTS (
            SELECT FROM durable.activity a
            JOIN durable.live l ON l.workflow_id = a.workflow_id AND l.executor = a.executor
            WHERE a.workflow_id = n.workflow_id AND a.scope = n.scope AND a.position = n.position)
    ) AS u
) AS p;

COMMENT ON COLUMN durable.journal.kind IS
    '1 step, 2 transaction, 3 sleep, 4 join, 5 scope, 6 patch, 7 receive, 8 child, 9 signal, 10 token, 11 event, 12 publish, 13 update, 14 stream.';
COMMENT ON COLUMN durable.steps.kind IS 'What kind of call it is, as durable.kind_word says it.';

CREATE VIEW durable.waits AS
SELECT
    l.workflow_id,
    l.name AS workflow,
    CASE WHEN a.topic IS NULL THEN 'time' ELSE split_part(a.topic, ':', 1) END AS kind,
    CASE WHEN strpos(a.topic, ':') > 0 THEN substr(a.topic, strpos(a.topic, ':') + 1) END AS name,
    l.waiting_for,
    CASE WHEN isfinite(l.run_at) THEN l.run_at END AS until
FROM durable.live l
LEFT JOIN LATERAL unnest(l.awaits) AS a (topic) ON true
WHERE l.state = 'waiting';

COMMENT ON VIEW durable.waits IS 'One row for each thing that a parked workflow waits for.';
COMMENT ON COLUMN durable.waits.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.waits.workflow IS 'Which workflow type it is.';
COMMENT ON COLUMN durable.waits.kind IS 'message, token, event, child, update; time when it waits for a time alone.';
COMMENT ON COLUMN durable.waits.name IS 'Which one: the name of the message, the id of the token, the name of the event.';
COMMENT ON COLUMN durable.waits.waiting_for IS 'What it waits for, in words.';
COMMENT ON COLUMN durable.waits.until IS 'When it goes on at the latest; NULL when only something that comes in wakes it.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Roles
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.grant_messages() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
            GRANT SELECT ON durable.waits TO durable_reader;
            GRANT EXECUTE ON FUNCTION durable.kind_word(smallint) TO durable_reader;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
            GRANT SELECT ON durable.waits TO durable_operator;
            GRANT EXECUTE ON FUNCTION durable.kind_word(smallint) TO durable_operator;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_runtime') THEN
            GRANT SELECT, INSERT, DELETE ON durable.inbox, durable.message, durable.message_key TO durable_runtime;
            -- To lock what it takes, Postgres asks for this right.
            GRANT UPDATE ON durable.inbox, durable.message TO durable_runtime;
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.grant_messages() IS 'The part of durable.grant_roles() that is about messages.';

CREATE OR REPLACE FUNCTION durable.grant_roles() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
            GRANT USAGE ON SCHEMA durable TO durable_reader;
            GRANT SELECT ON durable.workflows, durable.steps, durable.executors, durable.migration TO durable_reader;
            GRANT EXECUTE ON FUNCTION durable.clock(), durable.error_part(json, text) TO durable_reader;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
            GRANT USAGE ON SCHEMA durable TO durable_operator;
            GRANT SELECT ON durable.workflows, durable.steps, durable.executors, durable.migration, durable.payloads
                TO durable_operator;
            GRANT EXECUTE ON FUNCTION durable.clock(), durable.error_part(json, text) TO durable_operator;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_runtime') THEN
            GRANT USAGE ON SCHEMA durable TO durable_runtime;
            GRANT SELECT ON ALL TABLES IN SCHEMA durable TO durable_runtime;
            GRANT INSERT ON durable.workflow, durable.journal, durable.outcome, durable.live, durable.executor,
                durable.lease, durable.server, durable.activity TO durable_runtime;
            GRANT UPDATE ON durable.live, durable.executor, durable.lease, durable.server, durable.activity
                TO durable_runtime;
            GRANT DELETE ON durable.live, durable.lease, durable.activity TO durable_runtime;
            GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA durable TO durable_runtime;
        END IF;
        PERFORM durable.grant_messages();
    END
    $$;

DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (2, 'messages', 1);

COMMIT;
