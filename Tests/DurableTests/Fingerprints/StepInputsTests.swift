// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

@testable import Durable

@Suite struct StepInputsTests {
    private struct Order: Encodable {
        var id = "o-1"
        var lines = [3, 1, 2]
        var note: String?
    }

    private struct Address: Hashable, Encodable {
        var street: String
    }

    /// Refuses to be encoded.
    private struct Secret: Encodable {
        struct Refusal: Error {}

        func encode(to encoder: any Encoder) throws { throw Refusal() }
    }

    private func hash<each Input: Encodable>(_ inputs: repeat each Input) throws -> Int64? {
        try StepInputs(.checked, repeat each inputs).fingerprint(of: "s", workflow: "w")
    }

    // A set's order differs from process to process, since each seeds its hashes anew. So these numbers, which are written
    // down, would be met by chance only.
    @Test func `equal values have the same fingerprint in every process`() throws {
        #expect(try self.hash(1, "x") == -6_967_606_804_007_673_782)
        #expect(try self.hash(Set(["h", "c", "a", "g", "b", "f", "e", "d"])) == -4_759_595_226_880_269_544)
        #expect(try self.hash([30: "d", 2: "c", 10: "b", 1: "a"]) == -7_686_300_953_391_902_908)
    }

    @Test func `the order in which a set or a dictionary was filled is not part of it`() throws {
        let addresses = (0..<100).map { Address(street: "street \($0)") }
        var filled = Set<Address>(minimumCapacity: 1000)
        for address in addresses.reversed() { filled.insert(address) }
        #expect(try self.hash(Set(addresses)) == self.hash(filled))
        let pairs = addresses.enumerated().map { ($1, $0) }
        var table = [Address: Int](minimumCapacity: 1000)
        for (address, number) in pairs.reversed() { table[address] = number }
        #expect(try self.hash(Dictionary(uniqueKeysWithValues: pairs)) == self.hash(table))
    }

    @Test func `values, their order and their borders are part of it`() throws {
        let distinct = [
            try self.hash(1, 2), try self.hash(2, 1), try self.hash(12), try self.hash([1, 2]), try self.hash("1", 2),
            try self.hash(Order()), try self.hash(Order(lines: [1, 2, 3])), try self.hash(Order(note: "")),
            try self.hash(Int?.none), try self.hash([Int]()), try self.hash(false), try self.hash(0),
            try self.hash("a\n", "b"), try self.hash("a", "\nb"), try self.hash(Data([1])), try self.hash(1, 2, 3),
        ]
        #expect(Set(distinct).count == distinct.count)
    }

    @Test func `numbers that JSON cannot write are compared all the same`() throws {
        #expect(try self.hash(Double.nan) == self.hash(Double.nan))
        #expect(try self.hash([1, Double.infinity]) != self.hash([1, -Double.infinity]))
        #expect(try self.hash(Decimal.nan) != self.hash(Decimal(1)))
    }

    @Test func `what is ignored is not even encoded`() throws {
        #expect(try StepInputs(.ignored, Secret()).fingerprint(of: "s", workflow: "w") == nil)
        #expect(try StepInputs.none.fingerprint(of: "s", workflow: "w") == nil)
    }

    @Test func `a value that cannot be encoded is named, without what it holds`() throws {
        let error = try #require(throws: DurableError.self) {
            _ = try StepInputs(.checked, 1, ["key": Secret()]).fingerprint(of: "charge", workflow: "w-1")
        }
        #expect(error.code == .unencodable)
        #expect(error.step == "charge")
        #expect(
            error.message == """
                an input of it cannot be fingerprinted: key threw Refusal. Where it cannot be encoded at all, annotate the \
                step with `inputs: .ignored`
                """
        )
    }
}
