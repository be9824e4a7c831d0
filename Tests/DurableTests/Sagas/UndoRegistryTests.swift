// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct UndoRegistryTests {
    private static func registry(_ places: [Place]) -> UndoRegistry {
        var registry = UndoRegistry()
        for place in places { registry.register(UndoRegistry.Entry(place: place, isInformed: true) { _ in }) }
        return registry
    }

    /// In the order of a program that has groups and scopes within each other.
    private static let program = [
        Place(scope: "", position: 0),
        Place(scope: "parallel@2[0]", position: 0),
        Place(scope: "parallel@2[0]", position: 1),
        Place(scope: "parallel@2[1]/map@0[3]", position: 0),
        Place(scope: "parallel@2[1]/map@0[11]", position: 0),
        Place(scope: "parallel@2[1]", position: 1),
        Place(scope: "saga@10", position: 0),
        Place(scope: "saga@10/audit@1", position: 7),
        Place(scope: "saga@10", position: 2),
        Place(scope: "", position: 100),
    ]

    @Test(arguments: 0..<20)
    func `what is later in the program is undone earlier, in whatever order it began`(seed: Int) {
        var random = SplitMix64(state: UInt64(seed))
        var registry = Self.registry(Self.program.shuffled(using: &random))
        #expect(registry.take().map { $0.place } == Self.program.reversed())
        #expect(registry.isEmpty)
    }

    @Test func `a scope takes what is in it and below, and nothing of a scope whose name begins alike`() {
        var registry = Self.registry(
            Self.program + [Place(scope: "saga@1", position: 0), Place(scope: "saga@1[0]", position: 0)]
        )
        #expect(registry.take(in: "saga@1").map { $0.place.scope } == ["saga@1[0]", "saga@1"])
        #expect(registry.take(in: "saga@10").map { $0.place.position } == [2, 7, 0])
        #expect(registry.take(in: "saga@10").isEmpty)
        #expect(registry.contains(below: "parallel@2"))
        #expect(!registry.contains(below: "parallel@"))
    }

    @Test func `the scope of an undo tells where the step stood`() {
        #expect(CleanUp.scope(of: Place(scope: "", position: 3)) == "undo/3")
        #expect(CleanUp.scope(of: Place(scope: "map@1[2]", position: 0)) == "undo/map@1[2]/0")
    }

    @Test func `what is known of a step is not forgotten when its branch is entered once more`() {
        let place = Place(scope: "race@0[1]", position: 0)
        var registry = Self.registry([place])
        registry.register(UndoRegistry.Entry(place: place, isInformed: false) { _ in })
        #expect(registry.take().map(\.isInformed) == [true])
        registry.register(UndoRegistry.Entry(place: place, isInformed: false) { _ in })
        registry.register(UndoRegistry.Entry(place: place, isInformed: true) { _ in })
        #expect(registry.take().map(\.isInformed) == [true])
    }
}
