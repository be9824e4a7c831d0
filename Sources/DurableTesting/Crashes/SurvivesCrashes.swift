// SPDX-License-Identifier: Apache-2.0

public import Durable

/// Requires of a workflow that it survives a crash at every point.
///
/// It is run once undisturbed, and then, for each of its durable points, once with a crash right before the commit and once
/// with a crash right after it, before anybody was told. Another engine recovers each, and of each it is required that
///
/// - it ends with the same result,
/// - the service's own tables hold the same rows: what transactions did was done exactly once,
/// - no step ran again whose result was recorded,
/// - and, with `observing`, the outside world was asked to do the same, but for attempts that were under way in the crash.
///
/// A crash is simulated in the process: every connection of the engine is cut at once, nothing is handed over, and a new
/// engine under a new identity takes over, after the old one was fenced. Time skips whenever the workflow waits.
///
/// ```swift
/// @Test func `a checkout survives a crash at any point`() async throws {
///     try await assertSurvivesCrashes(
///         of: Checkout(payments: FakePayments()),
///         input: order,
///         prepare: { try await $0.execute("CREATE TABLE reservation (order_id text)") }
///     )
/// }
/// ```
///
/// - Parameters:
///   - workflow: Makes the workflow, anew for each run, so that what it depends on is fresh.
///   - input: What its `run` is given.
///   - successor: The code that recovers, made from the workflow that crashed; by default that itself. For a deploy between
///     crash and recovery.
///   - options: How the engines behave.
///   - standIns: What steps do instead of their bodies, made anew for each run.
///   - driving: What the world does meanwhile: signals that the workflow waits for. Time skips when it has returned.
///   - observing: What the outside world was asked to do, one text per effect.
///   - comparing: The result as text, without what differs from run to run; by default its JSON.
///   - ignoring: Columns that differ from run to run, as `column` or `table.column`. Times, and columns that the database
///     fills in by itself, are ignored in any case.
///   - limit: How long one run may take, in real time.
///   - file: The file of the call.
///   - line: Its line.
///   - prepare: Makes the service's own tables; once, and copied for each run.
/// - Returns: Which crashes it has survived.
/// - Throws: ``TestFailure`` that names the crash, says what is wrong after it, and shows both histories side by side.
@discardableResult
public func assertSurvivesCrashes<W: Workflow>(
    of workflow: @autoclosure @escaping @Sendable () throws -> W,
    input: W.Input,
    recoveredBy successor: (@Sendable (W) throws -> any Workflow)? = nil,
    options: EngineOptions = .testing,
    standIns: @escaping @Sendable () -> StandIns = { StandIns() },
    driving: (@Sendable (TestEngine, String) async throws -> Void)? = nil,
    observing: (@Sendable (W) async throws -> [String])? = nil,
    comparing: (@Sendable (W.Output) throws -> String)? = nil,
    ignoring: Set<String> = [],
    within limit: Duration = .seconds(60),
    file: StaticString = #fileID,
    line: UInt = #line,
    prepare: @escaping @Sendable (TestDatabase) async throws -> Void = { _ in }
) async throws -> CrashReport {
    try await assertSurvivesCrashes(
        of: { _ in try workflow() },
        input: input,
        recoveredBy: successor,
        options: options,
        standIns: standIns,
        driving: driving,
        observing: observing,
        comparing: comparing,
        ignoring: ignoring,
        within: limit,
        file: file,
        line: line,
        prepare: prepare
    )
}

/// The same for a workflow that needs to reach the database by itself: the closure is given the one of its run.
///
/// ```swift
/// try await assertSurvivesCrashes(of: { Checkout(orders: OrderTable($0.configuration)) }, input: order)
/// ```
@discardableResult
public func assertSurvivesCrashes<W: Workflow>(
    of workflow: @escaping @Sendable (TestDatabase) throws -> W,
    input: W.Input,
    recoveredBy successor: (@Sendable (W) throws -> any Workflow)? = nil,
    options: EngineOptions = .testing,
    standIns: @escaping @Sendable () -> StandIns = { StandIns() },
    driving: (@Sendable (TestEngine, String) async throws -> Void)? = nil,
    observing: (@Sendable (W) async throws -> [String])? = nil,
    comparing: (@Sendable (W.Output) throws -> String)? = nil,
    ignoring: Set<String> = [],
    within limit: Duration = .seconds(60),
    file: StaticString = #fileID,
    line: UInt = #line,
    prepare: @escaping @Sendable (TestDatabase) async throws -> Void = { _ in }
) async throws -> CrashReport {
    let matrix = CrashMatrix(
        make: workflow,
        successor: successor,
        input: input,
        options: options,
        standIns: standIns,
        prepare: prepare,
        driving: driving,
        observing: observing,
        comparing: comparing,
        ignored: ignoring,
        limit: limit
    )
    do {
        return try await DatabaseTurns.shared.take { try await matrix.run() }
    } catch let failure as TestFailure {
        throw TestFailure(failure.description, file, line)
    }
}
