// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What the command's own input and output are, and writing to them.
struct Terminal: Sendable {
    /// Whether a person may be asked.
    let canAsk: Bool
    /// Whether the output is read by a person.
    let isOutput: Bool
    /// Whether what is written beside the output is.
    let isErrors: Bool
    /// How many cells a line of the output has; nil when it is no terminal.
    let width: Int?
    /// Whether to colour.
    let colours: Bool

    /// What this process has.
    static var current: Terminal {
        let environment = ProcessInfo.processInfo.environment
        let isOutput = isatty(STDOUT_FILENO) == 1
        return Terminal(
            canAsk: isatty(STDIN_FILENO) == 1,
            isOutput: isOutput,
            isErrors: isatty(STDERR_FILENO) == 1,
            width: isOutput ? environment["COLUMNS"].flatMap { Int($0) } ?? self.columns() : nil,
            colours: isOutput && (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
        )
    }

    private static func columns() -> Int? {
        var size = winsize()
        guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return nil }
        return Int(size.ws_col)
    }

    /// Writes lines to the output.
    func say(_ lines: [String]) throws {
        guard !lines.isEmpty else { return }
        try Self.write(lines.joined(separator: "\n") + "\n", to: STDOUT_FILENO)
    }

    /// Writes a line to the output.
    func say(_ line: String) throws { try self.say([line]) }

    /// Writes a line beside the output.
    ///
    /// Nobody is left to be told when that fails.
    func remark(_ line: String) { try? Self.write(line + "\n", to: STDERR_FILENO) }

    /// Writes a question, and leaves the cursor behind it.
    func ask(_ question: String) { try? Self.write(question, to: STDERR_FILENO) }

    /// Shows how far something is, on the line that it leaves.
    func progress(_ words: String) {
        guard self.isErrors else { return }
        try? Self.write("\r\u{1B}[K\(words)", to: STDERR_FILENO)
    }

    private static func write(_ text: String, to file: Int32) throws {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Self.systemWrite(file, $0) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                throw CommandFailure(.failed, "the output cannot be written: \(String(cString: strerror(errno)))")
            }
        }
    }

    private static func systemWrite(_ file: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
        #if canImport(Darwin)
            Darwin.write(file, bytes.baseAddress, bytes.count)
        #elseif canImport(Musl)
            Musl.write(file, bytes.baseAddress, bytes.count)
        #else
            Glibc.write(file, bytes.baseAddress, bytes.count)
        #endif
    }
}
