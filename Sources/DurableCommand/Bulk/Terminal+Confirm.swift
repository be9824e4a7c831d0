// SPDX-License-Identifier: Apache-2.0

extension Terminal {
    /// Asks a person, unless that was answered beforehand.
    ///
    /// - Throws: `CommandFailure.notConfirmed` when the answer is no, or when there is nobody to ask.
    func confirm(_ question: String, isConfirmed: Bool) throws {
        guard !isConfirmed else { return }
        guard self.canAsk else {
            throw CommandFailure(.notConfirmed, "\(question) There is nobody to ask here: --yes says so beforehand")
        }
        self.ask("\(question) [yes/no] ")
        let answer = readLine()?.lowercased() ?? ""
        guard answer == "yes" || answer == "y" else { throw CommandFailure(.notConfirmed, "nothing was done") }
    }
}
