// SPDX-License-Identifier: Apache-2.0

/// Lets two compilers run at a time, whatever the number of tests.
actor CompilerTurns {
    static let shared = CompilerTurns()

    private var free = 2
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        guard self.free == 0 else {
            self.free -= 1
            return
        }
        await withCheckedContinuation { self.waiting.append($0) }
    }

    func giveBack() {
        if self.waiting.isEmpty {
            self.free += 1
        } else {
            self.waiting.removeFirst().resume()
        }
    }
}
