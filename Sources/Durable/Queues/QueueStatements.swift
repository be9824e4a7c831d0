// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The statements by which workflows come into queues, and queues get their limits, for one schema.
package final class QueueStatements: Sendable {
    /// `(name, input, id, version, delay, priority, attributes, timeout, return existing, queue, trace)`; id, whether it is new.
    let enqueue: StatementText
    /// The same with arrays of inputs and ids; result and reason of each, in their order.
    let enqueueAll: StatementText
    /// `(name, concurrency, concurrency per process)`: what a process says of a queue.
    let declare: StatementText
    /// `(name, concurrency, concurrency per process, reason)`: what a person sets.
    let set: StatementText
    /// `(name, reason)`; whether a person had set it.
    let reset: StatementText
    /// What the view says of each queue.
    let list: StatementText
    /// `enqueue` for connections of other libraries, with parameters of the type `text` only.
    let foreignEnqueue: String
    /// `enqueueAll` for those.
    let foreignEnqueueAll: String

    package init(schema: SchemaName) {
        let durable = schema.quoted
        let columns = "workflow_id, is_new::text"
        let rest = "$4, make_interval(secs => $5), $6, $7::jsonb, make_interval(secs => $8), $9, $10, $11"
        self.enqueue = StatementText(
            "SELECT \(columns) FROM \(durable).enqueue($1, $2, $3, \(rest))",
            types: [.text, .json, .text] + Self.restTypes
        )
        self.enqueueAll = StatementText(
            "SELECT result, reason FROM \(durable).enqueue_all($1, $2, $3, \(rest)) ORDER BY ordinal",
            types: [.text, PostgresType.json.array, PostgresType.text.array] + Self.restTypes
        )
        let foreignRest = """
            $4::text::integer, make_interval(secs => $5::text::float8), $6::text::integer, $7::text::jsonb,
            make_interval(secs => $8::text::float8), $9::text::boolean, $10::text, $11::text::json
            """
        self.foreignEnqueue = """
            SELECT \(columns) FROM \(durable).enqueue($1::text, $2::text::json, $3::text, \(foreignRest))
            """
        self.foreignEnqueueAll = """
            SELECT result, reason
            FROM \(durable).enqueue_all($1::text, $2::text::json[], $3::text::text[], \(foreignRest)) ORDER BY ordinal
            """
        self.declare = StatementText("SELECT \(durable).declare_queue($1, $2, $3)", types: [.text, .int4, .int4])
        self.set = StatementText("SELECT \(durable).set_queue($1, $2, $3, $4)", types: [.text, .int4, .int4, .text])
        self.reset = StatementText("SELECT \(durable).reset_queue($1, $2)", types: [.text, .text])
        self.list = StatementText(
            """
            SELECT name, queued, delayed, running, waiting, paused, concurrency, process_concurrency, oldest_due_at
            FROM \(durable).queues ORDER BY name
            """
        )
    }

    private static let restTypes: [PostgresType] = [.int4, .float8, .int4, .text, .float8, .bool, .text, .json]
}
