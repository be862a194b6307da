import LessonKit
import StreamKit
import TestSupport
import Testing

@testable import Basics

/// Exercise 4: the viewer's wait ends without news.
@Suite("What lesson 1 says of a wait")
struct WaitingTests {
    private let entry = StreamID(milliseconds: 1, sequence: 2)

    @Test func `that ended without an entry, it says that nothing came`() {
        let told = story(of: [], after: .milliseconds(100))

        #expect(told.hasPrefix("Nothing came within 0.1 seconds: `(nil)` is an answer, not an error."))
    }

    @Test func `that an entry ended, it names the entry`() throws {
        let told = story(of: [entry], after: .milliseconds(503))

        #expect(told == "The viewer asked once and waited 0.5 seconds, until entry 1-2 answered it.")
    }
}
