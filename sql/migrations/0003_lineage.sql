-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Lineage: requests to cancel workflows, and workflows that other workflows have started.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0003_lineage.sql
-- As with messages, whoever asks only inserts: a request to cancel lies in its table until it was carried out, and the end of a
-- child until it was counted. Every executor looks after both, in short transactions that wait for no lock.

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Children
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE durable.live
    ADD COLUMN parent text COLLATE "C",
    ADD COLUMN place text COLLATE "C",
    ADD COLUMN follows boolean NOT NULL DEFAULT false,
    ADD COLUMN begun boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN durable.live.parent IS 'The workflow that started it as its child.';
COMMENT ON COLUMN durable.live.place IS 'The call of the parent that started it; children of one call form a group.';
COMMENT ON COLUMN durable.live.follows IS 'It is cancelled when its parent is cancelled or fails.';
COMMENT ON COLUMN durable.live.begun IS 'Some process has claimed it before, so that some step of it may have begun.';

-- Empty for whoever has no children. A held child is one that waits for its turn in its group.
CREATE INDEX live_parent ON durable.live (parent, place) WHERE parent IS NOT NULL;
CREATE INDEX live_held ON durable.live (parent, place, workflow_id) WHERE parent IS NOT NULL AND run_at = 'infinity';
CREATE INDEX workflow_parent ON durable.workflow (parent) WHERE parent IS NOT NULL;

CREATE TABLE durable.child_group (
    parent text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    concurrency integer NOT NULL,
    tolerated integer,
    released integer NOT NULL,
    ended integer NOT NULL DEFAULT 0,
    failed integer NOT NULL DEFAULT 0,
    is_stopped boolean NOT NULL DEFAULT false,
    PRIMARY KEY (parent, place)
);

COMMENT ON TABLE durable.child_group IS 'Groups of children that are not all done: how many may run at a time, and how many may fail.';
COMMENT ON COLUMN durable.child_group.parent IS 'The workflow that started them.';
COMMENT ON COLUMN durable.child_group.place IS 'Its call that started them.';
COMMENT ON COLUMN durable.child_group.concurrency IS 'How many may be under way at a time.';
COMMENT ON COLUMN durable.child_group.tolerated IS 'How many may fail before the others are cancelled; NULL for any number.';
COMMENT ON COLUMN durable.child_group.released IS 'How many have had their turn so far.';
COMMENT ON COLUMN durable.child_group.ended IS 'How many have ended so far.';
COMMENT ON COLUMN durable.child_group.failed IS 'How many of these have not succeeded.';
COMMENT ON COLUMN durable.child_group.is_stopped IS 'Too many have failed, and the others were cancelled.';

CREATE TABLE durable.ended_child (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    parent text COLLATE "C" NOT NULL,
    place text COLLATE "C" NOT NULL,
    ended integer NOT NULL,
    failed integer NOT NULL
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 50000
);

COMMENT ON TABLE durable.ended_child IS
    'Children that have ended and were not yet counted: one row per transaction and group. Consumed by deletion.';
COMMENT ON COLUMN durable.ended_child.id IS 'Only the order.';
COMMENT ON COLUMN durable.ended_child.parent IS 'The workflow that started them.';
COMMENT ON COLUMN durable.ended_child.place IS 'Its call that started them.';
COMMENT ON COLUMN durable.ended_child.ended IS 'How many.';
COMMENT ON COLUMN durable.ended_child.failed IS 'How many of them have not succeeded.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Cancellation
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.cancellation (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow_id text COLLATE "C" NOT NULL,
    reason text,
    requested_at timestamptz NOT NULL DEFAULT durable.clock()
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0
);

CREATE INDEX cancellation_workflow ON durable.cancellation (workflow_id, id);

COMMENT ON TABLE durable.cancellation IS
    'Requests to cancel that were not yet carried out. Anybody inserts, in any transaction; deleted when the clean-up has begun, or the workflow has ended.';
COMMENT ON COLUMN durable.cancellation.id IS 'Only the order: of several requests the reason of the first counts.';
COMMENT ON COLUMN durable.cancellation.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.cancellation.reason IS 'Why, in words for a person.';
COMMENT ON COLUMN durable.cancellation.requested_at IS 'When, by the database''s clock.';

CREATE FUNCTION durable.cancel(workflow_id text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        state text;
    BEGIN
        IF octet_length(cancel.reason) > 1024 THEN
            RAISE EXCEPTION 'the reason of a cancellation has % bytes; the limit is 1024', octet_length(cancel.reason)
                USING ERRCODE = '22023';
        END IF;
        -- One statement, so that a workflow which ends now is seen either before or after, and never as neither.
        SELECT coalesce(o.status, l.state)::text INTO state
            FROM durable.workflow w
            LEFT JOIN durable.outcome o ON o.workflow_id = w.id
            LEFT JOIN durable.live l ON l.workflow_id = w.id
            WHERE w.id = cancel.workflow_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no workflow has the id "%"', cancel.workflow_id
                USING ERRCODE = 'DU010', HINT = 'Start it first, or look at the id.';
        END IF;
        IF state IN ('succeeded', 'failed', 'cancelled', 'cancelling') THEN
            RETURN state;
        END IF;
        INSERT INTO durable.cancellation (workflow_id, reason) VALUES (cancel.workflow_id, cancel.reason);
        RETURN 'requested';
    END
    $$;

COMMENT ON FUNCTION durable.cancel(text, text) IS
    'Asks a workflow to end, in the caller''s own transaction: asked when that commits. Locks nothing. Returns requested; cancelling when it is being '
    'cancelled already; succeeded, failed or cancelled when it has ended, and nothing was asked. Raises DU010 when there is no such workflow. '
    'Engines see it within their poll interval; durable.notify() tells them at once.';

CREATE FUNCTION durable.route_cancellations(maximum integer) RETURNS TABLE (ended bigint, woken bigint)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        ids text[];
        fresh text[];
    BEGIN
        ended := 0;
        woken := 0;
        -- Those that nobody runs. What a process runs is that process's to end, and it looks by itself.
        SELECT array_agg(due.workflow_id) INTO ids FROM (
            SELECT l.workflow_id
            FROM (SELECT DISTINCT c.workflow_id FROM durable.cancellation c) AS asked
            JOIN durable.live l ON l.workflow_id = asked.workflow_id
            WHERE l.executor IS NULL AND l.state <> 'cancelling'
            LIMIT route_cancellations.maximum
            FOR NO KEY UPDATE OF l SKIP LOCKED
        ) AS due;
        IF ids IS NOT NULL THEN
            -- What no process has ever begun has nothing to clean up.
            WITH gone AS (
                DELETE FROM durable.live l USING durable.workflow w
                WHERE l.workflow_id = ANY (ids) AND w.id = l.workflow_id
                  AND l.state = 'queued' AND l.executor IS NULL AND NOT l.begun AND w.run IS NULL
                RETURNING l.workflow_id, l.parent, l.place
            ), told AS (
                INSERT INTO durable.ended_child (parent, place, ended, failed)
                SELECT gone.parent, gone.place, count(*), count(*) FROM gone
                WHERE gone.parent IS NOT NULL GROUP BY gone.parent, gone.place
            ), over AS (
                INSERT INTO durable.outcome (workflow_id, status, error)
                SELECT gone.workflow_id, 'cancelled',
                    json_build_object('type', 'WorkflowCancelled', 'message', coalesce((
                        SELECT c.reason FROM durable.cancellation c
                        WHERE c.workflow_id = gone.workflow_id ORDER BY c.id LIMIT 1), ''))
                FROM gone
                RETURNING workflow_id
            )
            SELECT count(*), array_agg(over.workflow_id) INTO ended, fresh FROM over;

            UPDATE durable.live AS l
            SET state = 'cancelling', run_at = durable.clock(), reason = NULL, waiting_for = NULL, awaits = NULL,
                error = json_build_object('type', 'WorkflowCancelled', 'message', coalesce((
                    SELECT c.reason FROM durable.cancellation c
                    WHERE c.workflow_id = l.workflow_id ORDER BY c.id LIMIT 1), ''))
            WHERE l.workflow_id = ANY (ids) AND NOT l.workflow_id = ANY (coalesce(fresh, '{}'));
            GET DIAGNOSTICS woken = ROW_COUNT;
        END IF;

        DELETE FROM durable.cancellation c
            USING (
                SELECT d.id FROM durable.cancellation d
                WHERE NOT EXISTS (SELECT FROM durable.live l WHERE l.workflow_id = d.workflow_id)
                FOR UPDATE SKIP LOCKED
            ) AS over
            WHERE c.id = over.id;
        RETURN NEXT;
    END
    $$;

COMMENT ON FUNCTION durable.route_cancellations(integer) IS
    'Carries requests to cancel to workflows that no process runs: ends those that were never begun, makes the others due for their clean-up, and says how '
    'many of each. Every executor calls it; it waits for no lock.';

CREATE FUNCTION durable.route_children(maximum integer) RETURNS TABLE (taken bigint, released bigint, completed bigint)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        rows bigint[];
        news record;
        grouped durable.child_group;
        turns bigint;
    BEGIN
        taken := 0;
        released := 0;
        completed := 0;
        SELECT array_agg(e.id) INTO rows FROM (
            SELECT e.id FROM durable.ended_child e ORDER BY e.id LIMIT route_children.maximum FOR UPDATE SKIP LOCKED
        ) AS e;
        IF rows IS NULL THEN
            RETURN NEXT;
            RETURN;
        END IF;
        taken := cardinality(rows);

        -- In order, since it locks groups. Each statement below sees everything that was committed with the rows.
        FOR news IN
            SELECT e.parent, e.place, sum(e.ended)::integer AS ended, sum(e.failed)::integer AS failed
            FROM durable.ended_child e WHERE e.id = ANY (rows) GROUP BY e.parent, e.place ORDER BY e.parent, e.place
        LOOP
            UPDATE durable.child_group AS g SET ended = g.ended + news.ended, failed = g.failed + news.failed
                WHERE g.parent = news.parent AND g.place = news.place
                RETURNING * INTO grouped;
            IF NOT EXISTS (SELECT FROM durable.live l WHERE l.parent = news.parent AND l.place = news.place) THEN
                DELETE FROM durable.child_group g WHERE g.parent = news.parent AND g.place = news.place;
                -- The one news that the parent gets of all of them.
                INSERT INTO durable.inbox (workflow_id, kind, name) VALUES (news.parent, 'child', news.place);
                completed := completed + 1;
            ELSIF grouped.parent IS NULL OR grouped.is_stopped THEN
                NULL;
            ELSIF grouped.failed > grouped.tolerated THEN
                UPDATE durable.child_group AS g SET is_stopped = true
                    WHERE g.parent = news.parent AND g.place = news.place;
                INSERT INTO durable.cancellation (workflow_id, reason)
                    SELECT l.workflow_id, 'too many of the children that were started together have failed'
                    FROM durable.live l WHERE l.parent = news.parent AND l.place = news.place;
            ELSE
                UPDATE durable.live AS l SET run_at = durable.clock()
                    FROM (
                        SELECT h.workflow_id FROM durable.live h
                        WHERE h.parent = news.parent AND h.place = news.place AND h.run_at = 'infinity'
                          AND h.executor IS NULL AND h.state = 'queued'
                        ORDER BY h.workflow_id
                        LIMIT greatest(0, grouped.concurrency - (grouped.released - grouped.ended))
                        FOR NO KEY UPDATE SKIP LOCKED
                    ) AS held
                    WHERE l.workflow_id = held.workflow_id;
                GET DIAGNOSTICS turns = ROW_COUNT;
                UPDATE durable.child_group AS g SET released = g.released + turns::integer
                    WHERE g.parent = news.parent AND g.place = news.place;
                released := released + turns;
            END IF;
        END LOOP;
        DELETE FROM durable.ended_child e WHERE e.id = ANY (rows);
        RETURN NEXT;
    END
    $$;

COMMENT ON FUNCTION durable.route_children(integer) IS
    'Counts children that have ended: gives the next of their group their turn, cancels a group in which too many have failed, and tells the parent once none is '
    'left. Every executor calls it, in transactions of its own. Returns how many rows it took, how many children got their turn, how many groups are done.';

-- With its owner's rights: a service may not delete from the journal in any other way.
CREATE FUNCTION durable.continue_as_new(
    workflows text[], positions integer[], runs bigint[], times timestamptz[], inputs json[], executor integer
) RETURNS bigint
    LANGUAGE sql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
        WITH own AS MATERIALIZED (
            SELECT a.workflow_id, a.position, a.run, a.at, a.input
            FROM unnest(continue_as_new.workflows, continue_as_new.positions, continue_as_new.runs, continue_as_new.times,
                        continue_as_new.inputs) AS a (workflow_id, position, run, at, input)
            JOIN durable.live l ON l.workflow_id = a.workflow_id AND l.run = a.run
        ), cut AS (
            DELETE FROM durable.journal j USING own
            WHERE j.workflow_id = own.workflow_id AND j.position <> own.position
        ), kept AS (
            -- Places begin again at 0, and what stands at them is not what was appended there before.
            UPDATE durable.stream s SET scope = format('~%s/%s', -own.position, s.scope)
            FROM own WHERE s.workflow_id = own.workflow_id AND NOT starts_with(s.scope, '~')
        ), freed AS (
            UPDATE durable.live l
            SET executor = NULL, epoch = NULL, run = NULL, state = 'queued', run_at = own.at, recoveries = 0, progress = 0,
                waiting_for = NULL, awaits = NULL, reason = NULL, error = NULL
            FROM own WHERE l.workflow_id = own.workflow_id AND l.run = own.run
        ), begun AS (
            INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, at, name, output)
            SELECT own.workflow_id, '', own.position, 0, 16, continue_as_new.executor, own.run, own.at, 'continuation', own.input
            FROM own
            RETURNING workflow_id
        )
        SELECT count(*) FROM begun
    $$;

COMMENT ON FUNCTION durable.continue_as_new(text[], integer[], bigint[], timestamptz[], json[], integer) IS
    'Begins workflows anew for the runs that own them: their journals are cut down to the next input, and they are queued. Behind the fence, in the journal '
    'writer''s batch. Returns how many; a run that no longer owns its workflow changes nothing.';

CREATE OR REPLACE FUNCTION durable.notify() RETURNS void
    LANGUAGE sql VOLATILE
    AS $$
        -- The channel is called as the schema.
        SELECT pg_notify(n.nspname, wake.what)
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            CROSS JOIN (VALUES ('inbox'), ('claim'), ('lineage')) AS wake (what)
        WHERE c.oid = 'durable.inbox'::regclass
    $$;

CREATE OR REPLACE FUNCTION durable.kind_word(kind smallint) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT CASE kind_word.kind
            WHEN 1 THEN 'step' WHEN 2 THEN 'transaction' WHEN 3 THEN 'sleep' WHEN 4 THEN 'join'
            WHEN 5 THEN 'scope' WHEN 6 THEN 'patch' WHEN 7 THEN 'receive' WHEN 8 THEN 'child'
            WHEN 9 THEN 'signal' WHEN 10 THEN 'token' WHEN 11 THEN 'event' WHEN 12 THEN 'publish'
            WHEN 13 THEN 'update' WHEN 14 THEN 'stream' WHEN 15 THEN 'poll' WHEN 16 THEN 'continuation' ELSE 'unknown'
        END
    $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Roles
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.grant_lineage() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_runtime') THEN
            GRANT SELECT, INSERT, UPDATE, DELETE ON durable.cancellation, durable.child_group, durable.ended_child
                TO durable_runtime;
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.grant_lineage() IS 'The part of durable.grant_roles() that is about cancellation and children.';

DO $$
BEGIN
    PERFORM durable.grant_roles();
    PERFORM durable.grant_lineage();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (3, 'lineage', 1);

COMMIT;
