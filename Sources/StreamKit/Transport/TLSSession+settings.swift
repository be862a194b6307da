#if TLS
import CHiredisSSL

// OpenSSL's settings for one connection, read from `TLSOptions`.
extension TLSSession {
    static func makeSSL(
        _ configuration: RedisConfiguration, _ problem: TLSProblem
    ) throws(StreamKitError) -> OpaquePointer {
        guard let settings = SSL_CTX_new(TLS_client_method()) else {
            throw problem.failure(TLSProblem.reason(or: "no memory"))
        }
        // An SSL object holds a reference of its own.
        defer { SSL_CTX_free(settings) }
        let options = configuration.tls
        streamkit_tls_set_defaults(settings)
        SSL_CTX_set_verify(settings, options.verification == .none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        try readFiles(options, into: settings, problem)
        guard let ssl = SSL_new(settings) else { throw problem.failure(TLSProblem.reason(or: "no memory")) }
        return ssl
    }

    private static func readFiles(
        _ options: TLSOptions, into settings: OpaquePointer, _ problem: TLSProblem
    ) throws(StreamKitError) {
        let (file, directory) = (options.authorityFile, options.authorityDirectory)
        if file == nil, directory == nil {
            SSL_CTX_set_default_verify_paths(settings)
        } else if SSL_CTX_load_verify_locations(settings, file, directory) != 1 {
            throw problem.ofFile("the authorities (cacert)", file ?? directory)
        }
        guard options.certificateFile != nil || options.keyFile != nil else { return }
        guard let certificate = options.certificateFile, let key = options.keyFile else {
            throw problem.ofFile("our certificate and its key (cert, key), of which one is missing", nil)
        }
        guard SSL_CTX_use_certificate_chain_file(settings, certificate) == 1 else {
            throw problem.ofFile("our certificate (cert)", certificate)
        }
        guard SSL_CTX_use_PrivateKey_file(settings, key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(settings) == 1
        else { throw problem.ofFile("our certificate's key (key)", key) }
    }

    /// Sets the server's name, for a server that has several certificates, and for the verification.
    static func expectServer(
        _ ssl: OpaquePointer, _ configuration: RedisConfiguration, _ problem: TLSProblem
    ) throws(StreamKitError) {
        let verification = configuration.tls.verification
        var name = configuration.tls.serverName ?? ""
        if name.isEmpty, case .tcp(let host, _) = configuration.endpoint { name = host }
        // An address is not a name: it is looked for among the certificate's addresses, and never sent.
        let isAddress = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), name) == 1
        if isAddress, verification != .full { X509_VERIFY_PARAM_set1_ip(SSL_get0_param(ssl), nil, 0) }
        guard !isAddress else { return }
        guard !name.isEmpty, streamkit_tls_set_server_name(ssl, name) == 1 else {
            throw problem.failure("the server has no name that can be verified; give one (sni)")
        }
        guard verification == .full else { return }
        SSL_set_hostflags(ssl, UInt32(X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS))
        guard SSL_set1_host(ssl, name) == 1 else {
            throw problem.failure("'\(name)' is not a name that can be verified")
        }
    }
}
#endif
