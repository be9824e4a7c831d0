// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// A start, checked and encoded.
///
/// A class, since whoever waits for a start keeps it in its frame: one reference instead of a hundred bytes, several times.
final class WorkflowStart: Sendable {
    let id: String
    let name: String
    let version: Int32
    let seed: UUID
    let input: [UInt8]?
    let timeout: Duration?
    /// The id was chosen by the caller, so that another start may have it already.
    let isGuarded: Bool
    /// The trace context of the caller.
    let trace: [UInt8]?

    /// Checks and encodes.
    ///
    /// - Parameters:
    ///   - id: The caller's; nil: a new one.
    ///   - seed: Of the workflow's own chance; nil: the system's.
    // Not inlined: its parts would count to the frame of every start that waits.
    @inline(never)
    init<W: Workflow>(
        _ type: W.Type,
        _ input: W.Input,
        id: String?,
        seed: UUID? = nil,
        trace: [UInt8]? = nil,
        coder: PayloadCoder
    ) throws {
        if let id { try IdentifierRules.check(workflowID: id) }
        // Asked for once: where it is the name of the type, the runtime makes it up each time.
        let name = W.name
        try IdentifierRules.check(name: name, of: .workflow)
        let random = SystemRandom.fourWords()
        self.id = id ?? UUIDv7.text(random: (random[0], random[1]))
        self.isGuarded = id != nil
        self.name = name
        self.version = try Self.version(of: type)
        // Not UUID(), which opens a device and keeps six bits for itself.
        self.seed = seed ?? UUID(high: random[2], low: random[3])
        self.trace = trace
        if let timeout = W.timeout { try DatabaseTime.check(timeout, as: "the timeout of workflow \(name)") }
        self.timeout = W.timeout
        self.input = try coder.encode(
            input,
            as: "the input of workflow \(name)",
            of: PayloadSubject(.input, workflow: name)
        )
    }

    /// The same start by a caller with this trace context.
    init(_ start: WorkflowStart, trace: [UInt8]) {
        self.id = start.id
        self.name = start.name
        self.version = start.version
        self.seed = start.seed
        self.input = start.input
        self.timeout = start.timeout
        self.isGuarded = start.isGuarded
        self.trace = trace
    }

    /// The version under which a workflow is started.
    static func version<W: Workflow>(of type: W.Type) throws -> Int32 {
        guard let version = Int32(exactly: W.version), version >= 1 else {
            throw DurableError(
                .invalidConfiguration,
                "the version of workflow \(W.name) is \(W.version); it must be a small number from 1 on"
            )
        }
        return version
    }
}
