// SPDX-License-Identifier: Apache-2.0

import Durable

extension Protection {
    /// What is changed in the database to take it away; the rest is in the engine.
    var statements: [String] {
        switch self {
        case .fence:
            [
                """
                CREATE OR REPLACE FUNCTION durable.fence(executor integer, epoch integer, server bigint) RETURNS void
                    LANGUAGE plpgsql VOLATILE AS $$ BEGIN END $$
                """,
                """
                CREATE OR REPLACE FUNCTION durable.fence_strict(executor integer, epoch integer, server bigint)
                    RETURNS void LANGUAGE plpgsql VOLATILE AS $$ BEGIN END $$
                """,
                """
                CREATE OR REPLACE FUNCTION
                    durable.hold_fence(executor integer, epoch integer, server bigint, backend integer)
                    RETURNS text LANGUAGE plpgsql VOLATILE AS $$ BEGIN RETURN NULL; END $$
                """,
            ]
        case .mailbox:
            [
                """
                DO $$
                DECLARE
                    counting text := pg_get_functiondef('durable.route(integer)'::regprocedure);
                BEGIN
                    IF position('mailbox = l.mailbox + 1' IN counting) = 0 THEN
                        RAISE EXCEPTION 'durable.route counts mailboxes in other words';
                    END IF;
                    EXECUTE replace(counting, 'mailbox = l.mailbox + 1', 'mailbox = l.mailbox');
                END
                $$
                """
            ]
        case .barrier, .firstWriter, .conditionalPark, .runNumber, .undoOrder: []
        }
    }
}
