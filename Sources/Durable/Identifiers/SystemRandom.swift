// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#elseif canImport(Darwin)
    import Darwin
#endif

/// The system's chance, for what must never come twice.
enum SystemRandom {
    /// Four words with one call of the system, since each is a call of its own in the standard library's generator.
    static func fourWords() -> SIMD4<UInt64> {
        var words = SIMD4<UInt64>()
        let isDrawn = withUnsafeMutableBytes(of: &words) { bytes in
            #if canImport(Darwin)
                arc4random_buf(bytes.baseAddress, bytes.count)
                return true
            #else
                return bytes.baseAddress.map { getentropy($0, bytes.count) == 0 } ?? false
            #endif
        }
        if isDrawn { return words }
        var generator = SystemRandomNumberGenerator()
        return SIMD4(generator.next(), generator.next(), generator.next(), generator.next())
    }
}
