// SPDX-License-Identifier: Apache-2.0

/// What a pipeline does, in a word, told from its statements; nil for one that writes nothing.
enum PipelineName {
    static func of(_ statements: [String]) -> String? {
        func has(_ text: String) -> Bool { statements.contains { $0.contains(text) } }
        // The router's work, and looks at mailboxes and at leases: they come by the clock, and not at a point of a workflow's
        // life.
        if has(".route(") || has("l.mailbox > m") || has("min(ends.at)") { return nil }
        let isFenced = has(".fence(") || has(".fence_strict(") || has(".holds_fence(")
        let commits = statements.contains("COMMIT")
        if has("\"durable\".executor (id") { return "register" }
        if has("SET stopped_at") { return "stop" }
        if has("UPDATE \"durable\".lease") { return "renew" }
        if has("is_poison") { return "free" }
        if has("\"durable\".activity") { return "activity" }
        if has(".take_over(") { return "take_over" }
        if has(".terminate_holders(") { return "terminate" }
        if has("WITH RECURSIVE owner") { return "sweep" }
        if has("WITH RECURSIVE pile") { return "look" }
        if has("WITH RECURSIVE offer") { return "claim" }
        if has("pg_logical_emit_message") || (isFenced && !statements[0].hasPrefix("BEGIN")) {
            return self.batch(statements)
        }
        // Looks for what has come in, at every poll: no part of a workflow's own trace.
        if has(".route") || has("\"durable\".cancellation AS c") { return nil }
        if isFenced { return commits ? "owned" : "transaction.begin" }
        if commits { return has(".journal") ? "transaction.commit" : "other" }
        let writes = ["INSERT", "UPDATE", "DELETE"]
        return statements.contains { text in writes.contains { text.hasPrefix($0) } } ? "transaction.write" : nil
    }

    private static func batch(_ statements: [String]) -> String {
        var parts: [String] = []
        for (text, part) in [
            (".workflow (", "start"), (".journal (", "record"), (".outcome (", "outcome"), ("state = s::", "release"),
            ("pg_logical_emit_message", "commit"),
        ] where statements.contains(where: { $0.contains(text) }) {
            parts.append(part)
        }
        return "batch(\(parts.joined(separator: "+")))"
    }
}
