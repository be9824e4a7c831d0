// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct SchemaNameTests {
    @Test(arguments: [
        ("SELECT * FROM durable.workflow", "SELECT * FROM \"x\".workflow"),
        ("CREATE SCHEMA durable;", "CREATE SCHEMA \"x\";"),
        ("GRANT USAGE ON SCHEMA durable TO durable_reader", "GRANT USAGE ON SCHEMA \"x\" TO durable_reader"),
        ("ON ALL TABLES IN schema\n-- a note\n durable TO", "ON ALL TABLES IN schema\n-- a note\n \"x\" TO"),
        ("my_durable.x, durable_x.y, a.durable.b, durable", "my_durable.x, durable_x.y, a.durable.b, durable"),
        ("current_setting('durable.clock_shift')", "current_setting('durable.clock_shift')"),
        ("E'it\\'s durable.x' || durable.f()", "E'it\\'s durable.x' || \"x\".f()"),
        ("'it''s durable.x' || durable.f()", "'it''s durable.x' || \"x\".f()"),
        ("\"durable.x\" = durable.x", "\"durable.x\" = \"x\".x"),
        ("-- durable.x isn't\ndurable.x", "-- durable.x isn't\n\"x\".x"),
        ("/* durable.x /* nested */ durable.x */ durable.x", "/* durable.x /* nested */ durable.x */ \"x\".x"),
        ("AS $$ SELECT durable.f('durable.x') $$", "AS $$ SELECT \"x\".f('durable.x') $$"),
        ("AS $f$ DO $$ durable.f() $$ $f$ durable.x", "AS $f$ DO $$ \"x\".f() $$ $f$ \"x\".x"),
        ("WHERE id = $1 AND durable.f($2)", "WHERE id = $1 AND \"x\".f($2)"),
        ("'durable.live'::regclass::oid", "'\"x\".live'::regclass::oid"),
        ("'durable.live'::text", "'durable.live'::text"),
        ("'not closed durable.x", "'not closed durable.x"),
        ("$$ not closed durable.x", "$$ not closed durable.x"),
    ])
    func `the identifier is exchanged where it names the schema, and nowhere else`(sql: String, expected: String) throws
    {
        #expect(try SchemaName("x").rewrite(sql) == expected)
        #expect(SchemaName.standard.rewrite(sql) == sql)
    }

    @Test func `a name is quoted, whatever is in it`() throws {
        #expect(try SchemaName("it's").rewrite("'durable.x'::regclass") == "'\"it''s\".x'::regclass")
        #expect(try SchemaName("Mein \"Schema\"").rewrite("durable.x") == "\"Mein \"\"Schema\"\"\".x")
        #expect(try SchemaName("a$$b").rewrite("AS $$ durable.x $$") == "AS $body1$ \"a$$b\".x $body1$")
    }

    @Test(arguments: ["", String(repeating: "ä", count: 32), "a\u{0}b"])
    func `a name that Postgres would cut or refuse is refused with the reason`(name: String) {
        let error = #expect(throws: DurableError.self) { try SchemaName(name) }
        #expect(error?.code == .invalidConfiguration)
        #expect(error?.message.contains("1 to 63 bytes") == true)
    }
}
