// swift-tools-version: 6.3
import PackageDescription
let package = Package(
    name: "b",
    platforms: [.macOS(.v15)],
    dependencies: [.package(path: "/work/wt-engine")],
    targets: [.executableTarget(name: "b", dependencies: [.product(name: "Durable", package: "wt-engine")])]
)
