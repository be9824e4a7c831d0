// SPDX-License-Identifier: Apache-2.0

import CLibpq

#if canImport(Darwin)
    import Darwin
#elseif canImport(Musl)
    import Musl
#else
    import Glibc
#endif

/// What libpq is given to connect with: the user's string, with our defaults beneath it and what must hold on top.
struct ConnectionParameters {
    /// Keywords and values in order; later ones win, and the user's string stands in the place of `dbname`.
    let pairs: [(keyword: String, value: String)]
    /// How long one host may take.
    let perHost: Duration
    /// How long the whole attempt may take, over all hosts.
    let timeout: Duration

    init(_ configuration: PostgresConfiguration) throws(PostgresError) {
        let given = try Self.given(configuration.connectionString)
        let seconds =
            given["connect_timeout"].flatMap { Int($0) } ?? Self.environment("PGCONNECT_TIMEOUT").flatMap { Int($0) }
        // libpq reads 0 and below as no limit; a connection that never comes helps nobody, so that our own limit stays.
        let perHost = seconds.map { $0 > 0 ? Duration.seconds($0) : configuration.connectTimeout }
        let hosts = (given["hostaddr"] ?? given["host"] ?? Self.environment("PGHOST") ?? "").split(
            separator: ",",
            omittingEmptySubsequences: false
        )
        self.perHost = perHost ?? configuration.connectTimeout
        self.timeout = self.perHost * max(1, hosts.count)
        // A host that swallows packets must not use up the time of the others; 0 would mean the system's default of minutes.
        let silence = max(1_000, self.perHost.nanoseconds / 1_000_000)
        self.pairs = [
            ("fallback_application_name", configuration.applicationName),
            ("keepalives_idle", "10"),
            ("keepalives_interval", "5"),
            ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(min(silence, 25_000))"),
            ("dbname", configuration.connectionString),
            ("client_encoding", "UTF8"),
        ]
    }

    /// The options that the string itself states.
    ///
    /// Options from variables and files are libpq's business.
    static func given(_ string: String) throws(PostgresError) -> [String: String] {
        // What libpq does not recognise as a connection string it takes for a database's name.
        let isURI = string.hasPrefix("postgres://") || string.hasPrefix("postgresql://")
        guard isURI || string.contains("=") else { return [:] }
        var message: UnsafeMutablePointer<CChar>?
        guard let options = PQconninfoParse(string, &message) else {
            defer { PQfreemem(message) }
            let said = message.map { String(cString: $0).trimmed } ?? "not understood"
            throw PostgresError(.invalidArgument, "the connection string is invalid: \(Self.withoutSecrets(said))")
        }
        defer { PQconninfoFree(options) }
        var given: [String: String] = [:]
        var option = options
        while let keyword = option.pointee.keyword {
            if let value = option.pointee.val { given[String(cString: keyword)] = String(cString: value) }
            option += 1
        }
        return given
    }

    /// libpq quotes what it does not understand, which may be a piece of the password: the quotations are left out.
    private static func withoutSecrets(_ message: String) -> String {
        var text = ""
        var isInside = false
        for character in message {
            if character == "\"" {
                text += isInside ? "…\"" : "\""
                isInside.toggle()
            } else if !isInside {
                text.append(character)
            }
        }
        return text
    }

    private static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }
    }

    /// Calls `body` with the null-terminated arrays that `PQconnectStartParams` wants.
    ///
    /// `hosts` stands in for those of the string.
    func withArrays<R>(
        hosts: RemainingHosts?,
        _ body: (UnsafePointer<UnsafePointer<CChar>?>?, UnsafePointer<UnsafePointer<CChar>?>?) -> R
    ) -> R {
        func copy(_ text: String) -> UnsafePointer<CChar>? { UnsafePointer(strdup(text)) }
        let pairs = self.pairs + (hosts?.pairs ?? []).map { (keyword: $0.keyword, value: $0.value) }
        let keywords = pairs.map { copy($0.keyword) } + [nil]
        let values = pairs.map { copy($0.value) } + [nil]
        defer { for pointer in keywords + values { free(UnsafeMutablePointer(mutating: pointer)) } }
        return keywords.withUnsafeBufferPointer { keywords in
            values.withUnsafeBufferPointer { values in body(keywords.baseAddress, values.baseAddress) }
        }
    }
}
