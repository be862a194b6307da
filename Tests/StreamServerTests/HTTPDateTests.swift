import Testing

@testable import StreamServer

@Suite("The time in the header Date")
struct HTTPDateTests {
    @Test(arguments: [
        (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_709_251_199, "Thu, 29 Feb 2024 23:59:59 GMT"),
    ])
    func `it has the form that HTTP prescribes`(seconds: Int, text: String) {
        #expect(HTTPDate.text(seconds) == text)
    }
}
