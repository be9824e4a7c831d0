// SPDX-License-Identifier: Apache-2.0

import Foundation
import TemporaryPostgres

/// A library that gives a process another wall clock: made by this machine's C compiler, if it has one, when it is first used.
///
/// Only the wall clock is off; a monotonic one cannot be.
enum ShiftedClock {
    /// Where the preloaded library reads by how many seconds the clock is off.
    static let variable = "DURABLE_FAULTS_CLOCK_SHIFT"

    private static let source = """
        #define _GNU_SOURCE
        #include <stdlib.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>
        static long shift(void) {
            const char *text = getenv("\(variable)");
            return text ? atol(text) : 0;
        }
        int clock_gettime(clockid_t clock, struct timespec *now) {
            int result = (int)syscall(SYS_clock_gettime, clock, now);
            if (result == 0 && clock == CLOCK_REALTIME) now->tv_sec += shift();
            return result;
        }
        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            struct timespec time;
            (void)zone;
            clock_gettime(CLOCK_REALTIME, &time);
            now->tv_sec = time.tv_sec;
            now->tv_usec = time.tv_nsec / 1000;
            return 0;
        }
        time_t time(time_t *now) {
            struct timespec time;
            clock_gettime(CLOCK_REALTIME, &time);
            if (now) *now = time.tv_sec;
            return time.tv_sec;
        }
        """

    private static var compiler: String? {
        ["/usr/bin/cc", "/usr/bin/clang", "/usr/bin/gcc"].first(where: FileManager.default.isExecutableFile)
    }

    static var isAvailable: Bool {
        #if os(Linux)
            self.compiler != nil
        #else
            false
        #endif
    }

    /// Makes the library in a folder, unless it is there.
    ///
    /// - Returns: Its path.
    static func library(in folder: String) throws -> String {
        let path = "\(folder)/shifted-clock.so"
        if FileManager.default.fileExists(atPath: path) { return path }
        guard let compiler else { throw Deadline.Passed(description: "this machine has no C compiler") }
        try Data(self.source.utf8).write(to: URL(fileURLWithPath: "\(folder)/shifted-clock.c"))
        // Under another name first: somebody else may be about to load it.
        let made = "\(path).\(UInt32.random(in: 0 ... .max))"
        let child = try Child.spawn(
            compiler,
            ["-shared", "-fPIC", "-o", made, "\(folder)/shifted-clock.c"],
            environment: ProcessInfo.processInfo.environment.map { "\($0.key)=\($0.value)" },
            errorsToOutput: true
        )
        child.closeInput()
        let words = child.readAll()
        guard child.wait() == 0 else { throw Deadline.Passed(description: "\(compiler): \(words)") }
        _ = rename(made, path)
        return path
    }
}
