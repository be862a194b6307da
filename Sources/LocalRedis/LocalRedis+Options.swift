import StreamKit

extension LocalRedis {
    /// What a private server is like.
    public struct Options: Sendable {
        /// Whether every write is on disk before it is answered, so that it survives a `kill -9`.
        ///
        /// Turns on the append-only file with `appendfsync always`. Without it the server keeps nothing.
        public var durable: Bool
        /// Whether the server listens on a free port of 127.0.0.1 as well as on its unix socket.
        public var tcp: Bool
        /// Path or name of the server program; nil asks `REDIS_SERVER_BINARY`, then the `PATH`.
        public var binary: String?
        /// More arguments for the server, such as `["--requirepass", "secret"]`.
        ///
        /// They come last, so they win over what the other options imply.
        public var extraArguments: [String]

        /// Describes a server that keeps nothing and listens on a unix socket only, unless told otherwise.
        public init(
            durable: Bool = false, tcp: Bool = false, binary: String? = nil, extraArguments: [String] = []
        ) {
            self.durable = durable
            self.tcp = tcp
            self.binary = binary
            self.extraArguments = extraArguments
        }

        func arguments(directory: String, socket: String, port: Int?) -> [String] {
            let address = ["--unixsocket", socket, "--unixsocketperm", "700", "--bind", "127.0.0.1"]
            let listening = address + ["--port", String(port ?? 0)]
            let files = ["--dir", directory, "--save", "", "--daemonize", "no"]
            let log = durable ? ["--appendonly", "yes", "--appendfsync", "always"] : ["--appendonly", "no"]
            return listening + files + log + extraArguments
        }
    }
}
