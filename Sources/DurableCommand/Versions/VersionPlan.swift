// SPDX-License-Identifier: Apache-2.0

/// What a deploy means for what is pending, decided from a name, a version and who offers it.
enum VersionVerdict: String, Sendable {
    /// Workflows are pending, and some process goes on with them.
    case inUse = "in use"
    /// Workflows are pending, and no process goes on with them.
    case stranded = "stranded"
    /// Nothing is pending: code that resumes this version is not needed any more, unless it still starts it.
    case retirable = "safe to retire"

    init(pending: Int64, isOffered: Bool) {
        self = pending == 0 ? .retirable : isOffered ? .inUse : .stranded
    }
}

/// The versions of workflow types that code goes on with: `checkout=2` or `checkout=1-3`.
struct VersionOffer: Hashable, Sendable {
    let name: String
    let versions: ClosedRange<Int64>

    /// - Returns: Nil for what is no such text.
    init?(_ text: String) {
        guard let equals = text.lastIndex(of: "="), equals > text.startIndex else { return nil }
        let numbers = text[text.index(after: equals)...].split(separator: "-", omittingEmptySubsequences: false)
            .map { Int64($0) }
        guard (1...2).contains(numbers.count), let first = numbers.first ?? nil, let last = numbers.last ?? nil,
            first >= 1, first <= last, last <= Int64(Int32.max)
        else { return nil }
        self.name = String(text[..<equals])
        self.versions = first...last
    }
}

/// Rows of what is pending and offered, with the verdict on each.
enum VersionPlan {
    /// - Parameters:
    ///   - rows: Name, version, pending and offered_by of each.
    ///   - deploy: What the new code goes on with: the types named there are judged by it instead of by what runs now.
    static func judge(_ rows: [Record], deploy: [VersionOffer]) -> [Record] {
        let replaced = Set(deploy.map(\.name))
        return rows.map { row in
            let name = row["name"].words
            let version = row["version"].integer ?? 0
            let isOffered =
                replaced.contains(name)
                ? deploy.contains { $0.name == name && $0.versions.contains(version) }
                : (row["offered_by"].integer ?? 0) > 0
            let verdict = VersionVerdict(pending: row["pending"].integer ?? 0, isOffered: isOffered)
            return row.with("verdict", .text(verdict.rawValue))
        }
    }
}
