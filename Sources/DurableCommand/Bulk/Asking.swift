// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Whether a person is asked before something is done.
struct Asking: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.")
    var yes = false
}
