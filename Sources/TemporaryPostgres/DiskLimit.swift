// SPDX-License-Identifier: Apache-2.0

/// A small file system for one server, which only its keeper sees.
enum DiskLimit {
    /// Runs a program where what it mounts is its own.
    static let apart = ["/usr/bin/unshare", "--mount", "--propagation", "private"]

    /// Whether this machine lets this process have one.
    static let isAvailable: Bool = {
        let script = """
            folder=$(mktemp -d) || exit 1
            mount -t tmpfs -o size=1m tmpfs "$folder"
            status=$?
            umount "$folder"
            rmdir "$folder"
            exit $status
            """
        let arguments = Array(DiskLimit.apart.dropFirst()) + ["/bin/sh", "-c", script]
        let environment = ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]
        guard
            let child = try? Child.spawn(DiskLimit.apart[0], arguments, environment: environment, errorsToOutput: true)
        else { return false }
        child.closeInput()
        _ = child.readAll()
        return child.wait() == 0
    }()
}

extension TemporaryPostgres {
    /// Whether servers can be given a file system of a limited size: on Linux, with the right to mount one.
    package static var canLimitDisk: Bool { DiskLimit.isAvailable }

    /// Takes all of the server's disk but so many kibibytes.
    package func fillDisk(leaving kibibytes: Int) async throws {
        try await self.command("fill \(kibibytes)")
    }

    /// Gives back what was taken, and starts the server if it has died of that.
    package func emptyDisk() async throws {
        try await self.command("empty")
    }
}
