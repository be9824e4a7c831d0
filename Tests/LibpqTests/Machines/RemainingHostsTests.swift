// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Libpq

struct RemainingHostsTests {
    private static func rest(
        _ hosts: [String]?,
        _ addresses: [String]?,
        _ ports: [String]?,
        at current: (String, String)
    ) -> [String]? {
        RemainingHosts(hosts: hosts, addresses: addresses, ports: ports, current: current)?.pairs
            .map { "\($0.keyword)=\($0.value)" }
    }

    @Test func `the hosts behind the current one are left`() {
        #expect(Self.rest(["a", "b", "c"], nil, nil, at: ("a", "5432")) == ["host=b,c"])
        #expect(Self.rest(["a", "b"], nil, ["1"], at: ("a", "1")) == ["host=b", "port=1"])
        #expect(Self.rest(["a", "a", "b"], nil, ["1", "2", "3"], at: ("a", "2")) == ["host=b", "port=3"])
        #expect(Self.rest(nil, ["1.1.1.1", "2.2.2.2"], nil, at: ("1.1.1.1", "5432")) == ["hostaddr=2.2.2.2"])
        #expect(Self.rest(["a", "b"], ["1.1.1.1", ""], nil, at: ("a", "5432")) == ["host=b", "hostaddr="])
    }

    @Test func `nothing is left behind the last one, or where there is only one`() {
        #expect(Self.rest(["a", "b"], nil, nil, at: ("b", "5432")) == nil)
        #expect(Self.rest(["a"], nil, ["1"], at: ("a", "1")) == nil)
        #expect(Self.rest(nil, nil, nil, at: ("/tmp", "5432")) == nil)
    }
}
