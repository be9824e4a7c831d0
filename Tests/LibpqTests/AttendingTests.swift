// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import Testing

/// A thread that waits for a reply itself, beside a poller that must neither miss nor repeat anything.
@Suite(.timeLimit(.minutes(1)))
struct AttendingTests {
    @Test func `whoever attends a connection is told on its own thread`() async throws {
        let connection = try await TestServer.connect()
        let threads = Protected<[UInt64]>([])
        let own = await Self.onThread {
            while threads.withLock({ $0.isEmpty }) {
                connection.send(Pipeline([Statement("SELECT pg_sleep(0.05)")])) { _ in
                    let id = Self.thread
                    threads.withLock { $0.append(id) }
                }
                _ = connection.attend(milliseconds: 5_000)
            }
            return Self.thread
        }
        #expect(threads.withLock { $0 } == [own])
    }

    @Test func `a reply that comes too late is the poller's again`() async throws {
        let connection = try await TestServer.connect()
        let answer: String = await withCheckedContinuation { waiter in
            Thread.detachNewThread {
                connection.send(Pipeline([Statement("SELECT pg_sleep(0.2)")])) { result in
                    waiter.resume(returning: (try? result.get().first?.tag) ?? "lost")
                }
                if connection.attend(milliseconds: 1) { waiter.resume(returning: "too early") }
            }
        }
        #expect(answer == "SELECT 1")
        #expect(try await connection.query("SELECT 2")[0].decode(0, as: Int.self) == 2)
    }

    @Test func `nothing under way is nothing to wait for`() async throws {
        let connection = try await TestServer.connect()
        #expect(!connection.attend(milliseconds: 60_000))
        connection.close()
        #expect(!connection.attend(milliseconds: 60_000))
    }

    @Test func `requests of others come through while one thread attends`() async throws {
        let connection = try await TestServer.connect()
        async let attended: Int = Self.onThread {
            (0..<2_000).count { _ in connection.attend(milliseconds: 1) }
        }
        for number in 0..<500 {
            #expect(try await connection.query("SELECT \(number)")[0].decode(0, as: Int.self) == number)
        }
        _ = await attended
    }

    private static var thread: UInt64 { UInt64(UInt(bitPattern: ObjectIdentifier(Thread.current))) }

    private static func onThread<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { waiter in
            Thread.detachNewThread { waiter.resume(returning: body()) }
        }
    }
}
