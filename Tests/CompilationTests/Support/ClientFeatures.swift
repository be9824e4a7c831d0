// SPDX-License-Identifier: Apache-2.0

import Testing

/// The upcoming features that a client module may have on.
enum ClientFeatures: String, CaseIterable, CustomTestStringConvertible {
    /// As `swift package init` makes it.
    case none
    /// Asynchronous functions run where their caller runs.
    case nonisolatedNonsending
    /// All that a careful module turns on.
    case all

    var arguments: [String] {
        let names =
            switch self {
            case .none: [String]()
            case .nonisolatedNonsending: ["NonisolatedNonsendingByDefault"]
            case .all:
                [
                    "NonisolatedNonsendingByDefault", "InternalImportsByDefault", "MemberImportVisibility",
                    "ExistentialAny",
                ]
            }
        return names.flatMap { ["-enable-upcoming-feature", $0] }
    }

    var testDescription: String { self.rawValue }
}
