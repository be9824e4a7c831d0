// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

extension PayloadCoder {
    private static let decoder = {
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .custom { decoder in
            let container = try decoder.singleValueContainer()
            guard let text = try? container.decode(String.self) else {
                return Date(timeIntervalSinceReferenceDate: try container.decode(Double.self))
            }
            guard let date = PayloadDate.date(text) else {
                throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a date in UTC")
            }
            return date
        }
        return decoder
    }()

    /// The value of a payload that `encode` made, nil being SQL NULL.
    ///
    /// - Throws: `DurableError.undecodable`, which names the type and the path of what does not fit it, never a value.
    package func decode<T: Decodable>(_ type: T.Type, from stored: [UInt8]?) throws -> T {
        if T.self == Nothing.self, let none = Nothing() as? T { return none }
        guard let stored else { throw Self.undecodable(type, "nothing was recorded") }
        let json: [UInt8]
        do {
            json = try self.opened(stored)
        } catch let problem as UnreadableEncoding {
            throw DurableError(.undecodable, "A recorded value cannot be read: \(problem).", underlying: problem)
        }
        if let value = Self.fragment(type, json) { return value }
        do {
            if let optional = T.self as? any OptionalPayload.Type,
                let value: T = try optional.read(nestedFrom: json[...])
            {
                return value
            }
            return try Self.value(type, json[...])
        } catch let error as DecodingError {
            throw Self.undecodable(type, Self.words(error))
        } catch {
            throw DurableError(
                .undecodable,
                "A recorded value cannot be read as \(T.self): its init(from:) threw \(Swift.type(of: error)).",
                underlying: error
            )
        }
    }

    /// The value of a JSON text, without ceremony.
    static func value<T: Decodable>(_ type: T.Type, _ json: ArraySlice<UInt8>) throws -> T {
        try self.decoder.decode(type, from: Data(json))
    }

    /// The fast path of the commonest small results; nil leaves it to the decoder.
    private static func fragment<T>(_ type: T.Type, _ json: [UInt8]) -> T? {
        if T.self == String.self {
            let quote = UInt8(ascii: "\"")
            guard json.count >= 2, json.first == quote, json.last == quote else { return nil }
            let text = json[1..<json.count - 1]
            guard text.allSatisfy({ $0 != UInt8(ascii: "\\") && $0 != quote && $0 >= 0x20 }) else { return nil }
            return String(validating: text, as: UTF8.self) as? T
        }
        if T.self == Int.self {
            guard json.count <= 18, json.first != UInt8(ascii: "+") else { return nil }
            return Int(String(decoding: json, as: UTF8.self)) as? T
        }
        if T.self == Bool.self {
            if json.elementsEqual("true".utf8) { return true as? T }
            if json.elementsEqual("false".utf8) { return false as? T }
        }
        return nil
    }

    /// Why a workflow is paused over something that cannot be read.
    static func unreadable(_ what: String, _ error: any Error) -> String {
        guard let problem = (error as? DurableError)?.underlying as? UnreadableEncoding else {
            return "\(what) cannot be read by this code: deploy code that can, then resume it"
        }
        return
            "\(what) cannot be decoded by this process: \(problem). Give its engine the codec or the key, then resume it"
    }

    private static func undecodable(_ type: Any.Type, _ reason: String) -> DurableError {
        DurableError(.undecodable, "A recorded value cannot be read as \(type): \(reason).")
    }

    /// What does not fit, in our own words: Foundation's may quote the payload.
    private static func words(_ error: DecodingError) -> String {
        switch error {
        case .typeMismatch(let type, let context):
            return "\(PayloadPath(context.codingPath).orWhole) is not of the type \(Self.form(type))"
        case .valueNotFound(let type, let context):
            return "\(PayloadPath(context.codingPath).orWhole) is null, and \(Self.form(type)) was expected"
        case .keyNotFound(let key, let context):
            return "\(PayloadPath(context.codingPath).orWhole) has no field \(key.stringValue)"
        case .dataCorrupted(let context):
            return "\(PayloadPath(context.codingPath).orWhole) does not hold what its type allows"
        @unknown default:
            return "it does not fit"
        }
    }

    /// A type for a person: the decoder calls an object and an array by types of its own.
    private static func form(_ type: Any.Type) -> String {
        let name = "\(type)"
        if name.hasPrefix("Dictionary<") { return "object" }
        if name.hasPrefix("Array<") { return "array" }
        return name
    }
}
