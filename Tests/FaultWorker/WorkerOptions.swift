// SPDX-License-Identifier: Apache-2.0

/// What the test asks of a worker: arguments of the form `key=value`.
struct WorkerOptions {
    private let values: [String: String]

    init(_ arguments: [String]) {
        var values: [String: String] = [:]
        for argument in arguments {
            guard let sign = argument.firstIndex(of: "=") else { continue }
            values[String(argument[..<sign])] = String(argument[argument.index(after: sign)...])
        }
        self.values = values
    }

    /// A connection string.
    var database: String { self.values["database"] ?? "" }
    /// The executor's name.
    var name: String? { self.values["name"] }
    /// The file of effects.
    var effects: String { self.values["effects"] ?? "/dev/null" }
    /// The file that every pipeline of a workflow's life is written to.
    var trace: String? { self.values["trace"] }
    /// The lease, in milliseconds.
    var lease: Duration { .milliseconds(self.number("lease") ?? 15_000) }
    /// The poll interval, in milliseconds.
    var poll: Duration { .milliseconds(self.number("poll") ?? 1_000) }
    /// The longest wait in memory, in milliseconds.
    var hold: Duration { .milliseconds(self.number("hold") ?? 30_000) }
    /// The drain time, in milliseconds.
    var drain: Duration { .milliseconds(self.number("drain") ?? 20_000) }
    /// Workflows in memory at most.
    var room: Int { self.number("room") ?? 10_000 }
    /// Which deploy of the workflow `deploy` this is.
    var code: String { self.values["code"] ?? "a" }
    /// Gates that are closed at first: `name` for every arrival, `name:1` for the first one only.
    var gates: [String] { self.values["gates"].map { $0.split(separator: ",").map(String.init) } ?? [] }
    /// Where to raise which signal: `kill@before@transaction.commit#1`, `stop@after@batch(record)#2`.
    var fault: Fault? { self.values["fault"].flatMap(Fault.init) }

    private func number(_ key: String) -> Int? { self.values[key].flatMap { Int($0) } }
}

/// A signal that the worker raises on itself at one point of its own trace.
struct Fault {
    enum Signal: String { case kill, stop }
    enum Moment: String {
        /// Before the first byte of the pipeline leaves.
        case before
        /// When the reply is in, and nobody was told.
        case after
    }

    var signal: Signal
    var moment: Moment
    var point: String

    init?(_ text: String) {
        let parts = text.split(separator: "@", maxSplits: 2).map(String.init)
        guard parts.count == 3, let signal = Signal(rawValue: parts[0]), let moment = Moment(rawValue: parts[1]) else {
            return nil
        }
        self.signal = signal
        self.moment = moment
        self.point = parts[2]
    }
}
