import StreamKit
import TestSupport
import Testing

@Suite("Lesson 2's demonstrations", .timeLimit(.minutes(2)))
struct GroupsAndTrimmingTests {
    @Test func `what is said of the tasks is what happened to them`() async throws {
        let said = try await play("setup", "groups")

        #expect(said.contains("ada got task-1 and task-2; bob got task-3 and task-4"))
        #expect(said.contains("ada finished 1 of bob's tasks; 1 had been deleted"))
        #expect(said.contains("Bob holds nothing, so nothing is lost with him."))
    }

    @Test func `trimming nearly keeps at least the limit, exactly keeps just that`() async throws {
        let said = try await play("setup", "trimming")

        let lengths = said.matches(of: /XINFO says: (\d+) entries/).compactMap { Int($0.output.1) }
        try #require(lengths.count == 4)
        #expect((250..<350).contains(lengths[0]))
        #expect(lengths[1] == 250)
        #expect(lengths[2] == 10)
        #expect(lengths[3] == 11)
    }

    @Test(arguments: ["a #b", "a?b=1", "a%23b", "it's", "a\"b"])
    func `a temporary folder of any name will do`(name: String) async throws {
        try await withPrograms { programs in
            let line =
                #"export TMPDIR="$TMPDIR/$1"; mkdir "$TMPDIR" && "$PRODUCTS/setup" groups --quiet && rmdir "$TMPDIR""#
            let shell = try await programs.start(["/bin/sh", "-c", line, "sh", name])

            #expect(await shell.end() == .exited(0), "\(shell.complained)")
            #expect(programs.leftovers == [])
        }
    }

    private func play(_ words: String...) async throws -> String {
        try await withPrograms { programs in
            let lesson = try await programs.start(words, environment: ["COLUMNS": "4000"])
            #expect(await lesson.end() == .exited(0), "\(lesson.complained)")
            return lesson.said
        }
    }
}
