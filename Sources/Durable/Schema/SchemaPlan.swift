// SPDX-License-Identifier: Apache-2.0

/// What is to be done about a schema, decided from what is applied to it and what the code has.
///
/// No I/O.
package struct SchemaPlan {
    /// The migrations that the code has.
    package let migrations: [Migration]
    /// The code's generation.
    package let generation: Int

    package init(migrations: [Migration], generation: Int) {
        self.migrations = migrations
        self.generation = generation
    }

    /// What is missing, in order.
    ///
    /// Migrations that the code does not know are fine as long as each of them says that this generation can run on it.
    ///
    /// - Parameter place: The schema and its database, for the words of an error.
    package func pending(
        after applied: [AppliedMigration],
        in place: String
    ) throws(DurableError) -> ArraySlice<Migration> {
        if let newer = applied.filter({ $0.oldestGeneration > self.generation }).max(by: { $0.version < $1.version }) {
            throw DurableError(
                .schemaMismatch,
                """
                \(place) has migration \(newer.version) (\(newer.name)), which only code of generation \
                \(newer.oldestGeneration) or newer can run on, and this process is generation \(self.generation): \
                deploy a newer version of swift-durable
                """
            )
        }
        for migration in self.migrations {
            guard let row = applied.first(where: { $0.version == migration.version }) else { continue }
            guard row.name == migration.name, row.checksum == nil || row.checksum == migration.checksum else {
                throw DurableError(
                    .schemaMismatch,
                    """
                    migration \(row.version) of \(place) is not the one that this process has: applied is \(row.name) \
                    with checksum \(row.checksum ?? "unknown"), and the code has \(migration.name) with checksum \
                    \(migration.checksum). A released migration is never edited: use the code that applied it, \
                    or restore the file
                    """
                )
            }
        }
        let newest = applied.map(\.version).max() ?? 0
        let start = self.migrations.firstIndex { migration in !applied.contains { $0.version == migration.version } }
        guard let start else { return [] }
        let pending = self.migrations[start...]
        guard self.migrations[start].version > newest else {
            throw DurableError(
                .schemaMismatch,
                """
                \(place) has migration \(newest) and lacks migration \(self.migrations[start].version) \
                (\(self.migrations[start].name)), which comes before it: the row in its table migration was deleted, or \
                the schema was restored in part. Restore it as a whole
                """
            )
        }
        return pending
    }
}
