// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DurableCommand

@Suite struct PlanTests {
    private func row(_ name: String, _ version: Int64, pending: Int64, offeredBy: Int64) -> Record {
        Record([
            ("name", .text(name)), ("version", .integer(version)), ("pending", .integer(pending)),
            ("offered_by", .integer(offeredBy)),
        ])
    }

    private func verdicts(_ rows: [Record], _ deploy: [String] = []) -> [String] {
        VersionPlan.judge(rows, deploy: deploy.compactMap { VersionOffer($0) }).map { $0["verdict"].words }
    }

    @Test func `what is pending and offered by nobody is stranded, what is not pending may go`() {
        let rows = [
            self.row("a", 1, pending: 3, offeredBy: 0), self.row("a", 2, pending: 3, offeredBy: 1),
            self.row("a", 3, pending: 0, offeredBy: 1),
        ]
        #expect(self.verdicts(rows) == ["stranded", "in use", "safe to retire"])
    }

    @Test func `a deploy is judged by what it says, for the types that it names`() {
        let rows = [
            self.row("a", 1, pending: 3, offeredBy: 1), self.row("a", 2, pending: 3, offeredBy: 0),
            self.row("b", 1, pending: 1, offeredBy: 1),
        ]
        #expect(self.verdicts(rows, ["a=2-3"]) == ["stranded", "in use", "in use"])
        #expect(self.verdicts(rows, ["a=1", "a=2"]) == ["in use", "in use", "in use"])
    }

    @Test func `an offer is a name and versions`() {
        #expect(VersionOffer("check=out=2-3")?.name == "check=out")
        #expect(VersionOffer("checkout=2-3")?.versions == 2...3)
        for text in [
            "checkout", "=2", "checkout=", "checkout=0", "checkout=3-2", "checkout=a", "c=1-2-3", "c=99999999999",
        ] {
            #expect(VersionOffer(text) == nil, "\(text)")
        }
    }

    @Test func `a watch tells what is new, what has changed, and what is gone`() {
        var watch = Watch { $0["id"].words }
        func row(_ id: String, _ state: String) -> Record { Record([("id", .text(id)), ("state", .text(state))]) }
        #expect(watch.look([row("a", "queued"), row("b", "queued")]).changed.count == 2)
        let second = watch.look([row("a", "queued"), row("b", "running"), row("c", "queued")])
        #expect(second.changed.map { $0["id"].words } == ["b", "c"])
        #expect(second.gone.isEmpty)
        let third = watch.look([row("b", "running")])
        #expect(third.changed.isEmpty)
        #expect(third.gone.map { $0["id"].words } == ["a", "c"])
    }
}
