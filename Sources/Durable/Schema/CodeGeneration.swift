// SPDX-License-Identifier: Apache-2.0

/// Which generation of the library's code this is, as far as the schema is concerned.
///
/// It is raised when the code begins to need a newer schema. Each migration declares the oldest generation that can still
/// run on the schema after it, so that generation n and n - 1 share one schema while a deployment replaces one by the other.
package enum CodeGeneration {
    /// This library's generation.
    package static let current = 1
}
