// SPDX-License-Identifier: Apache-2.0

import Libpq

/// One workflow or many, checked and encoded, on their way into a queue.
struct EnqueueRequest: Sendable {
    let name: String
    let version: Int32
    let options: EnqueueOptions
    private let timeout: Duration?
    private let attributes: [UInt8]?
    /// The trace context of the caller.
    private let trace: [UInt8]?

    /// - Throws: `DurableError`: `invalidArgument` for what is out of its range, `unencodable`.
    init<W: Workflow>(_ type: W.Type, _ options: EnqueueOptions, trace: [UInt8]?, coder: PayloadCoder) throws {
        try IdentifierRules.check(name: W.name, of: .workflow)
        self.name = W.name
        self.version = try WorkflowStart.version(of: type)
        try options.validate(for: W.name)
        if let timeout = W.timeout { try DatabaseTime.check(timeout, as: "the timeout of workflow \(W.name)") }
        self.timeout = W.timeout
        self.options = options
        self.trace = trace
        self.attributes =
            options.attributes.isEmpty
            ? nil : try coder.encode(options.attributes, as: "the attributes of workflow \(W.name)")
    }

    /// Many items, without those that cannot be sent.
    struct Items: Sendable {
        var ids: [String] = []
        var inputs: [[UInt8]?] = []
        /// Where each one stands in what the caller gave.
        var places: [Int] = []
        /// What was refused before it was sent, by its place.
        var refused: [Int: EnqueueOutcome] = [:]

        init<Input: Codable>(_ inputs: [Input], ids: [String]?, name: String, coder: PayloadCoder) throws {
            if let ids, ids.count != inputs.count {
                throw DurableError(.invalidArgument, "There are \(ids.count) ids for \(inputs.count) inputs.")
            }
            self.ids.reserveCapacity(inputs.count)
            self.inputs.reserveCapacity(inputs.count)
            self.places.reserveCapacity(inputs.count)
            for (place, input) in inputs.enumerated() {
                let id = ids?[place] ?? UUIDv7.text()
                do {
                    if ids != nil { try IdentifierRules.check(workflowID: id) }
                    let subject = PayloadSubject(.input, workflow: name)
                    self.inputs.append(try coder.encode(input, as: "the input of workflow \(name)", of: subject))
                    self.ids.append(id)
                    self.places.append(place)
                } catch let error as DurableError {
                    self.refused[place] = EnqueueOutcome(id: id, result: .refused(error.message))
                }
            }
        }

        var count: Int { self.places.count + self.refused.count }

        /// Takes out what somebody refuses, with the words of the refusal; nil lets an item pass.
        mutating func refuse(where words: (_ id: String) async throws -> String?) async throws {
            var (ids, inputs, places) = ([String](), [[UInt8]?](), [Int]())
            for ((id, input), place) in zip(zip(self.ids, self.inputs), self.places) {
                if let words = try await words(id) {
                    self.refused[place] = EnqueueOutcome(id: id, result: .refused(words))
                } else {
                    ids.append(id)
                    inputs.append(input)
                    places.append(place)
                }
            }
            (self.ids, self.inputs, self.places) = (ids, inputs, places)
        }

        /// Puts the answers of the database, in the order of what was sent, together with what was refused before.
        func outcomes(_ answers: [(result: String, reason: String?)]) throws -> [EnqueueOutcome] {
            guard answers.count == self.places.count else {
                throw DurableError(
                    .schemaMismatch,
                    "\(self.places.count) workflows were enqueued, and the database answered for \(answers.count)"
                )
            }
            var outcomes: [EnqueueOutcome] = []
            outcomes.reserveCapacity(self.count)
            var sent = 0
            for place in 0..<self.count {
                if let refused = self.refused[place] {
                    outcomes.append(refused)
                    continue
                }
                let result: EnqueueOutcome.Result =
                    switch answers[sent].result {
                    case "started": .started
                    case "existing": .existing
                    default: .refused(answers[sent].reason ?? answers[sent].result)
                    }
                outcomes.append(EnqueueOutcome(id: self.ids[sent], result: result))
                sent += 1
            }
            return outcomes
        }
    }

    // MARK: - Parameters

    /// For a connection of our own: `(name, input, id, version, delay, priority, attributes, timeout, return existing, queue, trace)`.
    func parameters(_ input: [UInt8]?, id: String) -> [Parameter] {
        [Parameter(self.name), Self.json(input), Parameter(id)] + self.rest
    }

    /// The same for many, with arrays.
    func parameters(_ items: Items) -> [Parameter] {
        var inputs = ArrayColumn(.json, capacity: items.inputs.reduce(64) { $0 + ($1?.count ?? 0) + 4 })
        var ids = ArrayColumn(.text, capacity: items.ids.count * 48)
        for (id, input) in zip(items.ids, items.inputs) {
            ids.append(id)
            if let input { inputs.append(json: input) } else { inputs.appendNull() }
        }
        return [Parameter(self.name), inputs.parameter, ids.parameter] + self.rest
    }

    private var rest: [Parameter] {
        [
            Parameter(self.version), Parameter(self.options.delay / .seconds(1)),
            Parameter(Int32(self.options.priority)),
            self.attributes.map { Parameter(text: String(decoding: $0, as: UTF8.self)) } ?? .null(.text),
            self.timeout.map { Parameter($0 / .seconds(1)) } ?? .null(.float8),
            Parameter(self.options.onDuplicate == .returnExisting), Parameter(self.options.queue),
            Self.json(self.trace),
        ]
    }

    private static func json(_ bytes: [UInt8]?) -> Parameter {
        bytes.map { Parameter(bytes: $0, type: .json) } ?? .null(.json)
    }

    /// For a connection of any library, which takes texts.
    func texts(_ input: [UInt8]?, id: String) -> [String?] {
        [self.name, input.map { String(decoding: $0, as: UTF8.self) }, id] + self.restTexts
    }

    /// The same for many, with arrays in Postgres' text format.
    func texts(_ items: Items) -> [String?] {
        [
            self.name, Self.array(items.inputs.map { $0.map { String(decoding: $0, as: UTF8.self) } }),
            Self.array(items.ids),
        ] + self.restTexts
    }

    private var restTexts: [String?] {
        [
            "\(self.version)", "\(self.options.delay / .seconds(1))", "\(self.options.priority)",
            self.attributes.map { String(decoding: $0, as: UTF8.self) },
            self.timeout.map { "\($0 / .seconds(1))" },
            self.options.onDuplicate == .returnExisting ? "true" : "false", self.options.queue,
            self.trace.map { String(decoding: $0, as: UTF8.self) },
        ]
    }

    /// `{"a","b",NULL}`, with quotes and backslashes escaped.
    static func array(_ elements: [String?]) -> String {
        var text: [UInt8] = [UInt8(ascii: "{")]
        for (index, element) in elements.enumerated() {
            if index > 0 { text.append(UInt8(ascii: ",")) }
            guard let element else {
                text.append(contentsOf: "NULL".utf8)
                continue
            }
            text.append(UInt8(ascii: "\""))
            for byte in element.utf8 {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { text.append(UInt8(ascii: "\\")) }
                text.append(byte)
            }
            text.append(UInt8(ascii: "\""))
        }
        text.append(UInt8(ascii: "}"))
        return String(decoding: text, as: UTF8.self)
    }
}
