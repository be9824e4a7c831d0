// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// The workers of a round: some places, each with a process, one after the other.
final class Fleet: Sendable {
    /// What a nemesis borrows while it does something to a worker: no other one does anything to it meanwhile.
    struct Place: Sendable, Hashable {
        let index: Int
    }

    private struct State {
        var processes: [WorkerProcess?]
        var isHeld: [Bool]
        var files: [String] = []
        var unexpected: [String] = []
        var isEnded = false
        var starts = 0
    }

    private let folder: String
    private let base: WorkerOptions
    private let accepted: @Sendable (String) -> Void
    private let state: Mutex<State>

    /// - Parameter base: what all workers have in common.
    init(
        count: Int,
        folder: String,
        base: WorkerOptions,
        accepted: @escaping @Sendable (String) -> Void
    ) {
        self.folder = folder
        self.base = base
        self.accepted = accepted
        self.state = Mutex(
            State(processes: Array(repeating: nil, count: count), isHeld: Array(repeating: false, count: count))
        )
    }

    /// The files of effects of all workers that there were.
    var files: [String] { self.state.withLock { $0.files } }
    /// Workers that ended although nobody had ended them.
    var unexpected: [String] { self.state.withLock { $0.unexpected } }
    var starts: Int { self.state.withLock { $0.starts } }
    var processes: [WorkerProcess] { self.state.withLock { $0.processes.compactMap { $0 } } }

    /// The usual options of a place: the first one can run every version of the code.
    func options(_ place: Place) -> WorkerOptions {
        var options = self.base
        options.version = place.index == 0 ? 2 : 1
        // Half of them find everything by polling.
        options.listens = options.listens && place.index != 1
        return options
    }

    /// Starts every worker.
    func start() async throws {
        for index in self.state.withLock({ Array($0.processes.indices) }) {
            try self.launch(Place(index: index), self.options(Place(index: index)))
        }
        // One whose first connection comes too late, on a machine that is busy, is started again like any other.
        try await Deadline.wait("all workers are ready", within: .seconds(240), every: .milliseconds(20)) {
            try self.lookAfter()
            return self.processes.allSatisfy { $0.isReady && !$0.hasEnded }
        }
    }

    /// Starts a process at a place whose process has ended.
    func launch(_ place: Place, _ options: WorkerOptions) throws {
        let number = self.state.withLock { state in
            state.starts += 1
            return state.starts
        }
        var options = options
        options.effects = "\(self.folder)/effects-\(number)"
        options.log = "\(self.folder)/worker-\(number).log"
        let process = try WorkerProcess(options, accepted: self.accepted)
        let isLate = self.state.withLock { state in
            state.processes[place.index] = process
            state.files.append(options.effects)
            return state.isEnded
        }
        if isLate { process.end() }
    }

    /// Takes a place whose worker is ready, if there is one.
    func hold(_ random: inout SplitMix, where isFit: (Place) -> Bool = { _ in true }) -> (Place, WorkerProcess)? {
        var draw = random.branch()
        return self.state.withLock { state in
            let fit = state.processes.indices.filter { index in
                guard let process = state.processes[index] else { return false }
                return !state.isHeld[index] && process.isReady && !process.hasEnded && isFit(Place(index: index))
            }
            guard let index = fit.randomElement(using: &draw), let process = state.processes[index] else { return nil }
            state.isHeld[index] = true
            return (Place(index: index), process)
        }
    }

    func release(_ place: Place) { self.state.withLock { $0.isHeld[place.index] = false } }

    /// Ends the process of a place by a signal, and starts another one.
    func replace(_ place: Place, by signal: Int32, _ options: WorkerOptions? = nil) async throws {
        let process = self.state.withLock { $0.processes[place.index] }
        process?.send(signal)
        if signal != SIGKILL { try? await process?.waitUntilEnded(within: .seconds(8)) }
        if process?.hasEnded == false { process?.send(SIGKILL) }
        try await process?.waitUntilEnded()
        try self.launch(place, options ?? self.options(place))
    }

    /// Starts again what has ended by itself, and remembers that it did.
    func lookAfter() throws {
        let ended = self.state.withLock { state -> [(Place, WorkerOptions)] in
            guard !state.isEnded else { return [] }
            return state.processes.indices.compactMap { index in
                guard !state.isHeld[index], let process = state.processes[index], process.hasEnded else { return nil }
                if !process.foundNoDatabase {
                    state.unexpected.append("worker \(process.pid) ended by itself: \(process.ending)")
                }
                return (Place(index: index), process.options)
            }
        }
        for (place, options) in ended { try self.launch(place, options) }
    }

    /// A worker that can be asked to start something.
    func anyReady(_ random: inout SplitMix) -> WorkerProcess? {
        var draw = random.branch()
        return self.processes.filter { $0.isReady && !$0.hasEnded }.randomElement(using: &draw)
    }

    /// Ends them all.
    func end() async {
        let processes = self.state.withLock { state in
            state.isEnded = true
            return state.processes.compactMap { $0 }
        }
        for process in processes { process.end() }
        for process in processes where (try? await process.waitUntilEnded(within: .seconds(5))) == nil {
            process.send(SIGKILL)
            try? await process.waitUntilEnded(within: .seconds(5))
        }
    }
}
