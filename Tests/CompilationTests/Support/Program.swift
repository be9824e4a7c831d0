// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// Programs that tests run, and where this one is.
enum Program {
    /// The root of the package.
    static let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// The folder of the running test program: where the build puts what it makes.
    static func folder() throws -> URL {
        #if canImport(Darwin)
            let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
            return bundle.bundleURL.deletingLastPathComponent()
        #else
            let program = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
            return URL(filePath: program).deletingLastPathComponent()
        #endif
    }

    /// Runs a program to its end, on a thread of its own.
    ///
    /// - Returns: Its exit status as `waitpid` gives it, and what it said.
    static func run(
        _ path: String,
        _ arguments: [String],
        adding environment: [String: String] = [:]
    ) async throws -> (status: Int32, output: String) {
        let all = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let child = try Child.spawn(
            path,
            arguments,
            environment: all.map { "\($0.key)=\($0.value)" },
            errorsToOutput: true
        )
        return await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                child.closeInput()
                let output = child.readAll()
                continuation.resume(returning: (child.wait(), output))
            }
        }
    }
}
