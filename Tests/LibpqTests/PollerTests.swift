// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq

import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PollerTests {
    /// How many threads of this process have that name.
    private static func threads(named name: String) throws -> Int {
        let tasks = try FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")
        return tasks.filter { task in
            // A thread may end between the listing and the reading.
            let comm = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
            return comm?.trimmingCharacters(in: .newlines) == name
        }.count
    }

    @Test func `10000 queries over 4 connections use one poller thread`() async throws {
        let poller = Poller(name: "only-one")
        let configuration = try await TestServer.configuration()
        let sum = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                let connection = try await PostgresConnection.connect(configuration, on: poller)
                for lane in 0..<10 {
                    group.addTask {
                        var sum = 0
                        for index in 0..<250 {
                            sum += try await connection.query("SELECT \(lane * 250 + index)")[0].decode(0, as: Int.self)
                        }
                        return sum
                    }
                }
            }
            #expect(try Self.threads(named: "only-one") == 1)
            return try await group.reduce(0, +)
        }
        #expect(sum == 4 * (0..<2_500).reduce(0, +))
        #expect(try Self.threads(named: "only-one") == 1)
    }

    @Test func `completions come in order and on the poller's thread`() async throws {
        let poller = Poller(name: "in-order")
        let connection = try await PostgresConnection.connect(TestServer.configuration(), on: poller)
        let order = Protected<[Int]>([])
        await withCheckedContinuation { continuation in
            for index in 0..<1_000 {
                connection.send(Pipeline([Statement("SELECT \(index)")])) { result in
                    let value = try? result.get()[0].rows[0].decode(0, as: Int.self)
                    order.withLock { $0.append(poller.isCurrent ? value ?? -1 : -2) }
                    if index == 999 { continuation.resume() }
                }
            }
        }
        #expect(order.withLock { $0 } == Array(0..<1_000))
    }

    @Test func `timers run in order, and a cancelled one does not`() async throws {
        let poller = Poller(name: "timers")
        let order = Protected<[Int]>([])
        await withCheckedContinuation { continuation in
            poller.schedule(after: .milliseconds(30)) {
                order.withLock { $0.append(3) }
                continuation.resume()
            }
            poller.schedule(after: .milliseconds(20)) { order.withLock { $0.append(2) } }.cancel()
            poller.schedule(after: .milliseconds(10)) { order.withLock { $0.append(1) } }
            poller.execute { order.withLock { $0.append(0) } }
        }
        #expect(order.withLock { $0 } == [0, 1, 3])
    }

    @Test func `a poller that nobody refers to ends its thread`() async throws {
        do {
            let poller = Poller(name: "short-lived")
            await withCheckedContinuation { continuation in poller.execute { continuation.resume() } }
            #expect(try Self.threads(named: "short-lived") == 1)
        }
        try await eventually { try Self.threads(named: "short-lived") == 0 }
    }
}
