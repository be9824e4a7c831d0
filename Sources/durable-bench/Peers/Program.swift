// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A program that is run to its end.
enum Program {
    /// What it printed; throws the last lines of what it complained of if it failed.
    @concurrent
    static func run(_ path: String, _ arguments: [String]) async throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: path)
        process.arguments = arguments
        process.standardInput = FileHandle.nullDevice
        let output = Pipe()
        let complaints = FileManager.default.temporaryDirectory.appendingPathComponent("durable-bench-\(UUID()).log")
        _ = FileManager.default.createFile(atPath: complaints.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: complaints) }
        process.standardOutput = output
        process.standardError = try FileHandle(forWritingTo: complaints)
        try process.run()
        let text = String(decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            let words = (try? String(contentsOf: complaints, encoding: .utf8)) ?? ""
            throw BenchFailure("\(path) \(arguments.first ?? ""): \(words.suffix(600))")
        }
        return text
    }
}
