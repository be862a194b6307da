import Foundation
import Synchronization

/// A program on a port that is not our server: it answers every request with the next of the given texts.
///
/// The last text is repeated. Every answer closes the connection.
final class CannedServer: Sendable {
    let port: UInt16
    private let listener: Int32
    private let answers: [String]
    private let requests = Mutex<[String]>([])

    /// The heads of the requests so far.
    var received: [String] { requests.withLock { $0 } }
    var url: String { "http://127.0.0.1:\(port)" }

    init(_ answers: [String]) throws {
        self.answers = answers
        #if canImport(Darwin)
        listener = socket(AF_INET, SOCK_STREAM, 0)
        #else
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        #endif
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, length) == 0 && listen(listener, 16) == 0 && getsockname(listener, $0, &length) == 0
            }
        }
        guard isListening else { throw POSIXError(.EADDRNOTAVAIL) }
        port = UInt16(bigEndian: address.sin_port)
        Thread.detachNewThread { self.serve() }
    }

    /// Ends the thread, which would otherwise wait for a connection for the rest of the process.
    func stop() { shutdown(listener, Int32(SHUT_RDWR)) }

    private func serve() {
        while case let connection = accept(listener, nil, nil), connection >= 0 {
            var head = ""
            var bytes = [UInt8](repeating: 0, count: 4_096)
            while !head.contains("\r\n\r\n"), case let count = read(connection, &bytes, bytes.count), count > 0 {
                head += String(decoding: bytes[..<count], as: UTF8.self)
            }
            let number = requests.withLock { requests in
                requests.append(head)
                return requests.count
            }
            let answer = Array(answers[min(number, answers.count) - 1].utf8)
            _ = answer.withUnsafeBytes { send(connection, $0.baseAddress, $0.count, 0) }
            shutdown(connection, Int32(SHUT_WR))
            close(connection)
        }
        close(listener)
    }

    /// An answer with a body.
    static func answer(_ status: String, type: String, headers: [String] = [], _ body: String) -> String {
        (["HTTP/1.1 \(status)", "Content-Type: \(type)", "Connection: close"] + headers).joined(separator: "\r\n")
            + "\r\n\r\n" + body
    }
}
