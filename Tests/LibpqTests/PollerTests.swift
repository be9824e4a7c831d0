// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres
import Testing

@testable import Libpq

@Suite(.timeLimit(.minutes(2)))
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

    @Test func `who watches a socket that was closed beneath it does not disturb who has its number now`() async throws
    {
        let poller = PollerCore()
        poller.start("numbers")
        defer { poller.stop() }
        let (former, latter) = (try SocketPair(), try SocketPair())
        let formerID = try #require(poller.register(former.watched, interest: .read, Ear(former.watched) { _ in }))
        // As libpq does where a connection is lost, and the system where another one is opened.
        try #require(dup2(latter.watched, former.watched) == former.watched)
        let heard = Protected("")
        let ear = Ear(former.watched) { text in heard.withLock { $0 += text } }
        let latterID = try #require(poller.register(former.watched, interest: .read, ear))
        poller.modify(former.watched, id: formerID, interest: [])
        latter.say("a")
        try await eventually { heard.withLock { $0 } == "a" }
        poller.deregister(former.watched, id: formerID)
        latter.say("b")
        try await eventually { heard.withLock { $0 } == "ab" }
        poller.deregister(former.watched, id: latterID)
    }

    @Test func `connections that are lost keep none from being opened`() async throws {
        let configuration = try await TestServer.configuration()
        let killer = try await PostgresConnection.connect(configuration)
        for _ in 0..<40 {
            let doomed = try await Self.open(8, configuration)
            let pids = doomed.map { "\($0.backendPID)" }.joined(separator: ",")
            async let opened = Self.open(8, configuration)
            try await killer.execute(
                "SELECT pg_terminate_backend(pid) FROM unnest(string_to_array(\(pids), ',')::int[]) AS pid"
            )
            for connection in try await opened { connection.close() }
        }
    }

    private static func open(_ count: Int, _ configuration: PostgresConfiguration) async throws -> [PostgresConnection]
    {
        try await withThrowingTaskGroup { group in
            for _ in 0..<count { group.addTask { try await PostgresConnection.connect(configuration) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

/// Two sockets that hear each other.
private final class SocketPair: Sendable {
    let watched: Int32
    private let other: Int32

    init() throws {
        var pair: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &pair) == 0)
        (self.watched, self.other) = (pair[0], pair[1])
    }

    deinit {
        close(self.watched)
        close(self.other)
    }

    func say(_ text: String) { _ = text.withCString { write(self.other, $0, text.utf8.count) } }
}

/// Reads a byte whenever there is one.
private final class Ear: PollerSource {
    private let descriptor: Int32
    private let heard: @Sendable (String) -> Void

    init(_ descriptor: Int32, _ heard: @escaping @Sendable (String) -> Void) {
        self.descriptor = descriptor
        self.heard = heard
    }

    func ready(_ readiness: Readiness) {
        var byte: UInt8 = 0
        guard read(self.descriptor, &byte, 1) == 1 else { return }
        self.heard(String(decoding: [byte], as: UTF8.self))
    }
}
