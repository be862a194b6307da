/// Who a request comes from, as far as the server asks.
enum Caller: Hashable, Sendable {
    /// Somebody at a server without tokens, or at a route that asks for none.
    case anybody
    /// The holder of a token.
    case holder(String)
    /// Somebody with a link to this conversation.
    case viewer(of: String)

    /// Whose the conversations are that this caller starts; `nil` for everybody's.
    var owner: String? {
        if case .holder(let name) = self { name } else { nil }
    }
}

/// What a route asks of its callers, at a server that has tokens.
enum Door: Sendable {
    /// Nothing.
    case open
    /// A token.
    case token
    /// A token, or a link to the conversation that the path names.
    case tokenOrLink
}
