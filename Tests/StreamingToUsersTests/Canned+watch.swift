import Foundation

extension String {
    /// An answer with events of a stream.
    static func events(_ body: String) -> String {
        CannedServer.answer("200 OK", type: "text/event-stream", body)
    }

    /// The answer that shows a conversation as it stands.
    static func snapshot(_ text: String, status: String, cursor: String, events: String = "") -> String {
        let turn = #"{"prompt":null,"text":"\#(text)","error":null,"status":"\#(status)"}"#
        return CannedServer.answer(
            "200 OK", type: "application/json",
            #"{"turns":[\#(turn)],"events":[\#(events)],"cursor":"\#(cursor)","trimmed":false}"#)
    }

    /// One event, as JSON.
    static func event(_ id: String, type: String, _ rest: String = "") -> String {
        #"{"id":"\#(id)","time":0,"type":"\#(type)","sequence":null,"run":1\#(rest)}"#
    }

    /// One event, as a stream of the timeline sends it.
    static func timeline(_ id: String, type: String, _ rest: String = "") -> String {
        "id: \(id)\nevent: timeline\ndata: \(event(id, type: type, rest))\n\n"
    }

    /// A piece of the answer.
    static func timeline(_ id: String, text: String) -> String { timeline(id, type: "text", #","text":"\#(text)""#) }
}
