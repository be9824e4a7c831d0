-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- A server that has recovered from the death of one of its processes is another one.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0014_server_life.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- When one of its processes is killed, the server ends all the others and recovers, and its start stays what it was. Commits that did not wait for the disk
-- are lost, claims among them: whoever had made one would go on beside the next owner. What is not logged is emptied by each recovery, which shows it.
CREATE UNLOGGED TABLE durable.server_life (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    number bigint NOT NULL
);

COMMENT ON TABLE durable.server_life IS 'Which recovery of the server this is since its start: not logged, so that each recovery empties it.';
COMMENT ON COLUMN durable.server_life.singleton IS 'Always true: there is one row, or none where nobody has looked since the last recovery.';
COMMENT ON COLUMN durable.server_life.number IS 'A random number, made by whoever looked first; 0 where there has been no recovery since the schema has known of them.';

-- The processes that run now go on.
INSERT INTO durable.server_life (number) VALUES (0);

CREATE OR REPLACE FUNCTION durable.incarnation() RETURNS bigint
    LANGUAGE plpgsql STABLE PARALLEL SAFE
    AS $$
    DECLARE
        -- As float8, which holds microseconds of this millennium exactly and costs a tenth of what numeric does.
        start CONSTANT bigint := round(date_part('epoch', pg_postmaster_start_time()) * 1000000)::bigint - 946684800000000;
    BEGIN
        -- A standby cannot read it.
        IF pg_is_in_recovery() THEN
            RETURN start;
        END IF;
        RETURN start + coalesce((SELECT l.number FROM durable.server_life l), -1);
    END
    $$;

COMMENT ON FUNCTION durable.incarnation() IS
    'Which life of the server this is: its start time in microseconds since 2000-01-01 UTC, and a number for each recovery since. Another value means a '
    'restart, a crash of one of its processes, a failover or a restore.';

CREATE OR REPLACE FUNCTION durable.fence(executor integer, epoch integer, server bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        lock text;
        life bigint;
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'durable.fence needs READ COMMITTED, and this transaction is %',
                upper(current_setting('transaction_isolation'))
                USING ERRCODE = 'DU002', HINT = 'Use durable.fence_strict in transactions of a higher isolation level.';
        END IF;
        IF current_setting('transaction_read_only') = 'on' THEN
            RAISE EXCEPTION 'durable.fence opens a transaction that writes, and this one is read only'
                USING ERRCODE = 'DU002', HINT = 'Begin the transaction with READ WRITE, on a primary server.';
        END IF;
        IF current_setting('synchronous_commit') IN ('off', 'local') THEN
            PERFORM set_config('synchronous_commit', 'on', true);
        END IF;

        -- An assignment of an expression, rather than PERFORM: it starts no executor, in the hottest statement there is.
        lock := pg_advisory_xact_lock_shared('durable.executor'::regclass::oid::integer, fence.executor);

        -- Both in one statement, of which each costs 5 µs.
        SELECT l.number INTO life FROM durable.executor e LEFT JOIN durable.server_life l ON true
            WHERE e.number = fence.executor AND e.epoch = fence.epoch;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'executor % was superseded: epoch % is over', fence.executor, fence.epoch
                USING ERRCODE = 'DU001', HINT = 'Another process has declared this one dead. Register a new executor.';
        END IF;
        IF round(date_part('epoch', pg_postmaster_start_time()) * 1000000)::bigint - 946684800000000 + coalesce(life, -1) <> fence.server THEN
            RAISE EXCEPTION 'executor % registered with another start of the server', fence.executor
                USING ERRCODE = 'DU003',
                    HINT = 'The server was restarted, has crashed, failed over, or was restored. Register a new executor and replay.';
        END IF;
    END
    $$;

CREATE OR REPLACE FUNCTION durable.observe_server() RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        seen timestamptz;
        recoveries integer;
    BEGIN
        SELECT s.since INTO seen FROM durable.server s CROSS JOIN durable.server_life l WHERE s.started_at = pg_postmaster_start_time();
        IF NOT FOUND THEN
            INSERT INTO durable.server_life (number) VALUES ((1 + floor(random() * 1000000000))::bigint) ON CONFLICT DO NOTHING;
            GET DIAGNOSTICS recoveries = ROW_COUNT;
            INSERT INTO durable.server AS s (started_at, since) VALUES (pg_postmaster_start_time(), durable.clock())
                ON CONFLICT (singleton) DO UPDATE SET started_at = excluded.started_at, since = excluded.since
                WHERE s.started_at <> excluded.started_at OR recoveries > 0;
            SELECT s.since INTO seen FROM durable.server s;
        END IF;
        RETURN seen;
    END
    $$;

COMMENT ON FUNCTION durable.observe_server() IS
    'Since when this life of the server has been known. The first caller after a restart, a crash or a failover sets it to now.';

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
                durable.lease, durable.server, durable.server_life, durable.activity TO durable_runtime;
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

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (14, 'server_life', 1);

COMMIT;
