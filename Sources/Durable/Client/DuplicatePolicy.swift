// SPDX-License-Identifier: Apache-2.0

/// What happens when an id is started again with another input.
public enum DuplicatePolicy: Sendable, Hashable {
    /// It is an error: two different requests under one id are a mistake.
    case compareInput
    /// The workflow that was started first is returned, whatever the input: for webhooks that are delivered twice.
    case returnExisting
}
