-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- A parent is woken once for all the children of a call.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0013_one_wake_up.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- Many children are started in several commits, and all that one of them has started may end before the next one is seen: the news that none is left, which
-- was true then, would wake a parent that waits for the others.
CREATE OR REPLACE FUNCTION durable.route(maximum integer)
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
        events bigint[];
        locked text[];
    BEGIN
        SELECT array_agg(i.id), array_agg(i.workflow_id), array_agg(i.kind), array_agg(i.name),
               array_agg(CASE WHEN i.kind = 'event' AND i.workflow_id IS NULL THEN (i.body ->> 'event')::bigint END)
            INTO rows, ids, kinds, names, events
            FROM (
                SELECT i.id, i.workflow_id, i.kind, i.name, i.body FROM durable.inbox i
                ORDER BY i.id LIMIT route.maximum FOR UPDATE SKIP LOCKED
            ) AS i;
        taken := coalesce(cardinality(rows), 0);
        busy := 0;
        IF taken = 0 THEN
            RETURN;
        END IF;

        -- An event becomes a row for each of its subscribers, for the next turn. Who subscribes from now on looks back and finds it.
        events := array_remove(events, NULL);
        IF cardinality(events) > 0 THEN
            INSERT INTO durable.inbox (workflow_id, kind, name)
                SELECT DISTINCT s.workflow_id, 'event', e.name
                FROM durable.event e JOIN durable.subscription s ON s.name = e.name AND (s.key IS NULL OR s.key = e.key)
                WHERE e.id = ANY (events);
            RETURN QUERY
            WITH started AS (
                INSERT INTO durable.workflow (id, name, version, input, deadline, created_at)
                SELECT t.workflow || ':event:' || e.id, t.workflow, t.version, e.body, clock.now + t.timeout, clock.now
                FROM durable.event e JOIN durable.trigger t ON t.event = e.name CROSS JOIN durable.clock() AS clock (now)
                WHERE e.id = ANY (events)
                ON CONFLICT DO NOTHING
                RETURNING id, name, version, created_at
            ), pending AS (
                INSERT INTO durable.live (workflow_id, name, version, state, run_at)
                SELECT s.id, s.name, s.version, 'queued', s.created_at FROM started s
                RETURNING workflow_id, name, version
            )
            SELECT route.maximum, 0, p.workflow_id, p.name, p.version, NULL::integer, 0::bigint, true FROM pending p;
            taken := greatest(taken, route.maximum);
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
        busy := cardinality(rows) - busy;

        -- A statement of its own: it sees everything that was committed together with the rows that were taken.
        RETURN QUERY
        WITH came AS MATERIALIZED (
            SELECT c.workflow_id,
                   bool_or(c.kind IN ('cancel', 'pause', 'resume')) AS is_request,
                   array_agg(c.kind) || array_agg(c.kind || ':' || c.name) AS topics
            FROM unnest(ids, kinds, names) AS c (workflow_id, kind, name)
            WHERE c.workflow_id = ANY (locked)
              -- Old news, where children were still being started: that none is left comes again.
              AND NOT (c.kind = 'child' AND EXISTS (
                  SELECT FROM durable.live h WHERE h.parent = c.workflow_id AND h.place = c.name))
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

-- What was replaced is guarded again.
DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (13, 'one_wake_up', 1);

COMMIT;
