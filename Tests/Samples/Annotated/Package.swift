// swift-tools-version: 6.3
import PackageDescription

/// What a module turns on that is ahead of the language mode.
let careful: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let client: [Target.Dependency] = [
    "CarefulHelpers", "PlainHelpers", .product(name: "DurableMacros", package: "swift-durable"),
]

// A client of the annotations, once as `swift package init` makes a module, and once with upcoming features on. The two
// programs are one source.
let package = Package(
    name: "annotated",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-durable", path: "../../..")],
    targets: [
        .target(name: "PlainHelpers", dependencies: [.product(name: "Durable", package: "swift-durable")]),
        .target(
            name: "CarefulHelpers",
            dependencies: [.product(name: "Durable", package: "swift-durable")],
            swiftSettings: careful
        ),
        .executableTarget(name: "plain", dependencies: client),
        .executableTarget(name: "careful", dependencies: client, swiftSettings: careful),
    ]
)
