// SPDX-License-Identifier: Apache-2.0

/// What a colour says.
enum Tone: Sendable {
    case plain
    case title
    case good
    case busy
    case bad

    /// The tone of a state of a workflow, of a step or of a process.
    init(state: String) {
        switch state {
        case "succeeded", "recorded", "alive": self = .good
        case "running", "queued", "waiting", "cancelling", "retrying": self = .busy
        case "failed", "paused", "dead", "fenced": self = .bad
        default: self = .plain
        }
    }

    /// The text between the codes of the colour.
    func wrap(_ text: String) -> String {
        let code: String? =
            switch self {
            case .plain: nil
            case .title: "1"
            case .good: "32"
            case .busy: "33"
            case .bad: "31"
            }
        guard let code, !text.isEmpty else { return text }
        return "\u{1B}[\(code)m\(text)\u{1B}[0m"
    }
}
