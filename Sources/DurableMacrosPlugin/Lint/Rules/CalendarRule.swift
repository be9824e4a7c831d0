// SPDX-License-Identifier: Apache-2.0

import SwiftSyntax

/// `Calendar.current`, `TimeZone.current` and `Locale.current`.
enum CalendarRule: LintRule {
    static func finding(at node: Syntax, in scope: LintScope) -> LintFinding? {
        guard let access = node.as(MemberAccessExprSyntax.self), let path = access.lintPath, path.count == 2,
            ["Calendar", "TimeZone", "Locale"].contains(path[0]),
            ["current", "autoupdatingCurrent", "default"].contains(path[1])
        else { return nil }
        let name = path.joined(separator: ".")
        return LintFinding(
            node: node,
            rule: "calendar",
            message:
                "'\(name)' is a setting of the process that happens to run this: write down which one is meant, or hand "
                + "it to the workflow as a property"
        )
    }
}
