// SPDX-License-Identifier: Apache-2.0

import DurableCommand

/// The program `durable`.
@main
enum Main {
    static func main() async { await DurableCommand.main() }
}
