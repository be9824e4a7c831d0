// SPDX-License-Identifier: Apache-2.0

/// Smaller programs that may still show what a program has shown: some operations are dropped, and nothing else changes.
enum ProgramShrinker {
    /// Programs with fewer operations, the smallest first: halves, quarters, and so on down to single operations.
    static func candidates(of program: Program) -> [Program] {
        let numbers = program.generations.flatMap { $0.flattened }.map { $0.operation.number }
        var found: [Program] = []
        var size = numbers.count / 2
        while size >= 1 {
            for start in stride(from: 0, to: numbers.count, by: size) {
                let dropped = Set(numbers[start..<min(start + size, numbers.count)])
                let smaller = self.drop(dropped, from: program)
                if smaller != program, !found.contains(smaller) { found.append(smaller) }
            }
            size /= 2
        }
        return found
    }

    /// The program without some operations; groups that are left without any go with them.
    static func drop(_ numbers: Set<Int>, from program: Program) -> Program {
        var smaller = program
        smaller.operations = self.drop(numbers, from: program.operations)
        smaller.later = program.later.map { self.drop(numbers, from: $0) }.filter { !$0.operations.isEmpty }
        return smaller
    }

    private static func drop(_ numbers: Set<Int>, from operations: [Operation]) -> [Operation] {
        operations.compactMap { operation in
            guard !numbers.contains(operation.number) else { return nil }
            func branches(_ all: [[Operation]]) -> [[Operation]]? {
                let left = all.map { self.drop(numbers, from: $0) }.filter { !$0.isEmpty }
                return left.isEmpty ? nil : left
            }
            var smaller = operation
            switch operation.action {
            case .step, .transaction, .sleep, .receive, .token, .child, .poll, .publish, .event, .answer, .append,
                .enqueue, .children:
                break
            case .parallel(let all):
                guard let left = branches(all) else { return nil }
                smaller.action = .parallel(left)
            case .map(let all):
                guard let left = branches(all) else { return nil }
                smaller.action = .map(left)
            case .race(let all):
                guard let left = branches(all) else { return nil }
                smaller.action = .race(left)
            case .saga(let body, let fails):
                let left = self.drop(numbers, from: body)
                guard !left.isEmpty else { return nil }
                smaller.action = .saga(left, fails: fails)
            }
            return smaller
        }
    }
}
