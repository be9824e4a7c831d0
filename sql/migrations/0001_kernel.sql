-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- The kernel: four words (workflow, journal, outcome, live), executors with their leases, the fence, and the views.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0001_kernel.sql
-- `durable.` is written out everywhere. For a schema of another name the library replaces that identifier.
-- A workflow has a row in `live` or a row in `outcome`, never both, never neither.

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

-- Whatever the role or the database prescribes: nothing here may depend on it.
SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- A role that may not create schemas can still fill one that an administrator has made for it.
DO $$
BEGIN
    CREATE SCHEMA durable;
EXCEPTION
    WHEN duplicate_schema THEN NULL;
    WHEN insufficient_privilege THEN
        RAISE NOTICE 'this role may not create schemas; going on in the one that exists';
END
$$;

COMMENT ON SCHEMA durable IS
    'Durable workflows: what was asked (workflow), what happened (journal), how it ended (outcome), what is pending (live).';

-- ---------------------------------------------------------------------------------------------------------------------
-- Migrations
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.migration (
    version integer PRIMARY KEY,
    name text NOT NULL,
    oldest_generation integer NOT NULL,
    checksum text,
    applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

COMMENT ON TABLE durable.migration IS 'One row per migration that was applied to this schema.';
COMMENT ON COLUMN durable.migration.version IS 'The number that the file''s name begins with.';
COMMENT ON COLUMN durable.migration.name IS 'The rest of the file''s name.';
COMMENT ON COLUMN durable.migration.oldest_generation IS 'The oldest code generation that can run on the schema after this migration.';
COMMENT ON COLUMN durable.migration.checksum IS 'FNV-1a (64 bits, hexadecimal) of the file; NULL when it was applied by hand with psql.';
COMMENT ON COLUMN durable.migration.applied_at IS 'When it was applied.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Clock
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.clock() RETURNS timestamptz
    LANGUAGE sql VOLATILE PARALLEL SAFE
    AS $$
        SELECT clock_timestamp()
             + coalesce(nullif(current_setting('durable.clock_shift', true), ''), '0')::interval
    $$;

COMMENT ON FUNCTION durable.clock() IS
    'The only clock of the engine: clock_timestamp(), shifted by the setting durable.clock_shift (an interval) where a test has set it.';

CREATE FUNCTION durable.incarnation() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        -- As float8, which holds microseconds of this millennium exactly and costs a tenth of what numeric does.
        SELECT round(date_part('epoch', pg_postmaster_start_time()) * 1000000)::bigint - 946684800000000
    $$;

COMMENT ON FUNCTION durable.incarnation() IS
    'Which start of the server this is: its start time in microseconds since 2000-01-01 UTC. Another value means a restart, a failover or a restore.';

-- ---------------------------------------------------------------------------------------------------------------------
-- The four words
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TYPE durable.workflow_state AS ENUM (
    'queued', 'running', 'waiting', 'paused', 'cancelling', 'succeeded', 'failed', 'cancelled'
);

COMMENT ON TYPE durable.workflow_state IS
    'The states of a workflow. queued, running, waiting, paused and cancelling stand in live; succeeded, failed and cancelled in outcome.';

-- Ids, names and scopes are COLLATE "C": the database's own collation would cost a quarter of the journal's throughput.
CREATE TABLE durable.workflow (
    id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL DEFAULT 1,
    seed uuid NOT NULL DEFAULT gen_random_uuid(),
    input json,
    deadline timestamptz,
    parent text COLLATE "C",
    queue text COLLATE "C",
    attributes jsonb,
    run bigint,
    created_at timestamptz NOT NULL DEFAULT durable.clock()
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

COMMENT ON TABLE durable.workflow IS 'What was asked: one row per workflow, inserted once and never changed.';
COMMENT ON COLUMN durable.workflow.id IS 'The caller''s id, or a UUIDv7. Starting an id again returns the same workflow.';
COMMENT ON COLUMN durable.workflow.name IS 'Which workflow type it is.';
COMMENT ON COLUMN durable.workflow.version IS 'The version of that type that began it; only code that resumes this version runs it.';
COMMENT ON COLUMN durable.workflow.seed IS '128 random bits from which uuid() and random of the workflow are derived.';
COMMENT ON COLUMN durable.workflow.input IS 'The input of run, exact text; NULL when it takes none.';
COMMENT ON COLUMN durable.workflow.deadline IS 'When the whole workflow times out; NULL for never.';
COMMENT ON COLUMN durable.workflow.parent IS 'The workflow that started this one as its child.';
COMMENT ON COLUMN durable.workflow.queue IS 'The queue that it was put into; NULL when it was started at once.';
COMMENT ON COLUMN durable.workflow.attributes IS 'What the caller attached for searching.';
COMMENT ON COLUMN durable.workflow.run IS 'Token of the run that started it, by which a process knows its own start again; NULL when it was left queued.';
COMMENT ON COLUMN durable.workflow.created_at IS 'When it was started, by the database''s clock.';

-- The first writer of a place wins and a second one raises 23505. Fixed-width columns stand before the wide ones.
CREATE TABLE durable.journal (
    workflow_id text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    phase smallint NOT NULL,
    kind smallint NOT NULL,
    attempt smallint NOT NULL DEFAULT 1,
    executor integer NOT NULL,
    run bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT durable.clock(),
    due timestamptz,
    fingerprint bigint,
    seconds real,
    name text COLLATE "C" NOT NULL,
    output json,
    error json,
    PRIMARY KEY (workflow_id, scope, position, phase)
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

COMMENT ON TABLE durable.journal IS
    'What happened, append-only. A place is (workflow_id, scope, position); phase 0 is its result, phases from 1 are notes that had to be durable before it.';
COMMENT ON COLUMN durable.journal.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.journal.scope IS 'Path of branches from the top, such as parallel[1]/map[3]; empty at the top.';
COMMENT ON COLUMN durable.journal.position IS 'Count of the durable calls in that scope, from 0.';
COMMENT ON COLUMN durable.journal.phase IS '0: the result. From 1: notes (attempt failed and the next is due; deadline of a sleep).';
COMMENT ON COLUMN durable.journal.kind IS '1 step, 2 transaction, 3 sleep, 4 join, 5 scope, 6 patch, 7 receive, 8 child.';
COMMENT ON COLUMN durable.journal.attempt IS 'Which attempt it was, from 1.';
COMMENT ON COLUMN durable.journal.executor IS 'Number of the process that wrote it.';
COMMENT ON COLUMN durable.journal.run IS 'Token of the run that wrote it. A conflict with one''s own token is one''s own row, sent again.';
COMMENT ON COLUMN durable.journal.at IS 'When it was recorded, by the database''s clock.';
COMMENT ON COLUMN durable.journal.due IS 'In notes: when the next attempt, the wake-up or the deadline is due.';
COMMENT ON COLUMN durable.journal.fingerprint IS 'Hash of the step''s canonically encoded input; NULL when it has none.';
COMMENT ON COLUMN durable.journal.seconds IS 'How long the body ran.';
COMMENT ON COLUMN durable.journal.name IS 'The step''s name, without its count.';
COMMENT ON COLUMN durable.journal.output IS 'What the step returned, exact text; NULL when it returned nothing.';
COMMENT ON COLUMN durable.journal.error IS 'What the step threw: {"type": …, "message": …, "code": …}.';

CREATE TABLE durable.outcome (
    workflow_id text COLLATE "C" PRIMARY KEY,
    status durable.workflow_state NOT NULL CHECK (status IN ('succeeded', 'failed', 'cancelled')),
    executor integer,
    run bigint,
    finished_at timestamptz NOT NULL DEFAULT durable.clock(),
    output json,
    error json
) WITH (autovacuum_vacuum_insert_scale_factor = 0.05, autovacuum_analyze_scale_factor = 0.05);

COMMENT ON TABLE durable.outcome IS 'How it ended: one row per finished workflow, inserted by the statement that deletes its live row.';
COMMENT ON COLUMN durable.outcome.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.outcome.status IS 'succeeded, failed or cancelled.';
COMMENT ON COLUMN durable.outcome.executor IS 'Number of the process that ended it.';
COMMENT ON COLUMN durable.outcome.run IS 'Token of the run that ended it.';
COMMENT ON COLUMN durable.outcome.finished_at IS 'When it ended, by the database''s clock.';
COMMENT ON COLUMN durable.outcome.output IS 'What run returned, exact text; NULL when it returned nothing.';
COMMENT ON COLUMN durable.outcome.error IS 'What run threw: {"type": …, "message": …, "code": …}.';

-- Small, and churns: room on each page for new versions, vacuumed by count and not by share.
CREATE TABLE durable.live (
    workflow_id text COLLATE "C" PRIMARY KEY,
    name text COLLATE "C" NOT NULL,
    version integer NOT NULL DEFAULT 1,
    state durable.workflow_state NOT NULL
        CHECK (state IN ('queued', 'running', 'waiting', 'paused', 'cancelling')),
    executor integer,
    epoch integer,
    run bigint,
    run_at timestamptz NOT NULL DEFAULT durable.clock(),
    mailbox bigint NOT NULL DEFAULT 0,
    priority integer NOT NULL DEFAULT 0,
    progress integer NOT NULL DEFAULT 0,
    recoveries smallint NOT NULL DEFAULT 0,
    reason text,
    waiting_for text,
    error json,
    CHECK ((executor IS NULL) = (epoch IS NULL))
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 5000,
    autovacuum_vacuum_cost_delay = 0,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 50000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 5000
);

CREATE INDEX live_due ON durable.live (name, version, run_at) WHERE executor IS NULL;
CREATE INDEX live_owner ON durable.live (executor) WHERE executor IS NOT NULL;
-- Nearly always empty. Without it each claim would look through everything that is due for a suspect that is not there.
CREATE INDEX live_suspect ON durable.live (name, version, run_at) WHERE executor IS NULL AND recoveries >= 2;

COMMENT ON TABLE durable.live IS 'What is pending: one small mutable row per unfinished workflow. Its owner and its run token change by the owner or by a takeover only.';
COMMENT ON COLUMN durable.live.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.live.name IS 'Which workflow type it is; repeated here for the claim.';
COMMENT ON COLUMN durable.live.version IS 'The version of that type; repeated here for the claim.';
COMMENT ON COLUMN durable.live.state IS 'queued, running, waiting, paused or cancelling.';
COMMENT ON COLUMN durable.live.executor IS 'Number of the process that owns it; NULL when any may claim it.';
COMMENT ON COLUMN durable.live.epoch IS 'The owner''s epoch when it claimed it.';
COMMENT ON COLUMN durable.live.run IS 'Token of the run that owns it; every change by a run is conditional on it.';
COMMENT ON COLUMN durable.live.run_at IS 'From when a process may claim it; infinity while it is paused.';
COMMENT ON COLUMN durable.live.mailbox IS 'Counts everything that has come in for it; a run parks only on the count that it has seen.';
COMMENT ON COLUMN durable.live.priority IS 'Higher goes first.';
COMMENT ON COLUMN durable.live.progress IS 'How many journal rows it had at the last takeover.';
COMMENT ON COLUMN durable.live.recoveries IS 'Takeovers while it was running and had recorded nothing since the one before.';
COMMENT ON COLUMN durable.live.reason IS 'Why it is paused: operator, diverged, undecodable, crash_loop, retries_exhausted, undo_failed.';
COMMENT ON COLUMN durable.live.waiting_for IS 'What it waits for, in words.';
COMMENT ON COLUMN durable.live.error IS 'The error that paused it: {"type": …, "message": …, "code": …}.';

-- Not every build of Postgres has lz4; what it has by itself does as well, only more slowly.
DO $$
BEGIN
    ALTER TABLE durable.workflow ALTER COLUMN input SET COMPRESSION lz4;
    ALTER TABLE durable.journal ALTER COLUMN output SET COMPRESSION lz4, ALTER COLUMN error SET COMPRESSION lz4;
    ALTER TABLE durable.outcome ALTER COLUMN output SET COMPRESSION lz4, ALTER COLUMN error SET COMPRESSION lz4;
EXCEPTION
    WHEN feature_not_supported OR invalid_parameter_value THEN
        RAISE NOTICE 'this server has no lz4; payloads are compressed with its default method';
END
$$;

-- ---------------------------------------------------------------------------------------------------------------------
-- Executors
-- ---------------------------------------------------------------------------------------------------------------------

CREATE TABLE durable.executor (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id uuid NOT NULL UNIQUE,
    epoch integer NOT NULL DEFAULT 1,
    name text COLLATE "C" NOT NULL,
    host text NOT NULL,
    pid integer NOT NULL,
    boot_id text,
    pid_namespace text,
    process_started text,
    build text,
    code_generation integer NOT NULL DEFAULT 1,
    workflows jsonb,
    started_at timestamptz NOT NULL DEFAULT durable.clock(),
    server_started_at timestamptz NOT NULL DEFAULT pg_postmaster_start_time(),
    fenced_at timestamptz,
    stopped_at timestamptz
);

COMMENT ON TABLE durable.executor IS 'One row per process start. Lease renewals never touch it, so that the fence can lock it.';
COMMENT ON COLUMN durable.executor.number IS 'Short number that the other tables and the advisory lock of the fence carry.';
COMMENT ON COLUMN durable.executor.id IS 'Identity, made by the process; dead for ever once it is fenced.';
COMMENT ON COLUMN durable.executor.epoch IS 'Raised by a takeover; every write of the process compares it.';
COMMENT ON COLUMN durable.executor.name IS 'Label for people; two live processes may share it.';
COMMENT ON COLUMN durable.executor.host IS 'Host that it runs on.';
COMMENT ON COLUMN durable.executor.pid IS 'Its process id there.';
COMMENT ON COLUMN durable.executor.boot_id IS 'Identity of that host''s boot; with the next two columns the proof that a process is gone.';
COMMENT ON COLUMN durable.executor.pid_namespace IS 'The namespace that the process id belongs to.';
COMMENT ON COLUMN durable.executor.process_started IS 'When the system started the process, in the system''s own words.';
COMMENT ON COLUMN durable.executor.build IS 'Build of the program.';
COMMENT ON COLUMN durable.executor.code_generation IS 'Code generation of the library in it.';
COMMENT ON COLUMN durable.executor.workflows IS 'Names and versions that it offers.';
COMMENT ON COLUMN durable.executor.started_at IS 'When it registered, by the database''s clock.';
COMMENT ON COLUMN durable.executor.server_started_at IS 'Start of the database server that it registered with.';
COMMENT ON COLUMN durable.executor.fenced_at IS 'When another process declared it dead; NULL when none has.';
COMMENT ON COLUMN durable.executor.stopped_at IS 'When it ended in order; NULL when it has not.';

CREATE TABLE durable.lease (
    executor integer PRIMARY KEY,
    expires_at timestamptz NOT NULL,
    renewed_at timestamptz NOT NULL DEFAULT durable.clock(),
    period interval NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 200);

COMMENT ON TABLE durable.lease IS 'Until when each live process may count as alive. No row: it has released its lease, or it was fenced.';
COMMENT ON COLUMN durable.lease.executor IS 'Number of the process.';
COMMENT ON COLUMN durable.lease.expires_at IS 'Until when the lease lasts, by the database''s clock.';
COMMENT ON COLUMN durable.lease.renewed_at IS 'When it was last renewed.';
COMMENT ON COLUMN durable.lease.period IS 'How long a renewal lasts; also the grace after the server has restarted.';

CREATE TABLE durable.server (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    started_at timestamptz NOT NULL,
    since timestamptz NOT NULL
);

COMMENT ON TABLE durable.server IS 'Since when this start of the server has been known, so that an outage does not make every process look dead.';
COMMENT ON COLUMN durable.server.singleton IS 'Always true: there is one row.';
COMMENT ON COLUMN durable.server.started_at IS 'pg_postmaster_start_time() of that start.';
COMMENT ON COLUMN durable.server.since IS 'When a process first saw it, by the database''s clock. No lease is over before this plus its period.';

INSERT INTO durable.server (started_at, since) VALUES (pg_postmaster_start_time(), durable.clock());

CREATE TABLE durable.activity (
    workflow_id text COLLATE "C" NOT NULL,
    scope text COLLATE "C" NOT NULL,
    position integer NOT NULL,
    executor integer NOT NULL,
    kind smallint NOT NULL,
    attempt smallint NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL,
    name text COLLATE "C" NOT NULL,
    PRIMARY KEY (workflow_id, scope, position)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

COMMENT ON TABLE durable.activity IS 'Steps that have been running for more than a second; written in bulk with the lease renewal, for people only.';
COMMENT ON COLUMN durable.activity.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.activity.scope IS 'As in journal.';
COMMENT ON COLUMN durable.activity.position IS 'As in journal.';
COMMENT ON COLUMN durable.activity.executor IS 'Number of the process that runs it.';
COMMENT ON COLUMN durable.activity.kind IS 'As in journal.';
COMMENT ON COLUMN durable.activity.attempt IS 'Which attempt is running, from 1.';
COMMENT ON COLUMN durable.activity.started_at IS 'When that attempt began.';
COMMENT ON COLUMN durable.activity.name IS 'The step''s name, without its count.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Fence and takeover
--
-- The lock is the advisory lock (oid of durable.executor, executor's number): shared for whoever writes as that
-- executor, exclusive for whoever declares it dead. In pg_locks it shows as classid::regclass = durable.executor.
-- ---------------------------------------------------------------------------------------------------------------------

-- Lock and check are two statements on purpose. In one statement, or in a STABLE function, or on the snapshot of a
-- higher isolation level, a process that waited for the lock behind its own takeover would still read its old epoch.
CREATE FUNCTION durable.fence(executor integer, epoch integer, server bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        lock text;
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

        PERFORM FROM durable.executor e WHERE e.number = fence.executor AND e.epoch = fence.epoch;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'executor % was superseded: epoch % is over', fence.executor, fence.epoch
                USING ERRCODE = 'DU001', HINT = 'Another process has declared this one dead. Register a new executor.';
        END IF;
        IF round(date_part('epoch', pg_postmaster_start_time()) * 1000000)::bigint - 946684800000000 <> fence.server THEN
            RAISE EXCEPTION 'executor % registered with another start of the server', fence.executor
                USING ERRCODE = 'DU003', HINT = 'The server was restarted, failed over or restored. Register a new executor and replay.';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.fence(integer, integer, bigint) IS
    'First statement of every transaction that writes as an executor, under READ COMMITTED. Raises DU001 when the executor was superseded, '
    'DU002 when the transaction cannot be fenced, DU003 when the server is another one than at registration.';

CREATE FUNCTION durable.fence_strict(executor integer, epoch integer, server bigint) RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        IF current_setting('transaction_read_only')::boolean THEN
            RAISE EXCEPTION 'durable.fence_strict opens a transaction that writes, and this one is read only'
                USING ERRCODE = 'DU002', HINT = 'Begin the transaction with READ WRITE, on a primary server.';
        END IF;
        IF current_setting('synchronous_commit') IN ('off', 'local') THEN
            PERFORM set_config('synchronous_commit', 'on', true);
        END IF;

        PERFORM pg_advisory_xact_lock_shared(e.tableoid::integer, e.number)
            FROM durable.executor e WHERE e.number = fence_strict.executor;

        -- The row's lock sees what the snapshot does not: after a takeover it fails with 40001.
        BEGIN
            PERFORM FROM durable.executor e
                WHERE e.number = fence_strict.executor AND e.epoch = fence_strict.epoch FOR SHARE;
        EXCEPTION
            WHEN serialization_failure THEN
                RAISE EXCEPTION 'executor % was superseded: epoch % is over', fence_strict.executor, fence_strict.epoch
                    USING ERRCODE = 'DU001', HINT = 'Another process has declared this one dead. Register a new executor.';
        END;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'executor % was superseded: epoch % is over', fence_strict.executor, fence_strict.epoch
                USING ERRCODE = 'DU001', HINT = 'Another process has declared this one dead. Register a new executor.';
        END IF;
        IF durable.incarnation() <> fence_strict.server THEN
            RAISE EXCEPTION 'executor % registered with another start of the server', fence_strict.executor
                USING ERRCODE = 'DU003', HINT = 'The server was restarted, failed over or restored. Register a new executor and replay.';
        END IF;
    END
    $$;

COMMENT ON FUNCTION durable.fence_strict(integer, integer, bigint) IS
    'The fence for transactions at REPEATABLE READ or SERIALIZABLE: it also locks the executor''s row. Raises as durable.fence does.';

CREATE FUNCTION durable.observe_server() RETURNS timestamptz
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        seen timestamptz;
    BEGIN
        SELECT s.since INTO seen FROM durable.server s WHERE s.started_at = pg_postmaster_start_time();
        IF NOT FOUND THEN
            INSERT INTO durable.server AS s (started_at, since) VALUES (pg_postmaster_start_time(), durable.clock())
                ON CONFLICT (singleton) DO UPDATE SET started_at = excluded.started_at, since = excluded.since
                WHERE s.started_at <> excluded.started_at;
            SELECT s.since INTO seen FROM durable.server s;
        END IF;
        RETURN seen;
    END
    $$;

COMMENT ON FUNCTION durable.observe_server() IS
    'Since when this start of the server has been known. The first caller after a restart or a failover sets it to now.';

CREATE FUNCTION durable.lease_is_over(executor integer) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        since timestamptz := durable.observe_server();
    BEGIN
        RETURN NOT EXISTS (
            SELECT FROM durable.lease l
            WHERE l.executor = lease_is_over.executor
              AND durable.clock() <= greatest(l.expires_at, since + l.period)
        );
    END
    $$;

COMMENT ON FUNCTION durable.lease_is_over(integer) IS
    'Whether an executor''s lease is over: released, or the clock is past both its end and one lease period after the server was first seen.';

CREATE FUNCTION durable.take_over(executor integer, gone boolean DEFAULT false) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    BEGIN
        IF current_setting('transaction_isolation') <> 'read committed' THEN
            RAISE EXCEPTION 'durable.take_over needs READ COMMITTED, and this transaction is %',
                upper(current_setting('transaction_isolation')) USING ERRCODE = 'DU002';
        END IF;
        IF current_setting('synchronous_commit') IN ('off', 'local') THEN
            PERFORM set_config('synchronous_commit', 'on', true);
        END IF;

        PERFORM pg_advisory_xact_lock(e.tableoid::integer, e.number)
            FROM durable.executor e WHERE e.number = take_over.executor;

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
    'Declares an executor dead: true when it can write nothing any more (by this call or an earlier one), false when its lease is still valid. '
    'gone = true only with proof that the process no longer exists. Waits for its open transactions: set lock_timeout, and see durable.terminate_holders.';

CREATE FUNCTION durable.terminate_holders(executor integer, gone boolean DEFAULT false) RETURNS integer
    LANGUAGE plpgsql VOLATILE
    AS $$
    DECLARE
        ended integer;
    BEGIN
        IF NOT terminate_holders.gone AND NOT durable.lease_is_over(terminate_holders.executor) THEN
            RETURN 0;
        END IF;
        SELECT count(*) FILTER (WHERE pg_terminate_backend(holder.pid)) INTO ended
        FROM (
            SELECT DISTINCT l.pid
            FROM durable.executor e
            JOIN pg_locks l ON l.classid = e.tableoid AND l.objid = e.number::oid
            WHERE e.number = terminate_holders.executor
              AND l.locktype = 'advisory' AND l.objsubid = 2 AND l.granted
              AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
              AND l.pid <> pg_backend_pid()
        ) AS holder;
        RETURN ended;
    END
    $$;

COMMENT ON FUNCTION durable.terminate_holders(integer, boolean) IS
    'Ends the sessions that still hold the fence of an executor whose lease is over, and says how many. No time-out of Postgres ends a client that '
    'stalls inside a pipeline. The caller must own those sessions or be a member of pg_signal_backend.';

-- ---------------------------------------------------------------------------------------------------------------------
-- A transaction step in anybody's own transaction
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.begin_step(
    executor integer, epoch integer, server bigint,
    workflow_id text, scope text, "position" integer, run bigint
) RETURNS boolean
    LANGUAGE plpgsql VOLATILE
    AS $$
    #variable_conflict use_column
    DECLARE
        recorded bigint;
    BEGIN
        IF current_setting('transaction_isolation') = 'read committed' THEN
            PERFORM durable.fence(begin_step.executor, begin_step.epoch, begin_step.server);
        ELSE
            PERFORM durable.fence_strict(begin_step.executor, begin_step.epoch, begin_step.server);
        END IF;

        SELECT j.run INTO recorded FROM durable.journal j
            WHERE j.workflow_id = begin_step.workflow_id AND j.scope = begin_step.scope
              AND j.position = begin_step.position AND j.phase = 0;
        IF FOUND THEN
            IF recorded = begin_step.run THEN
                RETURN false;
            END IF;
            RAISE EXCEPTION 'position % of scope "%" of workflow "%" is already recorded by another run',
                begin_step.position, begin_step.scope, begin_step.workflow_id
                USING ERRCODE = 'DU004', HINT = 'Roll back. The workflow was resumed elsewhere.';
        END IF;

        PERFORM FROM durable.live l
            WHERE l.workflow_id = begin_step.workflow_id AND l.executor = begin_step.executor AND l.run = begin_step.run;
        IF NOT FOUND THEN
            RAISE EXCEPTION 'workflow "%" is not owned by this run', begin_step.workflow_id
                USING ERRCODE = 'DU004', HINT = 'Roll back. The workflow has ended, or was resumed elsewhere.';
        END IF;
        RETURN true;
    END
    $$;

COMMENT ON FUNCTION durable.begin_step(integer, integer, bigint, text, text, integer, bigint) IS
    'First statement of a transaction step, in the transaction of any library. true: go on, write your rows, call durable.record_step, commit. '
    'false: this run has already recorded the place (the reply to a COMMIT was lost): roll back and use what is recorded. '
    'Raises DU001, DU002, DU003 as durable.fence does, and DU004 when another run has recorded the place or owns the workflow.';

CREATE FUNCTION durable.record_step(
    executor integer, workflow_id text, scope text, "position" integer, run bigint, name text,
    output json DEFAULT NULL, attempt integer DEFAULT 1, seconds real DEFAULT NULL, fingerprint bigint DEFAULT NULL
) RETURNS timestamptz
    LANGUAGE sql VOLATILE
    AS $$
        INSERT INTO durable.journal
            (workflow_id, scope, position, phase, kind, attempt, executor, run, fingerprint, seconds, name, output)
        VALUES
            (record_step.workflow_id, record_step.scope, record_step.position, 0, 2, record_step.attempt,
             record_step.executor, record_step.run, record_step.fingerprint, record_step.seconds,
             record_step.name, record_step.output)
        RETURNING at
    $$;

COMMENT ON FUNCTION durable.record_step(integer, text, text, integer, bigint, text, json, integer, real, bigint) IS
    'Last statement of a transaction step before its COMMIT: records it, and returns the time of the record. A plain INSERT that raises 23505 when '
    'another transaction was first. Only the command tag COMMIT is success: a failed transaction answers ROLLBACK without an error.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Views: stable, plain types, no payloads except in `payloads`
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.error_part(error json, part text) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    AS $$
        -- chr(92): a backslash in a literal would depend on standard_conforming_strings.
        SELECT CASE WHEN strpos(error::text, chr(92) || 'u0000') = 0 THEN error ->> part END
    $$;

COMMENT ON FUNCTION durable.error_part(json, text) IS
    'A member of a recorded error as text; NULL when the document holds U+0000, which Postgres refuses to take apart.';

-- Scalar subqueries rather than joins: a reader that does not ask for a column does not pay for it.
CREATE VIEW durable.workflows AS
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
    e.name AS executor,
    w.parent,
    w.created_at,
    greatest(
        w.created_at, o.finished_at,
        (SELECT max(j.at) FROM durable.journal j WHERE j.workflow_id = w.id)
    ) AS updated_at,
    o.finished_at
FROM durable.workflow w
LEFT JOIN durable.live l ON l.workflow_id = w.id
LEFT JOIN durable.outcome o ON o.workflow_id = w.id
LEFT JOIN durable.executor e ON e.number = coalesce(l.executor, o.executor);

COMMENT ON VIEW durable.workflows IS 'One row per workflow, without its payloads.';
COMMENT ON COLUMN durable.workflows.id IS 'The workflow''s id.';
COMMENT ON COLUMN durable.workflows.name IS 'Which workflow type it is.';
COMMENT ON COLUMN durable.workflows.version IS 'The version of that type that began it.';
COMMENT ON COLUMN durable.workflows.state IS 'queued, running, waiting, paused, cancelling, succeeded, failed or cancelled.';
COMMENT ON COLUMN durable.workflows.reason IS 'Why it is paused: operator, diverged, undecodable, crash_loop, retries_exhausted, undo_failed.';
COMMENT ON COLUMN durable.workflows.step IS 'The step that it is at: one that has run for more than a second, or one that waits or is to be retried.';
COMMENT ON COLUMN durable.workflows.step_since IS 'Since when it has been at that step.';
COMMENT ON COLUMN durable.workflows.attempt IS 'The attempt of that step that is running, or that has failed last.';
COMMENT ON COLUMN durable.workflows.waiting_for IS 'What it waits for, in words.';
COMMENT ON COLUMN durable.workflows.wakes_at IS 'When it goes on at the latest.';
COMMENT ON COLUMN durable.workflows.error_type IS 'Type of the error that ended or paused it.';
COMMENT ON COLUMN durable.workflows.error IS 'Message of the error that ended or paused it.';
COMMENT ON COLUMN durable.workflows.executor IS 'Name of the process that runs it, or that ended it.';
COMMENT ON COLUMN durable.workflows.parent IS 'The workflow that started it as a child.';
COMMENT ON COLUMN durable.workflows.created_at IS 'When it was started.';
COMMENT ON COLUMN durable.workflows.updated_at IS 'When something of it was last recorded.';
COMMENT ON COLUMN durable.workflows.finished_at IS 'When it ended; NULL while it has not.';

-- The window is partitioned by workflow first, so that a condition on workflow_id reaches the primary key below it.
CREATE VIEW durable.steps AS
SELECT
    p.workflow_id,
    p.scope,
    p.position,
    CASE WHEN p.occurrence = 1 THEN p.name ELSE p.name || '#' || p.occurrence END AS step,
    CASE p.kind
        WHEN 1 THEN 'step' WHEN 2 THEN 'transaction' WHEN 3 THEN 'sleep' WHEN 4 THEN 'join'
        WHEN 5 THEN 'scope' WHEN 6 THEN 'patch' WHEN 7 THEN 'receive' WHEN 8 THEN 'child' ELSE 'unknown'
    END AS kind,
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
    durable.error_part(p.error, 'message') AS error
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

COMMENT ON VIEW durable.steps IS
    'One row per step of a workflow, recorded, running, retrying and waiting ones alike, without their payloads. Reads through the index for '
    'WHERE workflow_id = … and for WHERE workflow_id = ANY (ARRAY(SELECT id FROM durable.workflows WHERE …)); a plain join reads everything.';
COMMENT ON COLUMN durable.steps.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.steps.scope IS 'Path of branches from the top; empty at the top.';
COMMENT ON COLUMN durable.steps.position IS 'Count of the durable calls in that scope, from 0.';
COMMENT ON COLUMN durable.steps.step IS 'The step''s name as people see it: charge, and charge#2 for the second one of that kind and name in its scope.';
COMMENT ON COLUMN durable.steps.kind IS 'step, transaction, sleep, join, scope, patch, receive or child.';
COMMENT ON COLUMN durable.steps.state IS 'recorded, failed, running, retrying, waiting; abandoned when the workflow ended before it did.';
COMMENT ON COLUMN durable.steps.attempt IS 'The attempt that was recorded, is running, or has failed last.';
COMMENT ON COLUMN durable.steps.executor IS 'Name of the process that wrote or runs it.';
COMMENT ON COLUMN durable.steps.executor_number IS 'Number of that process in durable.executors, which tells two of one name apart.';
COMMENT ON COLUMN durable.steps.recorded_at IS 'When its result was recorded; NULL while it has none.';
COMMENT ON COLUMN durable.steps.started_at IS 'When the recorded or running attempt began, or the last note was written.';
COMMENT ON COLUMN durable.steps.seconds IS 'How long its body ran, or has been running.';
COMMENT ON COLUMN durable.steps.next_attempt_at IS 'When it is tried again, if it is retrying.';
COMMENT ON COLUMN durable.steps.wakes_at IS 'When it ends, if it is waiting.';
COMMENT ON COLUMN durable.steps.error_type IS 'Type of the error of the recorded or the last failed attempt.';
COMMENT ON COLUMN durable.steps.error IS 'Message of that error.';

CREATE VIEW durable.executors AS
SELECT
    e.name,
    e.id,
    e.number,
    e.host,
    e.pid,
    e.build,
    CASE
        -- First: what a stopped one left behind is taken over as well, and that is no death.
        WHEN e.stopped_at IS NOT NULL THEN 'stopped'
        WHEN e.fenced_at IS NOT NULL THEN 'fenced'
        WHEN durable.clock() <= greatest(l.expires_at, greatest(s.since, pg_postmaster_start_time()) + l.period)
            THEN 'alive'
        ELSE 'dead'
    END AS state,
    l.expires_at AS lease_expires_at,
    e.started_at,
    (SELECT count(*) FROM durable.live v WHERE v.executor = e.number) AS running
FROM durable.executor e
LEFT JOIN durable.lease l ON l.executor = e.number
CROSS JOIN durable.server s;

COMMENT ON VIEW durable.executors IS 'One row per process that has run workflows, now or before.';
COMMENT ON COLUMN durable.executors.name IS 'Its label.';
COMMENT ON COLUMN durable.executors.id IS 'Its identity, new with every process start.';
COMMENT ON COLUMN durable.executors.number IS 'Its short number in the tables.';
COMMENT ON COLUMN durable.executors.host IS 'Host that it runs on.';
COMMENT ON COLUMN durable.executors.pid IS 'Its process id there.';
COMMENT ON COLUMN durable.executors.build IS 'Build of the program.';
COMMENT ON COLUMN durable.executors.state IS
    'alive: its lease is valid. stopped: it ended in order. dead: its lease is over, and nobody has taken its work yet. fenced: another process has declared it dead.';
COMMENT ON COLUMN durable.executors.lease_expires_at IS 'Until when its lease lasts; NULL when it has none.';
COMMENT ON COLUMN durable.executors.started_at IS 'When it registered.';
COMMENT ON COLUMN durable.executors.running IS 'How many workflows it owns.';

CREATE VIEW durable.payloads AS
SELECT w.id AS workflow_id, 'input' AS part, NULL::text AS scope, NULL::integer AS position, NULL::text AS name, w.input AS payload
FROM durable.workflow w
UNION ALL
SELECT o.workflow_id, 'output', NULL, NULL, NULL, o.output
FROM durable.outcome o
UNION ALL
SELECT j.workflow_id, 'step', j.scope, j.position, j.name, j.output
FROM durable.journal j
WHERE j.phase = 0;

COMMENT ON VIEW durable.payloads IS 'What workflows and steps took and returned. Apart from the other views, so that it can be granted apart.';
COMMENT ON COLUMN durable.payloads.workflow_id IS 'The workflow.';
COMMENT ON COLUMN durable.payloads.part IS 'input or output of the workflow, or the output of a step.';
COMMENT ON COLUMN durable.payloads.scope IS 'Scope of the step; NULL for input and output.';
COMMENT ON COLUMN durable.payloads.position IS 'Position of the step; NULL for input and output.';
COMMENT ON COLUMN durable.payloads.name IS 'Name of the step; NULL for input and output.';
COMMENT ON COLUMN durable.payloads.payload IS 'The value as exact JSON text; NULL for nothing.';

-- ---------------------------------------------------------------------------------------------------------------------
-- Roles: of the whole cluster, shared by every schema of this kind. Made when this role may, granted to when they exist.
-- ---------------------------------------------------------------------------------------------------------------------

CREATE FUNCTION durable.grant_roles() RETURNS void
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
    END
    $$;

COMMENT ON FUNCTION durable.grant_roles() IS
    'Grants durable_reader (views without payloads), durable_operator (views and payloads) and durable_runtime (what a service needs) their rights in '
    'this schema, as far as those roles exist. Called by the migration; the schema''s owner calls it again when the roles were created later.';

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['durable_reader', 'durable_operator', 'durable_runtime'] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_roles r WHERE r.rolname = role);
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        EXCEPTION
            -- Another process was first.
            WHEN duplicate_object OR unique_violation THEN NULL;
            WHEN insufficient_privilege THEN
                RAISE NOTICE 'role % does not exist and this role may not create it; create it, then SELECT durable.grant_roles()', role;
        END;
    END LOOP;
    PERFORM durable.grant_roles();
END
$$;

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (1, 'kernel', 1);

COMMIT;
