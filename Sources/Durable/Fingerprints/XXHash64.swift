// SPDX-License-Identifier: Apache-2.0

/// The 64-bit hash XXH64, with seed 0: fast, well spread, and the same in every process and on every machine.
///
/// It recognises accidental change. It is no protection against someone who looks for collisions.
enum XXHash64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    static func hash(_ bytes: [UInt8]) -> UInt64 {
        bytes.withUnsafeBytes { self.hash($0) }
    }

    static func hash(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var offset = 0
        var hash: UInt64
        if bytes.count >= 32 {
            var lanes = (self.prime1 &+ self.prime2, self.prime2, 0 as UInt64, 0 &- self.prime1)
            while bytes.count - offset >= 32 {
                lanes.0 = self.round(lanes.0, self.word(bytes, at: offset))
                lanes.1 = self.round(lanes.1, self.word(bytes, at: offset + 8))
                lanes.2 = self.round(lanes.2, self.word(bytes, at: offset + 16))
                lanes.3 = self.round(lanes.3, self.word(bytes, at: offset + 24))
                offset += 32
            }
            hash = self.rotate(lanes.0, 1) &+ self.rotate(lanes.1, 7)
            hash = hash &+ self.rotate(lanes.2, 12) &+ self.rotate(lanes.3, 18)
            hash = self.merge(hash, lanes.0)
            hash = self.merge(hash, lanes.1)
            hash = self.merge(hash, lanes.2)
            hash = self.merge(hash, lanes.3)
        } else {
            hash = self.prime5
        }
        hash = hash &+ UInt64(bytes.count)
        while bytes.count - offset >= 8 {
            hash ^= self.round(0, self.word(bytes, at: offset))
            hash = self.rotate(hash, 27) &* self.prime1 &+ self.prime4
            offset += 8
        }
        if bytes.count - offset >= 4 {
            let half = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt32.self))
            hash ^= UInt64(half) &* self.prime1
            hash = self.rotate(hash, 23) &* self.prime2 &+ self.prime3
            offset += 4
        }
        while offset < bytes.count {
            hash ^= UInt64(bytes[offset]) &* self.prime5
            hash = self.rotate(hash, 11) &* self.prime1
            offset += 1
        }
        hash = (hash ^ (hash >> 33)) &* self.prime2
        hash = (hash ^ (hash >> 29)) &* self.prime3
        return hash ^ (hash >> 32)
    }

    @inline(__always)
    private static func word(_ bytes: UnsafeRawBufferPointer, at offset: Int) -> UInt64 {
        UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }

    @inline(__always)
    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        self.rotate(lane &+ word &* self.prime2, 31) &* self.prime1
    }

    @inline(__always)
    private static func merge(_ hash: UInt64, _ lane: UInt64) -> UInt64 {
        (hash ^ self.round(0, lane)) &* self.prime1 &+ self.prime4
    }

    @inline(__always)
    private static func rotate(_ word: UInt64, _ bits: UInt64) -> UInt64 {
        (word &<< bits) | (word &>> (64 - bits))
    }
}
