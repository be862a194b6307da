import Foundation
import TestSupport
import Testing

/// Lesson 1 stands for all programs: they share what treats their standard streams.
@Suite("Standard streams that cannot be used", .timeLimit(.minutes(2)))
struct StandardStreamTests {
    @Test func `output that cannot be written ends the program with a message and 1`() async throws {
        try await withPrograms { programs in
            let full = try await programs.shell(#""$PRODUCTS/basics" --quiet >/dev/full"#)
            let closed = try await programs.shell(#""$PRODUCTS/basics" --quiet >&-"#)
            let help = try await programs.shell(#""$PRODUCTS/basics" --help >/dev/full"#)

            for program in [full, closed, help] {
                #expect(await program.end() == .exited(1))
                #expect(program.complained.hasPrefix("Error: standard output cannot be written: "))
                #expect(program.complained.count { $0 == "\n" } == 1)
            }
            #expect(closed.complained.contains("Bad file descriptor"))
            #expect(programs.leftovers == [])
        }
    }

    @Test func `a reader that leaves ends the program, even while it prints nothing`() async throws {
        try await withPrograms { programs in
            // It waits for Enter, which never comes: only the end of its reader can end it.
            let line =
                #"mkfifo "$TMPDIR/in"; exec 3<>"$TMPDIR/in"; { "$PRODUCTS/basics" --step <&3; echo $? >&2; } | head -n 3"#
            let shell = try await programs.shell(line)

            #expect(await shell.end() == .exited(0))
            #expect(shell.complained == "141\n")
            #expect(programs.leftovers == ["in"])
        }
    }

    @Test func `a lesson runs with closed standard input and closed standard error`() async throws {
        try await withPrograms { programs in
            let lesson = try await programs.shell(#""$PRODUCTS/basics" --quiet --step <&- 2>&-"#)

            #expect(await lesson.end() == .exited(0))
            #expect(lesson.said.contains("XLEN"))
        }
    }
}
