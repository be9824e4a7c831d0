// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct SchemaNameTests {
    @Test func `a name is quoted, whatever it holds`() throws {
        #expect(SchemaName.durable.quoted == "\"durable\"")
        #expect(try SchemaName("my \"own\" schema").quoted == "\"my \"\"own\"\" schema\"")
    }

    @Test(arguments: ["", "pg_mine", "a\0b", String(repeating: "x", count: 64)])
    func `a name that Postgres would refuse is an error that says why`(name: String) {
        #expect { try SchemaName(name) } throws: { error in
            guard let error = error as? DurableError else { return false }
            return error.code == .invalidConfiguration && error.message.contains("schema name")
        }
    }
}
