import AsyncHTTPClient
import AzureKit
import Foundation
import NIOCore
import NIOHTTP1
import ServerSentEvents

/// One turn of a remote model: the request, its repeats, and the stream that comes back.
struct RemoteTurn {
    let model: RemoteModel
    let body: Data
    let callIDPrefix: String

    /// Asks the model.
    ///
    /// - Parameter yield: Takes the deltas, in order.
    /// - Throws: ``ModelError``, or `CancellationError`.
    func run(yield: @escaping @Sendable (ChatDelta) -> Void) async throws {
        let clock = model.startClock()
        let watchdog = Watchdog(model.limits, clock: clock)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await located { try await watchdog.watch() } }
            group.addTask { try await ask(watchdog, clock, yield) }
            defer { group.cancelAll() }
            try await group.next()
        }
    }

    /// Asks, and asks again if that may help.
    private func ask(_ watchdog: Watchdog, _ clock: TurnClock, _ yield: (ChatDelta) -> Void) async throws {
        var progress = TurnProgress()
        for failures in 0... {
            do {
                watchdog.await(.firstToken)
                return try await request(watchdog) { if progress.isNew($0) { yield($0) } }
            } catch let error as ModelError {
                guard error.mayPass, !progress.hasAnswer, failures < model.limits.retries,
                    let pause = model.limits.pause(after: error, failures: failures), watchdog.hasTime(for: pause)
                else { throw error }
                watchdog.await(.turn)
                try await clock.sleep(pause)
            }
        }
    }

    /// Sends the request once.
    private func request(_ watchdog: Watchdog, _ yield: (ChatDelta) -> Void) async throws {
        let (credential, response) = try await send()
        do {
            guard response.status == .ok else {
                let refusal = Refusal(response, body: await Self.text(of: response), credential, model.endpoint)
                if let notice = refusal.notice { yield(.notice(notice)) }
                throw refusal.error
            }
            guard Self.isEventStream(response) else {
                throw Refusal(response, body: await Self.text(of: response), credential, model.endpoint).wrongAnswer
            }
            try await located { try await read(response.body, watchdog, yield) }
        } catch let error as ModelError {
            throw credential.redact(error)
        } catch let error as EventStreamError {
            throw ModelError(
                "The stream of the model at \(model.endpoint.place) cannot be read: \(error)", mayPass: false)
        } catch let error where !(error is ModelError || error is CancellationError) {
            throw NetworkFailure(error, at: model.endpoint.place).whileReading
        }
    }

    /// Adds to an error of the stream which server it came from.
    private func located(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch var error as ModelError where error.mayPass {
            error.description += " If this happens again, the log of the server at \(model.endpoint.place) may say why."
            throw error
        }
    }

    private func read(
        _ body: HTTPClientResponse.Body, _ watchdog: Watchdog, _ yield: (ChatDelta) -> Void
    ) async throws {
        var parser = EventStreamParser()
        var assembly = assembly()
        for try await bytes in body {
            for event in try parser.parse(bytes.readableBytesView) {
                let pieces = assembly.pieces
                let deltas = try assembly.take(event)
                if assembly.pieces > pieces { watchdog.await(.nextToken) }
                deltas.forEach(yield)
                if assembly.isComplete { return }
            }
        }
        // The body of a cancelled request just ends.
        try Task.checkCancellation()
        try assembly.end().forEach(yield)
    }

    private func assembly() -> any TurnAssembly {
        switch model.endpoint.dialect {
        case .chatCompletions: ChatCompletionAssembly(callIDPrefix: callIDPrefix)
        case .responses: ResponsesAssembly(callIDPrefix: callIDPrefix)
        }
    }

    /// Sends the request, a second time with another token if the service does not accept the first.
    private func send() async throws -> (SentCredential, HTTPClientResponse) {
        let (credential, response) = try await sendOnce()
        guard response.status == .unauthorized, case .token(let source, let scope) = model.endpoint.credential,
            let token = credential.token
        else { return (credential, response) }
        source.discard(token, for: scope)
        return try await sendOnce()
    }

    private func sendOnce() async throws -> (SentCredential, HTTPClientResponse) {
        let credential = try await SentCredential(model.endpoint.credential)
        var request = HTTPClientRequest(url: model.endpoint.url.absoluteString)
        request.method = .POST
        request.headers = ["content-type": "application/json", "accept": "text/event-stream"]
        if let header = credential.header { request.headers.add(name: header.name, value: header.value) }
        request.body = .bytes(body)
        do {
            // The watchdog keeps the time.
            return (credential, try await model.client.execute(request, deadline: .distantFuture))
        } catch let error where !(error is CancellationError) {
            throw NetworkFailure(error, at: model.endpoint.place).whileConnecting
        }
    }

    /// What a body says that is not a stream of events; whatever goes wrong now, the status is known.
    private static func text(of response: HTTPClientResponse) async -> String {
        var text = ByteBuffer()
        do {
            for try await bytes in response.body {
                text.writeImmutableBuffer(bytes)
                if text.readableBytes > 1 << 16 { break }
            }
        } catch {}
        return String(buffer: text)
    }

    /// Compatible servers do not always say that they send events; what says to be something else is taken at its word.
    private static func isEventStream(_ response: HTTPClientResponse) -> Bool {
        let type = response.headers.first(name: "content-type")?.lowercased() ?? ""
        return !type.contains("html") && !type.contains("json")
    }
}
