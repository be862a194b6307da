import AsyncHTTPClient
import Foundation
import NIOCore

/// A request that got no answer, or lost its connection.
struct NetworkFailure {
    let error: any Error
    let place: String

    init(_ error: any Error, at place: String) {
        self.error = error
        self.place = place
    }

    var whileConnecting: ModelError {
        ModelError(
            "The model at \(place) cannot be reached: \(reason). Does the server run, and is the address right?",
            mayPass: true)
    }

    var whileReading: ModelError {
        ModelError(
            "The connection to the model at \(place) broke in the middle of the answer: \(reason).", mayPass: true)
    }

    private var reason: String {
        if let error = error as? IOError { return String(cString: strerror(error.errnoCode)) }
        return String(describing: error).shortened
    }
}
