// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// Why something is done.
struct Reason: ParsableArguments {
    @Option(name: .long, help: "Why, for those who look later.")
    var reason = "by hand, with the durable command"
}
