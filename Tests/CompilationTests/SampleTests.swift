// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import Testing

/// Packages of clients, built with the package manager as a client's are, and run.
@Suite(.serialized) struct SampleTests {
    /// The programs of `Tests/Samples`, with what they print.
    enum Sample: String, CaseIterable {
        /// Links `Durable` alone.
        case closures
        /// Annotations, as `swift package init` makes a module.
        case plain
        /// Annotations, with the upcoming features that a careful module turns on.
        case careful

        var results: [String] {
            let checkout =
                self == .closures ? "result: charge-7 [6, 6, 6]" : "result: charge-7 [12, 6, 6, 12, 6, 6, 8] free-7"
            return [checkout, "result: 211"]
        }
    }

    @Test(arguments: Sample.allCases)
    func `a client package compiles, and what it recorded is not done again`(sample: Sample) async throws {
        let (status, output) = try await Program.run(Program.root.appending(path: "Scripts/samples").path, [])
        try #require(status == 0, "\(output)")
        // A package that these depend on has a file which it does not declare.
        let warnings = output.split(separator: "\n").filter {
            $0.contains("warning:") && !$0.contains("are unhandled;")
        }
        #expect(warnings.isEmpty, "\(output)")
        let program = Program.root.appending(path: ".build-samples/debug/\(sample.rawValue)").path
        try await withTestDatabase { database in
            let first = try await Program.run(program, [database.connectionString])
            #expect(first.status == 0, "\(first.output)")
            #expect(Self.lines("result", of: first.output) == sample.results, "\(first.output)")
            #expect(!Self.lines("effect", of: first.output).isEmpty)

            let second = try await Program.run(program, [database.connectionString])
            #expect(second.status == 0, "\(second.output)")
            #expect(Self.lines("result", of: second.output) == sample.results, "\(second.output)")
            #expect(Self.lines("effect", of: second.output) == [])
        }
    }

    private static func lines(_ kind: String, of output: String) -> [String] {
        output.split(separator: "\n").filter { $0.hasPrefix("\(kind):") }.map(String.init)
    }
}
