-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Repair: workflows that end although their code no longer knows what they have recorded, and messages that come back with the
-- records that are taken back.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0007_repair.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Cancelling what is paused
-- ---------------------------------------------------------------------------------------------------------------------

ALTER TABLE durable.cancellation ADD COLUMN paused text COLLATE "C";

COMMENT ON COLUMN durable.cancellation.paused IS
    'The reason for which the workflow was paused when this was asked. Whoever cancels one that is paused as diverged or undecodable means that it ends even '
    'where its code cannot undo what it has recorded.';

CREATE OR REPLACE FUNCTION durable.cancel(workflow_id text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        state text;
        paused text;
    BEGIN
        IF octet_length(cancel.reason) > 1024 THEN
            RAISE EXCEPTION 'the reason of a cancellation has % bytes; the limit is 1024', octet_length(cancel.reason)
                USING ERRCODE = '22023';
        END IF;
        -- One statement, so that a workflow which ends now is seen either before or after, and never as neither.
        SELECT coalesce(o.status, l.state)::text, CASE WHEN l.state = 'paused' THEN l.reason END INTO state, paused
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
        INSERT INTO durable.cancellation (workflow_id, reason, paused) VALUES (cancel.workflow_id, cancel.reason, paused);
        INSERT INTO durable.audit (action, subject, reason) VALUES ('cancel', cancel.workflow_id, cancel.reason);
        RETURN 'requested';
    END
    $$;

COMMENT ON FUNCTION durable.cancel(text, text) IS
    'Asks a workflow to end, in the caller''s own transaction: asked when that commits. Locks nothing. Returns requested; cancelling when it is being '
    'cancelled already; succeeded, failed or cancelled when it has ended, and nothing was asked. Raises DU010 when there is no such workflow. '
    'Engines see it within their poll interval; durable.notify() tells them at once. One that is paused since its code does not know what it has recorded '
    '(diverged, undecodable) ends too: what its code knows is undone, and its error names the steps that are not.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Messages that come back
-- ---------------------------------------------------------------------------------------------------------------------

COMMENT ON COLUMN durable.journal.attempt IS 'Which attempt it was, from 1; 0 for a receive that has taken a list of messages.';

CREATE OR REPLACE FUNCTION durable.take_back(
    workflow_id text, scope text, "position" integer, repair bigint, keep_branches boolean DEFAULT false
) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        moved integer;
        received record;
        has_lost boolean;
        is_open boolean;
    BEGIN
        -- The last one first: each goes before what is there, so that they come in the order in which they came before. No two
        -- messages of a workflow have the same number.
        -- A receive that has a time in its record has received nothing.
        FOR received IN
            SELECT j.scope, j.name, j.at, m.body
            FROM durable.journal j
            CROSS JOIN LATERAL (
                SELECT 1 AS number, j.output AS body WHERE j.attempt > 0
                UNION ALL
                SELECT e.number::integer, e.payload::json
                FROM json_array_elements_text(CASE WHEN j.attempt = 0 THEN j.output ELSE '[]' END)
                    WITH ORDINALITY AS e (payload, number)
            ) AS m
            WHERE j.workflow_id = take_back.workflow_id AND j.kind = 7 AND j.phase = 0 AND j.due IS NULL AND j.error IS NULL
              AND NOT durable.stands_before(j.scope, j.position, take_back.scope, take_back.position)
              AND (NOT take_back.keep_branches
                OR (j.scope = take_back.scope AND j.position = take_back.position)
                OR NOT durable.stands_before(j.scope, j.position, take_back.scope, take_back.position + 1))
            ORDER BY j.at DESC, j.scope DESC, j.position DESC, m.number DESC
        LOOP
            -- What the loser of a race has received was free again when the race was decided. While it is not, nothing is
            -- consumed: then the message is still there.
            SELECT bool_or(r.winner <> r.branch), bool_or(r.winner IS NULL) INTO has_lost, is_open
                FROM (
                    SELECT substring(l.level FROM '[[]([0-9]+)[]]$')::integer AS branch, (
                        SELECT (e.output ->> 'branch')::integer FROM durable.journal e
                        WHERE e.workflow_id = take_back.workflow_id AND e.phase = 0 AND e.kind = 4
                          AND e.scope = array_to_string((string_to_array(received.scope, '/'))[:l.number::integer - 1], '/')
                          AND e.position = durable.level_position(l.level)) AS winner
                    FROM unnest(string_to_array(received.scope, '/')) WITH ORDINALITY AS l (level, number)
                    WHERE l.level LIKE 'race@%'
                ) AS r;
            CONTINUE WHEN has_lost;
            IF is_open THEN
                UPDATE durable.message AS m SET taken_by = NULL
                    WHERE m.workflow_id = take_back.workflow_id AND m.name = received.name AND m.taken_by = received.scope
                      AND m.id = (SELECT max(t.id) FROM durable.message t
                                  WHERE t.workflow_id = m.workflow_id AND t.name = m.name AND t.taken_by = m.taken_by);
            ELSE
                INSERT INTO durable.message (workflow_id, name, id, sent_at, body) OVERRIDING SYSTEM VALUE
                    SELECT take_back.workflow_id, received.name, least(1, min(m.id)) - 1, received.at, received.body
                    FROM durable.message m WHERE m.workflow_id = take_back.workflow_id;
            END IF;
        END LOOP;
        WITH gone AS (
            DELETE FROM durable.journal j
            WHERE j.workflow_id = take_back.workflow_id
              AND NOT durable.stands_before(j.scope, j.position, take_back.scope, take_back.position)
              AND (NOT take_back.keep_branches
                OR (j.scope = take_back.scope AND j.position = take_back.position)
                OR NOT durable.stands_before(j.scope, j.position, take_back.scope, take_back.position + 1))
            RETURNING j.*
        )
        INSERT INTO durable.superseded (repair, workflow_id, scope, position, phase, kind, attempt, executor, run, at, due,
                                        fingerprint, seconds, name, output, error)
        SELECT take_back.repair, g.workflow_id, g.scope, g.position, g.phase, g.kind, g.attempt, g.executor, g.run, g.at, g.due,
               g.fingerprint, g.seconds, g.name, g.output, g.error
        FROM gone g;
        GET DIAGNOSTICS moved = ROW_COUNT;
        RETURN moved;
    END
    $$;

COMMENT ON FUNCTION durable.take_back(text, text, integer, bigint, boolean) IS
    'Moves the records of a workflow from a place on, and all that depend on them, to durable.superseded; of a group of branches only its end, if its branches '
    'are kept. The messages that these had received come back, before those that have come since. A part of other functions; not to be called alone.';

-- What was replaced above is guarded again: durable.cancel runs with its owner's rights, for those to whom it is granted.
DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (7, 'repair', 1);

COMMIT;
