// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct XXHash64Tests {
    private static let vectors: [(text: String, hash: UInt64)] = [
        ("", 0xef46_db37_51d8_e999),
        ("a", 0xd24e_c4f1_a98c_6e5b),
        ("abc", 0x44bc_2cf5_ad77_0999),
        ("Nobody inspects the spammish repetition", 0xfbce_a83c_8a37_8bf1),
    ]

    @Test func `it gives what other implementations of XXH64 give`() {
        for (text, hash) in Self.vectors { #expect(XXHash64.hash(Array(text.utf8)) == hash) }
        let block: [UInt8] = (0...255).map { UInt8($0) }
        #expect(XXHash64.hash(block + block + block + block + block + Array("xyz".utf8)) == 0xafd1_8a39_57d3_670a)
    }

    @Test func `every length hashes to something else`() {
        let hashes = (0..<200).map { XXHash64.hash([UInt8](repeating: 0, count: $0)) }
        #expect(Set(hashes).count == 200)
    }
}
