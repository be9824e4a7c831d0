-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Upkeep: what the roles may do, lists that stay quick on millions of rows, and retention.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0006_upkeep.sql
-- The indexes are built while writers of `workflow` and `outcome` wait: on a large schema, at a quiet hour.

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Functions that a role may call without a right on the tables
-- ---------------------------------------------------------------------------------------------------------------------

-- As in 0003, and kept in the audit: whoever cancels is a person, or acts for one.
CREATE OR REPLACE FUNCTION durable.cancel(workflow_id text, reason text DEFAULT NULL) RETURNS text
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
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
        INSERT INTO durable.audit (action, subject, reason) VALUES ('cancel', cancel.workflow_id, cancel.reason);
        RETURN 'requested';
    END
    $$;

-- As in 0002 and 0004; what makes no sense is refused before anything is written.
CREATE OR REPLACE FUNCTION durable.request_update(workflow_id text, id text, name text, payload json DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        PERFORM durable.check_text('id of the update', request_update.id, 512);
        PERFORM durable.check_text('name of the update', request_update.name, 121);
        -- Asked again, also after its end: the answer is what it was.
        PERFORM FROM durable.update_request u
            WHERE u.workflow_id = request_update.workflow_id AND u.id = request_update.id;
        IF FOUND THEN
            RETURN false;
        END IF;
        PERFORM durable.expect_unfinished(request_update.workflow_id, 'update');
        INSERT INTO durable.update_request (workflow_id, id, name)
            VALUES (request_update.workflow_id, request_update.id, request_update.name) ON CONFLICT DO NOTHING;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO durable.message (workflow_id, name, body)
            VALUES (request_update.workflow_id, 'update ' || request_update.name,
                json_build_object('id', request_update.id, 'request', request_update.payload::text));
        INSERT INTO durable.inbox (workflow_id, kind, name)
            VALUES (request_update.workflow_id, 'message', 'update ' || request_update.name);
        RETURN true;
    END
    $$;

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
        INSERT INTO durable.live (workflow_id, name, version, state) VALUES (forked, original.name, original.version, 'queued');
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('fork', fork.workflow_id, fork.reason, jsonb_build_object(
                'new_id', forked, 'scope', fork.scope, 'position', fork.position, 'records', copied));
        RETURN forked;
    END
    $$;

CREATE OR REPLACE FUNCTION durable.set_step_result(
    workflow_id text, "position" integer, output json, scope text DEFAULT '', name text DEFAULT NULL, reason text DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        repair bigint;
        known record;
        state text;
    BEGIN
        PERFORM durable.expect_known(set_step_result.workflow_id);
        SELECT l.state::text INTO state FROM durable.live l
            WHERE l.workflow_id = set_step_result.workflow_id AND l.executor IS NULL FOR UPDATE;
        IF state IS DISTINCT FROM 'paused' THEN
            RAISE EXCEPTION 'workflow "%" is not paused', set_step_result.workflow_id
                USING ERRCODE = 'DU020', HINT = 'Pause it first: SELECT pause(id, reason). A failed one is retried first.';
        END IF;
        IF set_step_result.position IS NULL OR set_step_result.scope IS NULL THEN
            RAISE EXCEPTION 'a step needs a position and a scope; the scope of the top is empty' USING ERRCODE = '22023';
        END IF;
        IF set_step_result.position < 0 THEN
            RAISE EXCEPTION 'the position % does not exist: positions count from 0', set_step_result.position USING ERRCODE = '22023';
        END IF;
        SELECT j.kind, j.name INTO known FROM durable.journal j
            WHERE j.workflow_id = set_step_result.workflow_id AND j.scope = set_step_result.scope
              AND j.position = set_step_result.position
            ORDER BY j.phase LIMIT 1;
        IF NOT FOUND AND set_step_result.name IS NULL THEN
            RAISE EXCEPTION 'workflow "%" has recorded nothing at position % of scope "%"', set_step_result.workflow_id,
                set_step_result.position, set_step_result.scope
                USING ERRCODE = '22023', HINT = 'Where the step has not begun, say what it is called: name => ''…''.';
        END IF;
        IF known.name IS NULL THEN
            PERFORM durable.check_text('step''s name', set_step_result.name, 128);
            -- The next one of its scope: a result further on would belong to no call.
            IF set_step_result.position > 0 AND NOT EXISTS (
                SELECT FROM durable.journal j
                WHERE j.workflow_id = set_step_result.workflow_id AND j.scope = set_step_result.scope
                  AND j.position = set_step_result.position - 1)
                OR set_step_result.scope <> '' AND EXISTS (
                SELECT FROM unnest(string_to_array(set_step_result.scope, '/')) AS l (level)
                WHERE durable.level_position(l.level) IS NULL)
            THEN
                RAISE EXCEPTION 'workflow "%" has recorded nothing before position % of scope "%"', set_step_result.workflow_id,
                    set_step_result.position, set_step_result.scope
                    USING ERRCODE = '22023', HINT = 'See SELECT scope, position, step FROM steps WHERE workflow_id = …';
            END IF;
        END IF;
        IF known.kind NOT IN (1, 2) THEN
            RAISE EXCEPTION 'position % of scope "%" of workflow "%" is a %, not a step', set_step_result.position,
                set_step_result.scope, set_step_result.workflow_id, durable.kind_word(known.kind) USING ERRCODE = '22023';
        END IF;
        IF set_step_result.name <> known.name THEN
            RAISE EXCEPTION 'position % of scope "%" of workflow "%" is the step "%", not "%"', set_step_result.position,
                set_step_result.scope, set_step_result.workflow_id, known.name, set_step_result.name USING ERRCODE = '22023';
        END IF;
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('set_step_result', set_step_result.workflow_id, set_step_result.reason, jsonb_build_object(
                'scope', set_step_result.scope, 'position', set_step_result.position, 'step', coalesce(known.name, set_step_result.name)))
            RETURNING id INTO repair;
        PERFORM durable.take_back(set_step_result.workflow_id, set_step_result.scope, set_step_result.position, repair);
        -- Executor 0 is nobody: a person has written it. The run is random, so that nobody takes the row for his own.
        INSERT INTO durable.journal (workflow_id, scope, position, phase, kind, executor, run, name, output)
            VALUES (set_step_result.workflow_id, set_step_result.scope, set_step_result.position, 0, coalesce(known.kind, 1), 0,
                    (random() * 9007199254740992)::bigint, coalesce(known.name, set_step_result.name), set_step_result.output);
    END
    $$;

CREATE FUNCTION durable.guard_functions() RETURNS void
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
        of_nobody CONSTANT text[] := ARRAY['continue_as_new', 'decide_token', 'erase', 'request_of', 'take_back'];
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

COMMENT ON FUNCTION durable.guard_functions() IS
    'Functions for people run with the rights of the schema''s owner, so that a role that may call them needs none on the tables: gives them those rights, a search '
    'path of their own, and to the roles. A part of durable.grant_roles(), so that a function which a later migration replaces is guarded again.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Lists
--
-- Rows of `workflow` come in the order of time. So a summary per 64 pages tells where the rows of a time are, and a start writes nothing
-- for it. (An index with an entry per row costs a start a microsecond and 80 to 100 bytes of the log.) The index of `outcome` holds what has
-- gone wrong, and costs nothing where nothing does.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE INDEX workflow_created ON durable.workflow USING brin (created_at) WITH (pages_per_range = 64);
CREATE INDEX outcome_unhappy ON durable.outcome (status, finished_at) WHERE status <> 'succeeded';

-- Scalar subqueries rather than joins: a reader that does not ask for a column does not pay for it.
CREATE OR REPLACE VIEW durable.workflows AS
SELECT
    w.id,
    w.name,
    w.version,
    coalesce(o.status, l.state)::text AS state,
    l.reason,
    CASE WHEN l.workflow_id IS NOT NULL THEN coalesce(
        (SELECT a.name FROM durable.activity a WHERE a.workflow_id = l.workflow_id AND a.executor = l.executor
            ORDER BY a.started_at, a.scope, a.position LIMIT 1),
        (SELECT n.name FROM durable.journal n WHERE n.workflow_id = l.workflow_id AND n.phase > 0
            AND NOT EXISTS (SELECT FROM durable.journal r WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope
                AND r.position = n.position AND r.phase = 0)
            ORDER BY n.due, n.scope, n.position, n.phase DESC LIMIT 1)
    ) END AS step,
    CASE WHEN l.workflow_id IS NOT NULL THEN coalesce(
        (SELECT a.started_at FROM durable.activity a WHERE a.workflow_id = l.workflow_id AND a.executor = l.executor
            ORDER BY a.started_at, a.scope, a.position LIMIT 1),
        (SELECT n.at FROM durable.journal n WHERE n.workflow_id = l.workflow_id AND n.phase > 0
            AND NOT EXISTS (SELECT FROM durable.journal r WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope
                AND r.position = n.position AND r.phase = 0)
            ORDER BY n.due, n.scope, n.position, n.phase DESC LIMIT 1)
    ) END AS step_since,
    CASE WHEN l.workflow_id IS NOT NULL THEN coalesce(
        (SELECT a.attempt FROM durable.activity a WHERE a.workflow_id = l.workflow_id AND a.executor = l.executor
            ORDER BY a.started_at, a.scope, a.position LIMIT 1),
        (SELECT n.attempt FROM durable.journal n WHERE n.workflow_id = l.workflow_id AND n.phase > 0
            AND NOT EXISTS (SELECT FROM durable.journal r WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope
                AND r.position = n.position AND r.phase = 0)
            ORDER BY n.due, n.scope, n.position, n.phase DESC LIMIT 1)
    )::integer END AS attempt,
    l.waiting_for,
    CASE WHEN l.state IN ('waiting', 'queued') AND isfinite(l.run_at) THEN l.run_at END AS wakes_at,
    durable.error_part(coalesce(o.error, l.error), 'type') AS error_type,
    durable.error_part(coalesce(o.error, l.error), 'message') AS error,
    (SELECT e.name FROM durable.executor e WHERE e.number = coalesce(l.executor, o.executor)) AS executor,
    w.parent,
    w.created_at,
    greatest(
        w.created_at, o.finished_at,
        (SELECT max(j.at) FROM durable.journal j WHERE j.workflow_id = w.id)
    ) AS updated_at,
    o.finished_at
FROM durable.workflow w
LEFT JOIN durable.live l ON l.workflow_id = w.id
LEFT JOIN durable.outcome o ON o.workflow_id = w.id;

COMMENT ON VIEW durable.workflows IS
    'One row per workflow, without its payloads. Quick for an id, for ids from durable.find(…), and newest first: ORDER BY created_at DESC LIMIT …';

-- Scalar subqueries rather than EXISTS, which the planner makes into a join that reads a whole table where it knows no better.
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
    durable.error_part(p.error, 'message') AS error,
    coalesce((
        SELECT true FROM durable.journal m
        WHERE m.workflow_id = p.workflow_id AND m.scope = p.scope AND m.position = p.position AND m.phase < 0
        LIMIT 1
    ), false) AS inputs_changed
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
        WHERE (SELECT l.executor FROM durable.live l WHERE l.workflow_id = a.workflow_id) = a.executor
          AND coalesce((
            SELECT false FROM durable.journal r
            WHERE r.workflow_id = a.workflow_id AND r.scope = a.scope AND r.position = a.position AND r.phase = 0), true)
        UNION ALL
        -- What has only notes: the last of them says what is next.
        SELECT
            n.workflow_id, n.scope, n.position, n.name, n.kind, n.attempt, n.executor,
            CASE
                WHEN coalesce((SELECT false FROM durable.live l WHERE l.workflow_id = n.workflow_id), true) THEN 'abandoned'
                WHEN n.kind IN (1, 2) THEN 'retrying'
                ELSE 'waiting'
            END,
            NULL, n.at, NULL, n.due, n.error
        FROM durable.journal n
        WHERE n.phase > 0
          AND coalesce((
            SELECT false FROM durable.journal r
            WHERE r.workflow_id = n.workflow_id AND r.scope = n.scope AND r.position = n.position
              AND (r.phase = 0 OR r.phase > n.phase) LIMIT 1), true)
          AND coalesce((
            SELECT a.executor <> (SELECT l.executor FROM durable.live l WHERE l.workflow_id = n.workflow_id)
            FROM durable.activity a
            WHERE a.workflow_id = n.workflow_id AND a.scope = n.scope AND a.position = n.position), true)
    ) AS u
) AS p;

CREATE FUNCTION durable.find(
    states text[] DEFAULT NULL, names text[] DEFAULT NULL, id_prefix text DEFAULT NULL,
    since timestamptz DEFAULT NULL, before timestamptz DEFAULT NULL, error_type text DEFAULT NULL,
    behind text DEFAULT NULL, maximum bigint DEFAULT NULL
) RETURNS SETOF text
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    SET enable_seqscan = off
    -- The costs that the planner assumes would make it compile, which takes longer than the whole question.
    SET jit = off
    AS $$
    #variable_conflict use_column
    DECLARE
        -- Up to so many that one filter selects are looked at one by one; of more, some are met soon on the way through all.
        few CONSTANT integer := 5000;
        -- Scalar subqueries: the planner cannot make them into a join that reads a whole table. $1 names, $2 pattern of ids,
        -- $3 and $4 between which times, $5 and $6 behind which one, $7 states, $8 type of error, $9 how many, $10 ids.
        condition CONSTANT text := $condition$
                ($1 IS NULL OR w.name = ANY ($1))
            AND ($2 IS NULL OR w.id LIKE $2)
            AND w.created_at >= $3 AND w.created_at < $4
            AND ($5 IS NULL OR (w.created_at, w.id) < ($5, $6))
            AND ($7 IS NULL OR coalesce(
                (SELECT o.status FROM durable.outcome o WHERE o.workflow_id = w.id),
                (SELECT l.state FROM durable.live l WHERE l.workflow_id = w.id)) = ANY ($7))
            AND ($8 IS NULL OR $8 = coalesce(
                (SELECT durable.error_part(o.error, 'type') FROM durable.outcome o WHERE o.workflow_id = w.id AND o.status = ANY ($7)),
                (SELECT durable.error_part(l.error, 'type') FROM durable.live l WHERE l.workflow_id = w.id)))
            ORDER BY w.created_at DESC, w.id DESC LIMIT $9
            $condition$;
        pattern text;
        last_at timestamptz;
        wanted durable.workflow_state[];
        wrong text;
        ids text[];
        lowest timestamptz := coalesce(find.since, '-infinity');
        upper_ timestamptz := coalesce(find.before, 'infinity');
        lower_ timestamptz;
        bounds timestamptz[];
        place integer;
        back integer;
        found_ bigint := 0;
        rows_ bigint;
    BEGIN
        SELECT s.state INTO wrong FROM unnest(find.states) AS s (state)
            WHERE s.state IS NULL OR NOT s.state = ANY (enum_range(NULL::durable.workflow_state)::text[]) LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'no state of a workflow is called "%"', wrong
                USING ERRCODE = '22023',
                      HINT = 'They are ' || array_to_string(enum_range(NULL::durable.workflow_state), ', ') || '.';
        END IF;
        IF find.maximum < 0 THEN
            RAISE EXCEPTION 'the maximum must not be negative, and is %', find.maximum USING ERRCODE = '22023';
        END IF;
        IF find.behind IS NOT NULL THEN
            SELECT w.created_at INTO last_at FROM durable.workflow w WHERE w.id = find.behind;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'no workflow has the id "%"', find.behind USING ERRCODE = 'DU010';
            END IF;
            upper_ := least(upper_, last_at + interval '1 microsecond');
        END IF;
        -- chr(92): a backslash in a literal would depend on standard_conforming_strings.
        pattern := regexp_replace(find.id_prefix, '[%_' || chr(92) || chr(92) || ']', chr(92) || chr(92) || chr(92) || '&', 'g') || '%';
        wanted := coalesce(find.states, CASE WHEN find.error_type IS NOT NULL
            THEN ARRAY['paused', 'cancelling', 'failed', 'cancelled'] END);

        IF pattern IS NOT NULL THEN
            EXECUTE $q$SELECT coalesce(array_agg(c.id), '{}')
                FROM (SELECT w.id FROM durable.workflow w WHERE w.id LIKE $1 LIMIT $2) AS c$q$
                INTO ids USING pattern, few + 1;
        END IF;
        IF coalesce(cardinality(ids) > few, true) AND NOT 'succeeded' = ANY (wanted) THEN
            EXECUTE $q$SELECT coalesce(array_agg(c.id), '{}') FROM (
                (SELECT l.workflow_id AS id FROM durable.live l
                 WHERE l.state = ANY ($1) AND ($2 IS NULL OR durable.error_part(l.error, 'type') = $2) LIMIT $3)
                UNION ALL
                (SELECT o.workflow_id FROM durable.outcome o
                 WHERE o.status <> 'succeeded' AND o.status = ANY ($1)
                   AND ($2 IS NULL OR durable.error_part(o.error, 'type') = $2) LIMIT $3)) AS c$q$
                INTO ids USING wanted, find.error_type, few + 1;
        END IF;
        IF cardinality(ids) <= few THEN
            -- Apart: read by their ids, and only then by the rest.
            RETURN QUERY EXECUTE
                $q$SELECT w.id FROM (SELECT * FROM durable.workflow w WHERE w.id = ANY ($10) OFFSET 0) AS w WHERE $q$ || condition
                USING find.names, pattern, lowest, upper_, last_at, find.behind, wanted, find.error_type, find.maximum, ids;
            RETURN;
        END IF;

        -- Newest first, in three slices of time: the newest hundredth, the rest of the newest tenth, and all else. Mostly the first holds
        -- enough. Where a hundredth begins the server knows from its statistics; where it has none, the table is small.
        bounds := (
            SELECT s.histogram_bounds::text::timestamptz[] FROM pg_stats s
            WHERE s.tablename = 'workflow' AND s.attname = 'created_at'
              AND s.schemaname = (SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                                  WHERE c.oid = 'durable.workflow'::regclass));
        place := width_bucket(upper_, bounds);
        FOREACH back IN ARRAY ARRAY[1, 10, NULL] LOOP
            lower_ := greatest(lowest, CASE WHEN back < place THEN bounds[place - back] ELSE '-infinity' END);
            CONTINUE WHEN lower_ = '-infinity' AND back IS NOT NULL;
            RETURN QUERY EXECUTE $q$SELECT w.id FROM durable.workflow w WHERE $q$ || condition
                USING find.names, pattern, lower_, upper_, last_at, find.behind, wanted, find.error_type, find.maximum - found_;
            GET DIAGNOSTICS rows_ = ROW_COUNT;
            found_ := found_ + rows_;
            EXIT WHEN lower_ <= lowest OR found_ >= find.maximum;
            upper_ := lower_;
        END LOOP;
    END
    $$;

COMMENT ON FUNCTION durable.find(text[], text[], text, timestamptz, timestamptz, text, text, bigint) IS
    'The ids of the workflows for which everything that is given holds, newest first; quick on millions of them. behind: the last id of the page before. '
    'SELECT … FROM durable.workflows WHERE id = ANY (ARRAY(SELECT durable.find(states => ''{failed}'', maximum => 50))). Raises 22023 for an unknown state.';

CREATE OR REPLACE VIEW durable.errors AS
SELECT
    f.name,
    f.error_type,
    durable.error_shape(f.message) AS fingerprint,
    count(*) AS workflows,
    count(*) FILTER (WHERE f.is_paused) AS paused,
    min(f.at) AS first_at,
    max(f.at) AS last_at,
    (array_agg(f.id ORDER BY f.at DESC NULLS LAST))[1] AS latest_id,
    (array_agg(f.message ORDER BY f.at DESC NULLS LAST))[1] AS latest_message
FROM (
    -- The name by a scalar subquery: of a million workflows only those that have failed are read.
    SELECT o.workflow_id AS id, (SELECT w.name FROM durable.workflow w WHERE w.id = o.workflow_id) AS name, false AS is_paused,
           o.finished_at AS at, durable.error_part(o.error, 'type') AS error_type,
           durable.error_part(o.error, 'message') AS message
    FROM durable.outcome o
    WHERE o.status = 'failed' AND o.status <> 'succeeded'
    UNION ALL
    SELECT l.workflow_id, l.name, true, NULL, durable.error_part(l.error, 'type'), durable.error_part(l.error, 'message')
    FROM durable.live l
    WHERE l.state = 'paused'
) AS f
GROUP BY f.name, f.error_type, durable.error_shape(f.message);

-- ---------------------------------------------------------------------------------------------------------------------
-- Views for those who may not read the tables
-- ---------------------------------------------------------------------------------------------------------------------

CREATE VIEW durable.pending AS
SELECT l.workflow_id AS id, l.name, l.version, l.state::text AS state, l.reason, l.waiting_for, l.progress
FROM durable.live l;

COMMENT ON VIEW durable.pending IS 'One row per workflow that has not ended, from the small table alone.';
COMMENT ON COLUMN durable.pending.id IS 'The workflow''s id.';
COMMENT ON COLUMN durable.pending.name IS 'Which workflow type it is.';
COMMENT ON COLUMN durable.pending.version IS 'The version of that type that began it.';
COMMENT ON COLUMN durable.pending.state IS 'queued, running, waiting, paused or cancelling.';
COMMENT ON COLUMN durable.pending.reason IS 'Why it is paused.';
COMMENT ON COLUMN durable.pending.waiting_for IS 'What it waits for, in words.';
COMMENT ON COLUMN durable.pending.progress IS 'How many records it had at the last takeover.';

CREATE VIEW durable.versions AS
WITH pending AS (
    SELECT l.name, l.version, count(*) AS pending,
        count(*) FILTER (WHERE l.state = 'queued') AS queued,
        count(*) FILTER (WHERE l.state = 'running') AS running,
        count(*) FILTER (WHERE l.state = 'waiting') AS waiting,
        count(*) FILTER (WHERE l.state = 'paused') AS paused,
        count(*) FILTER (WHERE l.state = 'cancelling') AS cancelling,
        min((SELECT w.created_at FROM durable.workflow w WHERE w.id = l.workflow_id)) AS oldest, min(l.workflow_id) AS example
    FROM durable.live l GROUP BY l.name, l.version
), offered AS (
    SELECT o.name, v.version, array_agg(e.name ORDER BY e.name, e.number) AS executors
    FROM durable.executors e
    JOIN durable.executor x ON x.number = e.number
    CROSS JOIN LATERAL jsonb_to_recordset(CASE WHEN jsonb_typeof(x.workflows) = 'array' THEN x.workflows ELSE '[]' END)
        AS o (name text, versions integer[])
    CROSS JOIN LATERAL unnest(o.versions) AS v (version)
    WHERE e.state = 'alive'
    GROUP BY o.name, v.version
)
SELECT coalesce(p.name, o.name) AS name, coalesce(p.version, o.version) AS version, coalesce(p.pending, 0) AS pending,
    coalesce(p.queued, 0) AS queued, coalesce(p.running, 0) AS running, coalesce(p.waiting, 0) AS waiting,
    coalesce(p.paused, 0) AS paused, coalesce(p.cancelling, 0) AS cancelling,
    p.oldest, p.example, coalesce(cardinality(o.executors), 0) AS offered_by, coalesce(o.executors, '{}') AS executors,
    CASE WHEN coalesce(p.pending, 0) = 0 THEN 'safe to retire' WHEN o.name IS NULL THEN 'stranded' ELSE 'in use' END AS verdict
FROM pending p FULL JOIN offered o ON o.name = p.name COLLATE "C" AND o.version = p.version;

COMMENT ON VIEW durable.versions IS 'One row per workflow type and version that is pending, or that a live process offers.';
COMMENT ON COLUMN durable.versions.name IS 'The workflow type.';
COMMENT ON COLUMN durable.versions.version IS 'The version of that type.';
COMMENT ON COLUMN durable.versions.pending IS 'How many workflows of it have not ended.';
COMMENT ON COLUMN durable.versions.queued IS 'How many of them are queued.';
COMMENT ON COLUMN durable.versions.running IS 'How many of them are running.';
COMMENT ON COLUMN durable.versions.waiting IS 'How many of them wait.';
COMMENT ON COLUMN durable.versions.paused IS 'How many of them are paused.';
COMMENT ON COLUMN durable.versions.cancelling IS 'How many of them are being cancelled.';
COMMENT ON COLUMN durable.versions.oldest IS 'When the first of them was started.';
COMMENT ON COLUMN durable.versions.example IS 'One of them.';
COMMENT ON COLUMN durable.versions.offered_by IS 'How many live processes go on with this version.';
COMMENT ON COLUMN durable.versions.executors IS 'The names of those processes.';
COMMENT ON COLUMN durable.versions.verdict IS
    'in use: pending, and a live process goes on with it. stranded: pending, and none does. safe to retire: nothing is pending.';

CREATE VIEW durable.stats AS
SELECT 'live' AS subject, l.state::text AS name, count(*)::float8 AS value, 'count' AS unit
FROM durable.live l GROUP BY l.state
UNION ALL
SELECT 'live', 'due and not taken', count(*), 'count' FROM durable.live l
WHERE l.executor IS NULL AND l.run_at < now() - interval '10 seconds'
UNION ALL
SELECT 'live', 'oldest due and not taken', extract(epoch FROM now() - min(l.run_at))::float8, 'seconds'
FROM durable.live l WHERE l.executor IS NULL AND l.run_at < now()
UNION ALL
SELECT 'inbox', 'not yet delivered', count(*), 'count' FROM durable.inbox
UNION ALL
SELECT 'inbox', 'oldest', extract(epoch FROM now() - min(i.created_at))::float8, 'seconds' FROM durable.inbox i
UNION ALL
SELECT 'executors', e.state, count(*), 'count' FROM durable.executors e GROUP BY e.state
UNION ALL
SELECT 'ended', 'about', greatest(c.reltuples, 0)::float8, 'count' FROM pg_class c WHERE c.oid = 'durable.outcome'::regclass
UNION ALL
SELECT 'size', c.relname::text, pg_total_relation_size(c.oid)::float8, 'bytes'
FROM pg_class c
WHERE c.relnamespace = (SELECT o.relnamespace FROM pg_class o WHERE o.oid = 'durable.outcome'::regclass) AND c.relkind = 'r'
  AND pg_total_relation_size(c.oid) > 65536;

COMMENT ON VIEW durable.stats IS 'Counts of what is pending and not yet delivered, an estimate of what has ended, and the sizes of the tables with their indexes.';
COMMENT ON COLUMN durable.stats.subject IS 'live, inbox, executors, ended or size.';
COMMENT ON COLUMN durable.stats.name IS 'What of it.';
COMMENT ON COLUMN durable.stats.value IS 'How much; NULL where there is nothing.';
COMMENT ON COLUMN durable.stats.unit IS 'count, seconds or bytes.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Retention
--
-- A workflow is deleted with all that it has recorded when it has ended, its time is over, the workflow that started it is not there
-- any more, and none of those that it started is unfinished. So families go from the top down: as long as a parent is there, which may
-- be retried, all that it would ask its children is there too.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE INDEX token_workflow ON durable.token (workflow_id);

CREATE TABLE durable.retention (
    subject text COLLATE "C" NOT NULL DEFAULT 'workflow' CHECK (subject IN ('workflow', 'event', 'executor', 'audit')),
    name text COLLATE "C" NOT NULL DEFAULT '',
    outcome text COLLATE "C" NOT NULL DEFAULT '' CHECK (outcome IN ('', 'succeeded', 'failed', 'cancelled')),
    keep interval,
    who text NOT NULL DEFAULT session_user,
    since timestamptz NOT NULL DEFAULT durable.clock(),
    PRIMARY KEY (subject, name, outcome)
);

COMMENT ON TABLE durable.retention IS
    'How long what is over is kept. Of several that fit the one that names the type counts, then the one that names the outcome. What none fits is kept.';
COMMENT ON COLUMN durable.retention.subject IS 'workflow; event (published events); executor (processes that have ended); audit.';
COMMENT ON COLUMN durable.retention.name IS 'The workflow type or the event; empty for all.';
COMMENT ON COLUMN durable.retention.outcome IS 'succeeded, failed or cancelled; empty for all.';
COMMENT ON COLUMN durable.retention.keep IS 'How long, from its end; NULL for ever.';
COMMENT ON COLUMN durable.retention.who IS 'The role that said so last.';
COMMENT ON COLUMN durable.retention.since IS 'When it did.';

CREATE TABLE durable.retention_pass (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    stage text COLLATE "C" NOT NULL DEFAULT 'workflow',
    page bigint NOT NULL DEFAULT 0,
    next_at timestamptz NOT NULL DEFAULT '-infinity',
    done_at timestamptz
);

COMMENT ON TABLE durable.retention_pass IS 'How far the present pass over what may be deleted has come. One row; whoever locks it works, and the others leave.';
COMMENT ON COLUMN durable.retention_pass.singleton IS 'Always true: there is one row.';
COMMENT ON COLUMN durable.retention_pass.stage IS 'workflow, event, executor or audit.';
COMMENT ON COLUMN durable.retention_pass.page IS 'How many pages of outcome were looked at.';
COMMENT ON COLUMN durable.retention_pass.next_at IS 'When engines go on: after a batch they leave the database nine times as long as it took.';
COMMENT ON COLUMN durable.retention_pass.done_at IS 'When the last pass came to its end.';

INSERT INTO durable.retention_pass DEFAULT VALUES;

CREATE FUNCTION durable.retention_key(name text, outcome text, subject text, OUT words text)
    LANGUAGE plpgsql IMMUTABLE
    AS $$
    BEGIN
        IF retention_key.subject IS NULL OR retention_key.subject NOT IN ('workflow', 'event', 'executor', 'audit') THEN
            RAISE EXCEPTION 'nothing called "%" is kept for a time', retention_key.subject
                USING ERRCODE = '22023', HINT = 'It is workflow, event, executor or audit.';
        END IF;
        IF retention_key.outcome NOT IN ('', 'succeeded', 'failed', 'cancelled') THEN
            RAISE EXCEPTION 'no workflow ends as "%"', retention_key.outcome
                USING ERRCODE = '22023', HINT = 'They end as succeeded, failed or cancelled.';
        END IF;
        IF octet_length(retention_key.name) > 128 THEN
            RAISE EXCEPTION 'the name has % bytes; the limit is 128', octet_length(retention_key.name) USING ERRCODE = '22023';
        END IF;
        IF retention_key.subject <> 'workflow' AND nullif(retention_key.outcome, '') IS NOT NULL
            OR retention_key.subject IN ('executor', 'audit') AND nullif(retention_key.name, '') IS NOT NULL THEN
            RAISE EXCEPTION 'an % has no such part to tell it by', retention_key.subject
                USING ERRCODE = '22023', HINT = 'Workflows have a name and an outcome, events a name.';
        END IF;
        words := concat_ws(' ', retention_key.subject, nullif(retention_key.name, ''), nullif(retention_key.outcome, ''));
    END
    $$;

COMMENT ON FUNCTION durable.retention_key(text, text, text) IS 'What a row of durable.retention is about, in words. Raises 22023 where there is no such thing.';

CREATE FUNCTION durable.set_retention(
    keep interval, name text DEFAULT '', outcome text DEFAULT '', subject text DEFAULT 'workflow', reason text DEFAULT NULL
) RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        about text := durable.retention_key(set_retention.name, set_retention.outcome, set_retention.subject);
    BEGIN
        IF set_retention.keep < interval '0' OR set_retention.keep > interval '1000 years' THEN
            RAISE EXCEPTION 'what is over is kept for 0 to 1000 years, or for ever (NULL), not for %', set_retention.keep
                USING ERRCODE = '22023';
        END IF;
        INSERT INTO durable.retention AS r (subject, name, outcome, keep)
            VALUES (set_retention.subject, coalesce(set_retention.name, ''), coalesce(set_retention.outcome, ''), set_retention.keep)
            ON CONFLICT (subject, name, outcome) DO UPDATE SET keep = excluded.keep, who = excluded.who, since = excluded.since
            WHERE r.keep IS DISTINCT FROM excluded.keep;
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
    'true: that is new; false: it was so before. Engines delete what is over, gently; durable.prune does it by hand.';

CREATE FUNCTION durable.drop_retention(name text DEFAULT '', outcome text DEFAULT '', subject text DEFAULT 'workflow', reason text DEFAULT NULL)
    RETURNS boolean
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        about text := durable.retention_key(drop_retention.name, drop_retention.outcome, drop_retention.subject);
    BEGIN
        DELETE FROM durable.retention r
            WHERE r.subject = drop_retention.subject AND r.name = coalesce(drop_retention.name, '')
              AND r.outcome = coalesce(drop_retention.outcome, '');
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO durable.audit (action, subject, reason) VALUES ('drop_retention', about, drop_retention.reason);
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.drop_retention(text, text, text, text) IS 'Takes back what durable.set_retention has said. false: there was no such row.';

CREATE FUNCTION durable.keeps(subject text, name text, outcome text DEFAULT '') RETURNS interval
    LANGUAGE sql STABLE
    AS $$
        SELECT r.keep FROM durable.retention r
        WHERE r.subject = keeps.subject AND r.name IN (keeps.name, '') AND r.outcome IN (keeps.outcome, '')
        ORDER BY r.name DESC, r.outcome DESC LIMIT 1
    $$;

COMMENT ON FUNCTION durable.keeps(text, text, text) IS 'How long something is kept; NULL for ever.';

-- One statement, so that all of it is seen at one time. Called again for rows that are locked, it sees what was committed before that.
CREATE FUNCTION durable.expired(ids text[]) RETURNS TABLE (id text, name text, outcome text)
    LANGUAGE sql STABLE
    AS $$
        SELECT w.id, w.name, o.status::text
        FROM durable.workflow w JOIN durable.outcome o ON o.workflow_id = w.id
        WHERE w.id = ANY (ids)
          AND o.finished_at < now() - durable.keeps('workflow', w.name, o.status::text)
          AND NOT EXISTS (SELECT FROM durable.live l WHERE l.workflow_id = w.id)
          AND (w.parent IS NULL OR NOT EXISTS (SELECT FROM durable.workflow p WHERE p.id = w.parent))
          AND NOT EXISTS (SELECT FROM durable.workflow c JOIN durable.live l ON l.workflow_id = c.id WHERE c.parent = w.id)
    $$;

COMMENT ON FUNCTION durable.expired(text[]) IS 'Which of these workflows may be deleted now.';

CREATE FUNCTION durable.erase(ids text[]) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    AS $$
    DECLARE
        erased bigint;
    BEGIN
        -- Not here: inbox, request and ended_child, which the router consumes, and audit.
        DELETE FROM durable.journal t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.superseded t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.superseded_outcome t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.message t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.message_key t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.token t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.subscription t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.published t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.update_request t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.stream t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.cancellation t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.child_group t WHERE t.parent = ANY (ids);
        DELETE FROM durable.activity t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.outcome t WHERE t.workflow_id = ANY (ids);
        DELETE FROM durable.workflow t WHERE t.id = ANY (ids);
        GET DIAGNOSTICS erased = ROW_COUNT;
        RETURN erased;
    END
    $$;

COMMENT ON FUNCTION durable.erase(text[]) IS 'Deletes workflows from every table. A part of the functions below, which have made sure that they have ended.';

-- A repair holds what it repairs: retention passes it by, and a repair that comes second is told that there is no such workflow.
CREATE OR REPLACE FUNCTION durable.expect_known(workflow_id text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF current_setting('transaction_read_only')::boolean THEN
            PERFORM FROM durable.workflow w WHERE w.id = expect_known.workflow_id;
        ELSE
            PERFORM FROM durable.workflow w WHERE w.id = expect_known.workflow_id FOR KEY SHARE;
        END IF;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no workflow has the id "%"', expect_known.workflow_id
                USING ERRCODE = 'DU010', HINT = 'Look for it with SELECT id, name, state FROM workflows WHERE id LIKE …';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.expect_known(text) IS
    'Raises DU010 when there is no workflow of this id; otherwise it is not deleted before the transaction ends.';

-- Page by page through `outcome`: that needs no index, which every workflow would have to pay for.
CREATE FUNCTION durable.prune_workflows(maximum integer, OUT deleted bigint, OUT is_done boolean)
    LANGUAGE plpgsql VOLATILE
    SET enable_hashjoin = off
    SET enable_mergejoin = off
    AS $$
    DECLARE
        first_page CONSTANT bigint := (SELECT p.page FROM durable.retention_pass p);
        youngest CONSTANT timestamptz := now() - (SELECT min(r.keep) FROM durable.retention r WHERE r.subject = 'workflow');
        -- About fifty rows stand on a page.
        pages CONSTANT bigint := greatest(1, maximum / 50);
        ids text[];
        counts jsonb;
    BEGIN
        deleted := 0;
        is_done := youngest IS NULL
            OR first_page + pages >= pg_relation_size('durable.outcome'::regclass) / current_setting('block_size')::bigint;
        IF youngest IS NULL THEN
            RETURN;
        END IF;
        ids := ARRAY(
            SELECT o.workflow_id FROM durable.outcome o
            WHERE o.ctid >= format('(%s,0)', first_page)::tid AND o.ctid < format('(%s,0)', first_page + pages)::tid
              AND o.finished_at < youngest);
        -- First what may go, then its locks, then once more, now that no repair can begin: it may have begun in between.
        ids := ARRAY(SELECT e.id FROM durable.expired(ids) AS e);
        ids := ARRAY(SELECT w.id FROM durable.workflow w WHERE w.id = ANY (ids) FOR UPDATE SKIP LOCKED);
        SELECT array_agg(c.id), jsonb_agg(DISTINCT jsonb_build_object('name', c.name, 'outcome', c.outcome, 'workflows', c.count))
            INTO ids, counts
            FROM (SELECT e.id, e.name, e.outcome, count(*) OVER (PARTITION BY e.name, e.outcome) FROM durable.expired(ids) AS e) AS c;
        IF ids IS NOT NULL THEN
            deleted := durable.erase(ids);
            INSERT INTO durable.audit (action, subject, details)
                VALUES ('prune', 'workflow', jsonb_build_object('deleted', deleted, 'of', counts));
        END IF;
        UPDATE durable.retention_pass p SET page = CASE WHEN is_done THEN 0 ELSE first_page + pages END;
    END
    $$;

COMMENT ON FUNCTION durable.prune_workflows(integer) IS 'The part of durable.prune that is about workflows: looks at about so many of those that have ended, and deletes what is over of them.';

CREATE FUNCTION durable.prune_others(stage text, maximum integer) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    SET enable_seqscan = off
    SET enable_hashjoin = off
    AS $$
    DECLARE
        deleted bigint := 0;
        gone bigint;
        kind record;
        dead integer[];
    BEGIN
        IF stage = 'event' THEN
            FOR kind IN
                WITH RECURSIVE names (name) AS (
                    (SELECT e.name FROM durable.event e ORDER BY e.name LIMIT 1)
                    UNION ALL
                    SELECT (SELECT e.name FROM durable.event e WHERE e.name > n.name ORDER BY e.name LIMIT 1)
                    FROM names n WHERE n.name IS NOT NULL
                )
                SELECT n.name, durable.keeps('event', n.name) AS keep FROM names n WHERE n.name IS NOT NULL
            LOOP
                CONTINUE WHEN kind.keep IS NULL;
                DELETE FROM durable.event t WHERE t.id = ANY (ARRAY(
                    SELECT e.id FROM durable.event e
                    WHERE e.name = kind.name AND e.published_at < now() - kind.keep
                      -- Nobody has been told of it yet.
                      AND NOT EXISTS (SELECT FROM durable.inbox i WHERE i.kind = 'event' AND i.workflow_id IS NULL AND i.name = e.name)
                      -- Whoever waits looks back to its own beginning.
                      AND NOT EXISTS (
                        SELECT FROM durable.subscription s JOIN durable.workflow w ON w.id = s.workflow_id
                        WHERE s.name = e.name AND (s.key IS NULL OR s.key = e.key)
                          AND e.published_at >= w.created_at - interval '1 second')
                    ORDER BY e.published_at LIMIT maximum - deleted));
                GET DIAGNOSTICS gone = ROW_COUNT;
                deleted := deleted + gone;
                EXIT WHEN deleted >= maximum;
            END LOOP;
        ELSIF stage = 'executor' THEN
            -- Records carry the number of who wrote them: what ended before the oldest workflow that is left began has written none of
            -- them. (What a fork has copied may be older; then the name of its writer is not known any more.)
            dead := ARRAY(
                SELECT e.number FROM durable.executor e
                WHERE greatest(e.stopped_at, e.fenced_at,
                        (SELECT l.expires_at FROM durable.lease l WHERE l.executor = e.number)) < now() - durable.keeps('executor', '')
                  AND (e.stopped_at IS NOT NULL OR e.fenced_at IS NOT NULL OR durable.lease_is_over(e.number))
                  AND NOT EXISTS (SELECT FROM durable.workflow w WHERE w.created_at <= greatest(e.stopped_at, e.fenced_at, e.started_at,
                        (SELECT l.expires_at FROM durable.lease l WHERE l.executor = e.number)))
                  AND NOT EXISTS (SELECT FROM durable.live l WHERE l.executor = e.number)
                  AND NOT EXISTS (SELECT FROM durable.activity a WHERE a.executor = e.number)
                  -- Not while it writes: what it has begun ends first.
                  AND pg_try_advisory_xact_lock('durable.executor'::regclass::oid::integer, e.number)
                ORDER BY e.number LIMIT maximum);
            DELETE FROM durable.lease l WHERE l.executor = ANY (dead);
            DELETE FROM durable.executor e WHERE e.number = ANY (dead);
            GET DIAGNOSTICS deleted = ROW_COUNT;
        ELSIF stage = 'audit' THEN
            DELETE FROM durable.audit t WHERE t.id = ANY (ARRAY(
                SELECT a.id FROM durable.audit a WHERE a.at < now() - durable.keeps('audit', '') ORDER BY a.id LIMIT maximum));
            GET DIAGNOSTICS deleted = ROW_COUNT;
        END IF;
        IF deleted > 0 THEN
            INSERT INTO durable.audit (action, subject, details) VALUES ('prune', stage, jsonb_build_object('deleted', deleted));
        END IF;
        RETURN deleted;
    END
    $$;

COMMENT ON FUNCTION durable.prune_others(text, integer) IS 'The part of durable.prune that is about events, processes and the audit: deletes so many that are over.';

CREATE FUNCTION durable.prune(maximum integer DEFAULT 500, gently boolean DEFAULT false, OUT deleted bigint, OUT result text, OUT pause interval)
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    DECLARE
        stages CONSTANT text[] := ARRAY['workflow', 'event', 'executor', 'audit'];
        pass durable.retention_pass;
        began CONSTANT timestamptz := clock_timestamp();
        is_over boolean;
        next_stage text;
    BEGIN
        IF prune.maximum IS NULL OR prune.maximum NOT BETWEEN 1 AND 10000 THEN
            RAISE EXCEPTION 'a batch has 1 to 10000 rows, not %', prune.maximum USING ERRCODE = '22023';
        END IF;
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'durable.prune needs READ COMMITTED, and this transaction is %', upper(current_setting('transaction_isolation'))
                USING ERRCODE = '25000';
        END IF;
        deleted := 0;
        IF NOT EXISTS (SELECT FROM durable.retention r WHERE r.keep IS NOT NULL) THEN
            result := 'done';
            pause := interval '5 minutes';
            RETURN;
        END IF;
        SELECT * INTO pass FROM durable.retention_pass FOR UPDATE SKIP LOCKED;
        IF NOT FOUND THEN
            result := 'busy';
            pause := interval '10 seconds';
            RETURN;
        END IF;
        IF prune.gently AND pass.next_at > began THEN
            result := 'busy';
            pause := pass.next_at - began;
            RETURN;
        END IF;
        IF pass.stage = 'workflow' THEN
            SELECT p.deleted, p.is_done INTO deleted, is_over FROM durable.prune_workflows(prune.maximum) AS p;
        ELSE
            deleted := durable.prune_others(pass.stage, prune.maximum);
            is_over := deleted < prune.maximum;
        END IF;
        next_stage := CASE WHEN is_over THEN stages[array_position(stages, pass.stage) + 1] ELSE pass.stage END;
        result := CASE WHEN next_stage IS NULL THEN 'done' ELSE 'more' END;
        pause := CASE result WHEN 'done' THEN interval '5 minutes' ELSE 9 * (clock_timestamp() - began) END;
        UPDATE durable.retention_pass p
            SET stage = coalesce(next_stage, stages[1]), next_at = clock_timestamp() + pause,
                done_at = CASE result WHEN 'done' THEN clock_timestamp() ELSE p.done_at END;
    END
    $$;

COMMENT ON FUNCTION durable.prune(integer, boolean) IS
    'Looks at one batch of what may be over by durable.retention, and deletes what is. result: more (call again), done (all was looked at), busy '
    '(somebody else is at it). maximum: about how many rows. gently: only when the pause that the last batch has asked for is over; engines call it so.';

CREATE FUNCTION durable.prunable() RETURNS TABLE (subject text, name text, outcome text, rows bigint, oldest timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
        SELECT 'workflow', w.name, o.status::text, count(*), min(o.finished_at)
        FROM durable.outcome o JOIN durable.workflow w ON w.id = o.workflow_id
        -- First what a comparison tells, then what the policies say.
        WHERE o.finished_at < now() - (SELECT min(r.keep) FROM durable.retention r WHERE r.subject = 'workflow')
          AND o.finished_at < now() - durable.keeps('workflow', w.name, o.status::text)
          AND (w.parent IS NULL OR NOT EXISTS (SELECT FROM durable.workflow p WHERE p.id = w.parent))
        GROUP BY w.name, o.status
        UNION ALL
        SELECT 'event', e.name, NULL, count(*), min(e.published_at) FROM durable.event e
        WHERE e.published_at < now() - durable.keeps('event', e.name) GROUP BY e.name
        UNION ALL
        SELECT 'audit', NULL, NULL, count(*), min(a.at) FROM durable.audit a WHERE a.at < now() - durable.keeps('audit', '') HAVING count(*) > 0
        ORDER BY 1 DESC, 2, 3
    $$;

COMMENT ON FUNCTION durable.prunable() IS
    'What durable.prune would delete first, by name and outcome: roots of families, events and audit rows whose time is over. Reads all that has ended.';

CREATE FUNCTION durable.delete_workflow(workflow_id text, reason text) RETURNS bigint
    LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        family text[];
        found_ record;
    BEGIN
        PERFORM durable.check_text('reason', delete_workflow.reason, 1000);
        PERFORM FROM durable.workflow w WHERE w.id = delete_workflow.workflow_id FOR UPDATE;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no workflow has the id "%"', delete_workflow.workflow_id
                USING ERRCODE = 'DU010', HINT = 'Look for it with SELECT id, name, state FROM workflows WHERE id LIKE …';
        END IF;
        SELECT p.id INTO found_ FROM durable.workflow w JOIN durable.workflow p ON p.id = w.parent
            WHERE w.id = delete_workflow.workflow_id;
        IF FOUND THEN
            RAISE EXCEPTION 'workflow "%" was started by "%", which may still ask for its result', delete_workflow.workflow_id, found_.id
                USING ERRCODE = 'DU020', HINT = 'Delete that one: those that it has started go with it.';
        END IF;
        -- Level by level: those that were started hold still as well.
        family := ARRAY[delete_workflow.workflow_id];
        LOOP
            PERFORM FROM durable.workflow w
                WHERE w.parent = ANY (family) AND NOT w.id = ANY (family) ORDER BY w.id FOR UPDATE;
            EXIT WHEN NOT FOUND;
            family := family || ARRAY(
                SELECT w.id FROM durable.workflow w WHERE w.parent = ANY (family) AND NOT w.id = ANY (family));
        END LOOP;
        SELECT l.workflow_id AS id, l.state INTO found_ FROM durable.live l WHERE l.workflow_id = ANY (family)
            ORDER BY l.workflow_id <> delete_workflow.workflow_id, l.workflow_id LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'workflow "%" is %, and only what has ended can be deleted', found_.id, found_.state
                USING ERRCODE = 'DU020', HINT = 'Cancel it, or kill it, first.';
        END IF;
        INSERT INTO durable.audit (action, subject, reason, details)
            SELECT 'delete_workflow', w.id, delete_workflow.reason, jsonb_build_object(
                'name', w.name, 'version', w.version, 'created_at', w.created_at, 'workflows', cardinality(family))
            FROM durable.workflow w WHERE w.id = delete_workflow.workflow_id;
        RETURN durable.erase(family);
    END
    $$;

COMMENT ON FUNCTION durable.delete_workflow(text, text) IS
    'Deletes one workflow that has ended, with all that it has recorded and all that it has started; returns how many workflows those were. Its id is free again. '
    'Raises DU010 for an unknown id; DU020 when it or one of those has not ended, or when the one that started it is still there.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Export
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.microseconds(at timestamptz) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT (extract(epoch FROM at) * 1000000)::bigint - 946684800000000
    $$;

COMMENT ON FUNCTION durable.microseconds(timestamptz) IS 'A time in microseconds since 2000-01-01 UTC.';

CREATE FUNCTION durable.export(workflow_id text) RETURNS json
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
    AS $$
    #variable_conflict use_column
    DECLARE
        document json;
    BEGIN
        -- One statement: all of it is of one time. Payloads as texts, so that they are exact.
        SELECT json_build_object(
            'format', 1,
            'workflow', json_build_object(
                'id', w.id, 'name', w.name, 'version', w.version, 'seed', upper(w.seed::text), 'input', w.input::text,
                'deadline', durable.microseconds(w.deadline), 'createdAt', durable.microseconds(w.created_at)),
            'journal', coalesce((
                SELECT json_agg(json_build_object(
                    'scope', j.scope, 'position', j.position, 'phase', j.phase, 'kind', j.kind, 'name', j.name, 'attempt', j.attempt,
                    'at', durable.microseconds(j.at), 'seconds', j.seconds, 'due', durable.microseconds(j.due),
                    'fingerprint', j.fingerprint, 'output', j.output::text, 'error', j.error::text)
                    ORDER BY j.scope, j.position, j.phase)
                FROM durable.journal j WHERE j.workflow_id = w.id), '[]'),
            'outcome', (
                SELECT json_build_object('status', o.status, 'output', o.output::text, 'error', o.error::text,
                    'finishedAt', durable.microseconds(o.finished_at))
                FROM durable.outcome o WHERE o.workflow_id = w.id))
            INTO document
            FROM durable.workflow w WHERE w.id = export.workflow_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no workflow has the id "%"', export.workflow_id
                USING ERRCODE = 'DU010', HINT = 'Look for it with SELECT id, name, state FROM workflows WHERE id LIKE …';
        END IF;
        RETURN document;
    END
    $$;

COMMENT ON FUNCTION durable.export(text) IS
    'A workflow with everything that it has recorded, payloads included, as one document: what history replay reads. Raises DU010 for an unknown id.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Grants
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.grant_upkeep() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        PERFORM durable.guard_functions();
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
            GRANT SELECT ON durable.pending, durable.versions, durable.stats, durable.retention TO durable_reader;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
            GRANT SELECT ON durable.pending, durable.versions, durable.stats, durable.retention TO durable_operator;
        END IF;
    END
    $$;
COMMENT ON FUNCTION durable.grant_upkeep() IS 'The part of durable.grant_roles() that is about upkeep.';

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
        PERFORM durable.grant_lineage();
        PERFORM durable.grant_operation();
        PERFORM durable.grant_queues();
        PERFORM durable.grant_upkeep();
    END
    $$;

DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (6, 'upkeep', 1);

COMMIT;
