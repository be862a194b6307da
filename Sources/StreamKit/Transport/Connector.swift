import CHiredis
import Foundation

/// Opens a socket and introduces itself: see ``Greeting``.
struct Connector {
    private let configuration: RedisConfiguration
    private let deadline: UInt64

    /// Opens a connection on a thread that may block, and reports the result.
    static let connect: Session.Connect = { configuration, done in
        let connector = Connector(
            configuration: configuration,
            deadline: MonotonicClock.deadline(after: configuration.timeouts.connect.nanoseconds))
        ConnectQueue.shared.add(
            .init(
                run: {
                    ignoreBrokenPipes()
                    done(Result { () throws(StreamKitError) in try connector.open() })
                },
                fail: { done(.failure(noThread("\(configuration)"))) }))
    }

    /// The system has no thread left.
    static func noThread(_ address: String) -> StreamKitError {
        .cannotConnect(
            "Cannot connect to Redis at \(address): the system has no thread left for it (ulimit -u, cgroup pids.max).")
    }

    /// hiredis writes without MSG_NOSIGNAL, and a server that hangs up on us must not end the process.
    ///
    /// The signal goes to the thread that wrote, so blocking it here touches nobody else.
    private static func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func open() throws(StreamKitError) -> Link {
        #if !TLS
        guard !configuration.usesTLS else {
            throw .cannotConnect(
                "\(configuration): TLS (rediss://) is not built in. Build with StreamKit's trait TLS "
                    + "(swift build --traits default,TLS), or use redis:// or unix://.")
        }
        #endif
        try configuration.validate()
        guard MonotonicClock.now() < deadline else {
            throw .cannotConnect(
                "Cannot connect to Redis at \(configuration): so many connections were being opened that its time was "
                    + "over before its turn came. Is another server not answering?")
        }
        let link = try connectedLink()
        var greeting = Greeting(link: link, configuration: configuration, deadline: deadline)
        try greeting.exchange()
        return link
    }

    /// Connects, and shakes hands where it is TLS; from then on the socket never blocks.
    private func connectedLink() throws(StreamKitError) -> Link {
        let limit = Self.timeval(until: deadline)
        let context =
            switch configuration.endpoint {
            case .tcp(let host, let port): redisConnectWithTimeout(host, Int32(port), limit)
            case .unix(let path): redisConnectUnixWithTimeout(path, limit)
            }
        guard let context else {
            throw .cannotConnect("Out of memory while connecting to \(configuration).")
        }
        let link = Link(context)
        if let problem = link.problem {
            throw .cannotConnect("Cannot connect to Redis at \(configuration): \(problem). \(advice)")
        }
        if case .tcp = configuration.endpoint { redisEnableKeepAlive(context) }
        #if TLS
        if configuration.usesTLS { link.tls = try TLSSession(on: context, configuration, until: deadline) }
        #endif
        guard fcntl(link.descriptor, F_SETFL, fcntl(link.descriptor, F_GETFL) | O_NONBLOCK) == 0 else {
            throw .cannotConnect("\(configuration): \(String(cString: strerror(errno)))")
        }
        return link
    }

    private var advice: String {
        switch configuration.endpoint {
        case .tcp: "Is the server running there, and are host and port right?"
        case .unix: "Is the server running there, and is the path of its socket right?"
        }
    }

    /// What is left of the time, for hiredis, which takes zero for no limit and refuses what it cannot write as
    /// milliseconds.
    static func timeval(until deadline: UInt64) -> CHiredis.timeval {
        let now = MonotonicClock.now()
        let milliseconds = max(deadline > now ? (deadline - now) / 1_000_000 : 0, 1)
        return CHiredis.timeval(
            tv_sec: Int(min(milliseconds / 1_000, 1 << 31)), tv_usec: .init(milliseconds % 1_000 * 1_000))
    }
}
