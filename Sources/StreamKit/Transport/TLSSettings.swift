#if TLS
import CHiredisSSL

/// OpenSSL's settings for one connection, read from ``TLSOptions``.
final class TLSSettings {
    let pointer: OpaquePointer
    let verification: TLSOptions.Verification

    init(_ configuration: RedisConfiguration, _ problem: TLSProblem) throws(StreamKitError) {
        guard let pointer = SSL_CTX_new(TLS_client_method()) else {
            throw problem.failure(TLSProblem.reason(or: "no memory"))
        }
        self.pointer = pointer
        let options = configuration.tls
        verification = options.verification
        streamkit_tls_set_defaults(pointer)
        SSL_CTX_set_verify(pointer, verification == .none ? SSL_VERIFY_NONE : SSL_VERIFY_PEER, nil)
        try trust(options, problem)
        try showCertificate(options, problem)
    }

    deinit {
        SSL_CTX_free(pointer)
    }

    private func trust(_ options: TLSOptions, _ problem: TLSProblem) throws(StreamKitError) {
        let (file, directory) = (options.authorityFile, options.authorityDirectory)
        guard file != nil || directory != nil else {
            SSL_CTX_set_default_verify_paths(pointer)
            return
        }
        guard SSL_CTX_load_verify_locations(pointer, file, directory) == 1 else {
            throw problem.ofFile("the authorities (cacert)", file ?? directory)
        }
    }

    private func showCertificate(_ options: TLSOptions, _ problem: TLSProblem) throws(StreamKitError) {
        guard options.certificateFile != nil || options.keyFile != nil else { return }
        guard let certificate = options.certificateFile, let key = options.keyFile else {
            throw problem.ofFile("our certificate and its key (cert, key), of which one is missing", nil)
        }
        guard SSL_CTX_use_certificate_chain_file(pointer, certificate) == 1 else {
            throw problem.ofFile("our certificate (cert)", certificate)
        }
        guard SSL_CTX_use_PrivateKey_file(pointer, key, SSL_FILETYPE_PEM) == 1,
            SSL_CTX_check_private_key(pointer) == 1
        else { throw problem.ofFile("our certificate's key (key)", key) }
    }

    /// Sets the server's name, for a server that has several certificates, and for the verification.
    func expectServer(
        _ ssl: OpaquePointer, _ configuration: RedisConfiguration, _ problem: TLSProblem
    ) throws(StreamKitError) {
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
