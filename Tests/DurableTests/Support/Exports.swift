// SPDX-License-Identifier: Apache-2.0

// What all test targets share is at hand in every file of this one.
@_exported import TestSupport
