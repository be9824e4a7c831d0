// SPDX-License-Identifier: Apache-2.0

import Durable

struct Approval: Codable, Sendable {
    var by: String
}

struct Payment: Codable, Sendable {
    var cents: Int
}

struct Address: Codable, Sendable {
    var street: String
    func check() throws {}
}

extension Signal where Payload == Approval {
    static let approval = Signal("approval")
}

extension Event where Payload == Payment {
    static let paid = Event("payment.received")
}

extension PublishedValue where Value == Double {
    static let progress = PublishedValue("progress")
}

extension Update where Request == Address, Response == String {
    static let address = Update("change-address")
}

extension Mailer {
    func ask(_ token: String) async throws {}
}

struct Talk: Workflow {
    let mailer: Mailer

    func run(_ order: Order, in workflow: WorkflowContext) async throws -> String {
        let mailer = self.mailer
        guard let approval = try await workflow.receive(.approval, within: .seconds(3 * 86_400)) else {
            return "not approved"
        }
        let token = try await workflow.token(Approval.self, "sign-off")
        try await workflow.step("ask") { step in try await mailer.ask(token.id) }
        let signOff = try await workflow.value(of: token, within: .seconds(3 * 86_400))
        let payment = try await workflow.waitForEvent(.paid, key: order.id, within: .seconds(3_600)) { paid in
            paid.cents >= 4_900
        }
        try await workflow.publish(.progress, 0.5)
        try await workflow.answer(.address, validate: { try $0.check() }) { address, workflow in
            try await workflow.step("move") { step in "moved to \(address.street)" }
        }
        try await workflow.step("answer") { step in
            let stream = step.stream("tokens")
            for word in ["so", "it", "goes"] { try stream.append(word) }
        }
        return "\(approval.by) \(signOff?.by ?? "") \(payment?.cents ?? 0)"
    }
}

func talk(_ engine: DurableEngine, token id: String, from position: Int64) async throws {
    try await engine.signal("order-1", .approval, Approval(by: "Ada"), key: "mail-4711")
    let isFirst = try await engine.complete(token: id, with: Approval(by: "Ada"))
    try await engine.publish(.paid, Payment(cents: 4_900), key: "1001")
    let progress = try await engine.value(.progress, of: "order-1")
    let answer = try await engine.update("order-1", .address, Address(street: "Elm"), id: "web-1", within: .seconds(10))
    for try await element in try await engine.stream(String.self, "tokens", of: "order-1", after: position) {
        print(element.position, element.value)
    }
    print(isFirst, progress ?? 0, answer ?? "")
}
