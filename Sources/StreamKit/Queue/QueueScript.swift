/// The queue's atomic steps, each in a file of `Scripts/` behind the prelude that they share.
///
/// ``QueueCalls`` runs them; each file's header says what it takes and answers.
enum QueueScript {
    static let prepare = script(PackageResources.prepare_lua)
    static let enqueue = script(PackageResources.enqueue_lua)
    static let cancel = script(PackageResources.cancel_lua)
    static let requeue = script(PackageResources.requeue_lua)
    static let result = script(PackageResources.result_lua)
    static let status = script(PackageResources.status_lua)
    static let waiting = script(PackageResources.waiting_lua)
    static let renew = script(PackageResources.renew_lua)
    static let sweep = script(PackageResources.sweep_lua)
    static let handBack = script(PackageResources.hand_back_lua)
    static let settle = script(PackageResources.settle_lua)
    static let fail = script(PackageResources.fail_lua)
    static let madeProgress = script(PackageResources.made_progress_lua)
    static let sendIfHeld = script(PackageResources.send_if_held_lua)
    static let completeWith = script(PackageResources.complete_with_lua)
    static let largeBefore = script(PackageResources.large_before_lua)
    static let largeAfter = script(PackageResources.large_after_lua)

    private static func script(_ file: [UInt8]) -> RedisScript {
        RedisScript(String(decoding: PackageResources.prelude_lua + file, as: UTF8.self))
    }
}
