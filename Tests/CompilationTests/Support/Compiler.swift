// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The Swift compiler, given client code of the modules that this test was built beside.
struct Compiler {
    let manifest: BuildManifest

    init() throws {
        self.manifest = try BuildManifest()
    }

    /// Compiles files up to the passes that look for data races, which type-checking alone does not reach.
    ///
    /// - Returns: The errors and warnings; an empty list means that it compiled.
    func compile(
        _ files: [URL],
        defining flags: [String] = [],
        features: ClientFeatures
    ) async throws -> [CompilerMessage] {
        await CompilerTurns.shared.take()
        let arguments =
            ["-emit-sil", "-o", "/dev/null", "-parse-as-library", "-wmo", "-module-name", "Client"]
            + ["-diagnostic-style", "llvm"] + self.manifest.arguments + features.arguments
            + flags.map { "-D\($0)" } + files.map(\.path)
        let result: (status: Int32, output: String)
        do {
            result = try await Program.run(self.manifest.compiler, arguments)
        } catch {
            await CompilerTurns.shared.giveBack()
            throw error
        }
        await CompilerTurns.shared.giveBack()
        let messages = result.output.split(separator: "\n").compactMap { CompilerMessage($0) }
        guard (result.status == 0) == messages.allSatisfy({ $0.severity != "error" }) else {
            throw CompilationFailure("the compiler ended with status \(result.status):\n\(result.output)")
        }
        return messages
    }
}
