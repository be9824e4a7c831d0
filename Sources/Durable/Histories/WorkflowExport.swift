// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A workflow as a file: what it was asked, what it has recorded, how it ended.
///
/// That is enough to replay it elsewhere. It holds every payload as the exact JSON text that was recorded, as a string: look at what is in it before you hand it on.
///
/// ```swift
/// let export = try await engine.export("checkout-1042")
/// try export.json().write(to: URL(filePath: "Histories/checkout-1042.json"))
/// ```
public struct WorkflowExport: Codable, Sendable, Hashable {
    /// Which form the file has; this code reads and writes 1.
    public var format = 1
    /// What was asked.
    public var workflow: Asked
    /// What happened, in the order of scope, position and phase.
    public var journal: [Record]
    /// How it ended; nil when it had not.
    public var outcome: Ended?

    /// What was asked: the row `durable.workflow`.
    public struct Asked: Codable, Sendable, Hashable {
        /// The id.
        public var id: String
        /// The name of its type.
        public var name: String
        /// The version of its type that began it.
        public var version: Int32
        /// What its random numbers are drawn from.
        public var seed: UUID
        /// The input as JSON; nil when it takes none.
        public var input: String?
        /// When it is over at the latest, in microseconds since 2000-01-01 UTC.
        public var deadline: Int64?
        /// When it was started, in microseconds since 2000-01-01 UTC.
        public var createdAt: Int64
    }

    /// One row of `durable.journal`.
    public struct Record: Codable, Sendable, Hashable {
        /// The path of its scope; empty at the top.
        public var scope: String
        /// How many calls of the scope came before.
        public var position: Int32
        /// 0 for the result of a call; from 1 for notes before it.
        public var phase: Int16
        /// The number of its kind, as in the column `kind`.
        public var kind: Int16
        /// The name of the call.
        public var name: String
        /// Which attempt it tells of, from 1.
        public var attempt: Int16
        /// When it was recorded, in microseconds since 2000-01-01 UTC.
        public var at: Int64
        /// How long the body ran.
        public var seconds: Float?
        /// When to wake up or to try again, in microseconds since 2000-01-01 UTC.
        public var due: Int64?
        /// The fingerprint of the call's input.
        public var fingerprint: Int64?
        /// What it returned, as JSON.
        public var output: String?
        /// What it threw, as JSON.
        public var error: String?
    }

    /// How it ended: the row `durable.outcome`.
    public struct Ended: Codable, Sendable, Hashable {
        /// `succeeded`, `failed` or `cancelled`.
        public var status: String
        /// What it returned, as JSON.
        public var output: String?
        /// What it threw, as JSON.
        public var error: String?
        /// When it ended, in microseconds since 2000-01-01 UTC.
        public var finishedAt: Int64
    }

    init(workflow: Asked, journal: [Record], outcome: Ended?) {
        self.workflow = workflow
        self.journal = journal
        self.outcome = outcome
    }

    /// Reads a file.
    ///
    /// - Throws: ``DurableError`` (`undecodable`) for what is no export, or one of a form that this code does not know.
    public init(json: Data) throws {
        struct Head: Decodable { var format: Int }
        do {
            let head = try JSONDecoder().decode(Head.self, from: json)
            guard head.format == 1 else {
                throw DurableError(
                    .undecodable,
                    "the exported workflow has the form \(head.format), and this code reads form 1"
                )
            }
            self = try JSONDecoder().decode(Self.self, from: json)
        } catch let error as DurableError {
            throw error
        } catch {
            throw DurableError(.undecodable, "this is no exported workflow", underlying: error)
        }
    }

    /// Writes a file: keys in order, so that two exports of one workflow are equal.
    public func json() throws -> Data {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        return try encoder.encode(self)
    }
}
