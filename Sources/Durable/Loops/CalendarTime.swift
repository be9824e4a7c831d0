// SPDX-License-Identifier: Apache-2.0

#if canImport(FoundationEssentials)
    public import FoundationEssentials
#else
    public import Foundation
#endif

/// A time of the calendar to sleep until: the next Monday at nine in Berlin.
///
/// It is computed when the workflow comes to it, from the database's clock, and recorded. Where summer time skips an hour, a time
/// in that hour is the next one that exists; an hour that comes twice counts the first time.
public struct CalendarTime: Sendable, Hashable {
    /// A day of the week.
    public enum Weekday: Int, Sendable, Hashable, CaseIterable {
        /// The first one, as the Gregorian calendar of Foundation counts.
        case sunday = 1
        /// The day after Sunday.
        case monday
        /// The day after Monday.
        case tuesday
        /// The day after Tuesday.
        case wednesday
        /// The day after Wednesday.
        case thursday
        /// The day after Thursday.
        case friday
        /// The day after Friday.
        case saturday
    }

    private var weekday: Weekday?
    private var day: Int?
    private var hour: Int
    private var minute: Int
    private var zone: TimeZone

    /// The next such weekday, at this time of the day.
    public static func next(
        _ weekday: Weekday,
        at hour: Int,
        _ minute: Int = 0,
        in zone: TimeZone
    ) -> CalendarTime {
        CalendarTime(weekday: weekday, day: nil, hour: hour, minute: minute, zone: zone)
    }

    /// The next time that it is this time of the day.
    public static func daily(at hour: Int, _ minute: Int = 0, in zone: TimeZone) -> CalendarTime {
        CalendarTime(weekday: nil, day: nil, hour: hour, minute: minute, zone: zone)
    }

    /// The next such day of a month (1 to 28, which every month has), at this time of the day.
    public static func monthly(day: Int, at hour: Int, _ minute: Int = 0, in zone: TimeZone) -> CalendarTime {
        CalendarTime(weekday: nil, day: day, hour: hour, minute: minute, zone: zone)
    }

    /// The first such time after a date.
    ///
    /// - Throws: ``DurableError`` (`invalidArgument`) for a time that no day has.
    func date(after date: Date) throws -> Date {
        guard (0...23).contains(self.hour), (0...59).contains(self.minute) else {
            throw DurableError(
                .invalidArgument,
                "no day has the time \(self.hour):\(self.minute): hours go from 0 to 23, minutes from 0 to 59"
            )
        }
        if let day, !(1...28).contains(day) {
            throw DurableError(.invalidArgument, "not every month has a day \(day): choose one from 1 to 28")
        }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = self.zone
        var components = DateComponents(hour: self.hour, minute: self.minute, second: 0)
        components.weekday = self.weekday?.rawValue
        components.day = self.day
        guard let next = calendar.nextDate(after: date, matching: components, matchingPolicy: .nextTime) else {
            throw DurableError(.invalidArgument, "the calendar of \(self.zone.identifier) has no such time")
        }
        return next
    }
}

extension WorkflowContext {
    /// Sleeps until a time of the calendar: the first one after the database's time when the workflow comes here.
    ///
    /// ```swift
    /// try await workflow.sleep(until: .next(.monday, at: 9, in: TimeZone(identifier: "Europe/Berlin") ?? .gmt))
    /// ```
    ///
    /// - Throws: ``DurableError`` (`invalidArgument`) for a time that no day has; ``WorkflowInterruption``.
    public func sleep(until time: CalendarTime) async throws {
        _ = try time.date(after: self.now)
        try await self.sleep { now in
            let date = try time.date(after: DatabaseTime.date(now))
            return DatabaseTime.microseconds(date)
        }
    }
}
