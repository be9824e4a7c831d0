// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// How long a call waits.
enum WaitLimit {
    case never
    case after(Duration)
    case at(Date)

    /// When the wait ends; nil: never.
    ///
    /// - Throws: `DurableError.invalidArgument` for a limit that makes no sense.
    func due(now: Int64, as what: @autoclosure () -> String) throws -> Int64? {
        switch self {
        case .never: nil
        case .after(let duration): try DatabaseTime.due(after: duration, now: now, as: what())
        case .at(let date): try DatabaseTime.due(at: date, now: now, as: what())
        }
    }
}
