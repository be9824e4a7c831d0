// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How long the disk of a server takes for what a commit asks of it: to write a page over, and to flush it.
struct FlushProbe: Sendable {
    let seconds: Double

    func run(in folder: String) throws -> Latencies {
        let path = folder + "/flush-probe"
        let file = open(path, O_RDWR | O_CREAT, 0o600)
        guard file >= 0 else { throw BenchFailure("cannot write \(path)") }
        defer {
            close(file)
            unlink(path)
        }
        let page = [UInt8](repeating: 7, count: 8_192)
        var latencies = Latencies()
        let end = ContinuousClock.now + .seconds(self.seconds)
        // As in the log, the room is there before.
        for number in 0..<128 where pwrite(file, page, page.count, off_t(number * page.count)) != page.count {
            throw BenchFailure("cannot write \(path)")
        }
        fsync(file)
        var number = 0
        while ContinuousClock.now < end {
            let start = ProcessMeter.now()
            guard pwrite(file, page, page.count, off_t(number % 128 * page.count)) == page.count, fdatasync(file) == 0
            else { throw BenchFailure("cannot flush \(path)") }
            latencies.samples.append(Double(ProcessMeter.now() - start) / 1e6)
            number += 1
        }
        return latencies
    }
}
