// SPDX-License-Identifier: Apache-2.0

public import Durable
#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Follows an exported workflow with today's code, without a database and without any effect, and requires that the code can:
/// every call stands where the history has it, and a workflow that had ended ends as it did.
///
/// ```swift
/// let export = try WorkflowExport(json: Data(contentsOf: URL(filePath: "Histories/checkout-1042.json")))
/// try await assertReplays(export, with: [Checkout(payments: FakePayments())])
/// ```
///
/// - Parameters:
///   - export: The workflow; see `DurableEngine.export(_:)`.
///   - workflows: Today's code.
///   - file: The file of the call.
///   - line: Its line.
/// - Throws: ``TestFailure`` with the place where code and history part, and what to do.
public func assertReplays(
    _ export: WorkflowExport,
    with workflows: [any Workflow],
    file: StaticString = #fileID,
    line: UInt = #line
) async throws {
    if let words = try await difference(export, workflows) {
        throw TestFailure("\(export.workflow.id) cannot be followed: \(words)", file, line)
    }
}

/// Follows every exported workflow of a folder (`*.json`) with today's code; see ``assertReplays(_:with:file:line:)``.
///
/// For continuous integration: export workflows that have seen something, keep them beside the tests, and change code.
///
/// - Parameters:
///   - folder: The path of the folder.
///   - workflows: Today's code.
///   - file: The file of the call.
///   - line: Its line.
/// - Returns: How many workflows were followed.
/// - Throws: ``TestFailure`` that names each file that cannot be followed and says why; also for a folder without any, or none.
@discardableResult
public func assertReplays(
    historiesIn folder: String,
    with workflows: [any Workflow],
    file: StaticString = #fileID,
    line: UInt = #line
) async throws -> Int {
    let names: [String]
    do {
        names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(".json") }.sorted()
    } catch {
        throw TestFailure("the folder \(folder) of exported workflows cannot be read: \(error)", file, line)
    }
    guard !names.isEmpty else { throw TestFailure("there is no exported workflow (*.json) in \(folder)", file, line) }
    var failures: [String] = []
    for name in names {
        let json = FileManager.default.contents(atPath: "\(folder)/\(name)") ?? Data()
        do {
            if let words = try await difference(WorkflowExport(json: json), workflows) {
                failures.append("\(name) cannot be followed: \(words)")
            }
        } catch let error as DurableError {
            failures.append("\(name) cannot be read: \(error)")
        }
    }
    guard failures.isEmpty else { throw TestFailure(failures.joined(separator: "\n"), file, line) }
    return names.count
}

private func difference(_ export: WorkflowExport, _ workflows: [any Workflow]) async throws -> String? {
    guard case .differs(let words) = try await HistoryReplay(workflows: workflows).replay(export) else { return nil }
    return words
}
