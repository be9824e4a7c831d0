// swift-tools-version: 6.3
import PackageDescription

// A client that links `Durable` and no annotations: nothing of swift-syntax is built for it.
let package = Package(
    name: "closures",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "swift-durable", path: "../../..")],
    targets: [
        .executableTarget(name: "closures", dependencies: [.product(name: "Durable", package: "swift-durable")])
    ]
)
