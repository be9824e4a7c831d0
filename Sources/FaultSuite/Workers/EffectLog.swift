// SPDX-License-Identifier: Apache-2.0

import Durable
import FaultProcesses

/// Where a worker records what it does to the world outside: a file of its own, a line per call of the system.
struct EffectLog: Sendable {
    private let descriptor: Int32
    /// By how many microseconds this worker's clock is off.
    private let shift: Int64

    init(path: String, shift: Int64) {
        self.descriptor = System.openForAppending(path)
        self.shift = shift
    }

    func run(_ context: WorkflowContext) {
        self.write(.run, context.workflowID, "", context.runToken)
    }

    func wrong(_ context: WorkflowContext, _ name: String, _ words: String) {
        self.write(.wrong, context.workflowID, name, context.runToken, detail: words)
    }

    func step(_ kind: EffectLine.Kind, _ step: StepContext, _ name: String, _ digest: Int64, _ detail: String = "") {
        self.write(kind, step.workflow, name, step.runToken, step.attempt, digest, detail: detail)
    }

    private func write(
        _ kind: EffectLine.Kind,
        _ workflow: String,
        _ name: String,
        _ run: Int64,
        _ attempt: Int = 0,
        _ digest: Int64 = 0,
        detail: String = ""
    ) {
        let line = EffectLine(
            kind: kind,
            workflow: workflow,
            name: name,
            run: run,
            attempt: attempt,
            digest: digest,
            at: System.now() - self.shift,
            detail: detail,
            pid: System.pid
        )
        System.write(line.text, to: self.descriptor)
    }
}
