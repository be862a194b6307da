#if TLS
import CHiredis
import CHiredisSSL
import Foundation
import Synchronization

/// The encryption of one socket: hiredis shakes hands; after that we read and write.
///
/// hiredis verifies the chain of certificates and nothing else; the SSL object that it is given here
/// verifies the host's name, too. Source: <https://docs.openssl.org/3.0/man3/SSL_set1_host/>
///
/// Safety: an SSL object serves one thread at a time, so every use of it holds the lock, except in
/// `Connector`, before anybody else has the session. The object lives as long as the session holds a reference.
final class TLSSession: @unchecked Sendable {
    private let ssl: OpaquePointer
    private let lock = Mutex(())
    /// The most bytes that one record holds, so also the most that one read returns.
    private static let recordBytes = 16 << 10
    /// Safety: it is created once, and only read after that.
    nonisolated(unsafe) private static let quietSocket = streamkit_tls_quiet_socket()

    /// Shakes hands on a connected, blocking socket, which gives up when nothing comes until the deadline.
    /// - Throws: ``StreamKitError/cannotConnect(_:)`` that says what is wrong with connection, certificates or options.
    init(
        on context: UnsafeMutablePointer<redisContext>, _ configuration: RedisConfiguration, until deadline: UInt64
    ) throws(StreamKitError) {
        let problem = TLSProblem(configuration)
        ERR_clear_error()
        ssl = try Self.makeSSL(configuration, problem)
        try Self.expectServer(ssl, configuration, problem)
        // On success hiredis owns one reference; the other is ours.
        SSL_up_ref(ssl)
        // A server without TLS may wait for the rest of what it takes for a command.
        redisSetTimeout(context, Connector.timeval(until: deadline))
        guard redisInitiateSSL(context, ssl) == REDIS_OK else {
            SSL_free(ssl)
            throw problem.ofHandshake(ssl, context)
        }
        let isVerified = configuration.tls.verification == .none || SSL_get_verify_result(ssl) == Int(X509_V_OK)
        guard isVerified, streamkit_tls_use_socket(ssl, Self.quietSocket, context.pointee.fd) == 1 else {
            throw problem.failure("the server's certificate was not verified")
        }
    }

    deinit {
        SSL_free(ssl)
    }

    /// Encrypts and sends as much as the socket takes.
    ///
    /// What it did not take has to be sent again, before anything else.
    func write(_ bytes: UnsafeRawBufferPointer) -> Link.Transfer {
        transfer(bytes.count, until: 0) { done in
            SSL_write(ssl, bytes.baseAddress.map { $0 + done }, Int32(clamping: bytes.count - done))
        }
    }

    /// Receives and decrypts all there is, or as much as there is room for.
    ///
    /// It never stops in the middle of a record, so all unread bytes are in the kernel, where they can be waited
    /// for.
    func read(into memory: UnsafeMutableRawBufferPointer) -> Link.Transfer {
        precondition(memory.count >= Self.recordBytes, "A TLS record would not fit.")
        return transfer(memory.count, until: Self.recordBytes - 1) { done in
            SSL_read(ssl, memory.baseAddress.map { $0 + done }, Int32(clamping: memory.count - done))
        }
    }

    /// Goes on until at most the given number of bytes are left, or the socket has to be waited for.
    private func transfer(_ count: Int, until rest: Int, _ step: (Int) -> Int32) -> Link.Transfer {
        lock.withLock { _ in
            var done = 0
            while count - done > rest {
                ERR_clear_error()
                let result = step(done)
                guard result <= 0 else {
                    done += Int(result)
                    continue
                }
                if done > 0 { break }
                let error = SSL_get_error(ssl, result)
                return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
                    ? .wouldBlock : .failed(TLSProblem.reason(or: "the server closed the connection"))
            }
            return .bytes(done)
        }
    }
}
#endif
