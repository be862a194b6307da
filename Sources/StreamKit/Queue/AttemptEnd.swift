/// How an attempt ended that did not complete its task.
public enum AttemptEnd: String, Sendable {
    /// Its handler threw, or took too long.
    case failed
    /// Its worker shut down in good order.
    case handedBack = "handed-back"
    /// Its worker did not renew the lease: it died, hung, or was cut off.
    case workerLost = "worker-lost"
}
