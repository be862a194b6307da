public import AgentKit

/// The tool `book_hotel`: books a room, as far as anybody can tell.
///
/// It stands for everything that costs money: a person has to approve it, and it is never repeated.
public struct BookHotel: Tool {
    /// What the model calls it.
    public let name = "book_hotel"
    /// What it does, in words for the model.
    public let summary = "Books a hotel room at a destination. It costs money, so a person is asked first."
    /// A destination, and a date if known.
    public var parameters: JSONValue { DestinationArguments.schema }
    /// Two rooms would be one too many.
    public let isSafeToRepeat = false
    /// It costs money.
    public let needsApproval = true

    /// The tool needs no set-up.
    public init() {}

    /// Books.
    ///
    /// - Throws: ``ToolError`` where the arguments name no destination.
    public func call(_ arguments: JSONValue) async throws -> JSONValue {
        let destination = try DestinationArguments(arguments).destination
        return ["booking": .string("Hotel Central, \(destination)"), "summary": "booked"]
    }
}
