/// The tasks that a worker has in hand, each in a slot of its own.
///
/// An array, because a dictionary took a sixth of all that the worker does for a quick task.
struct RunningTasks {
    private var slots: [WorkerState.Running?] = []
    private var empty: [Int] = []

    var count: Int { slots.count - empty.count }

    var all: [WorkerState.Running] { slots.compactMap(\.self) }

    /// Gives a task a slot; `hold` makes its hold, which knows the slot.
    mutating func add(renewed: ContinuousClock.Instant, _ hold: (_ slot: Int) -> TaskHold) -> TaskHold {
        let slot = empty.popLast() ?? slots.count
        if slot == slots.count { slots.append(nil) }
        let hold = hold(slot)
        slots[slot] = WorkerState.Running(hold: hold, renewed: renewed)
        return hold
    }

    /// What is known of a task, as long as it is in hand.
    subscript(hold: TaskHold) -> WorkerState.Running? {
        guard let running = slots[hold.slot], running.hold === hold else { return nil }
        return running
    }

    mutating func update(_ hold: TaskHold, _ change: (inout WorkerState.Running) -> Void) {
        guard slots[hold.slot]?.hold === hold else { return }
        slots[hold.slot]?.apply(change)
    }

    mutating func remove(_ hold: TaskHold) {
        guard slots[hold.slot]?.hold === hold else { return }
        slots[hold.slot] = nil
        empty.append(hold.slot)
    }
}

extension WorkerState.Running {
    fileprivate mutating func apply(_ change: (inout Self) -> Void) { change(&self) }
}
