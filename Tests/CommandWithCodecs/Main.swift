// SPDX-License-Identifier: Apache-2.0

import Durable
import DurableCommand
import DurableCompression

/// The command `durable` of a service that compresses its payloads.
@main
enum Main {
    static func main() async throws {
        await DurableCommand.main(codecs: try PayloadCodecs([DeflateCodec()]))
    }
}
