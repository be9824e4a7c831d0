// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import DurableCommand

@Suite struct StepTreeTests {
    private func step(_ scope: String, _ position: Int64, _ name: String) -> Record {
        Record([("scope", .text(scope)), ("position", .integer(position)), ("step", .text(name))])
    }

    private func drawing(_ steps: [Record]) -> [String] { StepTree(steps).lines.map { $0.stem + $0.label } }

    @Test func `branches hang below the call that opened them, in the order of their numbers`() {
        let steps = [
            self.step("", 0, "reserve"), self.step("", 1, "map"), self.step("", 2, "ship"),
            self.step("map@1[10]", 0, "tenth"), self.step("map@1[2]", 0, "second"), self.step("map@1[2]", 1, "then"),
        ]
        #expect(
            self.drawing(steps) == [
                "reserve", "map", "├─ [2]", "│  ├─ second", "│  └─ then", "└─ [10]", "   └─ tenth", "ship",
            ]
        )
    }

    @Test func `a group that is not over yet, and the scopes between, are drawn without a record`() {
        let steps = [self.step("", 0, "reserve"), self.step("parallel@1[0]/map@0[3]/audit@2", 0, "note")]
        let tree = StepTree(steps)
        #expect(
            tree.lines.map { $0.stem + $0.label } == [
                "reserve", "parallel", "└─ [0]", "   └─ map", "      └─ [3]", "         └─ audit",
                "            └─ note",
            ]
        )
        #expect(tree.lines.filter { $0.step == nil }.count == 5)
    }

    @Test func `what was undone stands at the end, and no path is lost`() {
        let steps = [self.step("", 0, "reserve"), self.step("undo/reserve@0", 0, "release"), self.step("odd", 0, "x")]
        let lines = self.drawing(steps)
        #expect(lines[0] == "reserve")
        #expect(lines.contains { $0.hasSuffix("release") })
        #expect(lines.contains { $0.hasSuffix("x") })
        #expect(StepTree(steps).lines.compactMap(\.step).count == 3)
    }
}
