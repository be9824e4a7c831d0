// SPDX-License-Identifier: Apache-2.0

package import Libpq

extension LeaseEnding {
    /// What it means that the fence refused a transaction; nil if the error is no refusal by the fence.
    package init?(refusal error: any Error) {
        switch (error as? PostgresError)?.sqlState {
        case "DU001": self = .fenced
        case "DU003": self = .incarnationChanged
        default: return nil
        }
    }
}

extension ExecutorIdentity {
    /// The statement that comes first in every transaction of this executor.
    package func fence(_ statements: ExecutorStatements) -> Statement {
        Statement(statements.fence, [Parameter(self.number), Parameter(self.epoch), Parameter(self.server)])
    }
}
