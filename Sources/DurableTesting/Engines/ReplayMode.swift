// SPDX-License-Identifier: Apache-2.0

/// Whether the test that runs is exempt from `DURABLE_ALWAYS_REPLAY`.
package enum ReplayMode {
    /// Set around a test that is.
    @TaskLocal package static var isExempt = false
}
