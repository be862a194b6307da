import NIOCore

#if canImport(Darwin)
public import Darwin
#elseif canImport(Musl)
public import Musl
#else
import Glibc
#endif

/// Why a server could not start to listen.
public enum StreamServerError: Error, Hashable, CustomStringConvertible {
    /// Another program listens there already.
    case portInUse(host: String, port: Int)
    /// The operating system keeps this port for privileged programs.
    case portForbidden(host: String, port: Int)
    /// No address of this machine goes by that name.
    case unknownHost(String, reason: String)

    init?(_ error: IOError, host: String, port: Int) {
        switch error.errnoCode {
        case EADDRINUSE: self = .portInUse(host: host, port: port)
        case EACCES: self = .portForbidden(host: host, port: port)
        case EADDRNOTAVAIL: self = .unknownHost(host, reason: "it is not an address of this machine")
        default: return nil
        }
    }

    /// What happened, and what to do next.
    public var description: String {
        switch self {
        case .portInUse(let host, let port):
            "Port \(port) of \(host) is in use. Stop the program that listens there, or choose another: --port 0 "
                + "takes any free one."
        case .portForbidden(let host, let port):
            "This user is not allowed to listen on port \(port) of \(host). Choose a port above 1023, for example --port 8080."
        case .unknownHost(let host, let reason):
            "Cannot listen on '\(host)': \(reason). Use --host 127.0.0.1 for this machine alone, 0.0.0.0 for all."
        }
    }
}
