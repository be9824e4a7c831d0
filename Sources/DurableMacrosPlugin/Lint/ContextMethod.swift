// SPDX-License-Identifier: Apache-2.0

/// What the lint knows of the members of `WorkflowContext`, by their names.
enum ContextMethod {
    /// Whether a member answers by itself, without a record.
    static func isSynchronous(_ name: String) -> Bool {
        ["logger", "now", "random", "uuid", "workflowID"].contains(name)
    }

    /// Whether a method returns what a step or a branch returned, rather than something that is asked later.
    static func returnsPlainValue(_ name: String) -> Bool {
        [
            "child", "children", "map", "mapSettled", "parallel", "parallelSettled", "patched", "poll", "race",
            "receive", "scope", "sleep",
            "step", "transaction",
        ].contains(name)
    }

    /// Which parameter of the closures of a method is a context; nil when its closures are the bodies of steps.
    static func branchParameter(_ name: String) -> Int? {
        switch name {
        case "parallel", "parallelSettled", "race", "saga", "scope": 0
        case "map", "mapSettled": 1
        default: nil
        }
    }
}
