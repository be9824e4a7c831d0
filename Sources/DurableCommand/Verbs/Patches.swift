// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Libpq

/// `durable patches`: which calls of `patched` may go.
struct Patches: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Says which calls of patched are still needed, and which may be removed.",
        discussion: """
            For each patch, by workflow type and version: how many that have begun and have not ended take the new way (WITH IT), \
            and how many the old one, or have not come there yet (WITHOUT IT). safe to remove: nothing pending needs the call, so \
            that code which resumes this version can go without it. in use: it cannot.

            What no workflow that is kept has recorded is not known here. With --check the command ends with 1 when any that is \
            listed is in use: `durable patches fraud-check --name checkout --check`.
            """
    )

    @Argument(help: "Only these patches: what patched is called with.")
    var patch: [String] = []

    @Option(name: .long, help: "Only of this workflow type; may be given again.")
    var name: [String] = []

    @Flag(name: .long, help: "End with 1 when any that is listed is in use, for a script.")
    var check = false

    @OptionGroup var options: SessionOptions

    func run(in session: Session) async throws {
        let rows = try await session.records(session.statements.patches).filter { row in
            (self.name.isEmpty || self.name.contains(row["name"].words))
                && (self.patch.isEmpty || self.patch.contains(row["patch"].words))
        }
        // A mistyped one must not pass for one that is safe to remove.
        for patch in self.patch where !rows.contains(where: { $0["patch"].words == patch }) {
            let types = self.name.isEmpty ? "" : " of type \(self.name.joined(separator: " or "))"
            throw CommandFailure(.failed, "no workflow\(types) that is kept has recorded a patch \"\(patch)\"")
        }
        try session.print(rows, as: Self.listing, empty: "no patch is recorded")
        let needed = rows.filter { $0["verdict"].text != Self.removable }
        guard self.check, !needed.isEmpty else { return }
        let names = needed.map { "\($0["patch"].words) of \($0["name"].words) v\($0["version"].words)" }
        throw CommandFailure(.failed, "in use: \(names.joined(separator: ", "))")
    }

    /// The verdict of the view on what nothing pending needs.
    private static let removable = "safe to remove"

    private static let listing = Listing([
        .text("WORKFLOW", "name", yields: .first),
        .number("VERSION", "version"),
        .text("PATCH", "patch", yields: .first),
        .number("WITH IT", "with_it"),
        .number("WITHOUT IT", "without_it"),
        .text("FOR EXAMPLE", "example", yields: .first, optional: true),
        .text("VERDICT", "verdict"),
    ])
}
