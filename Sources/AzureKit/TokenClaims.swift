import Foundation

/// What a JSON Web Token says about its bearer, as far as it is used here.
struct TokenClaims: Decodable {
    let oid: String?

    /// Reads the middle one of the token's three parts.
    ///
    /// - Returns: `nil` if it is not a JSON Web Token.
    init?(of token: String) {
        let parts = token.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, let data = Data(base64URL: parts[1]),
            let claims = try? JSONDecoder().decode(Self.self, from: data)
        else { return nil }
        self = claims
    }
}

extension Data {
    /// Decodes Base64 in the alphabet of URLs, which has `-` and `_` and no padding.
    init?(base64URL text: some StringProtocol) {
        let standard = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(of: "_", with: "/")
        self.init(base64Encoded: standard + String(repeating: "=", count: (4 - standard.count % 4) % 4))
    }
}
