// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Foundation
import TemporaryPostgres

/// A run of the real program, to its end.
struct Invocation {
    let status: Int32
    let output: String
    let errors: String

    var lines: [String] {
        self.output.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init)
    }

    /// The output as documents, one a line.
    func documents() throws -> [[String: Any]] {
        try self.lines.map { line in
            try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any] ?? [:]
        }
    }

    /// Runs `durable` on a database.
    ///
    /// - Parameters:
    ///   - answer: What a person at the terminal types; nil when there is no terminal.
    ///   - url: A connection string; nil for none at all.
    ///   - program: Which program: a service may have one of its own.
    ///   - isShown: Whether output and errors go to that terminal, as they do where a person sits: then both are the output.
    static func durable(
        _ arguments: [String],
        on url: String?,
        answer: String? = nil,
        isShown: Bool = false,
        program: String = "durable",
        environment: [String: String] = [:]
    ) async throws -> Invocation {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try Self.run(arguments, url, answer, isShown, program, environment) }
                )
            }
        }
    }

    /// Runs `durable` on a test's database.
    static func durable(
        _ arguments: String...,
        on database: TestDatabase,
        answer: String? = nil
    ) async throws -> Invocation {
        try await self.durable(arguments, on: database.connectionString, answer: answer)
    }

    private static func run(
        _ arguments: [String],
        _ url: String?,
        _ answer: String?,
        _ isShown: Bool,
        _ program: String,
        _ environment: [String: String]
    ) throws -> Invocation {
        let file = FileManager.default.temporaryDirectory.appending(path: "durable-errors-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let terminal = try answer.map { _ in try PseudoTerminal() }
        var variables = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("PG") && !["DATABASE_URL", "DURABLE_SCHEMA"].contains(name)
        }
        variables["DATABASE_URL"] = url
        variables.merge(environment) { $1 }
        variables["DURABLE_TEST_INPUT"] = terminal?.path ?? "/dev/null"
        variables["DURABLE_TEST_ERRORS"] = file.path
        // The shell only joins input and errors to files.
        let child = try Child.spawn(
            "/bin/sh",
            [
                "-c",
                isShown
                    ? "\"$0\" \"$@\" <\"$DURABLE_TEST_INPUT\" >\"$DURABLE_TEST_INPUT\" 2>&1"
                    : "exec \"$0\" \"$@\" <\"$DURABLE_TEST_INPUT\" 2>\"$DURABLE_TEST_ERRORS\"",
                try self.program(program).path,
            ] + arguments,
            environment: variables.map { "\($0.key)=\($0.value)" },
            errorsToOutput: false
        )
        child.closeInput()
        if let answer { terminal?.type(answer + "\n") }
        let output = isShown ? terminal?.shown(until: child.readAll) ?? "" : child.readAll()
        let status = child.wait()
        return Invocation(
            status: status & 0x7F == 0 ? (status >> 8) & 0xFF : -(status & 0x7F),
            output: output,
            errors: String(decoding: (try? Data(contentsOf: file)) ?? Data(), as: UTF8.self)
        )
    }

    /// The program beside this one.
    private static func program(_ name: String) throws -> URL {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
            return bundle.bundleURL.deletingLastPathComponent().appending(path: name)
        #else
            let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(filePath: program).deletingLastPathComponent().appending(path: name)
        #endif
    }
}
