// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// The command `durable`, which has verbs.
struct RootCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "durable",
        abstract: "Looks at durable workflows, and helps them on.",
        discussion: """
            The database is that of --database, of DATABASE_URL, or of the PG* variables.

            Ends with 0 when it was done, 1 when it was refused or failed, 2 for arguments that make no sense, 3 when there is \
            no such workflow, 4 when the database cannot be reached, 5 when its schema is missing or does not fit, 6 when \
            nobody has confirmed.
            """,
        subcommands: [],
        groupedSubcommands: [
            CommandGroup(
                name: "Looking",
                subcommands: [
                    Attention.self, Why.self, List.self, Show.self, Steps.self, Tail.self, Executors.self, Errors.self,
                    Versions.self, Patches.self, Stats.self, Export.self,
                ]
            ),
            CommandGroup(
                name: "Acting",
                subcommands: [
                    Start.self, Signal.self, Cancel.self, Kill.self, Pause.self, Resume.self, Retry.self, Rerun.self,
                    Fork.self, SetResult.self, Skip.self, PauseName.self, ResumeName.self, ReleaseExecutor.self,
                ]
            ),
            CommandGroup(name: "Keeping", subcommands: [Retention.self, Prune.self, Delete.self]),
            CommandGroup(name: "Setting up", subcommands: [Migrate.self]),
        ]
    )
}
