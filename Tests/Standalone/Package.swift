// swift-tools-version: 6.2
import PackageDescription

// StreamKit's tests in a package of their own, which depends on StreamKit as your project would.
// So they build without Hummingbird and AsyncHTTPClient, and with TLS or without. Run by Tests/matrix.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

let streamKit: Target.Dependency = .product(name: "StreamKit", package: "redis-streams-workspace")

let package = Package(
    name: "streamkit-standalone",
    platforms: [.macOS(.v15)],
    traits: ["TLS"],
    dependencies: [
        // By name, because the folder that holds this workspace may be called anything.
        .package(
            name: "redis-streams-workspace", path: "../..",
            traits: [.trait(name: "TLS", condition: .when(traits: ["TLS"]))])
    ],
    targets: [
        .target(name: "TestSupport", dependencies: [streamKit], swiftSettings: strict),
        .testTarget(name: "StreamKitTests", dependencies: [streamKit, "TestSupport"], swiftSettings: strict),
    ]
)
