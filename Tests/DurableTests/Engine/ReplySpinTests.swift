// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Durable

@Suite struct ReplySpinTests {
    /// Which of the next commits are looked for, when none is answered in time.
    private func tries(_ spin: inout ReplySpin, of commits: Int) -> [Int] {
        var tries: [Int] = []
        for commit in 0..<commits where spin.next() != nil {
            tries.append(commit)
            spin.ended(answered: false)
        }
        return tries
    }

    @Test func `while answers come in time, every lone commit is looked for`() {
        var spin = ReplySpin(limit: .microseconds(400), processors: 2)
        for _ in 0..<100 {
            #expect(spin.next() == .microseconds(400))
            spin.ended(answered: true)
        }
    }

    @Test func `every time in vain doubles the commits until the next try, up to 1024`() {
        var spin = ReplySpin(limit: .microseconds(400), processors: 2)
        let tries = self.tries(&spin, of: 10_000)
        #expect(tries.prefix(6) == [0, 2, 5, 10, 19, 36])
        #expect(tries.suffix(2).reduce(0) { $1 - $0 } == ReplySpin.longestPause + 1)
    }

    @Test func `one answer in time is enough to look for each again`() {
        var spin = ReplySpin(limit: .microseconds(400), processors: 2)
        _ = self.tries(&spin, of: 40)
        while spin.next() == nil {}
        spin.ended(answered: true)
        #expect(spin.next() != nil)
    }

    @Test func `with one processor, or without a limit, nobody looks`() {
        var alone = ReplySpin(limit: .microseconds(400), processors: 1)
        var unwanted = ReplySpin(limit: .zero, processors: 8)
        for _ in 0..<100 {
            #expect(alone.next() == nil)
            #expect(unwanted.next() == nil)
        }
    }
}
