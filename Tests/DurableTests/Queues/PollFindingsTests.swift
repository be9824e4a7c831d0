// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct PollFindingsTests {
    private let offers = [WorkflowOffer(name: "w", versions: [1, 2])].versions

    @Test func `nothing found is nothing to do`() {
        #expect(PollFindings().errands(offering: self.offers) == [])
    }

    @Test func `each finding has its errand`() {
        var findings = PollFindings()
        findings.hasMail = true
        #expect(findings.errands(offering: self.offers) == [.route])
        findings.hasCancellations = true
        #expect(findings.errands(offering: self.offers) == [.route, .lineage])
        findings.hasCancellations = false
        findings.hasEndedChildren = true
        #expect(findings.errands(offering: self.offers) == [.route, .lineage])
        findings.hasRequests = true
        #expect(findings.errands(offering: self.offers) == [.route, .lineage, .requests])
    }

    @Test func `what is due is claimed where it is offered and not paused, and announced where it is not offered`() {
        var findings = PollFindings()
        let (offered, stranger) = (WorkflowVersion(name: "w", version: 2), WorkflowVersion(name: "w", version: 3))
        findings.due = [stranger]
        #expect(findings.errands(offering: self.offers) == [])
        #expect(findings.unoffered(by: self.offers) == [stranger])
        findings.due = [stranger, offered]
        #expect(findings.errands(offering: self.offers) == [.claim])
        #expect(findings.unoffered(by: self.offers) == [stranger])
        findings.pausedNames = ["w"]
        #expect(findings.errands(offering: self.offers) == [])
    }
}
