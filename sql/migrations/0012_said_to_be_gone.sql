-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- A process that is said to be gone is not waited for.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0012_said_to_be_gone.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- Whoever says that a process is gone does not wait for its sessions: they are ended, and where it lives after all those that come next as well, since the
-- takeover stands in line before them.
CREATE OR REPLACE FUNCTION durable.take_over(executor integer, gone boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        patience CONSTANT text := current_setting('lock_timeout');
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'durable.take_over needs READ COMMITTED, and this transaction is %',
                upper(current_setting('transaction_isolation')) USING ERRCODE = 'DU002';
        END IF;
        IF current_setting('synchronous_commit') IN ('off', 'local') THEN
            PERFORM set_config('synchronous_commit', 'on', true);
        END IF;

        IF take_over.gone THEN
            PERFORM set_config('lock_timeout', '200ms', true);
        END IF;
        FOR try IN 1..10 LOOP
            BEGIN
                PERFORM pg_advisory_xact_lock('durable.executor'::regclass::oid::integer, take_over.executor);
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                IF NOT take_over.gone THEN
                    RAISE;
                ELSIF try = 10 THEN
                    RAISE EXCEPTION 'executor % could not be declared dead: its sessions do not end', take_over.executor
                        USING ERRCODE = 'lock_not_available', HINT = 'See SELECT * FROM pg_stat_activity, and stop its process.';
                END IF;
                PERFORM durable.terminate_holders(take_over.executor, true);
            END;
        END LOOP;
        PERFORM set_config('lock_timeout', patience, true);

        PERFORM FROM durable.executor e WHERE e.number = take_over.executor AND e.fenced_at IS NULL;
        IF NOT FOUND THEN
            RETURN true;
        END IF;
        -- Again, now that it cannot renew behind our back (renewals are fenced too): it may have come back meanwhile.
        IF NOT take_over.gone AND NOT durable.lease_is_over(take_over.executor) THEN
            RETURN false;
        END IF;

        UPDATE durable.executor AS e SET epoch = e.epoch + 1, fenced_at = durable.clock()
            WHERE e.number = take_over.executor;
        DELETE FROM durable.lease l WHERE l.executor = take_over.executor;
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.take_over(integer, boolean) IS
    'Declares an executor dead: true when it can write nothing any more (by this call or an earlier one), false when its lease is still valid. Without gone '
    'it waits for open transactions and for sessions that hold the fence: set lock_timeout, and see durable.terminate_holders. gone = true, only with proof '
    'that the process no longer exists, ends them.';

-- The tries are take_over's own.
CREATE OR REPLACE FUNCTION durable.release_executor(executor integer, reason text DEFAULT NULL) RETURNS integer
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

-- What was replaced is guarded again.
DO $$
BEGIN
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (12, 'said_to_be_gone', 1);

COMMIT;
