-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Queues: the order in which waiting workflows are taken, and how many of them run at once.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0005_queues.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

-- ---------------------------------------------------------------------------------------------------------------------
-- Grants

CREATE FUNCTION durable.grant_queues() RETURNS void
    LANGUAGE plpgsql VOLATILE
    AS $$
    BEGIN
        RETURN;
    END
    $$;
COMMENT ON FUNCTION durable.grant_queues() IS 'The part of durable.grant_roles() that is about queues.';

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (5, 'queues', 1);

COMMIT;
