// SPDX-License-Identifier: Apache-2.0

import CLibpq

/// What must be asked of OpenSSL, beneath libpq.
enum TLS {
    private typealias Pending = @convention(c) (UnsafeMutableRawPointer) -> Int32

    // libpq brings its OpenSSL along; looking the function up spares us a dependency on its headers.
    private static let pending: Pending? = dlsym(nil, "SSL_pending").map { unsafeBitCast($0, to: Pending.self) }

    /// Whether decrypted bytes wait that libpq has not read.
    ///
    /// They are no longer in the socket, so that no poller reports them.
    static func hasPending(_ connection: OpaquePointer) -> Bool {
        guard let pending, let session = PQsslStruct(connection, "OpenSSL") else { return false }
        return pending(session) > 0
    }
}
