// SPDX-License-Identifier: Apache-2.0

import Libpq
import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct NotificationTests {
    @Test func `notifications of a channel arrive in order, whatever its name is`() async throws {
        let channel = "Odd \"channel\" \(UInt64.random(in: 0 ... .max))"
        let listener = try await TestServer.connect()
        let sender = try await TestServer.connect()
        let notifications = listener.listen(channel)
        let other = listener.listen("another channel")
        try await notifications.established()
        try await other.established()
        for index in 0..<100 { try await sender.execute("SELECT pg_notify(\(channel), \("payload \(index)"))") }
        var iterator = notifications.makeAsyncIterator()
        for index in 0..<100 {
            let notification = try await iterator.next()
            #expect(notification?.payload == "payload \(index)")
            #expect(notification?.channel == channel)
            #expect(notification?.backendPID == sender.backendPID)
        }
        // The connection serves queries all the while.
        #expect(try await listener.query("SELECT 1").count == 1)
    }

    @Test func `a payload that still waits is not kept twice`() async throws {
        let channel = "c\(UInt64.random(in: 0 ... .max))"
        let listener = try await TestServer.connect()
        let notifications = listener.listen(channel)
        let behind = listener.listen("\(channel) behind")
        try await notifications.established()
        try await behind.established()
        let sender = try await TestServer.connect()
        for _ in 0..<50 { try await sender.execute("SELECT pg_notify(\(channel), 'same')") }
        try await sender.execute("SELECT pg_notify(\(channel), 'last')")
        try await sender.execute("SELECT pg_notify(\("\(channel) behind"), '')")
        // They are handed over in their order: when this one is there, all others wait to be read.
        let last = try await behind.first { _ in true }
        #expect(last?.payload == "")
        var payloads: [String] = []
        for try await notification in notifications {
            payloads.append(notification.payload)
            if notification.payload == "last" { break }
        }
        #expect(payloads == ["same", "last"])
    }

    @Test func `the sequence ends with an error when the session is lost`() async throws {
        let listener = try await TestServer.connect()
        let notifications = listener.listen("c")
        try await notifications.established()
        let reader = Task { try await notifications.first { _ in true } }
        let observer = try await TestServer.connect()
        try await observer.execute("SELECT pg_terminate_backend(\(listener.backendPID))")
        let error = await #expect(throws: PostgresError.self) { try await reader.value }
        #expect(error?.isConnectionLost == true)
        let late = await #expect(throws: PostgresError.self) { try await listener.listen("d").established() }
        #expect(late?.code == .connectionClosed)
    }

    @Test func `a cancelled reader ends without an error`() async throws {
        let listener = try await TestServer.connect()
        let notifications = listener.listen("c")
        try await notifications.established()
        let reader = Task { try await notifications.first { _ in true } }
        reader.cancel()
        #expect(try await reader.value == nil)
    }

    @Test func `listening ends when nobody reads any more`() async throws {
        let connection = try await TestServer.connect()
        do {
            let first = connection.listen("c")
            try await first.established()
            do {
                let second = connection.listen("c")
                try await second.established()
            }
            let listening = try await connection.query("SELECT pg_listening_channels()")
            #expect(listening.count == 1)
        }
        try await eventually { try await connection.query("SELECT pg_listening_channels()").isEmpty }
    }
}
