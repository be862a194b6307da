import AzureKit
import Foundation
import Testing

@Suite("An access token")
struct AccessTokenTests {
    @Test func `its object ID is the claim oid`() {
        // {"oid":"ünïcode?>~","tid":"t"} has both characters in which Base64 for URLs differs, and no padding.
        #expect(AccessToken.with(claims: #"{"oid":"0f1e-22","tid":"t"}"#).objectID == "0f1e-22")
        #expect(AccessToken.with(claims: #"{"oid":"ünï?>~ÿ","tid":"t"}"#).objectID == "ünï?>~ÿ")
    }

    @Test(arguments: ["opaque", "a.b", "a.!!!.c", "..", "e30.e30.e30.e30", "a.e30.c"])
    func `a token without the claim has no object ID`(value: String) {
        #expect(AccessToken(value: value, expires: .distantFuture).objectID == nil)
    }

    @Test func `printing it in any way does not show the secret`() {
        let token = AccessToken(value: "s3cret", expires: .distantFuture)
        var dumped = ""
        dump(token, to: &dumped)
        for text in ["\(token)", String(reflecting: token), String(describing: [token]), dumped] {
            #expect(!text.contains("s3cret"))
        }
    }
}

extension AccessToken {
    /// A token in the shape of a JSON Web Token with these claims.
    static func with(claims: String, expires: Date = .distantFuture) -> AccessToken {
        let middle = Data(claims.utf8).base64EncodedString()
            .replacingOccurrences(of: "+", with: "-").replacingOccurrences(of: "/", with: "_")
            .replacingOccurrences(of: "=", with: "")
        return AccessToken(value: "e30.\(middle).c2ln", expires: expires)
    }
}
