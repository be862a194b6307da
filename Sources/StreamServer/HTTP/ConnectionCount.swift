import Foundation
import NIOCore
import Synchronization

/// How many connections are open, in all and of each address, and whether that is too many.
final class ConnectionCount: Sendable {
    private struct Open {
        var total = 0
        var ofAddress: [ArraySlice<UInt8>: Int] = [:]
    }

    private let limits: ConnectionLimits
    private let open = Mutex(Open())

    init(limits: ConnectionLimits) {
        self.limits = limits
    }

    /// Counts a connection that opened; one that cannot be served is not counted, so it takes nobody's place.
    /// - Returns: why it cannot be served; `nil` if it can.
    func enter(from address: SocketAddress?) -> Problem? {
        open.withLock { open in
            let client = address?.client
            if let client, open.ofAddress[client, default: 0] >= limits.connectionsPerAddress {
                return .tooManyOfAddress
            }
            guard open.total < limits.connections else { return .tooManyConnections }
            open.total += 1
            if let client { open.ofAddress[client, default: 0] += 1 }
            return nil
        }
    }

    /// Counts a connection that was served and has closed.
    func leave(from address: SocketAddress?) {
        open.withLock { open in
            open.total -= 1
            guard let client = address?.client else { return }
            let left = open.ofAddress[client, default: 1] - 1
            open.ofAddress[client] = left > 0 ? left : nil
        }
    }
}

extension SocketAddress {
    /// The bytes by which one client is told from another; `nil` on this machine.
    var client: ArraySlice<UInt8>? {
        var bytes = [UInt8](repeating: 0, count: 16)
        let isOld = self.protocol == .inet
        guard let ipAddress, inet_pton(isOld ? AF_INET : AF_INET6, ipAddress, &bytes) == 1 else { return nil }
        // An IPv4 address in the form that a socket for both kinds has.
        let isMapped = bytes.starts(with: [UInt8](repeating: 0, count: 10) + [0xFF, 0xFF])
        if isOld || isMapped {
            let address = isOld ? bytes[..<4] : bytes[12...]
            return address.first == 127 ? nil : address
        }
        return ipAddress == "::1" ? nil : bytes[..<8]
    }
}
