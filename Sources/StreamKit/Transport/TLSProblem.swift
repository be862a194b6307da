#if TLS
import CHiredis
import CHiredisSSL
import Foundation

/// Why a TLS connection failed, in words that say what to do.
struct TLSProblem {
    private let address: String

    init(_ configuration: RedisConfiguration) {
        address = "\(configuration)"
    }

    func failure(_ reason: String) -> StreamKitError {
        .cannotConnect("Cannot connect to Redis at \(address) by TLS: \(reason).")
    }

    func ofFile(_ what: String, _ path: String?) -> StreamKitError {
        failure("cannot read \(what)\(path.map { " in \($0)" } ?? "") (\(Self.reason(or: "not a PEM file")))")
    }

    func ofHandshake(_ ssl: OpaquePointer, _ context: UnsafeMutablePointer<redisContext>) -> StreamKitError {
        let verdict = SSL_get_verify_result(ssl)
        guard verdict == Int(X509_V_OK) else {
            let words = X509_verify_cert_error_string(verdict).map { String(cString: $0) } ?? "error \(verdict)"
            return failure("the server's certificate was refused (\(words)). \(Self.advice(verdict))")
        }
        let reason = Self.reason(or: "the server hung up or did not answer in time")
        // An alert is an answer in TLS, so the port is right.
        return failure(reason.contains("alert") ? reason : "\(reason). Is that a TLS port? If not, use redis://")
    }

    func ofGreeting(_ reason: String) -> StreamKitError {
        let advice = reason.contains("certificate required") ? ". Name ours (cert, key)" : ""
        return failure("the server hung up (\(reason))\(advice)")
    }

    private static func advice(_ verdict: Int) -> String {
        switch Int32(verdict) {
        case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
            "It is another host's. Connect under the name it was made for, or say which that is (sni)"
        case X509_V_ERR_CERT_HAS_EXPIRED, X509_V_ERR_CERT_NOT_YET_VALID:
            "It has to be renewed, or this computer's clock is wrong"
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN,
            X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
            "Nobody we trust signed it. If it is yours, name the authority's file (cacert)"
        default:
            "Look at it with openssl s_client -connect"
        }
    }

    /// The first of this thread's OpenSSL errors, else the system's, else the given words.
    ///
    /// It clears the thread's errors.
    static func reason(or words: String) -> String {
        let systemError = errno
        let code = ERR_get_error()
        ERR_clear_error()
        if code != 0, let text = ERR_reason_error_string(code).map({ String(cString: $0) }) {
            return text.contains("unexpected eof") ? "the server closed the connection" : text
        }
        return systemError == 0 || systemError == EAGAIN ? words : String(cString: strerror(systemError))
    }
}
#endif
