/// When a follower of a run is given the text of the answer.
public enum RunIsolation: String, CaseIterable, Hashable, Sendable {
    /// Each chunk as it is written.
    ///
    /// If the worker dies, an event of the kind ``RunEvent/Kind/attempt`` says which chunks no longer count.
    case live
    /// Text only once a later event of the same attempt has sealed it, so that nothing is ever taken back.
    case committed
}
