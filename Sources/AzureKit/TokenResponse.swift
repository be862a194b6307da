import Foundation

/// The parts of the answers of Azure's endpoints that are used.
struct TokenResponse: Decodable {
    let token: String
    let expires: Date

    enum CodingKeys: String, CodingKey {
        case token = "access_token"
        case expiresOn = "expires_on"
        case expiresIn = "expires_in"
        // What `az` calls them.
        case commandLineToken = "accessToken"
        case localTime = "expiresOn"
    }

    /// Decodes either form.
    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        token =
            try container.decodeIfPresent(String.self, forKey: .token)
            ?? container.decode(String.self, forKey: .commandLineToken)
        if let seconds = Self.seconds(container, .expiresOn) {
            expires = Date(timeIntervalSince1970: seconds)
        } else if let seconds = Self.seconds(container, .expiresIn) {
            expires = Date(timeIntervalSinceNow: seconds)
        } else {
            expires = try Self.date(ofLocalTime: container.decode(String.self, forKey: .localTime))
        }
    }

    /// Numbers come as numbers or as text.
    private static func seconds(_ container: KeyedDecodingContainer<CodingKeys>, _ key: CodingKeys) -> Double? {
        (try? container.decode(Double.self, forKey: key))
            ?? (try? container.decode(String.self, forKey: key)).flatMap(Double.init)
    }

    /// Before version 2.54 `az` printed only the local time: `2024-01-31 09:05:00.000000`.
    private static func date(ofLocalTime text: String) throws -> Date {
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.dateFormat = "yyyy-MM-dd HH:mm:ss"
        guard let date = formatter.date(from: String(text.prefix(19))) else {
            throw DecodingError.dataCorrupted(.init(codingPath: [], debugDescription: "no time of expiry"))
        }
        return date
    }
}
