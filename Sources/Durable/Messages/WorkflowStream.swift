// SPDX-License-Identifier: Apache-2.0

import Libpq

/// The elements of a workflow's stream, from a position on, until the workflow has ended; made by `stream(_:_:of:after:)`.
///
/// Each iterator reads by itself.
public struct WorkflowStream<Value: Codable & Sendable>: AsyncSequence, Sendable {
    /// What it gives: values with their positions.
    public typealias Element = StreamElement<Value>

    let directory: WorkflowDirectory
    let workflow: String
    let name: String
    let after: Int64

    /// An iterator that begins behind the position.
    public func makeAsyncIterator() -> Iterator { Iterator(stream: self, last: self.after) }

    /// Reads the elements.
    public struct Iterator: AsyncIteratorProtocol {
        let stream: WorkflowStream
        var last: Int64
        private var page: [Element] = []
        private var next = 0

        init(stream: WorkflowStream, last: Int64) {
            self.stream = stream
            self.last = last
        }

        /// The next element, as soon as there is one; nil once the workflow has ended and all was read.
        ///
        /// - Throws: ``DurableError``: `workflowNotFound`, `undecodable`, `databaseUnavailable`; `CancellationError`.
        public mutating func next() async throws -> Element? {
            if self.next < self.page.count {
                defer { self.next += 1 }
                return self.page[self.next]
            }
            var interval = Duration.milliseconds(5)
            while true {
                let (page, hasEnded) = try await self.stream.directory.read(Value.self, self.stream, after: self.last)
                if let last = page.last {
                    self.page = page
                    self.next = 1
                    self.last = last.position
                    return page[0]
                }
                if hasEnded { return nil }
                try await Task.sleep(for: interval)
                interval = Swift.min(interval * 3 / 2, self.stream.directory.board.interval)
            }
        }
    }
}

extension WorkflowDirectory {
    /// A page of a stream, and whether nothing will come behind it.
    fileprivate func read<Value: Decodable>(
        _ type: Value.Type,
        _ stream: WorkflowStream<Value>,
        after position: Int64
    ) async throws -> (page: [StreamElement<Value>], hasEnded: Bool) {
        // Whether it has ended is read first: what is read after that is all there is.
        let rows = try await self.run(
            Statement(self.messages.hasEnded, [Parameter(stream.workflow)]),
            for: stream.workflow
        )
        guard let ended = rows.first else {
            let words = "no workflow has the id \"\(stream.workflow)\""
            throw DurableError(.workflowNotFound, words, workflow: stream.workflow)
        }
        let elements = try await self.run(
            Statement(
                self.messages.readStream,
                [Parameter(stream.workflow), Parameter(stream.name), Parameter(position)]
            ),
            for: stream.workflow
        )
        let page = try elements.map { row in
            StreamElement(
                position: try row.decode(0, as: Int64.self),
                value: try self.coder.decode(type, from: row.bytes(1))
            )
        }
        return (page, try ended.decode(0, as: Bool.self))
    }
}
