// SPDX-License-Identifier: Apache-2.0

import Durable
import Foundation
import Testing

@Suite struct ObservabilityTests {
    @Test func `the table of metrics has every metric of the code with its labels, and no other`() throws {
        let rows = try Document("\(Document.catalog)/Observability.md").tableRows.filter { $0.count == 4 }.dropFirst()
        var listed: [String] = []
        for row in rows {
            let label = row[0].replacing("`", with: "")
            listed.append(label)
            let name = try #require(MetricName(rawValue: label), "\(label) is not in the code")
            #expect(row[1] == name.kind.rawValue, "\(label)")
            let labels = row[2].split(separator: ",").map { $0.trimmingCharacters(in: ["`", " "]) }
            #expect(labels == name.dimensions, "\(label)")
        }
        #expect(listed == MetricName.allCases.map { $0.rawValue })
    }
}
