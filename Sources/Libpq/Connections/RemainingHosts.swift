// SPDX-License-Identifier: Apache-2.0

import CLibpq

/// The hosts of a connection string behind the one that does not answer.
///
/// libpq goes on to the next host when one refuses. One that accepts and then keeps silent it waits for; that is left to its
/// callers, who cannot tell it to go on. So the attempt is begun again with the hosts that are left.
struct RemainingHosts: Equatable {
    /// Keywords for libpq: `host`, `hostaddr` and `port`, as far as they were given.
    let pairs: [Pair]

    struct Pair: Equatable {
        let keyword: String
        let value: String
    }

    /// Nil if the connection is at its last host.
    init?(behind connection: OpaquePointer) {
        var lists: [String: [String]] = [:]
        if let options = PQconninfo(connection) {
            defer { PQconninfoFree(options) }
            var option = options
            while let keyword = option.pointee.keyword {
                let name = String(cString: keyword)
                if ["host", "hostaddr", "port"].contains(name), let value = option.pointee.val {
                    let list = String(cString: value).split(separator: ",", omittingEmptySubsequences: false)
                    lists[name] = list.map(String.init)
                }
                option += 1
            }
        }
        let host = PQhost(connection).map { String(cString: $0) } ?? ""
        let port = PQport(connection).map { String(cString: $0) } ?? ""
        self.init(hosts: lists["host"], addresses: lists["hostaddr"], ports: lists["port"], current: (host, port))
    }

    /// Lists as libpq takes them: of equal length, but that one port serves for all.
    init?(hosts: [String]?, addresses: [String]?, ports: [String]?, current: (host: String, port: String)) {
        let names = hosts ?? addresses ?? []
        func port(_ index: Int) -> String? {
            guard let ports else { return nil }
            let port = ports.count == 1 ? ports[0] : ports.indices.contains(index) ? ports[index] : nil
            return port == "" ? nil : port
        }
        let position = names.indices.first { index in
            let isSame = names[index] == current.host || addresses?[index] == current.host
            return isSame && (port(index) ?? current.port) == current.port
        }
        guard let position, position + 1 < names.count else { return nil }
        var pairs: [Pair] = []
        func add(_ keyword: String, _ list: [String]?) {
            guard let list else { return }
            let rest = list.count == 1 ? list : Array(list[(position + 1)...])
            pairs.append(Pair(keyword: keyword, value: rest.joined(separator: ",")))
        }
        add("host", hosts)
        add("hostaddr", addresses)
        add("port", ports)
        self.pairs = pairs
    }
}
