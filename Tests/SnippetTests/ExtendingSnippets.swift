// SPDX-License-Identifier: Apache-2.0

import Crypto
import Durable
import DurableCommand
import DurableCompression
import DurableCrypto

enum Tenant {
    @TaskLocal static var current = ""
}

struct Channel: Sendable {
    func post(_ text: String) async throws {}
}

struct Tenancy: Interceptor {
    func step(_ call: StepCall, _ proceed: Proceed) async throws {
        let tenant = String(call.workflowID.prefix { $0 != "/" })
        try await Tenant.$current.withValue(tenant) { try await proceed() }
    }
}

struct Feed: WorkflowObserver {
    let channel: Channel

    func observe(_ event: WorkflowEvent) async throws {
        if case .runEnded(let run, let end) = event { try await self.channel.post("\(run.workflowID): \(end)") }
    }
}

func extended(_ channel: Channel) -> EngineOptions {
    var options = EngineOptions()
    options.interceptors = [Tenancy()]
    options.observers = [Feed(channel: channel)]
    return options
}

func encrypted(under keys: [String: SymmetricKey]) throws -> EngineOptions {
    var options = EngineOptions()
    options.codecs = try PayloadCodecs([DeflateCodec(), AESGCMCodec(keys: keys, current: "2026-01")]) { codec, what in
        codec.name != "aes-gcm" || what.name != "weather"
    }
    return options
}

struct Reversed: PayloadCodec {
    let name = "reversed"

    func encode(_ bytes: [UInt8]) throws -> EncodedPayload? { EncodedPayload(bytes.reversed()) }
    func decode(_ bytes: [UInt8], key: String?) throws -> [UInt8] { bytes.reversed() }
}

private enum Keys {
    static var all: [String: SymmetricKey] { ["2026-01": SymmetricKey(size: .bits256)] }
}

enum ShopCommand {
    static func main() async throws {
        await DurableCommand.main(
            codecs: try PayloadCodecs([DeflateCodec(), AESGCMCodec(keys: Keys.all, current: "2026-01")])
        )
    }
}
