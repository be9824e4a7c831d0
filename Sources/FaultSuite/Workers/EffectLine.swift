// SPDX-License-Identifier: Apache-2.0

/// A line of the record of effects that workers keep in files, apart from the database.
struct EffectLine: Sendable, Hashable {
    enum Kind: String, Sendable {
        /// A run of a workflow began.
        case run
        /// An attempt of a step began, or ended well.
        case begin, end
        /// A token was handed out.
        case token
        /// The workflow asked to be cancelled.
        case cancel
        /// The program saw what cannot be: the detail says what.
        case wrong
    }

    var kind: Kind
    var workflow: String
    /// Which operation, as the journal calls it.
    var name: String
    /// The token of the run.
    var run: Int64
    var attempt: Int
    /// What the operation depends on: everything that its workflow had been given before.
    var digest: Int64
    /// Microseconds since 1970.
    var at: Int64
    var detail: String = ""
    /// Which worker wrote it.
    var pid: Int32

    var text: String {
        let fields = [
            self.kind.rawValue, self.workflow, self.name, "\(self.run)", "\(self.attempt)", "\(self.digest)",
            "\(self.at)", "\(self.pid)", self.detail,
        ]
        return fields.joined(separator: "\t")
    }
}

extension EffectLine {
    /// Nil for a line that is not one of these, as the last of a worker that was killed in the middle.
    init?(_ text: Substring) {
        let fields = text.split(separator: "\t", omittingEmptySubsequences: false)
        guard fields.count == 9, let kind = Kind(rawValue: String(fields[0])), let run = Int64(fields[3]),
            let attempt = Int(fields[4]), let digest = Int64(fields[5]), let at = Int64(fields[6]),
            let pid = Int32(fields[7])
        else { return nil }
        self.init(
            kind: kind,
            workflow: String(fields[1]),
            name: String(fields[2]),
            run: run,
            attempt: attempt,
            digest: digest,
            at: at,
            detail: String(fields[8]),
            pid: pid
        )
    }
}
