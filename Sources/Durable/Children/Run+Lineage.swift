// SPDX-License-Identifier: Apache-2.0

import Synchronization

extension Run {
    /// The key of a place: the same in every run, and another one after the workflow has begun anew.
    func key(of place: Place, part: String? = nil) -> String {
        IdempotencyKey.text(
            workflow: self.id,
            generation: self.plan.generation,
            scope: place.scope,
            position: place.position,
            part: part
        )
    }

    /// Whether the workflow may have started children: in this run, or in one before, whose losing branches this one does not enter.
    var mayHaveChildren: Bool { self.plan.isResumed || self.state.withLock { $0.hasChildren } }

    func noteChildren() { self.state.withLock { $0.hasChildren = true } }
}

extension RunPlan {
    /// What the random numbers of a scope are made from, besides the seed: others each time the workflow begins anew.
    func randomScope(_ scope: String) -> String {
        self.generation == 0 ? scope : "\(self.generation)//\(scope)"
    }
}
