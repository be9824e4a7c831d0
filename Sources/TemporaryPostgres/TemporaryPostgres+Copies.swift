// SPDX-License-Identifier: Apache-2.0

/// Backups and standbys of a private server, on the disk and the socket that it has.
extension TemporaryPostgres {
    /// Takes a base backup of the running server, in place of the last one.
    package func backUp() async throws {
        try await self.command("backup")
    }

    /// Ends the server as a power cut would, and starts it again from its last backup: everything since then is lost.
    package func restore() async throws {
        try await self.command("restore")
    }

    /// Stops the server, and starts it again as a standby that follows nobody: it answers, and refuses every write.
    ///
    /// `promote()` ends that.
    package func makeReadOnly() async throws {
        try await self.command("recover")
    }

    /// Makes a standby a primary.
    package func promote() async throws {
        try await self.command("promote")
    }

    /// Throws the server's data away, and starts it again as a standby of another one.
    package func follow(_ primary: TemporaryPostgres) async throws {
        try await self.command("follow \(primary.connectionString())")
    }
}
