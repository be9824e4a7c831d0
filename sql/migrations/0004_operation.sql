-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Operation: what a person, or a program in any language, asks of the system in SQL. Starts in anybody's own transaction, repair,
-- explanations, and a record of who did what.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0004_operation.sql
-- Errors: DU010 no such workflow, DU011 it has ended, DU020 it is not in the state that this needs, 22023 an argument makes no sense.
-- Nothing is edited in place: what a repair takes back moves to `superseded`, with who did it, when and why.

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Who did what
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.audit (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL DEFAULT durable.clock(),
    who text NOT NULL DEFAULT session_user,
    application text DEFAULT current_setting('application_name', true),
    action text NOT NULL,
    subject text NOT NULL,
    reason text,
    details jsonb
);

CREATE INDEX audit_subject ON durable.audit (subject, id);

COMMENT ON TABLE durable.audit IS 'Every change that a person made to workflows, names and executors: who, when, what and why. Append-only.';
COMMENT ON COLUMN durable.audit.id IS 'The order.';
COMMENT ON COLUMN durable.audit.at IS 'When, by the database''s clock.';
COMMENT ON COLUMN durable.audit.who IS 'The role that had logged in.';
COMMENT ON COLUMN durable.audit.application IS 'application_name of its session.';
COMMENT ON COLUMN durable.audit.action IS 'The function that was called: retry, rerun, fork, set_step_result, pause_name, release_executor and so on.';
COMMENT ON COLUMN durable.audit.subject IS 'The workflow''s id; the workflow type for pause_name and resume_name; the executor''s number for release_executor.';
COMMENT ON COLUMN durable.audit.reason IS 'Why, in the person''s words.';
COMMENT ON COLUMN durable.audit.details IS 'What the call was about besides: the place, the new id. No payloads.';

-- The four columns in front say why a row is here; the others are those of journal.
CREATE TABLE durable.superseded (
    repair bigint NOT NULL,
    superseded_at timestamptz NOT NULL DEFAULT durable.clock(),
    workflow_id text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    phase smallint NOT NULL,
    kind smallint NOT NULL,
    attempt smallint NOT NULL,
    executor integer NOT NULL,
    run bigint NOT NULL,
    at timestamptz NOT NULL,
    due timestamptz,
    fingerprint bigint,
    seconds real,
    name text COLLATE "C" NOT NULL,
    output json,
    error json,
    PRIMARY KEY (workflow_id, repair, scope, position, phase)
);

COMMENT ON TABLE durable.superseded IS 'Journal rows that a repair has taken back: no longer read by any run, kept for people.';
COMMENT ON COLUMN durable.superseded.repair IS 'The row of durable.audit that says who took it back, and why.';
COMMENT ON COLUMN durable.superseded.superseded_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN durable.superseded.workflow_id IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.scope IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.position IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.phase IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.kind IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.attempt IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.executor IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.run IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.at IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.due IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.fingerprint IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.seconds IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.name IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.output IS 'As in journal.';
COMMENT ON COLUMN durable.superseded.error IS 'As in journal.';

CREATE TABLE durable.superseded_outcome (
    repair bigint NOT NULL,
    superseded_at timestamptz NOT NULL DEFAULT durable.clock(),
    workflow_id text COLLATE "C" NOT NULL,
    status durable.workflow_state NOT NULL,
    executor integer,
    run bigint,
    finished_at timestamptz NOT NULL,
    output json,
    error json,
    PRIMARY KEY (workflow_id, repair)
);

COMMENT ON TABLE durable.superseded_outcome IS 'Outcomes that a retry has taken back.';
COMMENT ON COLUMN durable.superseded_outcome.repair IS 'The row of durable.audit that says who took it back, and why.';
COMMENT ON COLUMN durable.superseded_outcome.superseded_at IS 'When, by the database''s clock.';
COMMENT ON COLUMN durable.superseded_outcome.workflow_id IS 'As in outcome.';
COMMENT ON COLUMN durable.superseded_outcome.status IS 'As in outcome.';
COMMENT ON COLUMN durable.superseded_outcome.executor IS 'As in outcome.';
COMMENT ON COLUMN durable.superseded_outcome.run IS 'As in outcome.';
COMMENT ON COLUMN durable.superseded_outcome.finished_at IS 'As in outcome.';
COMMENT ON COLUMN durable.superseded_outcome.output IS 'As in outcome.';
COMMENT ON COLUMN durable.superseded_outcome.error IS 'As in outcome.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Arguments
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.check_text(what text, value text, bytes integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
    BEGIN
        IF coalesce(octet_length(check_text.value), 0) = 0 THEN
            RAISE EXCEPTION 'the % is empty', check_text.what USING ERRCODE = '22023';
        END IF;
        IF octet_length(check_text.value) > check_text.bytes THEN
            RAISE EXCEPTION 'the % has % bytes; the limit is %', check_text.what, octet_length(check_text.value), check_text.bytes
                USING ERRCODE = '22023';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.check_text(text, text, integer) IS 'Raises 22023 for a text that is empty or has more bytes than the limit.';

CREATE FUNCTION durable.same_json(a json, b json) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE
    AS $$
    BEGIN
        IF a IS NULL OR b IS NULL THEN
            RETURN a IS NULL AND b IS NULL;
        END IF;
        RETURN a::text = b::text OR a::jsonb = b::jsonb;
    EXCEPTION
        -- U+0000 cannot become jsonb; then only the same text is the same.
        WHEN untranslatable_character THEN RETURN false;
    END
    $$;

COMMENT ON FUNCTION durable.same_json(json, json) IS 'Whether two documents say the same, whatever the order of their keys and their white space.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Starting, in anybody's own transaction
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.offered_version(name text) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
        -- workflows: [{"name": …, "versions": [1, 2]}, …]
        SELECT max(v.version::integer)
        FROM durable.executor e
        CROSS JOIN LATERAL jsonb_array_elements(e.workflows) AS w (offer)
        CROSS JOIN LATERAL jsonb_array_elements_text(w.offer -> 'versions') AS v (version)
        WHERE e.fenced_at IS NULL AND e.stopped_at IS NULL
          AND EXISTS (SELECT FROM durable.lease l WHERE l.executor = e.number)
          AND jsonb_typeof(e.workflows) = 'array' AND w.offer ->> 'name' = offered_version.name
    $$;

COMMENT ON FUNCTION durable.offered_version(text) IS 'The highest version of a workflow type that a live process offers; NULL when none offers it.';

CREATE FUNCTION durable.enqueue(
    name text, input json DEFAULT NULL, id text DEFAULT NULL, version integer DEFAULT NULL,
    delay interval DEFAULT '0', priority integer DEFAULT 0, attributes jsonb DEFAULT NULL,
    timeout interval DEFAULT NULL, return_existing boolean DEFAULT false,
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
        PERFORM durable.check_text('workflow name', enqueue.name, 128);
        IF enqueue.id IS NOT NULL THEN
            PERFORM durable.check_text('workflow id', enqueue.id, 512);
        END IF;
        IF enqueue.delay IS NULL OR enqueue.delay < interval '0' OR enqueue.delay > interval '100 years' THEN
            RAISE EXCEPTION 'the delay of workflow "%" must be between 0 and 100 years, not %', enqueue.name, enqueue.delay
                USING ERRCODE = '22023';
        END IF;
        IF enqueue.timeout <= interval '0' OR enqueue.timeout > interval '100 years' THEN
            RAISE EXCEPTION 'the timeout of workflow "%" must be more than 0 and at most 100 years, not %', enqueue.name,
                enqueue.timeout USING ERRCODE = '22023';
        END IF;
        IF enqueue.version < 1 THEN
            RAISE EXCEPTION 'the version of workflow "%" must be 1 or more, not %', enqueue.name, enqueue.version
                USING ERRCODE = '22023';
        END IF;
        chosen := coalesce(enqueue.version, durable.offered_version(enqueue.name), 1);
        workflow_id := coalesce(enqueue.id, gen_random_uuid()::text);
        INSERT INTO durable.workflow (id, name, version, input, deadline, attributes, created_at)
            VALUES (enqueue.workflow_id, enqueue.name, chosen, enqueue.input, now_ + enqueue.timeout, enqueue.attributes, now_)
            ON CONFLICT DO NOTHING;
        is_new := FOUND;
        IF is_new THEN
            INSERT INTO durable.live (workflow_id, name, version, state, run_at, priority)
                VALUES (enqueue.workflow_id, enqueue.name, chosen, 'queued', now_ + enqueue.delay, enqueue.priority);
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

COMMENT ON FUNCTION durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean) IS
    'Starts a workflow in the caller''s own transaction: it exists when that commits, and a live process takes it within its poll interval '
    '(SELECT durable.notify() after the commit: at once). An id that is taken returns the same workflow, is_new = false; with another name or another '
    'input it raises DU020. version: what live processes offer, unless given.';

CREATE FUNCTION durable.enqueue_all(
    name text, inputs json[], ids text[] DEFAULT NULL, version integer DEFAULT NULL,
    delay interval DEFAULT '0', priority integer DEFAULT 0
) RETURNS TABLE (ordinal integer, workflow_id text, result text)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        chosen integer;
        now_ timestamptz := durable.clock();
        wrong text;
    BEGIN
        PERFORM durable.check_text('workflow name', enqueue_all.name, 128);
        IF enqueue_all.inputs IS NULL OR cardinality(enqueue_all.inputs) = 0 THEN
            RETURN;
        END IF;
        IF enqueue_all.ids IS NOT NULL AND cardinality(enqueue_all.ids) <> cardinality(enqueue_all.inputs) THEN
            RAISE EXCEPTION 'there are % ids for % inputs', cardinality(enqueue_all.ids), cardinality(enqueue_all.inputs)
                USING ERRCODE = '22023';
        END IF;
        SELECT i.id INTO wrong FROM unnest(enqueue_all.ids) AS i (id) WHERE octet_length(i.id) NOT BETWEEN 1 AND 512 LIMIT 1;
        IF FOUND THEN
            RAISE EXCEPTION 'a workflow id must have 1 to 512 bytes, and one has %', octet_length(wrong) USING ERRCODE = '22023';
        END IF;
        IF enqueue_all.delay IS NULL OR enqueue_all.delay < interval '0' OR enqueue_all.delay > interval '100 years' THEN
            RAISE EXCEPTION 'the delay must be between 0 and 100 years, not %', enqueue_all.delay USING ERRCODE = '22023';
        END IF;
        chosen := coalesce(enqueue_all.version, durable.offered_version(enqueue_all.name), 1);
        RETURN QUERY
        WITH item AS MATERIALIZED (
            SELECT i.ordinal::integer AS ordinal, coalesce(i.id, gen_random_uuid()::text) AS id, i.input
            FROM unnest(enqueue_all.inputs, enqueue_all.ids) WITH ORDINALITY AS i (input, id, ordinal)
        ), started AS (
            INSERT INTO durable.workflow (id, name, version, input, created_at)
            SELECT item.id, enqueue_all.name, chosen, item.input, now_ FROM item
            ON CONFLICT DO NOTHING
            RETURNING id
        ), queued AS (
            INSERT INTO durable.live (workflow_id, name, version, state, run_at, priority)
            SELECT started.id, enqueue_all.name, chosen, 'queued', now_ + enqueue_all.delay, enqueue_all.priority FROM started
            RETURNING workflow_id
        )
        SELECT item.ordinal, item.id,
               CASE WHEN queued.workflow_id IS NOT NULL
                        AND item.ordinal = min(item.ordinal) OVER (PARTITION BY item.id) THEN 'started'
                    WHEN w.id IS NULL THEN 'existing'
                    WHEN w.name <> enqueue_all.name THEN 'another name'
                    WHEN NOT durable.same_json(w.input, item.input) THEN 'another input'
                    ELSE 'existing' END
        FROM item
        LEFT JOIN queued ON queued.workflow_id = item.id
        LEFT JOIN durable.workflow w ON w.id = item.id AND queued.workflow_id IS NULL
        ORDER BY item.ordinal;
    END
    $$;

COMMENT ON FUNCTION durable.enqueue_all(text, json[], text[], integer, interval, integer) IS
    'Starts many workflows of one type in the caller''s transaction, one per input. Returns per input its id and what became of it: started, existing '
    '(an earlier start with the same id, name and input), another name, another input (the id is taken by something else; nothing was changed).';

-- ---------------------------------------------------------------------------------------------------------------------
-- Names that are paused
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.paused_name (
    name text COLLATE "C" PRIMARY KEY,
    reason text NOT NULL,
    who text NOT NULL DEFAULT session_user,
    since timestamptz NOT NULL DEFAULT durable.clock()
);

COMMENT ON TABLE durable.paused_name IS 'Workflow types that nobody starts or resumes for now, in any process: starts of them are left queued.';
COMMENT ON COLUMN durable.paused_name.name IS 'The workflow type.';
COMMENT ON COLUMN durable.paused_name.reason IS 'Why, in the person''s words.';
COMMENT ON COLUMN durable.paused_name.who IS 'The role that paused it.';
COMMENT ON COLUMN durable.paused_name.since IS 'Since when.';

CREATE FUNCTION durable.pause_name(name text, reason text) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        PERFORM durable.check_text('workflow name', pause_name.name, 128);
        PERFORM durable.check_text('reason', pause_name.reason, 1000);
        INSERT INTO durable.paused_name AS p (name, reason) VALUES (pause_name.name, pause_name.reason)
            ON CONFLICT (name) DO UPDATE SET reason = excluded.reason, who = excluded.who, since = excluded.since;
        INSERT INTO durable.audit (action, subject, reason) VALUES ('pause_name', pause_name.name, pause_name.reason);
    END
    $$;

COMMENT ON FUNCTION durable.pause_name(text, text) IS
    'Stops starts and resumes of one workflow type everywhere, across restarts, until durable.resume_name: after a bad deploy. What runs now runs on.';

CREATE FUNCTION durable.resume_name(name text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        DELETE FROM durable.paused_name p WHERE p.name = resume_name.name;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO durable.audit (action, subject) VALUES ('resume_name', resume_name.name);
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.resume_name(text) IS 'Lets a workflow type start and resume again. false: it was not paused.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Repair
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.level_position(level text) RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT substring(level FROM '@([0-9]+)([[][0-9]+[]])?$')::integer
    $$;

COMMENT ON FUNCTION durable.level_position(text) IS 'The position in a level of a scope''s path: 3 for parallel@3[1]. NULL for undo.';

CREATE FUNCTION durable.stands_before(scope text, "position" integer, cut_scope text, cut_position integer) RETURNS boolean
    LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
    AS $$
    DECLARE
        own text[] := CASE WHEN scope = '' THEN '{}' ELSE string_to_array(scope, '/') END;
        cut text[] := CASE WHEN cut_scope = '' THEN '{}' ELSE string_to_array(cut_scope, '/') END;
        level integer := 1;
    BEGIN
        WHILE level <= cardinality(own) AND level <= cardinality(cut) LOOP
            IF own[level] <> cut[level] THEN
                -- A branch beside the one that is cut stands: nothing in it depends on the other.
                RETURN coalesce(durable.level_position(own[level]) <= durable.level_position(cut[level]), false);
            END IF;
            level := level + 1;
        END LOOP;
        IF level <= cardinality(own) THEN
            RETURN coalesce(durable.level_position(own[level]) < cut_position, false);
        END IF;
        IF level <= cardinality(cut) THEN
            RETURN coalesce(stands_before.position < durable.level_position(cut[level]), false);
        END IF;
        RETURN stands_before.position < cut_position;
    END
    $$;

COMMENT ON FUNCTION durable.stands_before(text, integer, text, integer) IS
    'Whether a record does not depend on the place (cut_scope, cut_position): it stands before it in its own scope or in one around it, in a branch beside '
    'it, or in a group that was over before it.';

CREATE FUNCTION durable.is_within(scope text, group_scope text, group_position integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT scope <> '' AND (group_scope = '' OR starts_with(scope, group_scope || '/'))
           AND durable.level_position(split_part(
                CASE WHEN group_scope = '' THEN scope ELSE substr(scope, length(group_scope) + 2) END, '/', 1)) = group_position
    $$;

COMMENT ON FUNCTION durable.is_within(text, text, integer) IS 'Whether a scope lies in a branch of the group that stands at a place.';

CREATE FUNCTION durable.take_back(
    workflow_id text, scope text, "position" integer, repair bigint, keep_branches boolean DEFAULT false
) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        moved integer;
    BEGIN
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
    'are kept. A part of the functions below; not to be called alone.';

CREATE FUNCTION durable.undone(workflow_id text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
        SELECT EXISTS (
            SELECT FROM durable.journal j
            WHERE j.workflow_id = undone.workflow_id AND (j.scope = 'undo' OR j.scope LIKE 'undo/%')
        )
    $$;

COMMENT ON FUNCTION durable.undone(text) IS 'Whether steps of the workflow have been undone, or were about to be.';

CREATE FUNCTION durable.expect_known(workflow_id text) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
    BEGIN
        PERFORM FROM durable.workflow w WHERE w.id = expect_known.workflow_id;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no workflow has the id "%"', expect_known.workflow_id
                USING ERRCODE = 'DU010', HINT = 'Look for it with SELECT id, name, state FROM workflows WHERE id LIKE …';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.expect_known(text) IS 'Raises DU010 when there is no workflow of this id.';

CREATE FUNCTION durable.retry(workflow_id text, reason text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        ended durable.outcome;
        repair bigint;
        failure record;
        moved integer := 0;
        state text;
    BEGIN
        PERFORM durable.expect_known(retry.workflow_id);
        IF durable.undone(retry.workflow_id) THEN
            RAISE EXCEPTION 'the steps of workflow "%" have been undone; it cannot go on from where it failed', retry.workflow_id
                USING ERRCODE = 'DU020', HINT = 'Start it anew with rerun, or from an earlier step with fork.';
        END IF;
        DELETE FROM durable.outcome o WHERE o.workflow_id = retry.workflow_id AND o.status = 'failed' RETURNING * INTO ended;
        IF NOT FOUND THEN
            SELECT coalesce(o.status, l.state)::text INTO state
                FROM durable.workflow w
                LEFT JOIN durable.outcome o ON o.workflow_id = w.id LEFT JOIN durable.live l ON l.workflow_id = w.id
                WHERE w.id = retry.workflow_id;
            RAISE EXCEPTION 'workflow "%" is %, and only one that has failed can be retried', retry.workflow_id, state
                USING ERRCODE = 'DU020',
                      HINT = CASE state WHEN 'paused' THEN 'Use resume.'
                                        WHEN 'succeeded' THEN 'Use rerun or fork.'
                                        ELSE 'See SELECT * FROM why(…).' END;
        END IF;
        INSERT INTO durable.audit (action, subject, reason) VALUES ('retry', retry.workflow_id, retry.reason)
            RETURNING id INTO repair;
        INSERT INTO durable.superseded_outcome (repair, workflow_id, status, executor, run, finished_at, output, error)
            VALUES (repair, ended.workflow_id, ended.status, ended.executor, ended.run, ended.finished_at, ended.output, ended.error);
        -- What the workflow died of: failures after which nothing was recorded but the ends of the groups around them. A group
        -- whose end failed without a step that failed goes on from its branches.
        FOR failure IN
            SELECT j.scope, j.position, j.kind FROM durable.journal j
            WHERE j.workflow_id = retry.workflow_id AND j.phase = 0 AND j.error IS NOT NULL
              AND NOT EXISTS (
                SELECT FROM durable.journal later
                WHERE later.workflow_id = j.workflow_id AND later.phase = 0
                  AND NOT durable.stands_before(later.scope, later.position, j.scope, j.position + 1)
                  AND NOT (later.kind = 4 AND durable.is_within(j.scope, later.scope, later.position)))
            -- Innermost first: what they take back includes the ends around them.
            ORDER BY length(j.scope) DESC
        LOOP
            CONTINUE WHEN NOT EXISTS (
                SELECT FROM durable.journal j
                WHERE j.workflow_id = retry.workflow_id AND j.scope = failure.scope AND j.position = failure.position AND j.phase = 0);
            moved := moved + durable.take_back(
                retry.workflow_id, failure.scope, failure.position, repair, keep_branches => failure.kind = 4);
        END LOOP;
        -- What was asked of the one that has ended is not meant for the one that goes on.
        DELETE FROM durable.cancellation c WHERE c.workflow_id = retry.workflow_id;
        DELETE FROM durable.request r WHERE r.workflow_id = retry.workflow_id;
        INSERT INTO durable.live (workflow_id, name, version, state)
            SELECT w.id, w.name, w.version, 'queued' FROM durable.workflow w WHERE w.id = retry.workflow_id;
        UPDATE durable.audit a SET details = jsonb_build_object('records', moved) WHERE a.id = repair;
        RETURN moved;
    END
    $$;

COMMENT ON FUNCTION durable.retry(text, text) IS
    'Lets a failed workflow go on from the step that it failed of: that record and what followed are taken back, everything before is kept and not run '
    'again. Returns how many records were taken back; 0 when its code failed and no step. A workflow deadline that is over ends it again.';

CREATE FUNCTION durable.rerun(workflow_id text, new_id text DEFAULT NULL, reason text DEFAULT NULL) RETURNS text
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
                timeout => w.deadline - w.created_at) AS e
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

COMMENT ON FUNCTION durable.rerun(text, text, text) IS
    'Starts a workflow with the same input as another one, under a new id (made up unless given), from the beginning; returns the id. Idempotency keys are new.';

CREATE FUNCTION durable.fork(
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

COMMENT ON FUNCTION durable.fork(text, integer, text, text, json, text) IS
    'Starts a copy of a workflow that has recorded everything before a place, and goes on from there: with another input if one is given. What is before '
    'the place is not run again. Idempotency keys of what runs are new. Returns the new id.';

CREATE FUNCTION durable.set_step_result(
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
        SELECT j.kind, j.name INTO known FROM durable.journal j
            WHERE j.workflow_id = set_step_result.workflow_id AND j.scope = set_step_result.scope
              AND j.position = set_step_result.position
            ORDER BY j.phase LIMIT 1;
        IF NOT FOUND AND set_step_result.name IS NULL THEN
            RAISE EXCEPTION 'workflow "%" has recorded nothing at position % of scope "%"', set_step_result.workflow_id,
                set_step_result.position, set_step_result.scope
                USING ERRCODE = '22023', HINT = 'Where the step has not begun, say what it is called: name => ''…''.';
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

COMMENT ON FUNCTION durable.set_step_result(text, integer, json, text, text, text) IS
    'Records a result for a step of a paused workflow, as if the step had returned it; its earlier record, and what followed, are taken back. Then '
    'durable.resume. name is needed where the step has not begun.';

CREATE FUNCTION durable.skip_step(
    workflow_id text, "position" integer, scope text DEFAULT '', name text DEFAULT NULL, reason text DEFAULT NULL
) RETURNS void
    LANGUAGE sql VOLATILE
    AS $$
        SELECT durable.set_step_result(workflow_id, "position", NULL, scope, name, reason)
    $$;

COMMENT ON FUNCTION durable.skip_step(text, integer, text, text, text) IS
    'Records of a step of a paused workflow that it is done and returned nothing: for steps without a result, or with an optional one. Then durable.resume.';

CREATE FUNCTION durable.release_executor(executor integer, reason text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        ended integer;
    BEGIN
        PERFORM FROM durable.executor e WHERE e.number = release_executor.executor;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'no executor has the number %', release_executor.executor
                USING ERRCODE = 'DU010', HINT = 'See SELECT number, name, state FROM executors.';
        END IF;
        PERFORM FROM durable.executor e WHERE e.number = release_executor.executor AND e.fenced_at IS NULL;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'executor % was declared dead before', release_executor.executor USING ERRCODE = 'DU020';
        END IF;
        ended := durable.terminate_holders(release_executor.executor, gone => true);
        PERFORM durable.take_over(release_executor.executor, gone => true);
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('release_executor', release_executor.executor::text, release_executor.reason,
                    jsonb_build_object('sessions_ended', ended));
        RETURN (SELECT count(*)::integer FROM durable.live l WHERE l.executor = release_executor.executor);
    END
    $$;

COMMENT ON FUNCTION durable.release_executor(integer, text) IS
    'Declares a wedged process dead now, whatever its lease: it can record nothing any more, and the others take its workflows at their next sweep. Returns '
    'how many those are. A process that still lives registers anew and goes on under another number. Needs the right to end its sessions.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Requests: what a person wants of a workflow that may be running. Whoever asks only inserts; the process that runs it obeys, and
-- what nobody runs is changed by whichever process looks first.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.request (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    workflow_id text COLLATE "C" NOT NULL,
    action text COLLATE "C" NOT NULL CHECK (action IN ('pause', 'kill')),
    reason text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT durable.clock()
);

COMMENT ON TABLE durable.request IS 'Pauses and kills that were asked for and have not come about. Consumed by deletion.';
COMMENT ON COLUMN durable.request.id IS 'The order.';
COMMENT ON COLUMN durable.request.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.request.action IS 'pause or kill.';
COMMENT ON COLUMN durable.request.reason IS 'Why, in the person''s words.';
COMMENT ON COLUMN durable.request.created_at IS 'When it was asked for.';

CREATE FUNCTION durable.request_of(workflow_id text, action text, reason text) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        state text;
    BEGIN
        PERFORM durable.check_text('reason', request_of.reason, 1000);
        PERFORM durable.expect_known(request_of.workflow_id);
        SELECT coalesce(o.status, l.state)::text INTO state
            FROM durable.workflow w
            LEFT JOIN durable.outcome o ON o.workflow_id = w.id LEFT JOIN durable.live l ON l.workflow_id = w.id
            WHERE w.id = request_of.workflow_id;
        IF state IN ('succeeded', 'failed', 'cancelled') THEN
            RAISE EXCEPTION 'workflow "%" has ended (%)', request_of.workflow_id, state USING ERRCODE = 'DU011';
        END IF;
        IF state = 'paused' AND request_of.action = 'pause' THEN
            RETURN state;
        END IF;
        INSERT INTO durable.request (workflow_id, action, reason)
            VALUES (request_of.workflow_id, request_of.action, request_of.reason);
        INSERT INTO durable.audit (action, subject, reason)
            VALUES (request_of.action, request_of.workflow_id, request_of.reason);
        RETURN 'requested';
    END
    $$;

COMMENT ON FUNCTION durable.request_of(text, text, text) IS 'The common part of durable.pause and durable.kill.';

CREATE FUNCTION durable.pause(workflow_id text, reason text) RETURNS text
    LANGUAGE sql VOLATILE
    AS $$
        SELECT durable.request_of(workflow_id, 'pause', reason)
    $$;

COMMENT ON FUNCTION durable.pause(text, text) IS
    'Pauses a workflow, wherever it runs: its steps are cancelled, and nothing of it starts until durable.resume. requested: it comes about within the '
    'engines'' poll interval after the commit; paused: it was. Raises DU010 for an unknown id, DU011 for one that has ended.';

CREATE FUNCTION durable.kill(workflow_id text, reason text) RETURNS text
    LANGUAGE sql VOLATILE
    AS $$
        SELECT durable.request_of(workflow_id, 'kill', reason)
    $$;

COMMENT ON FUNCTION durable.kill(text, text) IS
    'Ends a workflow as cancelled, at once and without undoing anything: durable.cancel is the gentle way. Comes about within the engines'' poll interval '
    'after the commit. Raises DU010 for an unknown id, DU011 for one that has ended.';

-- A paused workflow is nobody's. Its row is locked here until the caller commits, and the router passes it by meanwhile.
CREATE FUNCTION durable.resume(workflow_id text, reason text DEFAULT NULL) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        state text;
    BEGIN
        PERFORM durable.expect_known(resume.workflow_id);
        UPDATE durable.live AS l
            SET state = 'queued', run_at = durable.clock(), reason = NULL, error = NULL, recoveries = 0, waiting_for = NULL
            WHERE l.workflow_id = resume.workflow_id AND l.state = 'paused' AND l.executor IS NULL;
        IF NOT FOUND THEN
            SELECT coalesce(o.status, l.state)::text INTO state
                FROM durable.workflow w
                LEFT JOIN durable.outcome o ON o.workflow_id = w.id LEFT JOIN durable.live l ON l.workflow_id = w.id
                WHERE w.id = resume.workflow_id;
            RAISE EXCEPTION 'workflow "%" is %, not paused', resume.workflow_id, state
                USING ERRCODE = 'DU020',
                      HINT = CASE state WHEN 'failed' THEN 'Use retry.' ELSE 'See SELECT * FROM why(…).' END;
        END IF;
        DELETE FROM durable.request r WHERE r.workflow_id = resume.workflow_id AND r.action = 'pause';
        INSERT INTO durable.audit (action, subject, reason) VALUES ('resume', resume.workflow_id, resume.reason);
    END
    $$;

COMMENT ON FUNCTION durable.resume(text, text) IS
    'Lets a paused workflow go on from its last checkpoint. Raises DU010 for an unknown id, DU020 for one that is not paused.';

CREATE FUNCTION durable.route_requests(executor integer) RETURNS TABLE (workflow_id text, action text, reason text)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        asked record;
        unowned boolean;
    BEGIN
        FOR asked IN SELECT r.id, r.workflow_id, r.action, r.reason FROM durable.request r ORDER BY r.id LIMIT 500 LOOP
            SELECT l.executor IS NULL INTO unowned FROM durable.live l
                WHERE l.workflow_id = asked.workflow_id FOR NO KEY UPDATE SKIP LOCKED;
            IF NOT FOUND THEN
                -- Busy: the next look finds it. Gone, for one that has ended: there is nothing left to ask for.
                DELETE FROM durable.request r WHERE r.id = asked.id
                    AND NOT EXISTS (SELECT FROM durable.live l WHERE l.workflow_id = asked.workflow_id);
                CONTINUE;
            END IF;
            IF NOT unowned THEN
                RETURN QUERY
                    SELECT l.workflow_id, asked.action, asked.reason FROM durable.live l
                    WHERE l.workflow_id = asked.workflow_id AND l.executor = route_requests.executor;
                CONTINUE;
            END IF;
            IF asked.action = 'pause' THEN
                UPDATE durable.live AS l
                    SET state = 'paused', run_at = 'infinity', reason = 'operator', waiting_for = NULL,
                        error = json_build_object('type', 'PausedByOperator', 'message', asked.reason)
                    WHERE l.workflow_id = asked.workflow_id AND l.state <> 'paused';
            ELSE
                WITH gone AS (
                    DELETE FROM durable.live l WHERE l.workflow_id = asked.workflow_id RETURNING l.workflow_id, l.parent, l.place
                ), told AS (
                    INSERT INTO durable.ended_child (parent, place, ended, failed)
                    SELECT gone.parent, gone.place, 1, 1 FROM gone WHERE gone.parent IS NOT NULL
                )
                INSERT INTO durable.outcome (workflow_id, status, error)
                SELECT gone.workflow_id, 'cancelled', json_build_object('type', 'WorkflowKilled', 'message', asked.reason) FROM gone;
            END IF;
            DELETE FROM durable.request r WHERE r.id = asked.id;
        END LOOP;
    END
    $$;

COMMENT ON FUNCTION durable.route_requests(integer) IS
    'Brings requests about for workflows that nobody runs, and returns those for workflows that this executor runs. Every executor calls it at each poll; '
    'it waits for no lock.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Explaining
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.moment(at timestamptz) RETURNS text
    LANGUAGE sql STABLE
    AS $$
        SELECT to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS') || ' UTC'
    $$;

COMMENT ON FUNCTION durable.moment(timestamptz) IS 'A time as the sentences of durable.why write it.';

CREATE FUNCTION durable.because(type text, message text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        SELECT concat_ws(': ', type, rtrim(message, '.'))
    $$;

COMMENT ON FUNCTION durable.because(text, text) IS 'An error in a sentence.';

CREATE FUNCTION durable.why(workflow_id text) RETURNS TABLE (sentence text, facts jsonb)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        w record;
        e record;
        s record;
        paused record;
        offered integer[];
        ahead bigint;
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
            sentence := format('It is paused (%s)%s. %s', w.reason,
                coalesce(': ' || nullif(durable.because(w.error_type, w.error), ''), ''),
                CASE w.reason
                    WHEN 'diverged' THEN 'Deploy code that matches what is recorded, then resume it.'
                    WHEN 'undecodable' THEN 'Deploy code that can read what is recorded, then resume it.'
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
                sentence := format('Attempt %s of %s %s failed%s; the next is due at %s.', s.attempt, s.kind, s.step,
                    coalesce(' with ' || nullif(durable.because(s.error_type, s.error), ''), ''), durable.moment(s.next_attempt_at));
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
            sentence := CASE w.state
                WHEN 'waiting' THEN format('It waits for %s%s.', coalesce(w.waiting_for, 'something to come in'),
                    coalesce(', until ' || durable.moment(w.wakes_at) || ' at the latest', ''))
                ELSE format('It is to start at %s.', durable.moment(w.run_at)) END;
            RETURN NEXT;
            RETURN;
        END IF;

        SELECT array_agg(DISTINCT v.version::integer) INTO offered
            FROM durable.executor x
            JOIN durable.lease l ON l.executor = x.number
            CROSS JOIN LATERAL jsonb_array_elements(x.workflows) AS o (offer)
            CROSS JOIN LATERAL jsonb_array_elements_text(o.offer -> 'versions') AS v (version)
            WHERE x.fenced_at IS NULL AND x.stopped_at IS NULL AND o.offer ->> 'name' = w.name;
        IF offered IS NULL OR NOT w.version = ANY (offered) THEN
            facts := facts || jsonb_build_object('offered_versions', coalesce(to_jsonb(offered), '[]'));
            sentence := format('No live process offers workflow %s in version %s%s.', w.name, w.version,
                coalesce('; offered: ' || array_to_string(offered, ', '), ''));
            RETURN NEXT;
            RETURN;
        END IF;
        SELECT count(*) INTO ahead FROM durable.live l
            WHERE l.executor IS NULL AND l.name = w.name AND l.version = w.version AND l.run_at < w.run_at
              AND l.state IN ('queued', 'waiting', 'cancelling');
        facts := facts || jsonb_build_object('ahead', ahead);
        sentence := format('It is due since %s, behind %s of its kind; a process takes it at its next look.',
            durable.moment(w.run_at), ahead);
        RETURN NEXT;
    END
    $$;

COMMENT ON FUNCTION durable.why(text) IS
    'Why a workflow is where it is: one sentence for a person, and the facts that it is made of. Holds no payloads. Raises DU010 for an unknown id.';

CREATE FUNCTION durable.own_schema() RETURNS text
    LANGUAGE sql STABLE
    AS $$
        SELECT quote_ident(n.nspname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'durable.live'::regclass
    $$;

COMMENT ON FUNCTION durable.own_schema() IS 'The name of this schema, for statements that are shown to people.';

CREATE FUNCTION durable.is_offered(name text, version integer) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$
        SELECT EXISTS (
            SELECT FROM durable.executor x JOIN durable.lease l ON l.executor = x.number
            WHERE x.fenced_at IS NULL AND x.stopped_at IS NULL AND x.workflows @> jsonb_build_array(
                jsonb_build_object('name', is_offered.name, 'versions', jsonb_build_array(is_offered.version))))
    $$;

COMMENT ON FUNCTION durable.is_offered(text, integer) IS 'Whether a live process runs workflows of this type and version.';

-- The parts are small: what is paused, what is due, who is alive. Nothing here reads a history.
CREATE VIEW durable.attention AS
WITH pending AS (
    SELECT l.name, l.version, min(l.workflow_id) AS first_id, min(l.run_at) AS since, count(*) AS workflows,
           durable.is_offered(l.name, l.version) AS is_offered
    FROM durable.live l
    WHERE l.executor IS NULL AND l.state IN ('queued', 'waiting', 'cancelling') AND l.run_at < now() - interval '1 minute'
      AND NOT EXISTS (SELECT FROM durable.paused_name p WHERE p.name = l.name)
    GROUP BY l.name, l.version
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

COMMENT ON VIEW durable.attention IS 'One row for each thing that needs a person, worst first, with the statement that helps; empty when all is well.';
COMMENT ON COLUMN durable.attention.severity IS '1: work stands still until a person acts. 2: it may come right by itself, and has not for long. 3: worth a look.';
COMMENT ON COLUMN durable.attention.kind IS 'paused, dead executor, not offered, overdue, retrying, name paused.';
COMMENT ON COLUMN durable.attention.workflow_id IS 'The workflow, or one of several; NULL where it is about a process or a workflow type.';
COMMENT ON COLUMN durable.attention.name IS 'The workflow type, or the process.';
COMMENT ON COLUMN durable.attention.since IS 'Since when, where that is known.';
COMMENT ON COLUMN durable.attention.what IS 'What is the matter.';
COMMENT ON COLUMN durable.attention.statement IS 'What to type next.';

CREATE FUNCTION durable.error_shape(message text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        -- Numbers, quoted texts and identifiers differ from case to case; the words around them say what went wrong.
        SELECT left(regexp_replace(regexp_replace(message, $q$"[^"]*"|'[^']*'$q$, '…', 'g'),
            '[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|[0-9]+', '#', 'g'), 200)
    $$;

COMMENT ON FUNCTION durable.error_shape(text) IS 'A message without what differs from case to case: errors of one shape are one problem.';

CREATE VIEW durable.errors AS
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
    SELECT w.id, w.name, false AS is_paused, o.finished_at AS at, durable.error_part(o.error, 'type') AS error_type,
           durable.error_part(o.error, 'message') AS message
    FROM durable.outcome o JOIN durable.workflow w ON w.id = o.workflow_id
    WHERE o.status = 'failed'
    UNION ALL
    SELECT l.workflow_id, l.name, true, NULL, durable.error_part(l.error, 'type'), durable.error_part(l.error, 'message')
    FROM durable.live l
    WHERE l.state = 'paused'
) AS f
GROUP BY f.name, f.error_type, durable.error_shape(f.message);

COMMENT ON VIEW durable.errors IS 'Failed and paused workflows, grouped by what went wrong: messages that differ only in numbers and quoted texts are one.';
COMMENT ON COLUMN durable.errors.name IS 'The workflow type.';
COMMENT ON COLUMN durable.errors.error_type IS 'Type of the error.';
COMMENT ON COLUMN durable.errors.fingerprint IS 'The message, with numbers and quoted texts taken out.';
COMMENT ON COLUMN durable.errors.workflows IS 'How many workflows ended or paused with it.';
COMMENT ON COLUMN durable.errors.paused IS 'How many of them are paused.';
COMMENT ON COLUMN durable.errors.first_at IS 'When the first of them failed; NULL when all are paused.';
COMMENT ON COLUMN durable.errors.last_at IS 'When the last of them failed.';
COMMENT ON COLUMN durable.errors.latest_id IS 'The last of them.';
COMMENT ON COLUMN durable.errors.latest_message IS 'Its whole message.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Steps whose inputs have changed
-- ---------------------------------------------------------------------------------------------------------------------

COMMENT ON COLUMN durable.journal.phase IS
    '0: the result. From 1: notes (attempt failed and the next is due; deadline of a sleep). Below 0: a mark that another build gave the call other inputs.';

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
    EXISTS (
        SELECT FROM durable.journal m
        WHERE m.workflow_id = p.workflow_id AND m.scope = p.scope AND m.position = p.position AND m.phase < 0
    ) AS inputs_changed
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

COMMENT ON COLUMN durable.steps.inputs_changed IS
    'Whether another build than the one that recorded it gave the step other inputs on replay: a field was added, say. The recorded result counts.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Roles
--
-- Functions for people run with the rights of the schema's owner: a role that may call them needs none on the tables.
-- ---------------------------------------------------------------------------------------------------------------------

ALTER FUNCTION durable.pause(text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.kill(text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.resume(text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.why(text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.pause_name(text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.resume_name(text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.retry(text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.rerun(text, text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.fork(text, integer, text, text, json, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.set_step_result(text, integer, json, text, text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.skip_step(text, integer, text, text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.release_executor(integer, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean)
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.enqueue_all(text, json[], text[], integer, interval, integer)
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

REVOKE ALL ON FUNCTION
    durable.pause(text, text), durable.kill(text, text), durable.resume(text, text),
    durable.why(text), durable.pause_name(text, text), durable.resume_name(text), durable.retry(text, text),
    durable.rerun(text, text, text), durable.fork(text, integer, text, text, json, text),
    durable.set_step_result(text, integer, json, text, text, text), durable.skip_step(text, integer, text, text, text),
    durable.release_executor(integer, text),
    durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean),
    durable.enqueue_all(text, json[], text[], integer, interval, integer),
    durable.take_back(text, text, integer, bigint, boolean), durable.request_of(text, text, text)
    FROM PUBLIC;

CREATE FUNCTION durable.grant_operation() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
            GRANT SELECT ON durable.attention, durable.errors, durable.audit TO durable_reader;
            GRANT EXECUTE ON FUNCTION durable.why(text) TO durable_reader;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
            GRANT SELECT ON durable.attention, durable.errors, durable.audit TO durable_operator;
            GRANT EXECUTE ON FUNCTION
                durable.pause(text, text), durable.kill(text, text), durable.resume(text, text),
                durable.why(text), durable.pause_name(text, text), durable.resume_name(text), durable.retry(text, text),
                durable.rerun(text, text, text), durable.fork(text, integer, text, text, json, text),
                durable.set_step_result(text, integer, json, text, text, text),
                durable.skip_step(text, integer, text, text, text), durable.release_executor(integer, text),
                durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean),
                durable.enqueue_all(text, json[], text[], integer, interval, integer) TO durable_operator;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_runtime') THEN
            GRANT SELECT ON durable.paused_name TO durable_runtime;
            GRANT SELECT, DELETE ON durable.request TO durable_runtime;
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.grant_operation() IS 'The part of durable.grant_roles() that is about operation.';

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
    END
    $$;

DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (4, 'operation', 1);

COMMIT;
