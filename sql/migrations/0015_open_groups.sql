-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- A group of children counts its failures also while it is still being started.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0015_open_groups.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- Many children are started in several commits. Those of the first may all have ended, or too many of them have failed, before the last is seen: the
-- group is kept meanwhile, and whoever starts the last of them looks whether they are wanted at all.
ALTER TABLE durable.child_group ADD COLUMN is_open boolean NOT NULL DEFAULT false;

COMMENT ON COLUMN durable.child_group.is_open IS 'More of its children are still being started.';

CREATE FUNCTION durable.cancel_child_group(parent text, place text) RETURNS void
    LANGUAGE sql VOLATILE
    AS $$
        INSERT INTO durable.cancellation (workflow_id, reason)
            SELECT l.workflow_id, 'too many of the children that were started together have failed'
            FROM durable.live l
            WHERE l.parent = cancel_child_group.parent AND l.place = cancel_child_group.place AND l.state <> 'cancelling';
    $$;

COMMENT ON FUNCTION durable.cancel_child_group(text, text) IS
    'Asks the children of a group that have not ended to end. A part of the functions below.';

CREATE FUNCTION durable.close_child_groups(parents text[], places text[], runs bigint[]) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        closing record;
        stopped boolean;
    BEGIN
        -- In order, since it locks groups. What the router makes of one is either seen here, or finds all of its children there.
        FOR closing IN
            SELECT a.parent, a.place
            FROM unnest(close_child_groups.parents, close_child_groups.places, close_child_groups.runs) AS a (parent, place, run)
            JOIN durable.live l ON l.workflow_id = a.parent AND l.run = a.run
            ORDER BY a.parent, a.place
        LOOP
            UPDATE durable.child_group AS g SET is_open = false
                WHERE g.parent = closing.parent AND g.place = closing.place
                RETURNING g.is_stopped INTO stopped;
            IF stopped THEN
                PERFORM durable.cancel_child_group(closing.parent, closing.place);
            END IF;
            DELETE FROM durable.child_group g
                WHERE g.parent = closing.parent AND g.place = closing.place
                  AND NOT EXISTS (SELECT FROM durable.live l WHERE l.parent = closing.parent AND l.place = closing.place);
        END LOOP;
    END
    $$;

COMMENT ON FUNCTION durable.close_child_groups(text[], text[], bigint[]) IS
    'All children of these groups are started, by runs that own their workflow. Where too many had failed meanwhile, the others are cancelled. Called behind the '
    'last of them, in the same transaction.';

CREATE OR REPLACE FUNCTION durable.route_children(maximum integer) RETURNS TABLE (taken bigint, released bigint, completed bigint)
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
            -- Counted also where none is left at the moment: more are coming, and its last part learns of it.
            IF grouped.failed > grouped.tolerated AND NOT grouped.is_stopped THEN
                UPDATE durable.child_group AS g SET is_stopped = true
                    WHERE g.parent = news.parent AND g.place = news.place;
                PERFORM durable.cancel_child_group(news.parent, news.place);
                grouped.is_stopped := true;
            END IF;
            IF NOT EXISTS (SELECT FROM durable.live l WHERE l.parent = news.parent AND l.place = news.place) THEN
                DELETE FROM durable.child_group g WHERE g.parent = news.parent AND g.place = news.place
                      AND (NOT g.is_open OR NOT EXISTS (SELECT FROM durable.live l WHERE l.workflow_id = news.parent));
                -- The one news that the parent gets of all of them.
                INSERT INTO durable.inbox (workflow_id, kind, name) VALUES (news.parent, 'child', news.place);
                completed := completed + 1;
            ELSIF grouped.parent IS NULL OR grouped.is_stopped THEN
                NULL;
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

-- What was replaced is guarded again.
DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (15, 'open_groups', 1);

COMMIT;
