// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct IdentifierTests {
    private func words(_ body: () throws -> Void) -> String? {
        let error = #expect(throws: DurableError.self) { try body() }
        #expect(error?.code == .invalidArgument)
        return error?.message
    }

    private func idWords(_ id: String) -> String? { self.words { try IdentifierRules.check(workflowID: id) } }

    @Test func `a workflow id has 1 to 512 bytes without U+0000`() throws {
        for id in [
            "x", "checkout-7/a b\n", "é😀", String(repeating: "x", count: 512), String(repeating: "é", count: 256),
        ] {
            try IdentifierRules.check(workflowID: id)
        }
        #expect(self.idWords("") == "The workflow id is empty.")
        let long = String(repeating: "é", count: 257)
        #expect(self.idWords(long) == "The workflow id \"\(long.prefix(40))…\" has 514 bytes; the limit is 512.")
        #expect(self.idWords("a\0b") == "The workflow id \"a\\0b\" contains U+0000.")
    }

    @Test(arguments: NamedKind.allCases)
    func `a name has 1 to 128 bytes without control characters`(kind: NamedKind) throws {
        for name in ["x", "Payments.charge", "e-mail an Müller 😀", String(repeating: "x", count: 128)] {
            try IdentifierRules.check(name: name, of: kind)
        }
        func words(_ name: String) -> String? { self.words { try IdentifierRules.check(name: name, of: kind) } }
        #expect(words("") == "The \(kind.rawValue) name is empty.")
        #expect(words(String(repeating: "x", count: 129))?.hasSuffix("has 129 bytes; the limit is 128.") == true)
        #expect(words("a\nb") == "The \(kind.rawValue) name \"a\\nb\" contains the control character U+000A.")
        #expect(words("\0") == "The \(kind.rawValue) name \"\\0\" contains the control character U+0000.")
        #expect(words("\u{85}")?.hasSuffix("contains the control character U+0085.") == true)
    }

    @Test func `names that become part of a path keep its separators out`() throws {
        try IdentifierRules.check(name: "a/b[1]", of: .step)
        for name in ["a/b", "a[", "]"] {
            let words = self.words { try IdentifierRules.check(name: name, of: .scope) }
            #expect(words?.contains("separates the parts of a scope path") == true)
        }
        #expect(
            self.words { try IdentifierRules.check(name: "undo", of: .scope) }
                == "The scope name \"undo\" is reserved for clean-up."
        )
    }

    @Test func `scopes are paths`() throws {
        let group = ScopePath.of("parallel", at: 3, in: "")
        let path = ScopePath.of("audit", at: 0, in: ScopePath.branch(1, of: group))
        #expect(path == "parallel@3[1]/audit@0")
        #expect(ScopePath.depth(path) == 2)
        #expect(ScopePath.depth("") == 0)
        try ScopePath.check(path)
        try ScopePath.check("")
    }

    @Test func `200 levels are the limit`() throws {
        var path = ""
        for _ in 0..<200 { path = ScopePath.of("x", at: 3, in: path) }
        try ScopePath.check(path)
        let words = self.words { try ScopePath.check(ScopePath.of("x", at: 3, in: path)) }
        #expect(
            words?.hasPrefix("A scope is nested 201 levels deep; the limit is 200. Its path begins with \"x@3/x@3")
                == true
        )
    }

    @Test func `1,800 bytes are the limit of a path`() throws {
        let name = String(repeating: "x", count: 120)
        var path = ""
        for _ in 0..<14 { path = ScopePath.of(name, at: 3, in: path) }
        try ScopePath.check(path + "/" + String(repeating: "x", count: 1800 - path.utf8.count - 1))
        path = ScopePath.of(name, at: 3, in: path)
        let error = #expect(throws: DurableError.self) { try ScopePath.check(path, workflow: "w") }
        #expect(error?.workflow == "w")
        #expect(
            error?.message.hasPrefix(
                "The path of a scope that is nested 15 levels deep has 1844 bytes; the limit is 1800."
            ) == true
        )
    }

    @Test func `the longest key fits an index row of Postgres`() {
        // nbtree: 8 bytes of header; a text of more than 126 bytes has 4 of length and starts at a multiple of 4; the whole is
        // rounded up to a multiple of 8. Nothing is assumed of compression, which random text would defeat.
        func up(_ bytes: Int, _ multiple: Int) -> Int { (bytes + multiple - 1) / multiple * multiple }
        var bytes = 8
        bytes = up(bytes, 4) + 4 + IdentifierRules.idLimit
        bytes = up(bytes, 4) + 4 + IdentifierRules.scopeLimit
        bytes = up(bytes, 4) + 4  // position
        bytes = up(bytes, 2) + 2  // phase
        #expect(up(bytes, 8) <= 2704)
    }

    @Test func `keys for other services are readable, and one for each place`() {
        let scope = "parallel@0[1]/a:1@2"
        #expect(IdempotencyKey.text(workflow: "checkout-7", scope: "", position: 3) == "checkout-7/3")
        #expect(
            IdempotencyKey.text(workflow: "checkout-7", scope: scope, position: 3) == "checkout-7/parallel@0[1]/a:1@2/3"
        )
        #expect(IdempotencyKey.text(workflow: "c", scope: "", position: 3, part: "e/mail") == "c/3:e%2Fmail")
        #expect(IdempotencyKey.text(workflow: "a/b %\r\né", scope: "", position: 0) == "a%2Fb%20%25%0D%0A%C3%A9/0")
        var keys: Set<String> = []
        var count = 0
        for id in ["a", "a/", "a/1", "a%2F", "a:1"] {
            for scope in ["", "1", "1/1", "1:1"] {
                for position in [1, 11] {
                    for part in [nil, "", "1", "1:1", "/1"] {
                        keys.insert(IdempotencyKey.text(workflow: id, scope: scope, position: position, part: part))
                        count += 1
                    }
                }
            }
        }
        #expect(keys.count == count)
    }

    @Test func `long keys end in a digest and stay within 255 bytes`() {
        let id = String(repeating: "é", count: 256)
        let first = IdempotencyKey.text(workflow: id, scope: "", position: 1)
        let second = IdempotencyKey.text(workflow: id, scope: "", position: 2)
        #expect(first.utf8.count == 255)
        #expect(first != second)
        let whole = String(repeating: "%C3%A9", count: 256) + "/1"
        #expect(first.hasSuffix("~" + SHA256.hexadecimal(of: [UInt8](whole.utf8))))
    }

    @Test func `SHA-256 is SHA-256`() {
        func digest(_ text: String) -> String { SHA256.hexadecimal(of: [UInt8](text.utf8)) }
        #expect(digest("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        #expect(
            digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")
                == "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        )
        #expect(
            digest(String(repeating: "a", count: 10_000))
                == "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711"
        )
    }
}
