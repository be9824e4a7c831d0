// SPDX-License-Identifier: Apache-2.0

/// What the suite puts beside the engine's tables: the business tables that programs write, and triggers that look at every
/// record when its transaction commits, with the eyes of that moment.
enum Observer {
    static let statements = [
        """
        CREATE SCHEMA faults;
        CREATE TABLE faults.counter (workflow text COLLATE "C" PRIMARY KEY, value integer NOT NULL);
        CREATE TABLE faults.effect (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            workflow text COLLATE "C" NOT NULL,
            name text COLLATE "C" NOT NULL,
            digest bigint NOT NULL,
            pid integer NOT NULL
        );
        CREATE TABLE faults.note (
            what text NOT NULL,
            workflow text NOT NULL,
            place text NOT NULL,
            executor integer,
            run bigint,
            at timestamptz NOT NULL DEFAULT clock_timestamp()
        );
        """,
        """
        CREATE FUNCTION faults.watch_journal() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM durable.executor e WHERE e.number = NEW.executor AND e.fenced_at IS NOT NULL) THEN
                INSERT INTO faults.note (what, workflow, place, executor, run)
                    VALUES ('fenced', NEW.workflow_id, NEW.scope || '/' || NEW.position, NEW.executor, NEW.run);
            END IF;
            IF NOT EXISTS (SELECT FROM durable.live l WHERE l.workflow_id = NEW.workflow_id AND l.run = NEW.run)
                AND NOT EXISTS (SELECT FROM durable.outcome o WHERE o.workflow_id = NEW.workflow_id AND o.run = NEW.run)
                -- Given back by this very transaction.
                AND NOT EXISTS (
                    SELECT FROM durable.live l WHERE l.workflow_id = NEW.workflow_id AND l.run IS NULL
                        AND l.xmin::text = (txid_current() % 4294967296)::text)
            THEN
                INSERT INTO faults.note (what, workflow, place, executor, run)
                    VALUES ('superseded', NEW.workflow_id, NEW.scope || '/' || NEW.position, NEW.executor, NEW.run);
            END IF;
            RETURN NULL;
        END
        $$;
        CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON durable.journal DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION faults.watch_journal();
        """,
        """
        CREATE FUNCTION faults.watch_outcome() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF EXISTS (SELECT FROM durable.executor e WHERE e.number = NEW.executor AND e.fenced_at IS NOT NULL) THEN
                INSERT INTO faults.note (what, workflow, place, executor, run)
                    VALUES ('fenced', NEW.workflow_id, 'outcome', NEW.executor, NEW.run);
            END IF;
            RETURN NULL;
        END
        $$;
        CREATE CONSTRAINT TRIGGER watch AFTER INSERT ON durable.outcome DEFERRABLE INITIALLY DEFERRED
            FOR EACH ROW EXECUTE FUNCTION faults.watch_outcome();
        """,
    ]
}
