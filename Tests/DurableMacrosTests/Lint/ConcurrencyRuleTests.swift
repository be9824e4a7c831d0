// SPDX-License-Identifier: Apache-2.0

import Testing

@Suite struct ConcurrencyRuleTests {
    @Test func `async let is not recorded: parallel`() throws {
        try expectLint(
            """
            async let email = self.mailer.send()  // warning: run branches side by side with 'workflow.parallel'
            async let label = self.printer.print(Date())  // warning: 'async let' is not recorded
            _ = try await (email, label)
            _ = try await email
            """
        )
    }

    @Test func `a task, a detached one, and work for a queue or a thread is not recorded`() throws {
        try expectLint(
            """
            Task { await self.mailer.send(Date()) }  // warning: 'Task' starts work that is not recorded
            Task(priority: .high) { await self.mailer.send() }  // warning: 'Task' starts work that is not recorded
            Task.detached { await self.mailer.send() }  // warning: 'Task.detached' starts work that is not recorded
            let sent = Task<Void, Never> { await self.mailer.send() }  // warning: with 'workflow.parallel'
            DispatchQueue.global().async { self.mailer.post() }  // warning: 'DispatchQueue' starts work
            DispatchQueue.main.asyncAfter(deadline: soon) { self.mailer.post() }  // warning: 'DispatchQueue' starts work
            Thread.detachNewThread { self.mailer.post() }  // warning: 'Thread.detachNewThread' starts work
            """
        )
    }

    @Test func `a task group is not recorded: map or parallel`() throws {
        try expectLint(
            """
            try await withThrowingTaskGroup(of: Int.self) { group in  // warning: 'workflow.map' or 'parallel'
                group.addTask { await self.mailer.send(UUID()) }
            }
            await withTaskGroup { group in  // warning: a task group is not recorded
                group.addTask { await self.mailer.send() }
            }
            """
        )
    }

    @Test func `a sleep of a task or a clock is forgotten: the workflow's own`() throws {
        try expectLint(
            """
            try await Task.sleep(for: .seconds(3))  // warning: use 'workflow.sleep(for:)'
            try await Task.sleep(for: delay, tolerance: .zero, clock: .continuous)  // warning: this sleep is forgotten
            try await Task.sleep(nanoseconds: 5_000)  // warning: this sleep is forgotten when the process ends
            try await Task<Never, Never>.sleep(for: .seconds(3))  // warning: this sleep is forgotten
            try await ContinuousClock().sleep(for: .seconds(3))  // warning: this sleep is forgotten
            """,
            fixed: """
                try await workflow.sleep(for: .seconds(3))
                try await workflow.sleep(for: delay)
                try await workflow.sleep(for: .nanoseconds(5_000))
                try await workflow.sleep(for: .seconds(3))
                try await workflow.sleep(for: .seconds(3))
                """
        )
        try expectLint(
            """
            try await Task.sleep(until: end, clock: .continuous)  // warning: this sleep is forgotten when the process ends
            """
        )
    }
}
