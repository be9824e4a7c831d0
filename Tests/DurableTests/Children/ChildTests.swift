// SPDX-License-Identifier: Apache-2.0

import DurableTesting
import Testing

@testable import Durable

@Suite struct ChildTests {
    @Test(.notReplayed("it counts the wake-ups of the parent"))
    func `a child returns its result to its parent, which is parked meanwhile`() async throws {
        let runs = Counter()
        let parent = Plain<Int> { _, workflow in
            runs.next()
            return try await workflow.child(Resize.self, 21)
        }
        let child = Resize { number, workflow in
            try await workflow.sleep(for: .milliseconds(300))
            return number * 2
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            try await database.waitFor(.waiting, of: "a")
            #expect(
                try await database.text("SELECT waiting_for FROM durable.workflows WHERE id = 'a'") == "child resize"
            )
            #expect(try await handle.result() == 42)
            #expect(try await database.rows("SELECT id FROM durable.workflows WHERE parent = 'a'") == ["a/0"])
            #expect(try await database.journal(of: "a") == ["|0|0|resize", "|0|1|resize"])
            #expect(runs.value == 2, "one wake-up")
        }
    }

    @Test func `a child that is started is awaited later, and one that nobody awaits goes on alone`() async throws {
        let parent = Plain<[Int]> { _, workflow in
            let first = try await workflow.start(Resize.self, 1)
            let second = try await workflow.start(Resize.self, 2)
            try await workflow.start(Other.self, onParentEnd: .abandon)
            try await workflow.step("between") { _ in }
            return [try await second.result(in: workflow), try await first.result(in: workflow)]
        }
        try await withEngine([parent, Resize(), Other()], .replaying) { engine, database in
            let handle = try await engine.start(Plain<[Int]>.self, id: "a")
            #expect(try await handle.result() == [4, 2])
            let other = try await engine.handle(Other.self, id: "a/2")
            #expect(try await other.result() == "other")
            #expect(
                try await database.journal(of: "a") == [
                    "|0|0|resize", "|1|0|resize", "|2|0|other", "|3|0|between", "|4|0|resize result",
                    "|5|0|resize result",
                ]
            )
        }
    }

    @Test func `errors of children come as themselves, on replay too, and those of a cancelled one with its reason`()
        async throws
    {
        let parent = Plain<[String]> { _, workflow in
            var caught: [String] = []
            for number in [1, 2] {
                do {
                    _ = try await workflow.child(Resize.self, number)
                } catch let error as TooLarge {
                    caught.append("too large: \(error.size)")
                } catch let failure as StepFailure {
                    caught.append("\(failure.type): \(failure.message)")
                }
            }
            try await workflow.sleep(for: .milliseconds(50))
            return caught
        }
        let child = Resize { number, workflow in
            if number == 1 { throw TooLarge(size: 9) }
            try await workflow.sleep(for: .seconds(3600))
            return 0
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            let handle = try await engine.start(Plain<[String]>.self, id: "a")
            try await database.waitFor(.waiting, of: "a/1")
            try await engine.cancel("a/1", reason: "not wanted")
            #expect(try await handle.result() == ["too large: 9", "WorkflowCancelled: not wanted"])
        }
    }

    @Test func `children are cancelled with their parent, detached ones are not, and their undos run`() async throws {
        let undone = Recorder<Int>()
        let parent = Plain<Nothing> { _, workflow in
            try await workflow.start(Resize.self, 1)
            try await workflow.start(Resize.self, 2, onParentEnd: .abandon)
            try await workflow.child(Resize.self, 3)
            return Nothing()
        }
        let child = Resize { number, workflow in
            try await workflow.step("work") { _ in
                number
            } undo: { number, _ in
                undone.record(number ?? 0)
            }
            try await workflow.sleep(for: .seconds(3600))
            return number
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            for id in ["a", "a/0", "a/1", "a/2"] { try await database.waitFor(.waiting, of: id) }
            try await handle.cancel(reason: "no")
            for id in ["a/0", "a/2"] {
                let error = await #expect(throws: DurableError.self) {
                    try await engine.handle(Resize.self, id: id).result()
                }
                #expect(error?.message == "the workflow was cancelled: its parent a was cancelled")
            }
            await #expect(throws: DurableError.self) { try await handle.result() }
            #expect(undone.all.sorted() == [1, 3])
            let child = try await engine.handle(Resize.self, id: "a/1")
            #expect(try await child.status().state == .waiting)
        }
    }

    @Test func `children are cancelled when their parent fails`() async throws {
        let parent = Plain<Nothing> { _, workflow in
            try await workflow.start(Resize.self, 1)
            throw CardRefused(reason: "empty")
        }
        let child = Resize { number, workflow in
            try await workflow.sleep(for: .seconds(3600))
            return number
        }
        try await withEngine([parent, child], .replaying) { engine, _ in
            let handle = try await engine.start(Plain<Nothing>.self, id: "a")
            await #expect(throws: CardRefused.self) { try await handle.result() }
            let error = await #expect(throws: DurableError.self) {
                try await engine.handle(Resize.self, id: "a/0").result()
            }
            #expect(error?.message == "the workflow was cancelled: its parent a failed")
        }
    }

    @Test(.notReplayed("it counts the wake-ups of the parent"))
    func `a group returns a result per child, wakes its parent once, and writes few rows`() async throws {
        let runs = Counter()
        let parent = Plain<[Int]> { _, workflow in
            runs.next()
            let results = try await workflow.children(Resize.self, Array(0..<1_200))
            return results.map { if case .success(let value) = $0 { value } else { -1 } }
        }
        let child = Resize { number, workflow in
            if number == 0 { _ = try await workflow.receive(Int.self, "go") }
            if number % 100 == 7 { throw TooLarge(size: number) }
            return number * 2
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            let handle = try await engine.start(Plain<[Int]>.self, id: "a")
            // Children that end before their parent waits wake nobody.
            try await database.waitFor(.waiting, of: "a")
            try await engine.signal("a/0/0000", "go", 1)
            let results = try await handle.result()
            #expect(results == (0..<1_200).map { $0 % 100 == 7 ? -1 : $0 * 2 })
            #expect(runs.value == 2, "one wake-up")
            #expect(try await database.journal(of: "a") == ["|0|0|resize", "|0|1|resize", "|0|2|resize"])
            #expect(try await database.text("SELECT min(id) FROM durable.workflow WHERE parent = 'a'") == "a/0/0000")
            for table in ["child_group", "ended_child", "inbox", "cancellation"] {
                #expect(try await database.text("SELECT count(*)::text FROM durable.\(table)") == "0", "\(table)")
            }
        }
    }

    @Test func `no more children of a group are under way than its limit says`() async throws {
        let (under, most) = (Counter(), Recorder<Int>())
        let ended = Counter()
        let parent = Plain<Int> { _, workflow in
            try await workflow.children(Resize.self, Array(0..<60), maxConcurrent: 4).count
        }
        let child = Resize { number, workflow in
            try await workflow.step("work") { _ in
                most.record(under.next() - ended.value)
                try await Task.sleep(for: .milliseconds(5))
                ended.next()
            }
            return number
        }
        try await withEngine([parent, child]) { engine, database in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            #expect(try await handle.result() == 60)
            #expect((most.all.max() ?? 0) <= 4)
            #expect(most.all.count == 60)
            #expect(try await database.text("SELECT count(*)::text FROM durable.child_group") == "0")
        }
    }

    @Test func `one failure too many cancels the rest of a group, and is thrown on replay too`() async throws {
        let caught = Recorder<String>()
        let parent = Plain<Nothing> { _, workflow in
            do {
                _ = try await workflow.children(
                    Resize.self,
                    Array(0..<50),
                    maxConcurrent: 5,
                    tolerate: .count(2)
                )
            } catch let failure as StepFailure {
                caught.record("\(failure.type): \(failure.message)")
            }
            try await workflow.sleep(for: .milliseconds(50))
            return Nothing()
        }
        let child = Resize { number, workflow in
            if number < 3 { throw TooLarge(size: number) }
            try await workflow.sleep(for: .seconds(3600))
            return number
        }
        try await withEngine([parent, child], .replaying) { engine, database in
            _ = try await engine.start(Plain<Nothing>.self, id: "a").result()
            #expect(caught.isReplayed)
            #expect(
                caught.all.first == "ChildrenFailed: 50 of 50 children resize did not succeed; 2 are tolerated"
            )
            #expect(
                try await database.rows(
                    "SELECT status::text || ' ' || count(*) FROM durable.outcome WHERE workflow_id <> 'a' GROUP BY status ORDER BY status"
                ) == ["failed 3", "cancelled 47"]
            )
        }
    }

    @Test func `a parent that is started again in the middle finds its children`() async throws {
        let parent = Plain<Int> { _, workflow in
            let results = try await workflow.children(Resize.self, [1, 2, 3])
            return try results.reduce(0) { try $0 + $1.get() }
        }
        let (begun, gate) = (Counter(), Gate())
        let child = Resize { number, workflow in
            try await workflow.step("work") { _ in
                begun.next()
                try await gate.wait()
                return number
            }
        }
        try await withDatabase { database in
            try await database.withEngine([parent, child]) { engine in
                try await engine.start(Plain<Int>.self, id: "a")
                try await eventually("the children run") { begun.value == 3 }
            }
            gate.open()
            try await database.withEngine([parent, child]) { engine in
                let handle = try await engine.handle(Plain<Int>.self, id: "a")
                #expect(try await handle.result() == 6)
            }
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "4")
        }
    }

    @Test func `an empty group is done, and nonsense is refused before anything is started`() async throws {
        let parent = Plain<[String]> { _, workflow in
            var words: [String] = ["\(try await workflow.children(Resize.self, []).count)"]
            for (limit, tolerance) in [
                (0, FailureTolerance.any), (1, .count(-1)), (1, .percentage(101)),
            ] {
                do {
                    _ = try await workflow.children(Resize.self, [1], maxConcurrent: limit, tolerate: tolerance)
                } catch let error as DurableError {
                    words.append(error.message)
                }
            }
            return words
        }
        try await withEngine([parent, Resize()]) { engine, database in
            let handle = try await engine.start(Plain<[String]>.self, id: "a")
            #expect(
                try await handle.result() == [
                    "0", "a group of children needs at least one at a time; maxConcurrent is 0",
                    "a group of children cannot tolerate -1 failures",
                    "a group of children tolerates 0 to 100 per cent of failures, not 101.0",
                ]
            )
            #expect(try await database.text("SELECT count(*)::text FROM durable.workflow") == "1")
        }
    }

    @Test(arguments: 0..<20)
    func `a child that ends while its parent parks wakes it`(round: Int) async throws {
        let parent = Plain<Int> { _, workflow in try await workflow.child(Resize.self, 1) }
        let child = Resize { number, workflow in
            // From at once to well after the parent has parked.
            try await workflow.step("work") { _ in try await Task.sleep(for: .milliseconds(round * 2)) }
            return number
        }
        try await withEngine([parent, child], .replaying.with { $0.listen = round % 2 == 0 }) { engine, _ in
            let handle = try await engine.start(Plain<Int>.self, id: "a")
            #expect(try await handle.result() == 1)
        }
    }
}
