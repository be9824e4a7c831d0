// SPDX-License-Identifier: Apache-2.0

import Tracing

/// Takes what a tracer hands on of its context, to be kept in a row, and gives it back.
struct TraceCarrier: Injector, Extractor {
    typealias Carrier = [String: String]

    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) { carrier[key] = value }

    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
}
