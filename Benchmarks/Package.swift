// swift-tools-version: 6.2
import PackageDescription

// A package of its own, so that learners never build it: ./lesson bench, ./lesson stress.

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

// As in the workspace's own Package.swift.
#if os(macOS)
let hiredisPkgConfig: String? = "hiredis"
#else
let hiredisPkgConfig: String? = nil
#endif

let streamKit: Target.Dependency = .product(name: "StreamKit", package: "redis-streams-workspace")
let localRedis: Target.Dependency = .product(name: "LocalRedis", package: "redis-streams-workspace")
let faultKit: Target.Dependency = .product(name: "FaultKit", package: "redis-streams-workspace")
let agentRuns: Target.Dependency = .product(name: "AgentRuns", package: "redis-streams-workspace")
let agentKit: Target.Dependency = .product(name: "AgentKit", package: "redis-streams-workspace")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "redis-streams-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        // By name, because the folder that holds this workspace may be called anything.
        .package(name: "redis-streams-workspace", path: ".."),
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.6.0"),
    ],
    targets: [
        .systemLibrary(name: "Hiredis", pkgConfig: hiredisPkgConfig),
        .target(name: "Limits", dependencies: ["Hiredis"], linkerSettings: [.linkedLibrary("hiredis")]),
        .executableTarget(
            name: "bench",
            dependencies: [streamKit, localRedis, agentRuns, agentKit, argumentParser, "Limits"],
            path: "Sources/Bench",
            exclude: ["Queue/rivals.py"],
            swiftSettings: strict
        ),
        // Viewers of event streams, in C so that what is measured is the server: see viewers.c.
        .executableTarget(name: "viewers", path: "Sources/Viewers", exclude: ["peer.py", "contest.sh", "measure.py"]),
        .executableTarget(
            name: "stress",
            dependencies: [streamKit, localRedis, agentRuns, agentKit, faultKit, argumentParser],
            path: "Sources/Stress",
            swiftSettings: strict
        ),
    ]
)
