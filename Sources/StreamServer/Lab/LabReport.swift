/// What the instructor's panel shows: the workers, what Redis holds, and the commands that went by.
public struct LabReport: Encodable, Sendable {
    /// A worker process.
    public struct Worker: Encodable, Sendable {
        /// `running`, `paused` or `dead`.
        public enum State: String, Encodable, Sendable { case running, paused, dead }

        /// Its process ID.
        public let process: Int32
        /// Whether it works.
        public let state: State

        /// Describes a worker.
        public init(process: Int32, state: State) {
            self.process = process
            self.state = state
        }
    }

    /// A stream in Redis.
    public struct Stream: Encodable, Sendable {
        /// Its key.
        public let key: String
        /// How many entries it has.
        public let length: Int
        /// Its consumer groups.
        public let groups: [Group]

        /// Describes a stream.
        public init(key: String, length: Int, groups: [Group]) {
            self.key = key
            self.length = length
            self.groups = groups
        }
    }

    /// A consumer group of a stream.
    public struct Group: Encodable, Sendable {
        /// Its name.
        public let name: String
        /// How many entries were delivered and not acknowledged.
        public let pending: Int
        /// Its consumers, and how many entries are pending for each.
        public let consumers: [String: Int]

        /// Describes a group.
        public init(name: String, pending: Int, consumers: [String: Int]) {
            self.name = name
            self.pending = pending
            self.consumers = consumers
        }
    }

    /// A command that Redis received.
    public struct Command: Encodable, Sendable {
        /// Its place among all commands since the lab began, from 1.
        public let number: Int
        /// The command and its arguments, quoted as MONITOR does.
        public let text: String

        /// Describes a command.
        public init(number: Int, text: String) {
            self.number = number
            self.text = text
        }
    }

    /// The workers, oldest first.
    public var workers: [Worker]
    /// Whether Redis answers.
    public var isRedisUp: Bool
    /// The streams, by key; none while Redis is down.
    public var streams: [Stream]
    /// How many tasks were given up.
    public var deadLetters: Int
    /// Newer commands, oldest first.
    public var commands: [Command]

    /// A report of a server and its workers.
    public init(workers: [Worker], isRedisUp: Bool, streams: [Stream], deadLetters: Int, commands: [Command]) {
        self.workers = workers
        self.isRedisUp = isRedisUp
        self.streams = streams
        self.deadLetters = deadLetters
        self.commands = commands
    }

    enum CodingKeys: String, CodingKey {
        case workers, streams, commands
        case isRedisUp = "redis_up"
        case deadLetters = "dead_letters"
    }
}
