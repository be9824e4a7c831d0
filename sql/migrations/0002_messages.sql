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
-- Tokens
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.token (
    id text COLLATE "C" PRIMARY KEY,
    workflow_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'completed', 'failed', 'expired')),
    beat_at timestamptz NOT NULL DEFAULT durable.clock(),
    decided_at timestamptz,
    body json,
    error json
);

COMMENT ON TABLE durable.token IS 'Tokens that workflows have handed out: whoever holds one completes or fails it, once.';
COMMENT ON COLUMN durable.token.id IS 'Unguessable; knowing it is the right to complete it.';
COMMENT ON COLUMN durable.token.workflow_id IS 'The workflow that waits for it.';
COMMENT ON COLUMN durable.token.name IS 'What the workflow calls it.';
COMMENT ON COLUMN durable.token.state IS 'pending, completed, failed; expired once the workflow''s time for it is over.';
COMMENT ON COLUMN durable.token.beat_at IS 'When it was made, or when its holder last said that it is still at work.';
COMMENT ON COLUMN durable.token.decided_at IS 'When it was completed or failed, or expired.';
COMMENT ON COLUMN durable.token.body IS 'What it was completed with, exact text.';
COMMENT ON COLUMN durable.token.error IS 'What it was failed with: {"type": …, "message": …, "code": …}.';

CREATE FUNCTION durable.decide_token(token text, state text, body json, error json) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        owner text;
    BEGIN
        UPDATE durable.token AS t
            SET state = decide_token.state, body = decide_token.body, error = decide_token.error, decided_at = durable.clock()
            WHERE t.id = decide_token.token AND t.state = 'pending'
            RETURNING t.workflow_id INTO owner;
        IF NOT FOUND THEN
            PERFORM FROM durable.token t WHERE t.id = decide_token.token;
            IF NOT FOUND THEN
                RAISE EXCEPTION 'there is no such token' USING ERRCODE = 'DU013';
            END IF;
            RETURN false;
        END IF;
        PERFORM durable.expect_unfinished(owner, 'completion of a token');
        INSERT INTO durable.inbox (workflow_id, kind, name) VALUES (owner, 'token', decide_token.token);
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.decide_token(text, text, json, json) IS 'What durable.complete_token and durable.fail_token have in common.';

CREATE FUNCTION durable.complete_token(token text, payload json DEFAULT NULL) RETURNS boolean
    LANGUAGE sql VOLATILE
    AS $$ SELECT durable.decide_token(complete_token.token, 'completed', complete_token.payload, NULL) $$;

COMMENT ON FUNCTION durable.complete_token(text, json) IS
    'Completes a token, in the caller''s own transaction. true: this call decided it; false: it was completed, failed or expired before, and nothing '
    'changed. Raises DU013 for an unknown token, DU011 when its workflow has ended.';

CREATE FUNCTION durable.fail_token(token text, message text, code text DEFAULT NULL) RETURNS boolean
    LANGUAGE sql VOLATILE
    AS $$
        SELECT durable.decide_token(fail_token.token, 'failed', NULL, json_build_object(
            'type', 'TokenFailure', 'message', coalesce(fail_token.message, ''), 'code', fail_token.code))
    $$;

COMMENT ON FUNCTION durable.fail_token(text, text, text) IS 'Fails a token; returns and raises as durable.complete_token.';

CREATE FUNCTION durable.beat_token(token text) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        UPDATE durable.token t SET beat_at = durable.clock() WHERE t.id = beat_token.token AND t.state = 'pending';
        IF FOUND THEN
            RETURN true;
        END IF;
        PERFORM FROM durable.token t WHERE t.id = beat_token.token;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'there is no such token' USING ERRCODE = 'DU013';
        END IF;
        RETURN false;
    END
    $$;

COMMENT ON FUNCTION durable.beat_token(text) IS
    'Says that the holder of a token is still at work. false: it is decided, and nobody waits for it any more. Raises DU013 for an unknown token.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Events
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.event (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    published_at timestamptz NOT NULL DEFAULT durable.clock(),
    body json
);
CREATE INDEX event_name ON durable.event (name, published_at);

COMMENT ON TABLE durable.event IS 'Events that were published, kept for those who look back.';
COMMENT ON COLUMN durable.event.id IS 'Number of the event; numbers commit out of order.';
COMMENT ON COLUMN durable.event.name IS 'What happened.';
COMMENT ON COLUMN durable.event.key IS 'To what it happened; NULL for none.';
COMMENT ON COLUMN durable.event.published_at IS 'When it was published, by the database''s clock.';
COMMENT ON COLUMN durable.event.body IS 'The payload, exact text; NULL for none.';

CREATE TABLE durable.subscription (
    workflow_id text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    name text COLLATE "C" NOT NULL,
    key text COLLATE "C",
    PRIMARY KEY (workflow_id, scope, position)
);
CREATE INDEX subscription_name ON durable.subscription (name, key);

COMMENT ON TABLE durable.subscription IS 'Workflows that wait for an event, from before they look back until they have received it.';
COMMENT ON COLUMN durable.subscription.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.subscription.scope IS 'As in journal.';
COMMENT ON COLUMN durable.subscription.position IS 'As in journal.';
COMMENT ON COLUMN durable.subscription.name IS 'The event that it waits for.';
COMMENT ON COLUMN durable.subscription.key IS 'The key that it waits for; NULL for any.';

CREATE TABLE durable.trigger (
    event text COLLATE "C" NOT NULL,
    workflow text COLLATE "C" NOT NULL,
    version integer NOT NULL,
    timeout interval,
    registered_at timestamptz NOT NULL DEFAULT durable.clock(),
    PRIMARY KEY (event, workflow)
);

COMMENT ON TABLE durable.trigger IS 'Workflows that an event starts, with the event''s payload as their input.';
COMMENT ON COLUMN durable.trigger.event IS 'The event.';
COMMENT ON COLUMN durable.trigger.workflow IS 'The name of the workflow.';
COMMENT ON COLUMN durable.trigger.version IS 'The version that is started.';
COMMENT ON COLUMN durable.trigger.timeout IS 'How long such a workflow may take; NULL for ever.';
COMMENT ON COLUMN durable.trigger.registered_at IS 'When an engine registered it last.';

CREATE FUNCTION durable.publish_event(name text, key text DEFAULT NULL, payload json DEFAULT NULL) RETURNS bigint
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        number bigint;
    BEGIN
        IF coalesce(octet_length(publish_event.name), 0) NOT BETWEEN 1 AND 128 THEN
            RAISE EXCEPTION 'the name of an event must have 1 to 128 bytes' USING ERRCODE = 'DU012';
        END IF;
        IF octet_length(publish_event.key) NOT BETWEEN 1 AND 512 THEN
            RAISE EXCEPTION 'the key of an event must have 1 to 512 bytes' USING ERRCODE = 'DU012';
        END IF;
        INSERT INTO durable.event (name, key, body)
            VALUES (publish_event.name, publish_event.key, publish_event.payload) RETURNING id INTO number;
        INSERT INTO durable.inbox (kind, name, body)
            VALUES ('event', publish_event.name, json_build_object('event', number));
        RETURN number;
    END
    $$;

COMMENT ON FUNCTION durable.publish_event(text, text, json) IS
    'Publishes an event, in the caller''s own transaction: it exists when that commits. Returns its number. Who waits for it, and what it starts, '
    'is found by the router after the commit.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Published values
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.published (
    workflow_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    published_at timestamptz NOT NULL DEFAULT durable.clock(),
    body json,
    PRIMARY KEY (workflow_id, name)
) WITH (fillfactor = 70);

COMMENT ON TABLE durable.published IS 'What workflows have published last under a name, readable while they run and afterwards.';
COMMENT ON COLUMN durable.published.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.published.name IS 'The name of the value.';
COMMENT ON COLUMN durable.published.version IS 'How often it was published.';
COMMENT ON COLUMN durable.published.published_at IS 'When it was published last.';
COMMENT ON COLUMN durable.published.body IS 'The value, exact text; NULL for none.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Updates
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.update_request (
    workflow_id text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    state text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'answered', 'refused', 'failed')),
    requested_at timestamptz NOT NULL DEFAULT durable.clock(),
    answered_at timestamptz,
    body json,
    error json,
    PRIMARY KEY (workflow_id, id)
) WITH (fillfactor = 70);

COMMENT ON TABLE durable.update_request IS 'Requests to running workflows, and their answers; kept as long as the workflow, so that a repeated request is answered once.';
COMMENT ON COLUMN durable.update_request.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.update_request.id IS 'The caller''s id of the request.';
COMMENT ON COLUMN durable.update_request.name IS 'What is asked for.';
COMMENT ON COLUMN durable.update_request.state IS 'pending; answered with a result; refused by the workflow''s check; failed.';
COMMENT ON COLUMN durable.update_request.requested_at IS 'When it was asked first.';
COMMENT ON COLUMN durable.update_request.answered_at IS 'When it was answered.';
COMMENT ON COLUMN durable.update_request.body IS 'The result, exact text.';
COMMENT ON COLUMN durable.update_request.error IS 'Why it was refused, or what it failed with: {"type": …, "message": …, "code": …}.';

CREATE FUNCTION durable.request_update(workflow_id text, id text, name text, payload json DEFAULT NULL) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
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

COMMENT ON FUNCTION durable.request_update(text, text, text, json) IS
    'Asks a workflow for something. true: asked; false: this id was asked before. The answer is in durable.update_request. Raises DU010 and DU011 as durable.signal.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Streams
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.stream (
    workflow_id text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY,
    scope text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    number integer NOT NULL,
    body json,
    PRIMARY KEY (workflow_id, name, id),
    UNIQUE (workflow_id, name, scope, position, number)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

COMMENT ON TABLE durable.stream IS 'What workflows and their steps have appended to streams; append-only.';
COMMENT ON COLUMN durable.stream.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.stream.name IS 'The stream.';
COMMENT ON COLUMN durable.stream.id IS 'The order within a stream: a workflow''s rows commit in this order, so that a reader goes on behind the last that it has seen.';
COMMENT ON COLUMN durable.stream.scope IS 'Scope of the call that appended it, as in journal; ~1/ and so on before it when the workflow has begun anew since.';
COMMENT ON COLUMN durable.stream.position IS 'Position of that call.';
COMMENT ON COLUMN durable.stream.number IS 'Which element of that call it is, from 0. A retried attempt appends the same numbers again, and adds only what is new.';
COMMENT ON COLUMN durable.stream.body IS 'The element, exact text; NULL for none.';

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
            GRANT SELECT, INSERT, DELETE ON durable.inbox, durable.message, durable.message_key, durable.subscription
                TO durable_runtime;
            GRANT SELECT, INSERT, UPDATE ON durable.token, durable.trigger, durable.published, durable.update_request
                TO durable_runtime;
            GRANT SELECT, INSERT ON durable.event, durable.stream TO durable_runtime;
            -- To lock what it takes, Postgres asks for this right.
            GRANT UPDATE ON durable.inbox, durable.message, durable.subscription TO durable_runtime;
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.grant_messages() IS 'The part of durable.grant_roles() that is about messages.';

DO $$
BEGIN
    PERFORM durable.grant_roles();
    PERFORM durable.grant_messages();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (2, 'messages', 1);

COMMIT;
