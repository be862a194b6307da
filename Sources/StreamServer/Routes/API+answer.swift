import HummingbirdCore
import NIOCore

/// The way from a request to its answer, in the task of the connection.
///
/// A viewer's connection stays in here for as long as it watches, and a task gives none of its stack back. So the work
/// is done in a task of its own, and the head of the answer is let go before the body begins.
extension API {
    /// Answers a request.
    @concurrent func answer(
        _ request: Request, with writer: consuming ResponseWriter, on channel: any Channel
    ) async throws {
        guard let (body, rest) = try await begin(request, with: writer, on: channel) else { return }
        try await body.write(rest)
    }

    /// Sends the answer, or the head of one that goes on.
    ///
    /// - Returns: What goes on.
    @concurrent private func begin(
        _ request: Request, with writer: consuming ResponseWriter, on channel: any Channel
    ) async throws -> (ResponseBody, any ResponseBodyWriter)? {
        let answering = Task { try await self.response(to: request, on: channel) }
        let response = try await withTaskCancellationHandler {
            try await answering.value
        } onCancel: {
            answering.cancel()
        }
        guard response.body.contentLength == nil else {
            try await writer.write(response: response.head, body: response.body)
            return nil
        }
        return (response.body, try await writer.writeHead(response.head))
    }
}
