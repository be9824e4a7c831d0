// SPDX-License-Identifier: Apache-2.0

@main
struct Demo {
    static func main() {}
}
