// What StreamKit needs from hiredis_ssl and OpenSSL; functions stand in for macros, which Swift does not see.
#ifndef STREAMKIT_CHIREDISSSL_SHIM_H
#define STREAMKIT_CHIREDISSSL_SHIM_H

#include "../CHiredis/shim.h"

#if HIREDIS_MAJOR < 1
#error "The trait TLS needs hiredis 1.0 or newer with hiredis_ssl. Build without the trait, or with a newer hiredis."
#endif

#include <errno.h>
#include <hiredis/hiredis_ssl.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

// A key that wants a password is refused; OpenSSL would ask for it on the terminal.
static inline int streamkit_tls_no_password(char *buffer, int size, int for_writing, void *data) {
    (void)buffer, (void)size, (void)for_writing, (void)data;
    return -1;
}

// TLS 1.2 or newer. Without renegotiation a write never waits for something to read.
static inline void streamkit_tls_set_defaults(SSL_CTX *settings) {
    SSL_CTX_set_min_proto_version(settings, TLS1_2_VERSION);
    SSL_CTX_set_options(settings, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(settings, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_default_passwd_cb(settings, streamkit_tls_no_password);
}

static inline int streamkit_tls_set_server_name(SSL *ssl, const char *name) {
    return (int)SSL_set_tlsext_host_name(ssl, name);
}

static inline int streamkit_tls_write_quietly(BIO *bio, const char *bytes, int count) {
    int flags = 0;
#ifdef MSG_NOSIGNAL
    flags = MSG_NOSIGNAL;
#endif
    BIO_clear_retry_flags(bio);
    int written = (int)send((int)BIO_get_fd(bio, NULL), bytes, (size_t)count, flags);
    if (written <= 0 && BIO_sock_should_retry(written)) BIO_set_retry_write(bio);
    return written;
}

// OpenSSL's way to write to a socket, without SIGPIPE when its other end is gone; created once, never freed.
static inline BIO_METHOD *streamkit_tls_quiet_socket(void) {
    const BIO_METHOD *socket = BIO_s_socket();
    BIO_METHOD *quiet = BIO_meth_new(BIO_TYPE_SOCKET, "socket without SIGPIPE");
    if (quiet == NULL) return NULL;
    BIO_meth_set_write(quiet, streamkit_tls_write_quietly);
    BIO_meth_set_read(quiet, BIO_meth_get_read(socket));
    BIO_meth_set_puts(quiet, BIO_meth_get_puts(socket));
    BIO_meth_set_ctrl(quiet, BIO_meth_get_ctrl(socket));
    BIO_meth_set_create(quiet, BIO_meth_get_create(socket));
    BIO_meth_set_destroy(quiet, BIO_meth_get_destroy(socket));
    return quiet;
}

// Makes an SSL object use such a socket from now on; 0 if there is no memory.
static inline int streamkit_tls_use_socket(SSL *ssl, const BIO_METHOD *method, int descriptor) {
    BIO *bio = method == NULL ? NULL : BIO_new(method);
    if (bio == NULL) return 0;
    BIO_set_fd(bio, descriptor, BIO_NOCLOSE);
    SSL_set_bio(ssl, bio, bio);
    return 1;
}

#endif
