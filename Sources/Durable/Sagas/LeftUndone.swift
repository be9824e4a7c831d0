// SPDX-License-Identifier: Apache-2.0

/// What a clean-up leaves as it is, since the code of the workflow no longer knows what it has recorded.
///
/// Pure. Only a clean-up that somebody insists on ends that way; any other pauses.
struct LeftUndone: Sendable {
    /// Up to where the code could follow the history.
    private var followed: Set<Place> = []
    /// Whether the code has come to where it cannot follow, so that nothing of what it does counts.
    private(set) var isStopped = false
    /// Whether it ever had.
    private(set) var hasStopped = false

    /// The code has come to the call at this place, and it is the recorded one.
    mutating func follow(to place: Place) { self.followed.insert(place) }

    /// The code cannot follow any further.
    ///
    /// - Parameter place: What was recorded there cannot be used.
    mutating func stop(at place: Place?) {
        self.isStopped = true
        self.hasStopped = true
        if let place { self.followed.remove(place) }
    }

    /// What is recorded of the undo of a step cannot be followed.
    mutating func giveUp(_ place: Place) { self.followed.remove(place) }

    /// The code has ended, or an undo that could not be followed: what comes next may go on.
    mutating func goOn() { self.isStopped = false }

    /// The steps that nothing was undone of, in the order of the program.
    ///
    /// - Parameter skipped: What the code knows and need not enter: the scopes below these prefixes.
    func steps(of history: History, skipping skipped: [String]) -> [String] {
        let scopes = history.scopePaths.filter { scope in !skipped.contains { scope.hasPrefix($0) } }
        let places = scopes.flatMap { history.places(in: $0) }
        return places.filter { !$0.isOfCleanUp && !self.followed.contains($0) }
            .map { (UndoOrder($0), $0) }.sorted { $0.0 < $1.0 }
            .compactMap { _, place in
                guard let record = history[place]?.witness, record.kind == .step || record.kind == .transaction else {
                    return nil
                }
                return "\(record.name) (\(place))"
            }
    }

    /// The same in a sentence; nil when there is nothing to say.
    func remark(on history: History, skipping skipped: [String]) -> String? {
        guard self.hasStopped else { return nil }
        let steps = self.steps(of: history, skipping: skipped)
        guard !steps.isEmpty else { return nil }
        let named = steps.prefix(Self.named).joined(separator: ", ")
        let others = steps.count > Self.named ? " and \(steps.count - Self.named) more" : ""
        return "not undone, since its code does not know what it has recorded: \(named)\(others)"
    }

    /// How many steps are named.
    private static let named = 20
}

extension Place {
    /// Whether it belongs to the undos.
    fileprivate var isOfCleanUp: Bool {
        self.scope == ScopePath.undo || self.scope.hasPrefix(ScopePath.undo + "/")
    }
}
