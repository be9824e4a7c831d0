// SPDX-License-Identifier: Apache-2.0

/// What a workflow without input takes and what a step without result returns: SQL NULL, while an optional that is nil is the JSON text `null`.
package struct NoValue: Codable, Hashable, Sendable {
    package init() {}
}
