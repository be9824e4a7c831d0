// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is being done, on standard error: the results are on standard output.
enum Progress {
    private static let start = ContinuousClock.now

    static func say(_ words: String) {
        let seconds = Int((ContinuousClock.now - self.start) / .seconds(1))
        let line = String(format: "bench %3d:%02d  ", seconds / 60, seconds % 60) + words + "\n"
        FileHandle.standardError.write(Data(line.utf8))
    }
}
