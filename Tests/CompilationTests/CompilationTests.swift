// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// What the compiler refuses, asked of the whole compiler, each mistake beside what to write instead.
@Suite struct CompilationTests {
    @Test(arguments: ClientFeatures.allCases)
    func `what to write instead of each mistake compiles without a warning`(features: ClientFeatures) async throws {
        let messages = try await Compiler().compile(Mistake.all().map(\.file), features: features)
        #expect(messages.isEmpty, "\(messages)")
    }

    @Test(arguments: try Mistake.all(), [ClientFeatures.none, .all])
    func `the compiler refuses a mistake, at its line, in words that name it`(
        mistake: Mistake,
        features: ClientFeatures
    ) async throws {
        let messages = try await Compiler().compile([mistake.file], defining: ["MISTAKE"], features: features)
        for expectation in mistake.expectations {
            let isSaid = messages.contains {
                $0.line == expectation.line && $0.severity == expectation.severity
                    && $0.words.contains(expectation.words)
            }
            #expect(isSaid, "line \(expectation.line) should have \(expectation.words); said was \(messages)")
        }
        // Nothing else is wrong with it: it is the mistake that does not compile.
        let lines = Set(mistake.expectations.map(\.line))
        #expect(messages.allSatisfy { lines.contains($0.line) && $0.file == "\(mistake.name).swift" }, "\(messages)")
        #expect(!mistake.expectations.isEmpty)
    }

    @Test func `every mistake that the documentation promises to be an error is tried`() throws {
        let names = try Set(Mistake.all().map(\.name))
        let promised: Set = [
            "AnnotatedStepInAsyncLet", "AnnotatedStepInsideStep", "AsyncLetOnContext", "ContextInDetachedTask",
            "ContextInTask", "ContextInTaskGroup", "ContextToActor",
            "MapOverDictionary", "MapOverSet", "MutationInBranch", "MutationInStep", "OuterContextInBranch",
            "OuterContextInMap", "RawStepWithoutCapability", "StepInsideStep", "TransactionInAsyncLet",
            "TransactionInTask", "TransactionKept",
            "SignalOfAnotherType", "UncodableResult",
        ]
        #expect(promised.isSubset(of: names), "not tried: \(promised.subtracting(names))")
    }

    @Test func `the article on mistakes has what is said of each`() throws {
        let article = try String(
            contentsOf: Program.root.appending(path: "Sources/Durable/Durable.docc/Mistakes.md"),
            encoding: .utf8
        )
        for mistake in try Mistake.all() {
            for expectation in mistake.expectations {
                #expect(article.contains(expectation.words), "\(mistake.name): \(expectation.words)")
            }
        }
    }
}
