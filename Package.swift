// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// For libraries: an import is part of the API only where it says `public`.
let strictLibrary = strict + [.enableUpcomingFeature("InternalImportsByDefault")]

// Homebrew keeps hiredis' headers where only pkg-config finds them. On Linux the headers are on the
// compiler's own path, and a pkg-config entry would warn about a prohibited flag.
#if os(macOS)
let hiredisPkgConfig: String? = "hiredis"
let hiredisSSLPkgConfig: String? = "hiredis_ssl"
#else
let hiredisPkgConfig: String? = nil
let hiredisSSLPkgConfig: String? = nil
#endif

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let metrics: Target.Dependency = .product(name: "Metrics", package: "swift-metrics")
let tracing: Target.Dependency = .product(name: "Tracing", package: "swift-distributed-tracing")
let lifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let httpClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nio: [Target.Dependency] = [
    .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
]
let configuration: Target.Dependency = .product(name: "Configuration", package: "swift-configuration")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")

/// One lesson: an executable in `Lessons/`, beside its README and maybe other files that are not compiled.
func lesson(
    _ name: String, in folder: String, uses dependencies: [Target.Dependency], beside others: [String] = []
) -> Target {
    .executableTarget(
        name: name,
        dependencies: ["StreamKit", "LocalRedis", "LessonKit", argumentParser] + dependencies,
        path: "Lessons/\(folder)",
        exclude: ["README.md"] + others,
        swiftSettings: strict
    )
}

/// A test target in `Tests/`, named for the target it tests.
func tests(of name: String, _ dependencies: [Target.Dependency], resources: [Resource] = []) -> Target {
    .testTarget(name: name + "Tests", dependencies: dependencies, resources: resources, swiftSettings: strict)
}

let package = Package(
    name: "redis-streams-workspace",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "StreamKit", targets: ["StreamKit"]),
        .library(name: "LocalRedis", targets: ["LocalRedis"]),
        .library(name: "AgentRuns", targets: ["AgentRuns"]),
        .library(name: "AgentKit", targets: ["AgentKit"]),
        .library(name: "AzureKit", targets: ["AzureKit"]),
        .library(name: "ServerSentEvents", targets: ["ServerSentEvents"]),
        .library(name: "StreamServer", targets: ["StreamServer"]),
        // For the stress programs in Benchmarks, which are a package of their own.
        .library(name: "FaultKit", targets: ["FaultKit"]),
        .executable(name: "basics", targets: ["Basics"]),
        .executable(name: "setup", targets: ["Setup"]),
        .executable(name: "queue-integration", targets: ["QueueIntegration"]),
        .executable(name: "agent-task-logging", targets: ["AgentTaskLogging"]),
        .executable(name: "streaming-to-users", targets: ["StreamingToUsers"]),
    ],
    traits: [
        .trait(
            name: "TLS", description: "Encrypted connections (rediss://), by hiredis_ssl of hiredis 1.0 and OpenSSL."),
        .trait(
            name: "DistributedTracingSupport",
            description: "A span for each Redis command, for the tracer that a program bootstraps."),
        .default(enabledTraits: ["DistributedTracingSupport"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser.git", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-collections.git", from: "1.2.0"),
        .package(url: "https://github.com/apple/swift-log.git", from: "1.11.0"),
        .package(url: "https://github.com/apple/swift-metrics.git", from: "2.5.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing.git", from: "1.6.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle.git", from: "2.8.0"),
        .package(url: "https://github.com/hummingbird-project/hummingbird.git", from: "2.16.0"),
        .package(url: "https://github.com/swift-server/async-http-client.git", from: "1.26.0"),
        .package(url: "https://github.com/apple/swift-nio.git", from: "2.80.0"),
        .package(url: "https://github.com/apple/swift-configuration.git", from: "1.0.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto.git", from: "4.0.0"),
    ],
    targets: [
        .systemLibrary(
            name: "CHiredis",
            pkgConfig: hiredisPkgConfig,
            providers: [.apt(["libhiredis-dev"]), .brew(["hiredis"]), .yum(["hiredis-devel"])]
        ),
        .systemLibrary(
            name: "CHiredisSSL",
            pkgConfig: hiredisSSLPkgConfig,
            providers: [.apt(["libhiredis-dev", "libssl-dev"]), .brew(["hiredis", "openssl"])]
        ),
        .target(
            name: "StreamKit",
            dependencies: [
                "CHiredis", .target(name: "CHiredisSSL", condition: .when(traits: ["TLS"])), logging, metrics,
                lifecycle, .product(name: "DequeModule", package: "swift-collections"),
                .product(
                    name: "Tracing", package: "swift-distributed-tracing",
                    condition: .when(traits: ["DistributedTracingSupport"])),
            ],
            exclude: ["Client/Routing.md"],
            resources: [
                .embedInCode("Queue/Scripts"), .embedInCode("Streams/Scripts"), .embedInCode("Groups/Scripts"),
            ],
            swiftSettings: strictLibrary
        ),
        .target(name: "ServerSentEvents", swiftSettings: strictLibrary),
        .target(name: "LocalRedis", dependencies: ["StreamKit", "CHiredis"], swiftSettings: strictLibrary),
        .target(
            name: "AgentRuns",
            dependencies: ["StreamKit", logging, lifecycle, tracing],
            resources: [.embedInCode("Scripts")],
            swiftSettings: strictLibrary
        ),
        .target(name: "AzureKit", dependencies: ["StreamKit", httpClient] + nio, swiftSettings: strictLibrary),
        .target(
            name: "AgentKit",
            dependencies: [
                "AgentRuns", "StreamKit", "ServerSentEvents", "AzureKit", logging, httpClient, configuration, tracing,
            ] + nio,
            swiftSettings: strictLibrary
        ),
        .target(name: "TravelPlanner", dependencies: ["AgentKit"], swiftSettings: strictLibrary),
        .target(
            name: "StreamServer",
            dependencies: [
                "AgentRuns", "StreamKit", "ServerSentEvents", hummingbird, lifecycle, logging, tracing, metrics, crypto,
            ],
            resources: [.embedInCode("Page")],
            swiftSettings: strictLibrary
        ),
        .target(
            name: "LessonKit", dependencies: ["LocalRedis", "StreamKit", argumentParser], swiftSettings: strictLibrary),

        lesson("Basics", in: "01-Basics", uses: []),
        lesson("Setup", in: "02-Setup", uses: []),
        lesson("QueueIntegration", in: "03-QueueIntegration", uses: []),
        lesson(
            "AgentTaskLogging", in: "04-AgentTaskLogging", uses: ["AgentKit", "AgentRuns", "TravelPlanner"],
            beside: ["YOUR-AGENT.md"]),
        lesson(
            "StreamingToUsers", in: "05-StreamingToUsers",
            uses: [
                "AgentKit", "AgentRuns", "AzureKit", "TravelPlanner", "StreamServer", "ServerSentEvents", httpClient,
                hummingbird, lifecycle,
            ], beside: ["demo.http", "DELIVERY.md"]),

        .target(name: "FaultKit", path: "Tests/FaultKit", swiftSettings: strict),
        .target(
            name: "TestSupport",
            dependencies: ["StreamKit", "LocalRedis"],
            path: "Tests/TestSupport",
            swiftSettings: strict
        ),
        tests(
            of: "StreamKit",
            [
                "StreamKit", "LocalRedis", "FaultKit", "TestSupport", lifecycle, logging,
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"), tracing,
            ]),
        tests(of: "LocalRedis", ["LocalRedis", "StreamKit", "FaultKit", "TestSupport"]),
        tests(of: "ServerSentEvents", ["ServerSentEvents"]),
        tests(of: "AgentRuns", ["AgentRuns", "LocalRedis", "StreamKit", "FaultKit", "TestSupport"]),
        tests(of: "AzureKit", ["AzureKit", "FaultKit", "LocalRedis", "StreamKit", "TestSupport"]),
        tests(
            of: "AgentKit",
            [
                "AgentKit", "AgentRuns", "AzureKit", "ServerSentEvents", "TravelPlanner", "LocalRedis", "StreamKit",
                "FaultKit", "TestSupport",
            ]),
        tests(of: "TravelPlanner", ["TravelPlanner", "AgentKit"]),
        tests(
            of: "StreamServer",
            [
                "StreamServer", "AgentRuns", "AgentKit", "TravelPlanner", "LocalRedis", "StreamKit", "ServerSentEvents",
                "FaultKit", "TestSupport", hummingbird, httpClient, lifecycle,
                .product(name: "MetricsTestKit", package: "swift-metrics"),
            ]),
        tests(of: "LessonKit", ["LessonKit", "LocalRedis", "StreamKit", "TestSupport"]),
        tests(of: "QueueIntegration", ["LocalRedis", "StreamKit", "TestSupport"]),
        tests(
            of: "AgentTaskLogging",
            ["AgentKit", "AgentRuns", "TravelPlanner", "LocalRedis", "StreamKit", "TestSupport"]),
        tests(of: "StreamingToUsers", ["LocalRedis", "StreamKit", "TestSupport", httpClient]),
        tests(of: "Basics", ["Basics", "LessonKit", "LocalRedis", "StreamKit", "TestSupport"]),
        tests(of: "Setup", ["Setup", "LocalRedis", "StreamKit", "TestSupport"]),
        tests(of: "Lessons", ["TestSupport"]),
        // A server or a worker whose spans can be read from outside.
        .executableTarget(
            name: "TracedProgram",
            dependencies: [
                "AgentKit", "AgentRuns", "StreamKit", "StreamServer", "TravelPlanner", httpClient, tracing,
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
            ],
            path: "Tests/TracedProgram",
            swiftSettings: strict
        ),
        tests(
            of: "TracedProgram", ["TracedProgram", "LocalRedis", "StreamKit", "FaultKit", "TestSupport", httpClient]),
    ]
)
