// SPDX-License-Identifier: Apache-2.0

import Foundation

extension TemporaryPostgres {
    /// How a private server is set up.
    package struct Options: Sendable {
        /// Lines for `postgresql.conf`, in order; later ones win.
        package var settings: [String]
        /// Lines for the top of `pg_hba.conf`; below them everybody is trusted.
        package var accessRules: [String]
        /// Whether commits reach the disk.
        ///
        /// Off by default: tests kill processes, not the machine.
        package var fsync: Bool
        /// The TCP port on 127.0.0.1 to listen on beside the Unix socket; nil for none.
        package var port: Int?
        /// A certificate, which turns TLS on.
        ///
        /// TLS needs `port`: it does not exist on Unix sockets.
        package var tls: Certificate?
        /// The connection string of a server that this one follows as its standby; nil: a server of its own.
        package var primary: String?
        /// How many mebibytes its data may take, on a file system of their own; nil: as many as there are.
        ///
        /// See ``TemporaryPostgres/canLimitDisk``.
        package var diskSize: Int?

        package init(
            settings: [String] = [],
            accessRules: [String] = [],
            fsync: Bool = false,
            port: Int? = nil,
            tls: Certificate? = nil,
            primary: String? = nil,
            diskSize: Int? = nil
        ) {
            self.settings = settings
            self.accessRules = accessRules
            self.fsync = fsync
            self.port = port
            self.tls = tls
            self.primary = primary
            self.diskSize = diskSize
        }

        func configuration(socketFolder: String) -> String {
            var lines = [
                "listen_addresses = '\(self.port == nil ? "" : "127.0.0.1")'",
                "port = \(self.port ?? TemporaryPostgres.socketPort)",
                "unix_socket_directories = '\(socketFolder)'",
                "max_connections = 200",
                "fsync = \(self.fsync ? "on" : "off")",
                "full_page_writes = \(self.fsync ? "on" : "off")",
                "max_wal_size = 256MB",
                // In the server's own folder, which is removed whatever happens.
                "dynamic_shared_memory_type = mmap",
                "timezone = 'UTC'",
                "log_timezone = 'UTC'",
            ]
            if self.tls != nil {
                lines.append("ssl = on")
            }
            return (lines + self.settings).joined(separator: "\n")
        }
    }

    /// A certificate and its key, as PEM text.
    package struct Certificate: Sendable {
        package let certificate: String
        package let key: String

        package init(certificate: String, key: String) {
            self.certificate = certificate
            self.key = key
        }

        /// Has `openssl` make one for a host that signs itself: it is its own authority (`sslrootcert`).
        package static func selfSigned(host: String = "localhost") async throws -> Certificate {
            let text = try await Command.run(
                "/bin/sh",
                [
                    "-c",
                    """
                    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj "/CN=$1" -addext "subjectAltName=DNS:$1" \
                    -keyout /dev/stdout -out /dev/stdout 2>/dev/null | cat
                    """,
                    "sh", host,
                ]
            )
            guard let start = text.range(of: "-----BEGIN CERTIFICATE-----") else {
                throw TemporaryPostgresError("openssl made no certificate: \(text)")
            }
            return Certificate(certificate: String(text[start.lowerBound...]), key: String(text[..<start.lowerBound]))
        }
    }
}
