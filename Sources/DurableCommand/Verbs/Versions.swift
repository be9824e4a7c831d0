// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// `durable versions`: what is pending of each version, and who goes on with it.
struct Versions: Verb {
    static let configuration = CommandConfiguration(
        abstract: "Says which versions are pending, who goes on with them, and what a deploy would strand.",
        discussion: """
            in use: pending, and a live process goes on with it. stranded: pending, and none does. safe to retire: nothing is \
            pending.

            With --deploy, the types that it names are judged by what the new code resumes; the command ends with 1 when \
            that would strand anything: `durable versions --deploy checkout=2-3`.
            """
    )

    @Option(
        name: .long,
        help: ArgumentHelp(
            "What a new build resumes: name=version or name=first-last; may be given again.",
            valueName: "offer"
        )
    )
    var deploy: [String] = []

    @Option(name: .long, help: "Only this workflow type; may be given again.")
    var name: [String] = []

    @OptionGroup var options: SessionOptions

    func validate() throws {
        for text in self.deploy where VersionOffer(text) == nil {
            throw ValidationError("\"\(Printable.text(text))\" is no offer. Write checkout=2 or checkout=1-3.")
        }
    }

    func run(in session: Session) async throws {
        let rows = try await session.records(session.statements.versions).filter { row in
            self.name.isEmpty || self.name.contains(row["name"].words)
        }
        let judged = VersionPlan.judge(rows, deploy: self.deploy.compactMap { VersionOffer($0) })
        try session.print(judged, as: Self.listing, empty: "nothing is pending, and nothing is offered")
        let deployed = Set(self.deploy.compactMap { VersionOffer($0)?.name })
        let stranded = judged.filter { row in
            row["verdict"].text == VersionVerdict.stranded.rawValue && deployed.contains(row["name"].words)
        }
        guard !stranded.isEmpty else { return }
        let count = stranded.reduce(0) { $0 + ($1["pending"].integer ?? 0) }
        let names = stranded.map { "\($0["name"].words) v\($0["version"].words)" }.joined(separator: ", ")
        throw CommandFailure(
            .failed,
            """
            this deploy would strand \(count) workflow\(count == 1 ? "" : "s"): \(names). Let the new code say \
            `resumes` for them, or keep a process of the old code until they have ended
            """
        )
    }

    private static let listing = Listing([
        .text("WORKFLOW", "name", yields: .first),
        .number("VERSION", "version"),
        .number("PENDING", "pending"),
        .number("QUEUED", "queued"),
        .number("RUNNING", "running"),
        .number("WAITING", "waiting"),
        .number("PAUSED", "paused"),
        .age("OLDEST", "oldest", optional: true),
        .number("OFFERED BY", "offered_by"),
        Listing.Column(column: Table.Column(title: "VERDICT")) { record, _ in
            let verdict = record["verdict"].words
            return Table.Cell(verdict, tone: verdict == VersionVerdict.stranded.rawValue ? .bad : .plain)
        },
    ])
}
