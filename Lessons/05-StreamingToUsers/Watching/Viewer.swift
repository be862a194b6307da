// Watching one conversation to its end, over as many connections as that takes.
// Run:    ./lesson 5 watch <conversation>
// Expect: the answer so far at once, then the rest as it is written, even if the server goes away in between.

import AgentRuns
import Foundation
import LessonKit

struct Viewer {
    let source: any RunSource
    let conversation: String
    let screen: Screen
    let approvals: Approvals
    /// After this many failures in a row the server is not coming back.
    private static let maximumFailures = 100

    init(_ source: any RunSource, _ conversation: String, as view: Screen.View) {
        (self.source, self.conversation) = (source, conversation)
        screen = Screen(view)
        approvals = Approvals(source, screen)
    }

    /// Shows the conversation to its end; without a cursor, a view of the answer begins with what there is already.
    ///
    /// - Throws: A `WatchEnd` unless the newest run ends well.
    func watch(from cursor: String? = nil, isNew: Bool = false) async throws {
        try await withCompanion {
            await approvals.passOnAnswers()
        } _: {
            var place = Place(cursor: cursor)
            do {
                if cursor != nil, screen.view == .answer { try await askOpenQuestions() }
                try await watch(from: &place, needsSnapshot: cursor == nil && !isNew && screen.view == .answer)
            } catch {
                await screen.end()
                if Task.isCancelled { await screen.note("left; to go on: \(command(after: place.cursor))") }
                throw error
            }
        }
    }

    // snippet: reconnect
    /// Shows what there is at once, then each event; if the connection breaks, the next one begins after the last event.
    private func watch(from place: inout Place, needsSnapshot: Bool) async throws {
        var (needsSnapshot, last, failures, newest) = (needsSnapshot, SeenEvent?.none, 0, place.cursor)
        var hole: String?
        while failures < Self.maximumFailures {
            do {
                if needsSnapshot, try await showSnapshot(&place).isOver { return try await conclude(nil) }
                needsSnapshot = false
                let end = try await source.follow(conversation, from: &place) { event in
                    // A server that begins again and again with the same event makes no progress.
                    if event.id != newest { (failures, newest) = (0, event.id) }
                    last = event
                    try await show(event)
                }
                if case .over(let message) = end { return try await conclude(last, message) }
            } catch is MissedEvents {
                await screen.note("events are missing here: the log was trimmed")
                if let cursor = place.cursor, cursor == hole { throw Self.hole(after: cursor) }
                hole = place.cursor
                (place.cursor, needsSnapshot) = (nil, screen.view == .answer)
            } catch {
                let reason = try reasonToTryAgain(error, place)
                await screen.news("\(reason): trying again after \(place.cursor ?? "the beginning")")
            }
            failures += 1
            // What the server asked for in its field `retry`, and longer while it stays away.
            try await Task.sleep(for: min(place.pause * min(failures, 5), max(place.pause, .seconds(30))))
        }
        throw WatchEnd.unreachable("\(source.name) did not come back. To go on: \(command(after: place.cursor))")
    }
    // end snippet

    private static func hole(after cursor: String) -> LessonProblem {
        LessonProblem(
            "Somebody has deleted what came after \(cursor), so the events cannot all be shown. To see the answer: watch "
                + "without --json and --timeline.")
    }

    private func showSnapshot(_ place: inout Place) async throws -> RunStatus {
        let seen = try await source.snapshot(of: conversation)
        (place.cursor, place.hasConnected) = (seen.cursor, true)
        await screen.show(seen)
        for event in seen.openApprovals { await approvals.ask(event) }
        return seen.status
    }

    private func show(_ event: SeenEvent) async throws {
        await screen.show(event)
        guard screen.view == .answer else { return }
        if event.kind == .approvalDecided || event.kind.isTerminal { await approvals.settle(event) }
        // What is read again may have been decided long ago.
        if event.kind == .approvalRequested { try await askOpenQuestions(about: event) }
    }

    /// Asks what the conversation, as it stands now, leaves open; nothing if it cannot be read at the moment.
    private func askOpenQuestions(about asked: SeenEvent? = nil) async throws {
        guard let seen = try? await source.snapshot(of: conversation) else { return }
        for event in seen.openApprovals where asked == nil || event.id == asked?.id { await approvals.ask(event) }
    }

    /// The stream has ended: says how its newest run did.
    private func conclude(_ last: SeenEvent?, _ message: String? = nil) async throws {
        await screen.end()
        if let last, last.kind.isTerminal {
            return try await conclude(RunStatus(end: last.kind), last.error ?? message)
        }
        // The last event came before the cursor, or with a snapshot.
        let seen = try await source.snapshot(of: conversation)
        try await conclude(seen.status, seen.turns.last?.error ?? message)
    }

    private func conclude(_ status: RunStatus, _ message: String?) async throws {
        switch status {
        case .completed: await screen.note("done")
        case .failed: throw WatchEnd.failed("The run failed: \(message ?? "nobody said why")")
        case .cancelled: throw WatchEnd.cancelled("The run was cancelled.")
        // Not an end of the run: of the log, say, or of what the server can do.
        case .queued, .running: throw LessonProblem(message ?? "The stream ended before the run did.")
        }
    }

    /// The command that goes on where this one was.
    private func command(after cursor: String?) -> String {
        let place = cursor.map { ["--cursor", $0] } ?? []
        return LessonCommand.typing(5, ["watch", conversation] + place + source.arguments)
    }
}
