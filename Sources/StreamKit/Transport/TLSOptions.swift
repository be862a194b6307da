/// How a TLS connection (`rediss://`) verifies the server, and identifies the client.
///
/// TLS needs the package trait `TLS`. Files are PEM, named as redis-cli's options name them, and read again for
/// each connection, so that a renewed certificate is used from the next connection on.
/// Source: <https://redis.io/docs/latest/operate/oss_and_stack/management/security/encryption/>
public struct TLSOptions: Sendable, Hashable {
    /// What has to be right about the server's certificate.
    public enum Verification: Sendable, Hashable {
        /// A trusted authority signed it, it is valid now, and it names the host.
        case full
        /// As ``full``, whatever host it names: for servers reached under changing addresses.
        case certificateOnly
        /// Nothing has to be right. The data is encrypted, yet anybody in between can read and change everything.
        case none
    }

    /// The file of the authorities to trust in place of the system's (`cacert`).
    public var authorityFile: String?
    /// A directory of such files, prepared by `openssl rehash` (`cacertdir`).
    public var authorityDirectory: String?
    /// The file of our own certificate, for servers that ask for one (`cert`); needs ``keyFile``.
    public var certificateFile: String?
    /// The file of the private key that belongs to it, without a password (`key`).
    public var keyFile: String?
    /// The name to ask for and to verify; `nil` takes the address's host (`sni`).
    public var serverName: String?
    /// What has to be right about the server's certificate (`insecure=true` means nothing).
    public var verification = Verification.full

    /// The system's authorities, everything verified, no certificate of our own.
    public init() {}
}
