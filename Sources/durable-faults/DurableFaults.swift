// SPDX-License-Identifier: Apache-2.0

import FaultSuite

/// The program of `Scripts/faults`: the suite itself, and each of its workers.
@main
enum DurableFaults {
    static func main() async { await FaultCommand.main() }
}
