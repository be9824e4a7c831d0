// SPDX-License-Identifier: Apache-2.0

/// What a process does about the schema when it boots.
public enum MigrationMode: String, Hashable, Sendable, CaseIterable {
    /// Apply what is missing, then go on. Needs a role that may create tables only while something is missing.
    case onBoot
    /// Apply nothing: throw ``DurableError/Code/schemaMismatch`` when something is missing. For services whose role may not
    /// change tables; an administrator applies the files of `sql/migrations` with `psql`, or runs one process with `onBoot`.
    case verify
}
