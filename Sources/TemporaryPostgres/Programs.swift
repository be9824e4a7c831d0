// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Where this machine keeps the programs of Postgres.
enum Programs {
    /// The folder that holds `initdb`, `pg_ctl` and `postgres`: `POSTGRES_BIN`, else along `PATH`, else where packages put it.
    static func serverFolder() throws -> String {
        let environment = ProcessInfo.processInfo.environment
        if let chosen = environment["POSTGRES_BIN"] {
            guard self.holdsServer(chosen) else {
                throw TemporaryPostgresError("POSTGRES_BIN is \(chosen), which holds no initdb, pg_ctl and postgres")
            }
            return chosen
        }
        for folder in self.path where self.holdsServer(folder) {
            // A folder of links: the server finds its libraries beside the real file.
            let real = URL(fileURLWithPath: folder + "/postgres").resolvingSymlinksInPath().deletingLastPathComponent()
            return self.holdsServer(real.path) ? real.path : folder
        }
        let newest = self.packageFolders.filter(self.holdsServer).max { self.version(of: $0) < self.version(of: $1) }
        guard let newest else {
            throw TemporaryPostgresError(
                "no Postgres server found: install it (Scripts/setup does), or set POSTGRES_BIN to the folder of initdb"
            )
        }
        return newest
    }

    /// The path of `psql`, from the server's folder or along `PATH`.
    static func psql() throws -> String {
        let folders = ((try? self.serverFolder()).map { [$0] } ?? []) + self.path
        guard let found = folders.map({ $0 + "/psql" }).first(where: FileManager.default.isExecutableFile) else {
            throw TemporaryPostgresError("psql is not on the PATH: install the Postgres client")
        }
        return found
    }

    private static var path: [String] {
        (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin").split(separator: ":").map(
            String.init
        )
    }

    private static var packageFolders: [String] {
        ["/usr/lib/postgresql", "/opt/homebrew/opt", "/usr/local/opt"].flatMap { parent in
            ((try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []).map { "\(parent)/\($0)/bin" }
        } + ["/usr/pgsql/bin", "/usr/local/pgsql/bin"]
    }

    private static func holdsServer(_ folder: String) -> Bool {
        ["initdb", "pg_ctl", "postgres"].allSatisfy { FileManager.default.isExecutableFile(atPath: "\(folder)/\($0)") }
    }

    /// The digits in a folder such as `/usr/lib/postgresql/15/bin`.
    private static func version(of folder: String) -> Int {
        Int(folder.filter(\.isNumber)) ?? 0
    }
}
