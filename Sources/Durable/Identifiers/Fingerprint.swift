// SPDX-License-Identifier: Apache-2.0

/// A number that tells one step input from another: 64-bit FNV-1a of the bytes that `PayloadCoder` wrote, which are canonical.
///
/// It finds mistakes, not attacks.
package enum Fingerprint {
    package static func of(_ payload: [UInt8]) -> Int64 {
        var hash: UInt64 = 0xCBF2_9CE4_8422_2325
        for byte in payload { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
        return Int64(bitPattern: hash)
    }
}
