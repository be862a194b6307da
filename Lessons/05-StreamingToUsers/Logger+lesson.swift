// Where this lesson's servers log.
// Run:    LOG_LEVEL=debug ./lesson 5 serve
// Expect: what the server does, on standard error.

import Foundation
import Logging

extension Logger {
    /// Errors on standard error, or what `LOG_LEVEL` asks for: trace, debug, info, notice, warning, error, critical.
    static var toStandardError: Logger {
        let name = ProcessInfo.processInfo.environment["LOG_LEVEL"] ?? ""
        let wanted = Level(rawValue: name.lowercased())
        var logger = Logger(label: "streaming-to-users") { label in
            let handler = StreamLogHandler.standardError(label: label)
            return wanted == nil ? WithoutHangUps(handler: handler) : handler
        }
        logger.logLevel = wanted ?? .error
        if wanted == nil, !name.isEmpty {
            let levels = Level.allCases.map(\.rawValue).joined(separator: ", ")
            logger.error("LOG_LEVEL names no level, so only errors are logged. Set it to one of \(levels).")
        }
        return logger
    }
}

/// Leaves out what Hummingbird calls an error when a server stops while somebody watches: here that is not a fault.
private struct WithoutHangUps: LogHandler {
    var handler: StreamLogHandler

    var metadata: Logger.Metadata {
        get { handler.metadata }
        set { handler.metadata = newValue }
    }
    var logLevel: Logger.Level {
        get { handler.logLevel }
        set { handler.logLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { handler[metadataKey: key] }
        set { handler[metadataKey: key] = newValue }
    }

    func log(event: LogEvent) {
        guard event.source != "HummingbirdCore" else { return }
        handler.log(event: event)
    }
}
