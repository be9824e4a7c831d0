// SPDX-License-Identifier: Apache-2.0

import Durable

struct SignOff: Codable {
    let by: String
}

extension Signal where Payload == SignOff {
    static let signOff = Signal("sign-off")
}

func sign(_ id: String, over client: DurableClient) async throws {
    #if MISTAKE
        try await client.signal(id, .signOff, "Ada")  // error: expected argument type 'SignOff'
    #else
        try await client.signal(id, .signOff, SignOff(by: "Ada"))
    #endif
}
