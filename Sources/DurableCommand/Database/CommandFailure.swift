// SPDX-License-Identifier: Apache-2.0

import Durable
import Libpq

/// Why the command ends without having done what it was asked: words for a person, and a status for a script.
struct CommandFailure: Error, CustomStringConvertible {
    let status: ExitStatus
    /// What happened, and what to do about it.
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        self.status = status
        self.message = message
    }

    var description: String { self.message }

    /// There is no workflow of an id.
    static func noWorkflow(_ id: String) -> CommandFailure {
        CommandFailure(.notFound, "no workflow has the id \"\(id)\"")
    }
}

extension CommandFailure {
    /// An error of the library.
    init(_ error: DurableError) {
        let status: ExitStatus =
            switch error.code {
            case .databaseUnavailable: .unreachable
            case .schemaMismatch: .schema
            case .invalidConfiguration, .invalidArgument: .usage
            case .workflowNotFound: .notFound
            default: .failed
            }
        self.init(status, error.description)
    }

    /// An error of the database, or of the way to it.
    init(_ error: PostgresError, schema: SchemaName) {
        let words = [error.message, error.hint.map { $0.hasSuffix(".") ? $0 : $0 + "." }].compactMap(\.self)
            .joined(separator: ". ")
        switch error.code {
        case .connectionFailed, .connectionLost, .connectionClosed, .timeout:
            self.init(.unreachable, error.description)
        case .invalidArgument, .encoding:
            self.init(.usage, error.message)
        default:
            switch error.sqlState {
            case "DU010":
                self.init(.notFound, error.message)
            // Of an argument: no number, no JSON, too long, out of range.
            case "DU012", "22P02", "22P05", "22003", "22007", "22008", "22021", "22023":
                self.init(.usage, [words, error.detail].compactMap(\.self).joined(separator: ": "))
            case "42501":
                self.init(
                    .schema,
                    """
                    \(error.message) (schema "\(schema)"). Looking is granted with durable_reader, payloads and acting with \
                    durable_operator: GRANT durable_operator TO the role
                    """
                )
            case "25006":
                self.init(.failed, "\(error.message): connect to the primary, with target_session_attrs=read-write")
            case "57014":
                self.init(.failed, "\(error.message): the server gave up after the time that it is allowed")
            case .some(let state) where state.hasPrefix("57P"):
                self.init(.unreachable, error.description)
            case .some(let state) where state.hasPrefix("DU"):
                self.init(.failed, words)
            default:
                let parts = [error.description, error.detail, error.hint].compactMap(\.self)
                self.init(.failed, parts.joined(separator: ". "))
            }
        }
    }
}
