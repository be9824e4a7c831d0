// SPDX-License-Identifier: Apache-2.0

/// A workflow that an event starts, with the event's payload as its input.
///
/// ```swift
/// let engine = try DurableEngine(workflows: [Fulfilment()], triggers: [EventTrigger(.paid, starts: Fulfilment.self)])
/// ```
public struct EventTrigger: Sendable {
    let event: String
    let workflow: String
    let version: Int32
    let timeout: Duration?

    /// Starts a workflow for every event of a name: under the id `workflow:event:number`, so once per event.
    public init<W: Workflow>(_ event: Event<W.Input>, starts type: W.Type) {
        self.event = event.name
        self.workflow = W.name
        self.version = Int32(clamping: W.version)
        self.timeout = W.timeout
    }
}
