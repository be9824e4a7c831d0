// SPDX-License-Identifier: Apache-2.0

package import Durable
package import DurableTesting
import Logging

extension TestDatabase {
    /// Runs an engine beside the body, and stops it afterwards: as a deploy would, handing over what it runs.
    @discardableResult
    package func withEngine<R>(
        _ workflows: [any Workflow],
        _ options: EngineOptions = .test,
        logs: Recorder<String> = Recorder(),
        configuration: PostgresConfiguration? = nil,
        _ body: (DurableEngine) async throws -> R
    ) async throws -> R {
        let engine = try DurableEngine(
            database: configuration ?? self.configuration,
            workflows: workflows,
            options: options,
            logger: Logger(recordingTo: logs)
        )
        let running = Task { try await engine.run() }
        let result: Result<R, any Error>
        do {
            try await engine.waitUntilReady()
            result = .success(try await body(engine))
        } catch {
            result = .failure(error)
        }
        running.cancel()
        try? await running.value
        return try result.get()
    }
}
