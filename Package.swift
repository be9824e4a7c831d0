// swift-tools-version: 6.3
import CompilerPluginSupport
import PackageDescription

/// What every target is compiled with.
///
/// `LanguageFeatures.swift` in each module refuses to compile if one of the upcoming features is misspelt or unknown
/// to the compiler.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("ImmutableWeakCaptures"),
    .enableUpcomingFeature("InferIsolatedConformances"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let package = Package(
    name: "swift-durable",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Durable", targets: ["Durable"]),
        .library(name: "DurableCommand", targets: ["DurableCommand"]),
        .library(name: "DurableCompression", targets: ["DurableCompression"]),
        .library(name: "DurableCrypto", targets: ["DurableCrypto"]),
        .library(name: "DurableMacros", targets: ["DurableMacros"]),
        .library(name: "DurableTesting", targets: ["DurableTesting"]),
        .library(name: "Libpq", targets: ["Libpq"]),
        .executable(name: "durable", targets: ["durable-command"]),
        .executable(name: "durable-demo", targets: ["durable-demo"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
        // Only what encrypts payloads builds it. A range, so that a service with the major version before can resolve.
        .package(url: "https://github.com/apple/swift-crypto", "3.12.0"..<"5.0.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.3.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.5.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.6.0"),
        // Only what uses the annotations builds it. A range, so that a service with other macros can resolve.
        .package(url: "https://github.com/swiftlang/swift-syntax", "602.0.0"..<"604.0.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CLibpq",
            pkgConfig: "libpq",
            providers: [.apt(["libpq-dev"]), .brew(["libpq"])]
        ),
        .target(
            name: "Libpq",
            dependencies: ["CLibpq", .product(name: "DequeModule", package: "swift-collections")],
            swiftSettings: settings
        ),
        .target(
            name: "DurableSQL",
            path: "sql",
            exclude: ["migrations"]
        ),
        .target(
            name: "Durable",
            dependencies: [
                "DurableSQL",
                "Libpq",
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings
        ),
        .systemLibrary(
            name: "CZlib",
            pkgConfig: "zlib",
            providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]
        ),
        // What payloads are encoded with: products of their own, so that `Durable` alone needs neither.
        .target(name: "DurableCompression", dependencies: ["CZlib", "Durable"], swiftSettings: settings),
        .target(
            name: "DurableCrypto",
            dependencies: ["Durable", .product(name: "Crypto", package: "swift-crypto")],
            swiftSettings: settings
        ),
        // The annotations: a product of its own, so that who links `Durable` alone builds no swift-syntax.
        .target(name: "DurableMacros", dependencies: ["Durable", "DurableMacrosPlugin"], swiftSettings: settings),
        .macro(
            name: "DurableMacrosPlugin",
            dependencies: [
                .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
                .product(name: "SwiftDiagnostics", package: "swift-syntax"),
                .product(name: "SwiftParser", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            ],
            swiftSettings: settings
        ),
        .target(name: "TemporaryPostgres", swiftSettings: settings),
        .target(
            name: "DurableTesting",
            dependencies: [
                "Durable", "Libpq", "TemporaryPostgres",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // Not a product: who depends on this package never builds it. Inside of it, it may use what `package` allows.
        .executableTarget(
            name: "durable-bench",
            dependencies: [
                "Durable",
                "Libpq",
                "TemporaryPostgres",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // What the processes that are killed and those who kill them have in common.
        .target(
            name: "FaultProcesses",
            dependencies: [
                "Durable",
                "TemporaryPostgres",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // Not a product either: generated programs under generated faults, see Scripts/faults.
        .target(
            name: "FaultSuite",
            dependencies: [
                "Durable",
                "FaultProcesses",
                "Libpq",
                "TemporaryPostgres",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(name: "durable-faults", dependencies: ["FaultSuite"], swiftSettings: settings),
        // The command `durable`: a library, so that tests import what a clean build has made, and its program. They have other
        // names, since a disk that takes no notice of case would put their files and modules into those of `Durable`.
        .target(
            name: "DurableCommand",
            dependencies: [
                "Durable",
                "Libpq",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(name: "durable-command", dependencies: ["DurableCommand"], swiftSettings: settings),
        // The command of a service that compresses its payloads, for tests.
        .executableTarget(
            name: "command-with-codecs",
            dependencies: ["Durable", "DurableCommand", "DurableCompression"],
            path: "Tests/CommandWithCodecs",
            swiftSettings: settings
        ),
        .executableTarget(
            name: "durable-demo",
            dependencies: [
                "Durable",
                "DurableMacros",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        // What the tests of several targets wait, count and ask with.
        .target(
            name: "TestSupport",
            dependencies: ["Durable", "DurableTesting", "Libpq", .product(name: "Logging", package: "swift-log")],
            path: "Tests/TestSupport",
            swiftSettings: settings
        ),
        .testTarget(name: "LibpqTests", dependencies: ["Libpq", "TemporaryPostgres"], swiftSettings: settings),
        .testTarget(
            name: "DurableTests",
            dependencies: ["CLibpq", "Durable", "DurableTesting", "Libpq", "TemporaryPostgres", "TestSupport"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CodecTests",
            dependencies: [
                "Durable", "DurableCompression", "DurableCrypto", "DurableTesting", "Libpq", "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        // Apart from the others: what a tracer and a metrics backend see, and what stands in a payload's place.
        .testTarget(
            name: "TelemetryTests",
            dependencies: [
                "Durable", "DurableTesting", "Libpq", "TestSupport",
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ],
            swiftSettings: settings
        ),
        // A body macro as other packages have them, to be used together with the annotations.
        .macro(
            name: "ForeignMacrosPlugin",
            dependencies: [
                .product(name: "SwiftCompilerPlugin", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
            ],
            path: "Tests/ForeignMacrosPlugin",
            swiftSettings: settings
        ),
        .testTarget(
            name: "DurableTestingTests",
            dependencies: [
                "Durable", "DurableTesting", "Libpq", "TemporaryPostgres",
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: settings
        ),
        .testTarget(
            name: "DurableMacrosTests",
            dependencies: [
                "DurableMacros",
                "DurableMacrosPlugin",
                "DurableTesting",
                "ForeignMacrosPlugin",
                "TestSupport",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "SwiftDiagnostics", package: "swift-syntax"),
                .product(name: "SwiftParser", package: "swift-syntax"),
                .product(name: "SwiftSyntax", package: "swift-syntax"),
                .product(name: "SwiftSyntaxBuilder", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacroExpansion", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacros", package: "swift-syntax"),
                .product(name: "SwiftSyntaxMacrosGenericTestSupport", package: "swift-syntax"),
            ],
            swiftSettings: settings
        ),
        // Whole workflows, as one would write them: documentation that runs.
        .testTarget(
            name: "ExampleTests",
            dependencies: ["DurableMacros", "DurableTesting", "Libpq"],
            swiftSettings: settings
        ),
        // What the compiler refuses: the files of Cases are given to it by the tests.
        .testTarget(
            name: "CompilationTests",
            dependencies: ["Durable", "DurableMacros", "DurableTesting", "TemporaryPostgres"],
            exclude: ["Cases"],
            swiftSettings: settings
        ),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Durable", "DurableCommand", "durable-command", "command-with-codecs", "DurableCompression",
                "DurableTesting",
                "Libpq", "TemporaryPostgres",
            ],
            swiftSettings: settings
        ),
        // The code of README.md and of the articles, and the tests that hold the two together.
        .testTarget(
            name: "SnippetTests",
            dependencies: [
                "Durable",
                "DurableCommand",
                "DurableCompression",
                "DurableCrypto",
                "DurableMacros",
                "DurableTesting",
                "TemporaryPostgres",
                "TestSupport",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
            ],
            swiftSettings: settings
        ),
        .executableTarget(
            name: "fault-worker",
            dependencies: [
                "Durable", "FaultProcesses", "Libpq", .product(name: "Logging", package: "swift-log"),
            ],
            path: "Tests/FaultWorker",
            swiftSettings: settings
        ),
        .testTarget(
            name: "FaultTests",
            dependencies: [
                "Durable", "DurableTesting", "Libpq", "TemporaryPostgres", "FaultProcesses", "FaultSuite",
                "durable-faults", "fault-worker",
            ],
            swiftSettings: settings
        ),
        .testTarget(name: "TemporaryPostgresTests", dependencies: ["TemporaryPostgres"], swiftSettings: settings),
    ]
)
