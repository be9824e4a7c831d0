// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
public import Durable

/// The command `durable`, for a program of a service's own that reads what its engines encode.
///
/// ```swift
/// await DurableCommand.main(codecs: try PayloadCodecs([DeflateCodec()]))
/// ```
public enum DurableCommand {
    /// Parses the arguments, does what they say, and ends the process with the documented status.
    ///
    /// - Parameter codecs: How the payloads of the service are encoded: as for its engines. Nil: encoded payloads are shown as what they are.
    public static func main(codecs: PayloadCodecs? = nil) async {
        let terminal = Terminal.current
        do {
            try await PayloadReader.$codecs.withValue(codecs) {
                var command = try RootCommand.parseAsRoot()
                if var command = command as? any AsyncParsableCommand {
                    try await command.run()
                } else {
                    try command.run()
                }
            }
        } catch let failure as CommandFailure {
            terminal.remark("durable: \(Printable.text(failure.message))")
            RootCommand.exit(withError: ExitCode(failure.status.rawValue))
        } catch {
            let code = RootCommand.exitCode(for: error)
            // Help and completion scripts are answers, and no errors.
            guard code == .validationFailure else { RootCommand.exit(withError: error) }
            terminal.remark(RootCommand.fullMessage(for: error))
            RootCommand.exit(withError: ExitCode(ExitStatus.usage.rawValue))
        }
    }
}
