// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How the package manager compiled this very target: what a client of the package is compiled with too.
struct BuildManifest {
    /// The compiler.
    let compiler: String
    /// Where modules are found, and how plug-ins are loaded.
    let arguments: [String]

    /// Reads the manifest of the build that this process was started from.
    init() throws {
        let folder = try Program.folder()
        // <scratch>/<triple>/<configuration>, and beside them <scratch>/<configuration>.yaml.
        let file = folder.deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: "\(folder.lastPathComponent).yaml")
        let text = try String(contentsOf: file, encoding: .utf8)
        guard let command = text.range(of: "\"C.CompilationTests-"),
            let line = text[command.upperBound...].split(separator: "\n").first(where: { $0.contains(" args: [") }),
            let list = line.firstIndex(of: "[")
        else {
            throw CompilationFailure("\(file.path) does not say how CompilationTests is compiled")
        }
        let all = try JSONDecoder().decode([String].self, from: Data(line[list...].utf8))
        guard let compiler = all.first else { throw CompilationFailure("\(file.path) names no compiler") }
        self.compiler = compiler
        self.arguments = Self.kept(of: all)
    }

    /// What is kept: all but the target's own sources, outputs, features and package.
    private static func kept(of all: [String]) -> [String] {
        let withValue: Set = ["-I", "-F", "-sdk", "-target", "-module-cache-path", "-swift-version", "-Xcc"]
        var kept: [String] = []
        var rest = all.dropFirst()
        while let argument = rest.popFirst() {
            if withValue.contains(argument), let value = rest.popFirst() {
                kept += [argument, value]
            } else if argument == "-Xfrontend", let value = rest.popFirst() {
                // -Xfrontend -load-plugin-executable -Xfrontend <path>
                if value.hasPrefix("-load-plugin"), rest.popFirst() == "-Xfrontend", let plugin = rest.popFirst() {
                    kept += ["-Xfrontend", value, "-Xfrontend", plugin]
                }
            } else if argument.hasPrefix("-I") {
                kept.append(argument)
            }
        }
        return kept
    }
}
