-- SPDX-License-Identifier: Apache-2.0
-- oldest code generation: 1
--
-- Telemetry: the trace that a workflow belongs to, and how its payloads are encoded.
--
-- Applied by the library at boot, or by hand:  psql -v ON_ERROR_STOP=1 -f sql/migrations/0008_telemetry.sql

BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE;

SET LOCAL search_path = pg_catalog;
SET LOCAL statement_timeout = 0;
SET LOCAL synchronous_commit = on;
SET LOCAL check_function_bodies = on;
SET LOCAL client_min_messages = notice;

ALTER TABLE durable.workflow ADD COLUMN trace json;

COMMENT ON COLUMN durable.workflow.trace IS
    'The trace context of whoever started it, as its tracer hands it on: {"traceparent": …}; NULL when there was none.';

-- Looked at as text: what is no envelope of the library's is shown as it is, however much it resembles one.
CREATE OR REPLACE VIEW durable.payloads AS
SELECT p.workflow_id, p.part, p.scope, p.position, p.name, p.payload,
       substring(p.payload::text FROM '^\{"\$durable":"encoded","by":"([^"\\]*)"') AS encoding
FROM (
    SELECT w.id AS workflow_id, 'input' AS part, NULL::text AS scope, NULL::integer AS position, NULL::text AS name,
           w.input AS payload
    FROM durable.workflow w
    UNION ALL
    SELECT o.workflow_id, 'output', NULL, NULL, NULL, o.output
    FROM durable.outcome o
    UNION ALL
    SELECT j.workflow_id, 'step', j.scope, j.position, j.name, j.output
    FROM durable.journal j
    WHERE j.phase = 0
) AS p;

COMMENT ON COLUMN durable.payloads.encoding IS
    'How the payload is encoded, outermost last, such as deflate aes-gcm:2026-01; NULL when it is plain JSON.';

INSERT INTO durable.migration (version, name, oldest_generation) VALUES (8, 'telemetry', 1);

COMMIT;
