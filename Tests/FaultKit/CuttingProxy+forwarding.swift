import Foundation
import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

// What the proxy does on its threads: one that accepts, and two per connection.
extension CuttingProxy {
    func acceptUntilStopped() {
        while true {
            let client = accept(listener, nil, nil)
            if state.withLock({ $0.isStopped }) {
                if client >= 0 { close(client) }
                close(listener)
                return
            }
            guard client >= 0 else { continue }
            LoopbackSocket.prepare(client)
            guard let server = LoopbackSocket.connect(to: state.withLock { $0.target }) else {
                close(client)
                continue
            }
            forward(client, server)
        }
    }

    private func forward(_ client: Int32, _ server: Int32) {
        let number = state.withLock { state in
            state.accepted += 1
            let budget = state.replyBytes.map { Int.random(in: $0) }
            state.links[state.accepted] = Link(client: client, server: server, replyBytesLeft: budget)
            return state.accepted
        }
        Thread.detachNewThread { [self] in
            pump(from: client, to: server, isRequest: true) { $0 }
            endDirection(of: number)
        }
        Thread.detachNewThread { [self] in
            pump(from: server, to: client, isRequest: false) { spendReplyBytes($0, of: number) }
            endDirection(of: number)
        }
    }

    /// Copies until either side ends or fewer bytes are allowed than there are.
    private func pump(from source: Int32, to sink: Int32, isRequest: Bool, allow: (Int) -> Int) {
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while true {
            let count = recv(source, &buffer, buffer.count, 0)
            guard count > 0 else { return }
            waitWhileStalled(buffer[..<count], isRequest: isRequest)
            let allowed = allow(count)
            guard LoopbackSocket.sendAll(buffer[..<allowed], to: sink), allowed == count else { return }
        }
    }

    private func waitWhileStalled(_ bytes: ArraySlice<UInt8>, isRequest: Bool) {
        func isHeldBack() -> Bool {
            switch stalling.withLock({ $0 }) {
            case .everything: true
            case .requests(let text): isRequest && bytes.firstRange(of: Array(text.utf8)) != nil
            case nil: false
            }
        }
        stalled.lock()
        defer { stalled.unlock() }
        guard isHeldBack() else { return }
        state.withLock { $0.heldBack += 1 }
        while isHeldBack() { stalled.wait() }
        state.withLock { $0.heldBack -= 1 }
    }

    private func spendReplyBytes(_ count: Int, of number: Int) -> Int {
        state.withLock { state in
            guard let left = state.links[number]?.replyBytesLeft else { return count }
            state.links[number]?.replyBytesLeft = max(0, left - count)
            return min(left, count)
        }
    }

    private func endDirection(of number: Int) {
        state.withLock { state in
            guard var link = state.links[number] else { return }
            if !link.isHalfDead { Self.cut(link) }
            link.openDirections -= 1
            state.links[number] = link.openDirections == 0 ? nil : link
            if link.openDirections == 0 {
                close(link.client)
                close(link.server)
            }
        }
    }

    static func cut(_ link: Link) {
        LoopbackSocket.shutDown(link.client)
        LoopbackSocket.shutDown(link.server)
    }
}
