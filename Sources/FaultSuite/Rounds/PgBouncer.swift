// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization
import TemporaryPostgres

/// A private PgBouncer in transaction mode, on a socket in a folder, gone with this process.
final class PgBouncer: Sendable {
    /// The number in the name of its socket.
    static let port = 6432
    private let folder: String
    private let child = Mutex<Child?>(nil)

    private init(folder: String) { self.folder = folder }

    /// Where it is installed; nil: nowhere.
    static var program: String? {
        ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer", "/usr/local/bin/pgbouncer", "/opt/homebrew/bin/pgbouncer"]
            .first(where: FileManager.default.isExecutableFile)
    }

    /// Starts it before a server whose socket is in `server`.
    static func start(folder: String, server: String) async throws -> PgBouncer {
        let settings = """
            [databases]
            * = host=\(server) port=5432 user=postgres
            [pgbouncer]
            listen_port = \(self.port)
            listen_addr =
            unix_socket_dir = \(folder)
            auth_type = any
            pool_mode = transaction
            max_client_conn = 400
            default_pool_size = 24
            server_login_retry = 1
            ignore_startup_parameters = extra_float_digits, options
            logfile = \(folder)/pgbouncer.log
            """
        try Data(settings.utf8).write(to: URL(fileURLWithPath: "\(folder)/pgbouncer.ini"))
        // It refuses to run as root: the folder is for whoever it runs as.
        try FileManager.default.setAttributes([.posixPermissions: 0o777], ofItemAtPath: folder)
        let bouncer = PgBouncer(folder: folder)
        try await bouncer.launch()
        return bouncer
    }

    /// Starts its process, and waits until it listens.
    func launch() async throws {
        guard let program = Self.program else { throw Deadline.Passed(description: "PgBouncer is not installed") }
        let user = geteuid() == 0 ? ["-u", getpwnam("postgres") != nil ? "postgres" : "nobody"] : []
        // A shell between: it ends the bouncer when its own input ends, which is when this process ends.
        let script = #""$@" & child=$!; cat >/dev/null; kill -9 $child"#
        let child = try Child.spawn(
            "/bin/sh",
            ["-c", script, "pgbouncer", program, "-q"] + user + ["\(self.folder)/pgbouncer.ini"],
            environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
            errorsToOutput: true
        )
        self.child.withLock { $0 = child }
        Thread.detachNewThread {
            _ = child.readAll()
            _ = child.wait()
        }
        let path = "\(self.folder)/.s.PGSQL.\(Self.port)"
        try await Deadline.wait("PgBouncer listens", within: .seconds(120)) {
            guard let descriptor = UnixSocket.connect(path) else { return false }
            close(descriptor)
            return true
        }
    }

    /// Kills it, as a crash would.
    func stop() async {
        self.child.withLock { child in
            child?.closeInput()
            child = nil
        }
        let path = "\(self.folder)/.s.PGSQL.\(Self.port)"
        try? await Deadline.wait("PgBouncer ends", within: .seconds(10)) {
            guard let descriptor = UnixSocket.connect(path) else { return true }
            close(descriptor)
            return false
        }
        unlink(path)
    }
}
