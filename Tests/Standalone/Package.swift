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
let localRedis: Target.Dependency = .product(name: "LocalRedis", package: "redis-streams-workspace")
let faultKit: Target.Dependency = .product(name: "FaultKit", package: "redis-streams-workspace")

let package = Package(
    name: "streamkit-standalone",
    platforms: [.macOS(.v15)],
    traits: ["TLS", "DistributedTracingSupport", .default(enabledTraits: ["DistributedTracingSupport"])],
    dependencies: [
        // By name, because the folder that holds this workspace may be called anything.
        .package(
            name: "redis-streams-workspace", path: "../..",
            traits: [
                .trait(name: "TLS", condition: .when(traits: ["TLS"])),
                .trait(
                    name: "DistributedTracingSupport", condition: .when(traits: ["DistributedTracingSupport"])),
            ]),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.11.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.8.0"),
    ],
    targets: [
        .target(name: "TestSupport", dependencies: [streamKit, localRedis], swiftSettings: strict),
        .testTarget(
            name: "StreamKitTests",
            dependencies: [
                streamKit, localRedis, faultKit, "TestSupport", .product(name: "Logging", package: "swift-log"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict
        ),
    ]
)
