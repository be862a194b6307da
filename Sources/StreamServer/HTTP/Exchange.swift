import NIOHTTP1

/// What has to be known of a request until its answer has ended.
struct Exchange {
    /// Whether the answer has no body, whatever its headers say.
    var isHead = false
    /// Whether the client speaks HTTP/1.0: it knows no chunks, and the end of the connection ends the answer.
    var isOld = false
    /// Whether the connection closes after the answer.
    var closes = false

    /// What answers a request that could not be read.
    static let unreadable = Exchange(closes: true)
}

extension Exchange {
    init(_ head: HTTPRequestHead) {
        isHead = head.method == .HEAD
        isOld = head.version.isOld
        // A tunnel is never built here, and what comes after the request for one is not HTTP.
        closes = isOld || head.asksToClose || head.method == .CONNECT
    }
}

extension HTTPRequestHead {
    /// Whether the client wants the connection closed after the answer.
    var asksToClose: Bool {
        headers[canonicalForm: "connection"].contains { $0.lowercased() == "close" }
    }

    /// Whether bytes follow the head.
    var announcesBody: Bool {
        headers.contains(name: "transfer-encoding") || (contentLength ?? 0) > 0
    }

    /// How many bytes follow, or nil if the client does not say.
    var contentLength: Int? {
        headers.first(name: "content-length").map { Int($0) ?? .max }
    }

    /// Whether requests of this method may have a body here.
    var mayHaveBody: Bool {
        [.POST, .PUT, .PATCH].contains(method)
    }

    /// Whether the client waits to be told that its body is wanted.
    var expectsContinue: Bool {
        headers[canonicalForm: "expect"].contains { $0.lowercased() == "100-continue" }
    }

    /// Gives the request one `Host` that says whom it is for, or none if it does not say, and a target without a host.
    ///
    /// An absolute target counts more than the header (RFC 9112, 3.2.2). Two headers say nothing, and HTTP/1.0 knows
    /// no such header, so there it is this machine.
    mutating func settleHost() {
        if let target = uri.split(separator: "://", maxSplits: 1).dropFirst().first, !uri.hasPrefix("/") {
            let host = target.prefix { !"/?#".contains($0) }
            headers.replaceOrAdd(name: "Host", value: String(host))
            let path = target.dropFirst(host.count)
            uri = path.hasPrefix("/") ? String(path) : "/" + path
        } else if headers["host"].count > 1 {
            headers.remove(name: "Host")
        } else if version.isOld, !headers.contains(name: "host") {
            headers.add(name: "Host", value: "localhost")
        }
    }
}

extension HTTPVersion {
    /// Whether this is HTTP/1.0 or older.
    var isOld: Bool { major < 1 || (major == 1 && minor == 0) }
}
