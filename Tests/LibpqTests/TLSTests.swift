// SPDX-License-Identifier: Apache-2.0

import Foundation
import Libpq
import TemporaryPostgres
import Testing

@Suite(.timeLimit(.minutes(2)))
struct TLSTests {
    private static func write(_ certificate: TemporaryPostgres.Certificate) throws -> String {
        let path = NSTemporaryDirectory() + "root-\(UUID().uuidString).crt"
        try certificate.certificate.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    @Test(.enabled("this build of Postgres has no TLS") { try await TemporaryPostgres.hasTLS })
    func `the server's certificate is verified, and a foreign one refused`() async throws {
        let certificate = try await TemporaryPostgres.Certificate.selfSigned(host: "localhost")
        let postgres = try await TemporaryPostgres.start(.init(port: freePort(), tls: certificate))
        let port = try #require(postgres.port)
        let root = try Self.write(certificate)
        let foreign = try Self.write(try await .selfSigned(host: "localhost"))
        defer { for path in [root, foreign] { try? FileManager.default.removeItem(atPath: path) } }
        func configuration(host: String = "host=localhost hostaddr=127.0.0.1", _ root: String) -> PostgresConfiguration
        {
            PostgresConfiguration(
                "\(host) port=\(port) user=postgres dbname=postgres sslmode=verify-full sslrootcert=\(root)"
            )
        }
        let connection = try await PostgresConnection.connect(configuration(root))
        #expect(connection.usesTLS)
        let version: Query = "SELECT version FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        #expect(try await connection.query(version)[0].decode(0, as: String.self).hasPrefix("TLS"))
        // Long enough for many TLS records, in both directions at once.
        let text = String(repeating: "x", count: 5_000_000)
        for _ in 0..<3 {
            let rows = try await connection.query("SELECT \(text) FROM generate_series(1, 3)")
            #expect(try rows.map { try $0.decode(0, as: String.self).utf8.count } == [5_000_000, 5_000_000, 5_000_000])
        }
        let refused = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(configuration(foreign))
        }
        #expect(refused?.code == .connectionFailed)
        #expect(refused?.message.contains("certificate verify failed") == true, "\(String(describing: refused))")
        let misnamed = await #expect(throws: PostgresError.self) {
            try await PostgresConnection.connect(configuration(host: "host=other hostaddr=127.0.0.1", root))
        }
        #expect(
            misnamed?.message.contains("does not match host name \"other\"") == true,
            "\(String(describing: misnamed))"
        )
        try await postgres.stop()
    }
}
