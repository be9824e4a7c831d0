// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A terminal at which nobody sits.
struct PseudoTerminal {
    /// What the program reads from.
    let path: String
    private let outside: FileHandle

    struct Missing: Error {}

    init() throws {
        #if canImport(Darwin)
            let outside = posix_openpt(O_RDWR | O_NOCTTY)
            guard outside >= 0, grantpt(outside) == 0, unlockpt(outside) == 0, let name = ptsname(outside) else {
                throw Missing()
            }
            self.path = String(cString: name)
        #else
            // What posix_openpt, unlockpt and ptsname do, which the C library shows only to who asks for X/Open.
            let outside = open("/dev/ptmx", O_RDWR | O_NOCTTY)
            var lock: Int32 = 0
            var number: UInt32 = 0
            let (setLock, getNumber) = (UInt(0x4004_5431), UInt(0x8004_5430))
            guard outside >= 0, ioctl(outside, setLock, &lock) == 0, ioctl(outside, getNumber, &number) == 0 else {
                throw Missing()
            }
            self.path = "/dev/pts/\(number)"
        #endif
        self.outside = FileHandle(fileDescriptor: outside, closeOnDealloc: true)
    }

    func type(_ text: String) { self.outside.write(Data(text.utf8)) }

    /// Everything that appears while the body runs, and before it.
    func shown(until body: () -> String) -> String {
        // Held open from the inside, so that reading waits and what was written last is not lost with the program's end.
        let inside = open(self.path, O_RDWR | O_NOCTTY)
        let ending = "\u{4}the end\u{4}"
        let seen = Seen()
        let reader = Thread { [outside = self.outside] in
            while !seen.text.hasSuffix(ending) { seen.add(outside.availableData) }
            seen.isOver.signal()
        }
        reader.start()
        _ = body()
        FileHandle(fileDescriptor: inside, closeOnDealloc: true).write(Data(ending.utf8))
        seen.isOver.wait()
        return String(seen.text.dropLast(ending.count))
    }

    /// What a thread has read.
    private final class Seen: Sendable {
        private let bytes = Mutex(Data())
        let isOver = DispatchSemaphore(value: 0)

        var text: String { self.bytes.withLock { String(decoding: $0, as: UTF8.self) } }

        func add(_ more: Data) { self.bytes.withLock { $0 += more } }
    }
}
