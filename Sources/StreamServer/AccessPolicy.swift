import HTTPTypes
import Hummingbird
import NIOCore

/// Which names this server may be called by, and which pages may act through it.
///
/// A page of another origin can send requests here, though it cannot read the answers. With a name of its own that it
/// points at this machine (DNS rebinding) it could even read them. So a request has to name a host that is known, and
/// one that changes something has to come from the server's own page, or from a program that is not a browser.
struct AccessPolicy: Sendable {
    /// Host names without ports, in lower case.
    private let names: Set<String>
    /// What a proxy in front of this server is called, for pages that came through it; with the port, if any.
    private let proxies: Set<String>
    private let allowsEveryName: Bool
    /// Whether any address will do as a name: nobody can point an address elsewhere.
    private let allowsAddresses: Bool

    /// The origins of other sites whose pages may do what the server's own may.
    private let origins: Set<String>

    init(host: String, allowedHosts: [String], allowedOrigins: [String] = []) {
        origins = Set(allowedOrigins.map { $0.lowercased() })
        names = Set((allowedHosts + [host]).map(Self.name(in:)))
        proxies = Set(allowedHosts.map { $0.lowercased() })
        allowsEveryName = allowedHosts.contains("*")
        allowsAddresses = ["0.0.0.0", "::", "[::]", ""].contains(host)
    }

    /// Refuses a request that does not say whom it is for, is for somebody else, or was sent by another site.
    func check(_ request: Request) throws {
        guard let host = request.head.authority, !host.isEmpty else {
            throw Problem.badRequest("missing_host", "The request has no Host, or several. Send exactly one.")
        }
        guard isKnown(Self.name(in: host)) else {
            throw Problem(
                status: .misdirectedRequest, code: "unknown_host",
                message: "This server is not '\(host)'. Call it by the name or address it listens on; for another "
                    + "name, start it with --allowed-host \(Self.name(in: host)).")
        }
        if ![.get, .head, .options].contains(request.method) { try checkOrigin(of: request, host) }
    }

    private func checkOrigin(of request: Request, _ host: String) throws {
        if let origin = request.headers[.origin], origins.contains(origin.lowercased()) { return }
        let site = request.headers[.secFetchSite]
        let isOwnSite = site == nil || site == "same-origin" || site == "none"
        let isOwnOrigin = request.headers[.origin].map { isOwn($0, host) } ?? true
        guard isOwnSite, isOwnOrigin else {
            throw Problem(
                status: .forbidden, code: "foreign_origin",
                message: "A page of \(request.headers[.origin] ?? "another site") must not do this here. Use the "
                    + "server's own page, or a program that is not a browser.")
        }
    }

    private func isKnown(_ name: String) -> Bool {
        if allowsEveryName || names.contains(name) || name == "localhost" || name.hasSuffix(".localhost") {
            return true
        }
        guard let address = try? SocketAddress(ipAddress: name, port: 0) else { return false }
        return allowsAddresses || name == "::1" || (address.protocol == .inet && name.hasPrefix("127."))
    }

    private func isOwn(_ origin: String, _ host: String) -> Bool {
        guard let separator = origin.firstRange(of: "://") else { return false }  // "null"
        let authority = origin[separator.upperBound...].lowercased()
        let usual = origin.hasPrefix("https") ? ":443" : ":80"
        return authority == host.lowercased() || authority + usual == host.lowercased()
            || proxies.contains(authority)
    }

    /// The name or address in `name:port` or `[address]:port`, in lower case, without a dot at the end.
    private static func name(in authority: String) -> String {
        let text = authority.lowercased()
        if text.hasPrefix("[") { return String(text.dropFirst().prefix { $0 != "]" }) }
        if text.count(where: { $0 == ":" }) > 1 { return text }
        let name = text.prefix { $0 != ":" }
        return String(name.hasSuffix(".") ? name.dropLast() : name)
    }
}

extension HTTPField.Name {
    /// How the page that sent a request relates to this server, by the word of its browser.
    static let secFetchSite = HTTPField.Name.checked("Sec-Fetch-Site")
}
