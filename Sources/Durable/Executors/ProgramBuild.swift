// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Which build of the program this is, where nobody says so: by the contents of its executable.
enum ProgramBuild {
    /// The hash of the executable; nil where it cannot be read.
    ///
    /// The same for every copy of one build, on whatever machine.
    static let current: String? = {
        #if os(Linux)
            let path = "/proc/self/exe"
        #else
            let path = CommandLine.arguments.first ?? ""
        #endif
        guard let contents = try? Data(contentsOf: URL(filePath: path), options: .mappedIfSafe) else { return nil }
        let hash = String(contents.withUnsafeBytes { XXHash64.hash($0) }, radix: 16)
        return "program-" + String(repeating: "0", count: 16 - hash.count) + hash
    }()
}
