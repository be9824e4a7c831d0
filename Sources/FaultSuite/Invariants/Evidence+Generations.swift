// SPDX-License-Identifier: Apache-2.0

extension Evidence {
    /// What a workflow has left behind, is about, and has not come to, where it begins anew on its way.
    func parts(of row: WorkflowRow) -> (
        past: [PlannedOperation], present: [PlannedOperation], future: [PlannedOperation]
    ) {
        guard let program = row.program else { return ([], [], []) }
        let all = (self.scenarios[row.id]?.program ?? program).generations
        let index = all.count - 1 - program.later.count
        guard all.indices.contains(index) else { return ([], program.flattened, []) }
        return (
            all[..<index].flatMap { $0.flattened }, program.flattened, all[(index + 1)...].flatMap { $0.flattened }
        )
    }

    /// Operations of the past, by workflow: their records are gone.
    var past: [String: Set<Int>] {
        var found: [String: Set<Int>] = [:]
        for row in self.workflows {
            let past = self.parts(of: row).past
            if !past.isEmpty { found[row.id] = Set(past.map { $0.operation.number }) }
        }
        return found
    }
}
