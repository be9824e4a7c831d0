// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What every verb needs to know that asks the database: which one, and how the answer is written.
struct SessionOptions: ParsableArguments {
    @OptionGroup var output: OutputOptions
    @OptionGroup(title: "Database") var database: DatabaseOptions
}
