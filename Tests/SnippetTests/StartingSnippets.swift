// SPDX-License-Identifier: Apache-2.0

import Durable

struct Hello: Workflow {
    func run(_ name: String, in workflow: WorkflowContext) async throws -> String {
        let greeting = try await workflow.step("greet") { step in "Hello, \(name)" }
        try await workflow.sleep(for: .seconds(1))
        return greeting
    }
}

func greet() async throws -> String {
    let engine = try DurableEngine(database: .environment, workflows: [Hello()])
    let running = Task { try await engine.run() }
    try await engine.waitUntilReady()
    let handle = try await engine.start(Hello.self, "world", id: "hello-1")
    let greeting = try await handle.result()
    running.cancel()
    try await running.value
    return greeting
}

func configured() -> EngineOptions {
    var options = EngineOptions()
    options.name = "checkout-1"
    options.schema = "shop_durable"
    options.drain = .seconds(25)
    return options
}

func look(at handle: WorkflowHandle<Receipt>) async throws {
    let status = try await handle.status()
    if status.state == .paused {
        print("needs a person: \(status.reason?.rawValue ?? "") \(status.error?.message ?? "")")
    }
}
