// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// The switches with which the fault suite takes protections of the engine away.
@Suite struct SwitchTests {
    @Test func `protections can be switched off in a debug build, and a release build has no switches`() async throws {
        let debug = try await self.intermediateCode(["-Onone", "-DDEBUG"])
        #expect(debug.contains("takeAway"))
        #expect(debug.contains("missing"))
        // Neither how to switch one off, nor where that would be kept.
        let release = try await self.intermediateCode(["-O"])
        #expect(!release.contains("takeAway"))
        #expect(!release.contains("missing"))
        #expect(release.contains("undoOrder"))
    }

    /// What the compiler makes of the file that has them.
    private func intermediateCode(_ options: [String]) async throws -> String {
        await CompilerTurns.shared.take()
        let file = Program.root.appending(path: "Sources/Durable/Hooks/Protection.swift").path
        let arguments = ["-emit-sil", "-parse-as-library", "-module-name", "Durable", "-package-name", "durable"]
        let result: (status: Int32, output: String)
        do {
            result = try await Program.run(Compiler().manifest.compiler, arguments + options + [file])
        } catch {
            await CompilerTurns.shared.giveBack()
            throw error
        }
        await CompilerTurns.shared.giveBack()
        #expect(result.status == 0, "\(result.output)")
        return result.output
    }
}
