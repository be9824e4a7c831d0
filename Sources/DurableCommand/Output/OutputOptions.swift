// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// How the answer is written.
struct OutputOptions: ParsableArguments {
    @Flag(name: .long, help: "JSON on one line for each answer, for programs.")
    var json = false
}
