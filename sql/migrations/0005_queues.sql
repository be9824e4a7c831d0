-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Queues: the order in which waiting workflows are taken, and how many of them run at once.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0005_queues.sql
-- A workflow of a queue holds a slot while a process owns its row in `live`, and nothing else counts: no counter can go wrong when a
-- process dies. Processes of the release before this one take workflows as they did, without a look at limits.

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Queues and their limits
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.queue (
    name text COLLATE "C" PRIMARY KEY,
    concurrency integer CHECK (concurrency >= 0),
    process_concurrency integer CHECK (process_concurrency >= 0),
    is_overridden boolean NOT NULL DEFAULT false,
    changed_at timestamptz NOT NULL DEFAULT durable.clock(),
    changed_by text NOT NULL DEFAULT session_user
);

-- What a claim asks first: which queues have limits. Few, mostly none.
CREATE INDEX queue_limited ON durable.queue (name) WHERE concurrency IS NOT NULL OR process_concurrency IS NOT NULL;

COMMENT ON TABLE durable.queue IS 'The queues, and how many of their workflows may run at once. A queue is declared by a process or by durable.set_queue.';
COMMENT ON COLUMN durable.queue.name IS 'The queue; 1 to 128 bytes.';
COMMENT ON COLUMN durable.queue.concurrency IS 'How many of its workflows run at once in all processes together; 0: none; NULL: any number.';
COMMENT ON COLUMN durable.queue.process_concurrency IS 'How many of its workflows run at once in each process; 0: none; NULL: any number.';
COMMENT ON COLUMN durable.queue.is_overridden IS 'Whether a person has set its limits: then what processes declare does not count.';
COMMENT ON COLUMN durable.queue.changed_at IS 'When the limits were last changed.';
COMMENT ON COLUMN durable.queue.changed_by IS 'The role that changed them.';

INSERT INTO durable.queue (name) VALUES ('default');

ALTER TABLE durable.live ADD COLUMN queue text COLLATE "C" NOT NULL DEFAULT '';
COMMENT ON COLUMN durable.live.queue IS 'The queue that it was put into; empty when it was started outside of queues, as children are.';
COMMENT ON COLUMN durable.live.begun IS
    'Some process has run it before, so that some step of it may have begun. Such a workflow goes before those of its queue that were never begun.';
COMMENT ON COLUMN durable.live.priority IS 'Higher goes first, within a queue; -100 to 100.';

-- In the order of a claim: by what is offered, by queue, then what was begun, then by priority, then by age. Rows that are not due
-- (a sleeper's run_at lies ahead) are at the end of each such pile, and a claim jumps from pile to pile.
DROP INDEX durable.live_due;
CREATE INDEX live_due ON durable.live (name, version, queue, begun, priority, run_at) WHERE executor IS NULL;
-- What runs, by process and queue: the slots that are taken are counted here.
DROP INDEX durable.live_owner;
CREATE INDEX live_owner ON durable.live (executor, queue) WHERE executor IS NOT NULL;

CREATE FUNCTION durable.running_in(queue text) RETURNS integer
    LANGUAGE sql STABLE
    AS $$
        -- From process to process through the index: as many jumps as there are processes, and then what runs in the queue.
        WITH RECURSIVE owner (executor) AS (
            (SELECT l.executor FROM durable.live l WHERE l.executor IS NOT NULL ORDER BY l.executor LIMIT 1)
            UNION ALL
            SELECT (SELECT l.executor FROM durable.live l WHERE l.executor > owner.executor ORDER BY l.executor LIMIT 1)
            FROM owner WHERE owner.executor IS NOT NULL
        )
        SELECT coalesce(sum((
            SELECT count(*) FROM durable.live l WHERE l.executor = owner.executor AND l.queue = running_in.queue)), 0)::integer
        FROM owner
    $$;

COMMENT ON FUNCTION durable.running_in(text) IS 'How many workflows of a queue processes own now: the slots that are taken.';

CREATE FUNCTION durable.check_queue(name text, concurrency integer, process_concurrency integer) RETURNS void
    LANGUAGE plpgsql IMMUTABLE
    AS $$
    BEGIN
        PERFORM durable.check_text('queue name', check_queue.name, 128);
        IF check_queue.name ~ '[[:cntrl:]]' THEN
            RAISE EXCEPTION 'the queue name contains a control character' USING ERRCODE = '22023';
        END IF;
        IF check_queue.concurrency < 0 THEN
            RAISE EXCEPTION 'the concurrency of queue "%" must be 0 or more, not %', check_queue.name, check_queue.concurrency
                USING ERRCODE = '22023', HINT = 'NULL is no limit; 0 lets nothing of it start.';
        END IF;
        IF check_queue.process_concurrency < 0 THEN
            RAISE EXCEPTION 'the concurrency per process of queue "%" must be 0 or more, not %', check_queue.name,
                check_queue.process_concurrency USING ERRCODE = '22023', HINT = 'NULL is no limit; 0 lets nothing of it start.';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.check_queue(text, integer, integer) IS 'Raises 22023 for a name that cannot be a queue''s, and for negative limits.';

CREATE FUNCTION durable.declare_queue(name text, concurrency integer, process_concurrency integer) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        PERFORM durable.check_queue(declare_queue.name, declare_queue.concurrency, declare_queue.process_concurrency);
        INSERT INTO durable.queue AS q (name, concurrency, process_concurrency)
            VALUES (declare_queue.name, declare_queue.concurrency, declare_queue.process_concurrency)
            ON CONFLICT (name) DO UPDATE
                SET concurrency = excluded.concurrency, process_concurrency = excluded.process_concurrency,
                    changed_at = excluded.changed_at, changed_by = excluded.changed_by
                WHERE NOT q.is_overridden
                  AND (q.concurrency, q.process_concurrency) IS DISTINCT FROM (excluded.concurrency, excluded.process_concurrency);
    END
    $$;

COMMENT ON FUNCTION durable.declare_queue(text, integer, integer) IS
    'What a process says of a queue when it starts: makes it, or changes its limits unless a person has set them.';

CREATE FUNCTION durable.set_queue(
    name text, concurrency integer DEFAULT NULL, process_concurrency integer DEFAULT NULL, reason text DEFAULT NULL
) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        before jsonb;
    BEGIN
        PERFORM durable.check_queue(set_queue.name, set_queue.concurrency, set_queue.process_concurrency);
        IF set_queue.reason IS NOT NULL THEN
            PERFORM durable.check_text('reason', set_queue.reason, 1000);
        END IF;
        SELECT jsonb_build_object('concurrency', q.concurrency, 'process_concurrency', q.process_concurrency) INTO before
            FROM durable.queue q WHERE q.name = set_queue.name FOR UPDATE;
        INSERT INTO durable.queue AS q (name, concurrency, process_concurrency, is_overridden)
            VALUES (set_queue.name, set_queue.concurrency, set_queue.process_concurrency, true)
            ON CONFLICT (name) DO UPDATE
                SET concurrency = excluded.concurrency, process_concurrency = excluded.process_concurrency,
                    is_overridden = true, changed_at = excluded.changed_at, changed_by = excluded.changed_by;
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('set_queue', set_queue.name, set_queue.reason, jsonb_build_object('before', before, 'after',
                jsonb_build_object('concurrency', set_queue.concurrency, 'process_concurrency', set_queue.process_concurrency)));
    END
    $$;

COMMENT ON FUNCTION durable.set_queue(text, integer, integer, text) IS
    'Sets both limits of a queue, and makes it if there is none: in all processes together, and in each. NULL is no limit; 0 lets nothing of it start. What '
    'runs now runs on. Counts from the next claim after the commit, and before what processes declare, until durable.reset_queue.';

CREATE FUNCTION durable.reset_queue(name text, reason text DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        IF reset_queue.reason IS NOT NULL THEN
            PERFORM durable.check_text('reason', reset_queue.reason, 1000);
        END IF;
        UPDATE durable.queue q SET is_overridden = false, changed_at = durable.clock(), changed_by = session_user
            WHERE q.name = reset_queue.name AND q.is_overridden;
        IF NOT FOUND THEN
            RETURN false;
        END IF;
        INSERT INTO durable.audit (action, subject, reason) VALUES ('reset_queue', reset_queue.name, reset_queue.reason);
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.reset_queue(text, text) IS
    'Gives a queue''s limits back to the code: they stay as they are until a process that declares the queue starts. false: no person had set them.';

CREATE VIEW durable.queues AS
SELECT
    q.name,
    coalesce(c.queued, 0) AS queued,
    coalesce(c.delayed, 0) AS delayed,
    coalesce(c.running, 0) AS running,
    coalesce(c.waiting, 0) AS waiting,
    coalesce(c.paused, 0) AS paused,
    q.concurrency,
    q.process_concurrency,
    c.oldest_due_at,
    CASE WHEN c.oldest_due_at IS NOT NULL THEN greatest(now() - c.oldest_due_at, '0') END AS oldest_age,
    q.is_overridden,
    q.changed_at,
    q.changed_by
FROM durable.queue q
LEFT JOIN (
    SELECT
        l.queue,
        count(*) FILTER (WHERE l.executor IS NOT NULL) AS running,
        count(*) FILTER (WHERE l.executor IS NULL AND l.state <> 'paused' AND l.run_at <= n.now) AS queued,
        min(l.run_at) FILTER (WHERE l.executor IS NULL AND l.state <> 'paused' AND l.run_at <= n.now) AS oldest_due_at,
        count(*) FILTER (WHERE l.executor IS NULL AND l.state = 'queued' AND l.run_at > n.now) AS delayed,
        count(*) FILTER (WHERE l.executor IS NULL AND l.state = 'waiting' AND l.run_at > n.now) AS waiting,
        count(*) FILTER (WHERE l.executor IS NULL AND l.state = 'paused') AS paused
    FROM durable.live l
    CROSS JOIN (SELECT durable.clock() AS now) AS n
    WHERE l.queue <> ''
    GROUP BY l.queue
) AS c ON c.queue = q.name;

COMMENT ON VIEW durable.queues IS 'One row per queue: how much waits in it, since when, how much runs, and its limits.';
COMMENT ON COLUMN durable.queues.name IS 'The queue.';
COMMENT ON COLUMN durable.queues.queued IS 'How many of its workflows are due and wait for a process to take them.';
COMMENT ON COLUMN durable.queues.delayed IS 'How many are to start later.';
COMMENT ON COLUMN durable.queues.running IS 'How many a process runs, or holds in memory through a short wait: the slots that are taken.';
COMMENT ON COLUMN durable.queues.waiting IS 'How many are parked; they hold no slot.';
COMMENT ON COLUMN durable.queues.paused IS 'How many need a person; they hold no slot.';
COMMENT ON COLUMN durable.queues.concurrency IS 'How many may run at once in all processes together; NULL: any number.';
COMMENT ON COLUMN durable.queues.process_concurrency IS 'How many may run at once in each process; NULL: any number.';
COMMENT ON COLUMN durable.queues.oldest_due_at IS 'Since when the one that has waited longest has been due; NULL when none waits.';
COMMENT ON COLUMN durable.queues.oldest_age IS 'How long that is.';
COMMENT ON COLUMN durable.queues.is_overridden IS 'Whether a person has set the limits: then what processes declare does not count.';
COMMENT ON COLUMN durable.queues.changed_at IS 'When the limits were last changed.';
COMMENT ON COLUMN durable.queues.changed_by IS 'The role that changed them.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Starting, in anybody's own transaction
-- ---------------------------------------------------------------------------------------------------------------------

DROP FUNCTION durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean);
DROP FUNCTION durable.enqueue_all(text, json[], text[], integer, interval, integer);

CREATE FUNCTION durable.check_enqueue(
    name text, version integer, delay interval, priority integer, timeout interval, queue text
) RETURNS void
    LANGUAGE plpgsql STABLE
    AS $$
    #variable_conflict use_variable
    BEGIN
        PERFORM durable.check_text('workflow name', name, 128);
        IF delay IS NULL OR delay < interval '0' OR delay > interval '100 years' THEN
            RAISE EXCEPTION 'the delay of workflow "%" must be between 0 and 100 years, not %', name, delay USING ERRCODE = '22023';
        END IF;
        IF timeout <= interval '0' OR timeout > interval '100 years' THEN
            RAISE EXCEPTION 'the timeout of workflow "%" must be more than 0 and at most 100 years, not %', name, timeout
                USING ERRCODE = '22023';
        END IF;
        IF version < 1 THEN
            RAISE EXCEPTION 'the version of workflow "%" must be 1 or more, not %', name, version USING ERRCODE = '22023';
        END IF;
        IF priority IS NULL OR priority NOT BETWEEN -100 AND 100 THEN
            RAISE EXCEPTION 'the priority of workflow "%" must be from -100 to 100, not %', name, priority USING ERRCODE = '22023';
        END IF;
        PERFORM durable.check_text('queue name', queue, 128);
        -- Not made on the fly: a name that was mistyped would have none of the limits that were meant.
        IF NOT EXISTS (SELECT FROM durable.queue q WHERE q.name = check_enqueue.queue) THEN
            RAISE EXCEPTION 'there is no queue "%"', queue
                USING ERRCODE = '22023', HINT = 'Declare it in the options of an engine, or with set_queue. See SELECT name FROM queues.';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.check_enqueue(text, integer, interval, integer, interval, text) IS
    'Raises 22023 for what durable.enqueue and durable.enqueue_all cannot do.';

CREATE FUNCTION durable.enqueue(
    name text, input json DEFAULT NULL, id text DEFAULT NULL, version integer DEFAULT NULL,
    delay interval DEFAULT '0', priority integer DEFAULT 0, attributes jsonb DEFAULT NULL,
    timeout interval DEFAULT NULL, return_existing boolean DEFAULT false, queue text DEFAULT 'default',
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
        IF enqueue.id IS NOT NULL THEN
            PERFORM durable.check_text('workflow id', enqueue.id, 512);
        END IF;
        chosen := coalesce(enqueue.version, durable.offered_version(enqueue.name), 1);
        workflow_id := coalesce(enqueue.id, gen_random_uuid()::text);
        INSERT INTO durable.workflow (id, name, version, input, deadline, attributes, queue, created_at)
            VALUES (enqueue.workflow_id, enqueue.name, chosen, enqueue.input, now_ + enqueue.timeout, enqueue.attributes,
                    enqueue.queue, now_)
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

COMMENT ON FUNCTION durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean, text) IS
    'Puts a workflow into a queue in the caller''s own transaction: it exists when that commits, and a live process takes it within its poll interval '
    '(SELECT durable.notify() after the commit: at once) as soon as the queue''s limits let it. Higher priorities (-100 to 100) go first, then the older. An id '
    'that is taken returns the same workflow, is_new = false; with another name or another input it raises DU020. version: what live processes offer, unless given.';

CREATE FUNCTION durable.enqueue_all(
    name text, inputs json[], ids text[] DEFAULT NULL, version integer DEFAULT NULL,
    delay interval DEFAULT '0', priority integer DEFAULT 0, attributes jsonb DEFAULT NULL,
    timeout interval DEFAULT NULL, return_existing boolean DEFAULT false, queue text DEFAULT 'default'
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
            INSERT INTO durable.workflow (id, name, version, input, deadline, attributes, queue, created_at)
            SELECT i.id, enqueue_all.name, chosen, i.input, now_ + enqueue_all.timeout, enqueue_all.attributes, enqueue_all.queue,
                   now_ + (i.place - 1) * interval '1 microsecond'
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

COMMENT ON FUNCTION durable.enqueue_all(text, json[], text[], integer, interval, integer, jsonb, interval, boolean, text) IS
    'Puts many workflows of one type into a queue in the caller''s transaction, one per input, which run in that order. Returns per input its id and what became '
    'of it: started; existing (an earlier start with the same id, name and input); refused, with the reason: an id that cannot be one, or that is taken by '
    'something else. What is wrong with the call as a whole raises, and nothing was started.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Retrying: in the queue that it came from
-- ---------------------------------------------------------------------------------------------------------------------

CREATE OR REPLACE FUNCTION durable.retry(workflow_id text, reason text DEFAULT NULL) RETURNS integer
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
        INSERT INTO durable.live (workflow_id, name, version, state, queue, begun)
            SELECT w.id, w.name, w.version, 'queued', coalesce(w.queue, ''), true
            FROM durable.workflow w WHERE w.id = retry.workflow_id;
        UPDATE durable.audit a SET details = jsonb_build_object('records', moved) WHERE a.id = repair;
        RETURN moved;
    END
    $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Explaining
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.why_queued(workflow_id text) RETURNS TABLE (sentence text, facts jsonb)
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
        behind := CASE WHEN ahead > 10000 THEN 'more than 10000' ELSE ahead::text END;
        facts := jsonb_build_object('ahead', ahead);
        IF mine.queue <> '' THEN
            facts := facts || jsonb_build_object('queue', mine.queue, 'priority', mine.priority);
            SELECT x.concurrency, x.process_concurrency INTO q FROM durable.queue x WHERE x.name = mine.queue;
            IF q.concurrency IS NOT NULL OR q.process_concurrency IS NOT NULL THEN
                running := durable.running_in(mine.queue);
                facts := facts || jsonb_strip_nulls(jsonb_build_object('queue_running', running,
                    'queue_concurrency', q.concurrency, 'queue_process_concurrency', q.process_concurrency));
                IF running >= q.concurrency THEN
                    sentence := format('It is queued in %s behind %s of its kind: the limit of %s that run at once is reached.',
                        mine.queue, behind, q.concurrency);
                ELSIF NOT EXISTS (
                    SELECT FROM durable.executor x JOIN durable.lease l ON l.executor = x.number
                    WHERE x.fenced_at IS NULL AND x.stopped_at IS NULL
                      AND (SELECT count(*) FROM durable.live r WHERE r.executor = x.number AND r.queue = mine.queue)
                          < q.process_concurrency)
                THEN
                    sentence := format('It is queued in %s behind %s of its kind: each process runs %s of the queue, which is its limit.',
                        mine.queue, behind, q.process_concurrency);
                END IF;
                IF sentence IS NOT NULL THEN
                    facts := facts || jsonb_build_object('limit_reached', true);
                    RETURN NEXT;
                    RETURN;
                END IF;
            END IF;
            sentence := format('It has been queued in %s since %s, behind %s of its kind; a process takes it at its next look.',
                mine.queue, durable.moment(mine.run_at), behind);
        ELSE
            sentence := format('It is due since %s, behind %s of its kind; a process takes it at its next look.',
                durable.moment(mine.run_at), behind);
        END IF;
        RETURN NEXT;
    END
    $$;

COMMENT ON FUNCTION durable.why_queued(text) IS 'The part of durable.why that is about workflows which are due and which nobody has taken.';

CREATE OR REPLACE FUNCTION durable.why(workflow_id text) RETURNS TABLE (sentence text, facts jsonb)
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        w record;
        e record;
        s record;
        paused record;
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
        SELECT b.sentence, facts || b.facts INTO sentence, facts FROM durable.why_queued(why.workflow_id) AS b;
        RETURN NEXT;
    END
    $$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Roles
-- ---------------------------------------------------------------------------------------------------------------------

-- Replaced functions keep their grants, and lose their settings.
ALTER FUNCTION durable.retry(text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.why(text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.set_queue(text, integer, integer, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.reset_queue(text, text) SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean, text)
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp;
ALTER FUNCTION durable.enqueue_all(text, json[], text[], integer, interval, integer, jsonb, interval, boolean, text)
    SECURITY DEFINER SET search_path = pg_catalog, pg_temp;

REVOKE ALL ON FUNCTION
    durable.set_queue(text, integer, integer, text), durable.reset_queue(text, text),
    durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean, text),
    durable.enqueue_all(text, json[], text[], integer, interval, integer, jsonb, interval, boolean, text)
    FROM PUBLIC;

CREATE OR REPLACE FUNCTION durable.grant_operation() RETURNS void
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
                durable.enqueue(text, json, text, integer, interval, integer, jsonb, interval, boolean, text),
                durable.enqueue_all(text, json[], text[], integer, interval, integer, jsonb, interval, boolean, text) TO durable_operator;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_runtime') THEN
            GRANT SELECT ON durable.paused_name TO durable_runtime;
            GRANT SELECT, DELETE ON durable.request TO durable_runtime;
        END IF;
    END
    $$;

CREATE FUNCTION durable.grant_queues() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_reader') THEN
            GRANT SELECT ON durable.queues TO durable_reader;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_operator') THEN
            GRANT SELECT ON durable.queues TO durable_operator;
            GRANT EXECUTE ON FUNCTION durable.set_queue(text, integer, integer, text), durable.reset_queue(text, text)
                TO durable_operator;
        END IF;
        IF EXISTS (SELECT FROM pg_roles r WHERE r.rolname = 'durable_runtime') THEN
            GRANT SELECT, INSERT, UPDATE ON durable.queue TO durable_runtime;
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.grant_queues() IS 'The part of durable.grant_roles() that is about queues.';

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (5, 'queues', 1);

COMMIT;
