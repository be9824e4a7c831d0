// SPDX-License-Identifier: Apache-2.0

import Testing

/// Real processes that are killed, stopped and replaced.
///
/// One test at a time: several of them measure leases of a second.
@Suite(.serialized) enum FaultTests {}
