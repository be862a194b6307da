import Foundation
import TestSupport
import Testing

/// The script `./lesson` in a folder of its own, with a `swift` that writes down how it was called.
@Suite("The script ./lesson", .timeLimit(.minutes(2)))
struct ScriptTests {
    @Test(arguments: ["sh", "bash --posix"])
    func `plays a lesson, whatever the folder is called and the caller has exported`(shell: String) async throws {
        try await withPrograms { programs in
            let folder = try workspace(in: programs, named: "a b'c\"d #e")
            let line = """
                cd() { echo hijacked; }
                export PATH="$1/bin:$PATH" CDPATH=/:/tmp GREP_OPTIONS=--count IFS=/ BASH_ENV=/dev/full GIT_DIR=/none
                export product=p missing=m built=/bin/true found=1 number=7 part=x stamp=s commands='exit 9' what=clean
                [ -z "${BASH_VERSION:-}" ] || { export -f cd; set -o noclobber; export SHELLOPTS; }
                exec \(shell) "$1/lesson" 1 --quiet 'two words'
                """
            let interpreter = shell == "sh" ? "/bin/sh" : "/bin/bash"
            let script = try await programs.start([interpreter, "-c", line, "sh", folder.path])

            #expect(await script.end() == .exited(0), "\(script.complained)")
            #expect(
                script.said == "basics <--quiet> <two words> typed as \(folder.path)/lesson\n", "\(script.complained)")
        }
    }

    @Test func `finds its workspace through symbolic links, absolute and relative`() async throws {
        try await withPrograms { programs in
            let folder = try workspace(in: programs, named: "work space")
            let line = #"""
                export PATH="$1/bin:$PATH"
                ln -s "$1/lesson" "$1/bin/absolute" && ln -s absolute "$1/bin/relative" && exec "$1/bin/relative" 1 x
                """#
            let script = try await programs.start(["/bin/sh", "-c", line, "sh", folder.path])

            #expect(await script.end() == .exited(0), "\(script.complained)")
            #expect(script.said == "basics <x> typed as \(folder.path)/bin/relative\n")
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "bin/.build").path))
        }
    }

    @Test func `two terminals build the same lesson at once`() async throws {
        try await withPrograms { programs in
            let folder = try workspace(in: programs, named: "workspace")
            let line = #"""
                export PATH="$1/bin:$PATH" BUILDS_AT_ONCE=2
                "$1/lesson" 1 one & "$1/lesson" 1 two && wait $!
                """#
            let script = try await programs.start(["/bin/sh", "-c", line, "sh", folder.path])

            #expect(await script.end() == .exited(0), "\(script.complained)")
            #expect(script.said.contains("<one>") && script.said.contains("<two>"))
        }
    }

    @Test func `refuses an empty command`() async throws {
        try await withPrograms { programs in
            let folder = try workspace(in: programs, named: "workspace")
            let script = try await programs.start([folder.appending(path: "lesson").path, ""])

            #expect(await script.end() == .exited(64))
            #expect(script.complained.hasSuffix("lesson: there is no ''\n"))
        }
    }

    @Test(arguments: ["demo", "test", "doctor", "sync", "bench", "stress", "clean"])
    func `shows help for a command and does nothing else`(command: String) async throws {
        try await withPrograms { programs in
            let folder = try workspace(in: programs, named: "workspace")
            try FileManager.default.createDirectory(
                at: folder.appending(path: ".build"), withIntermediateDirectories: true)
            for option in ["--help", "-h", "help"] {
                let script = try await run(folder, programs, command, option)

                #expect(await script.end() == .exited(0))
                #expect(script.said.hasPrefix("Usage: ./lesson \(command)"))
            }
            #expect(FileManager.default.fileExists(atPath: folder.appending(path: ".build").path))
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "calls").path))
        }
    }

    @Test(arguments: [["nonsense"], ["clean", "now"], ["sync", "all"]])
    func `refuses what it does not know with exit code 64, and does nothing`(words: [String]) async throws {
        try await withPrograms { programs in
            let folder = try workspace(in: programs, named: "workspace")
            let script = try await run(folder, programs, words[0], words.dropFirst().joined())

            #expect(await script.end() == .exited(64))
            #expect(!FileManager.default.fileExists(atPath: folder.appending(path: "calls").path))
        }
    }

    @Test func `demo passes --step and what is typed on to every lesson`() async throws {
        try await withPrograms { programs in
            let folder = try workspace(in: programs, named: "workspace")
            let line = #"export PATH="$1/bin:$PATH"; printf '%s\n' 1 2 3 4 5 | "$1/lesson" demo --step"#
            let script = try await programs.start(["/bin/sh", "-c", line, "sh", folder.path])

            #expect(await script.end() == .exited(0), "\(script.complained)")
            for (number, product) in zip(1..., ["basics", "setup", "queue-integration", "agent-task-logging"]) {
                #expect(script.said.contains("=== \(number) of 5: \(product) ==="))
                #expect(script.said.contains("Enter \(number)\n"))
            }
        }
    }

    private func run(_ folder: URL, _ programs: Programs, _ words: String...) async throws -> Program {
        let line = #"export PATH="$1/bin:$PATH"; folder=$1; shift; exec "$folder/lesson" "$@""#
        return try await programs.start(["/bin/sh", "-c", line, "sh", folder.path] + words.filter { !$0.isEmpty })
    }

    /// A copy of the script, and a `swift` whose products print their arguments.
    private func workspace(in programs: Programs, named name: String) throws -> URL {
        let folder = programs.temporary.appending(path: name)
        for part in ["bin", "Sources", "Lessons"] {
            try FileManager.default.createDirectory(
                at: folder.appending(path: part), withIntermediateDirectories: true)
        }
        try Data().write(to: folder.appending(path: "Package.swift"))
        try FileManager.default.copyItem(
            at: ProductRun.root.appending(path: "lesson"), to: folder.appending(path: "lesson"))
        let swift = folder.appending(path: "bin/swift")
        try Self.fakeSwift.write(to: swift, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: swift.path)
        return folder
    }

    private static let fakeSwift = #"""
        #!/bin/sh
        [ "$1" != --version ] || { echo 'Swift version 6.3.1'; exit; }
        echo "$*" >>calls
        tries=0
        while [ "$(wc -l <calls)" -lt "${BUILDS_AT_ONCE:-1}" ] && [ $tries -lt 100 ]; do
            sleep 0.1
            tries=$((tries + 1))
        done
        for product do :; done
        mkdir -p .build/debug
        cat >".build/debug/$product" <<END
        #!/bin/sh
        printf '%s' $product
        [ "\${1:-}" != demo ] || shift
        printf ' <%s>' "\$@"
        printf ' typed as %s\n' "\$LESSON_COMMAND"
        [ "\${1:-}" != --step ] || { read -r line; echo "Enter \$line"; }
        END
        chmod +x ".build/debug/$product"
        """#
}
