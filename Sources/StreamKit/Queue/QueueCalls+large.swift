// These calls append entries that are larger than a script can send.
extension QueueCalls {
    /// How many arguments a script can pass to a command: Lua's limit of 8,000 values, less what the script needs.
    private static let mostArguments = 7_900

    /// Whether a command is too long for a script and has to be sent another way.
    ///
    /// - Throws: ``StreamKitError/invalidInput(_:)`` if there is no other way for it.
    func isLarge(_ arguments: [String], key: String) throws -> Bool {
        guard let name = arguments.first else {
            throw StreamKitError.invalidInput("A command needs at least its name.")
        }
        guard arguments.count > Self.mostArguments else { return false }
        guard name.uppercased() == "XADD", arguments[1] == key else {
            throw StreamKitError.invalidInput(
                "\(name) has \(arguments.count) arguments. Together with a check of the lease, Redis takes an XADD of "
                    + "any length, and at most \(Self.mostArguments) arguments of any other command. Send several "
                    + "commands, or fewer and longer values. Nothing was sent.")
        }
        return true
    }

    /// Appends an entry, and completes the task if told to, on condition that the attempt holds it.
    ///
    /// The command stands in a transaction between two scripts. The first checks the lease. If it was lost, the second
    /// restores the stream before anybody else can see the change.
    func appendLarge(_ arguments: [String], to key: String, for lease: Lease, completing: Bool) async throws -> Reply {
        let keys = keys.ofScripts + [key, keys.undo]
        func script(_ script: RedisScript, _ arguments: [String]) -> [String] {
            // The script is sent as text: a digest that the server has forgotten would let the command pass unchecked.
            ["EVAL", script.source, String(keys.count)] + keys + arguments
        }
        let replies = try await redis.pipeline { batch in
            batch.add("MULTI")
            batch.add(script(QueueScript.largeBefore, hold(lease)))
            batch.add(arguments)
            batch.add(script(QueueScript.largeAfter, hold(lease) + [completing ? "\(lease.task)" : ""]))
            batch.add("EXEC")
        }
        let exec = try replies.map { try $0.get() }[4]
        guard let outcome = exec.elements, outcome.count == 3 else { throw unexpected("A transaction", exec) }
        guard outcome[0].integer == 1, outcome[2].integer == 1 else { throw TaskLeaseLost(task: lease.task) }
        guard outcome[1].kind != .error else {
            throw StreamKitError.server(ServerError(message: outcome[1].text ?? "", command: arguments[0]))
        }
        return outcome[1]
    }
}
