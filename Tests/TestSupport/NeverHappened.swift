// SPDX-License-Identifier: Apache-2.0

/// What a test waited for in vain.
package struct NeverHappened: Error, CustomStringConvertible {
    package var what: String

    package init(what: String) { self.what = what }

    package var description: String { "it never happened: \(self.what)" }
}
