-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- A fence that a session holds, for rows that travel alone.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0011_held_fence.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

CREATE FUNCTION durable.hold_fence(executor integer, epoch integer, server bigint, backend integer) RETURNS text
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        proof CONSTANT text := format('%s.%s.%s', 'durable.executor'::regclass::oid, hold_fence.executor, hold_fence.epoch);
    BEGIN
        -- Behind a pooler that shares sessions the next statement may come over another one, and this one serve a stranger.
        IF pg_backend_pid() <> hold_fence.backend THEN
            RETURN NULL;
        END IF;
        -- The fence makes a commit wait for the disk where the session does not: each time, or not at all.
        IF current_setting('synchronous_commit') IN ('off', 'local') THEN
            RETURN NULL;
        END IF;
        -- First, and for this transaction: from here on nobody takes this executor over before the session has the lock for itself.
        PERFORM durable.fence(hold_fence.executor, hold_fence.epoch, hold_fence.server);
        PERFORM pg_advisory_lock_shared('durable.executor'::regclass::oid::integer, hold_fence.executor);
        PERFORM set_config('durable.held_fence', proof, false);
        RETURN proof;
    END
    $$;

COMMENT ON FUNCTION durable.hold_fence(integer, integer, bigint, integer) IS
    'Holds the fence of an executor until the session ends: a takeover waits for the session, and ends it (durable.terminate_holders). Returns what '
    'durable.holds_fence knows this session by from then on, and no other. NULL when the session is not the caller''s own, which is known by the '
    'process id that the client was told, or when its commits do not wait for the disk. Raises as durable.fence does.';

-- One expression of one query, so that whoever asks in a statement of his own gets it in place of a call.
CREATE FUNCTION durable.holds_fence(proof text) RETURNS boolean
    LANGUAGE sql STABLE
    AS $$ SELECT current_setting('durable.held_fence', true) = proof $$;

COMMENT ON FUNCTION durable.holds_fence(text) IS
    'Whether this session holds the fence that durable.hold_fence returned this for. NULL in a session that holds none, and in one that was reset.';

-- The lock may have been given up since: the body of a transaction step may say pg_advisory_unlock_all. So it is taken for this transaction first, and
-- only a session that had it all the time has one to give up, and takes it again.
CREATE FUNCTION durable.reenter_fence(executor integer, proof text) RETURNS boolean
    LANGUAGE sql VOLATILE
    AS $$
    SELECT CASE
        WHEN current_setting('durable.held_fence', true) = proof AND current_setting('synchronous_commit') NOT IN ('off', 'local') THEN
            CASE
                WHEN pg_advisory_xact_lock_shared('durable.executor'::regclass::oid::integer, executor) IS NULL THEN false
                WHEN pg_advisory_unlock_shared('durable.executor'::regclass::oid::integer, executor) THEN
                    pg_advisory_lock_shared('durable.executor'::regclass::oid::integer, executor) IS NOT NULL
                ELSE false
            END
        ELSE false
    END
    $$;

COMMENT ON FUNCTION durable.reenter_fence(integer, text) IS
    'Opens a transaction that writes as an executor, in a session that holds its fence: true when nobody can have taken the executor over before this '
    'transaction ends. False when the session does not hold it, or commits without waiting for the disk: then call durable.fence.';

COMMENT ON FUNCTION durable.take_over(integer, boolean) IS
    'Declares an executor dead: true when it can write nothing any more (by this call or an earlier one), false when its lease is still valid. '
    'gone = true only with proof that the process no longer exists. Waits for its open transactions and for sessions that hold its fence, and keeps its '
    'next ones waiting meanwhile: set lock_timeout, and see durable.terminate_holders. For a process that may live: durable.release_executor.';

-- A process that lives comes back at once, and has another session hold its fence: each try ends the sessions that are there, and stands in line
-- before those that come.
CREATE OR REPLACE FUNCTION durable.release_executor(executor integer, reason text DEFAULT NULL) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        ended integer := 0;
        lock_timeout CONSTANT text := current_setting('lock_timeout');
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
        FOR try IN 1..25 LOOP
            ended := ended + durable.terminate_holders(release_executor.executor, gone => true);
            BEGIN
                PERFORM set_config('lock_timeout', '200ms', true);
                PERFORM durable.take_over(release_executor.executor, gone => true);
                PERFORM set_config('lock_timeout', lock_timeout, true);
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                IF try = 25 THEN
                    RAISE EXCEPTION 'executor % could not be released: its sessions do not end', release_executor.executor
                        USING ERRCODE = 'DU020', HINT = 'See SELECT * FROM pg_stat_activity, and stop its process.';
                END IF;
            END;
        END LOOP;
        INSERT INTO durable.audit (action, subject, reason, details)
            VALUES ('release_executor', release_executor.executor::text, release_executor.reason,
                    jsonb_build_object('sessions_ended', ended));
        RETURN (SELECT count(*)::integer FROM durable.live l WHERE l.executor = release_executor.executor);
    END
    $$;

-- What was replaced above is guarded again.
DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (11, 'held_fence', 1);

COMMIT;
