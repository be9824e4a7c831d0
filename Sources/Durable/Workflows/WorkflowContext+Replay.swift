// SPDX-License-Identifier: Apache-2.0

/// What was recorded of a call, as its caller gets it.
extension WorkflowContext {
    /// What is recorded of a call that may have an undo.
    @inline(never)
    func recall<T: Codable & Sendable>(
        _ recorded: RecordedCall,
        failures: [any (Error & Codable & Sendable).Type],
        undoing undo: Undo<T>?
    ) async throws -> T {
        let value = try await self.replay(recorded, as: T.self, failures: failures)
        if let undo { self.run.register(undo.entry(at: recorded.record.place, value)) }
        return value
    }

    /// The recorded value of a call, or its recorded error.
    func replay<T: Decodable>(
        _ recorded: RecordedCall,
        as type: T.Type,
        failures: [any (Error & Codable & Sendable).Type] = []
    ) async throws -> T {
        let (record, label) = (recorded.record, recorded.label)
        if let error = record.error {
            throw try self.recordedError(error, label: label, failures: failures, at: record.place)
        }
        let bytes: [UInt8]?
        switch record.output {
        case nil: bytes = nil
        case .bytes(let loaded): bytes = loaded
        case .stored: bytes = try await self.engine.loader.output(of: record.place, workflow: self.run.id)
        }
        do {
            return try self.engine.coder.decode(type, from: bytes)
        } catch {
            throw self.undecodable(error, label: label, at: record.place)
        }
    }

    func recordedError(
        _ bytes: [UInt8],
        label: String,
        failures: [any (Error & Codable & Sendable).Type],
        at place: Place
    ) throws -> any Error {
        do {
            let recorded = try RecordedError(decoding: bytes, by: self.engine.coder)
            return try recorded.thrown(declared: self.run.failures + failures, coder: self.engine.coder)
        } catch {
            throw self.undecodable(error, label: label, at: place)
        }
    }

    func undecodable(_ error: any Error, label: String, at place: Place? = nil) -> WorkflowInterruption {
        self.run.lostItsWay(
            .undecodable,
            DurableError(
                .undecodable,
                PayloadCoder.unreadable("what is recorded of it", error),
                workflow: self.run.id,
                step: label,
                underlying: error
            ),
            at: place
        )
    }
}
