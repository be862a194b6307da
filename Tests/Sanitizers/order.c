// Shows the thread sanitizer two orders that Swift's runtime keeps and that it cannot see on Linux,
// because the runtime was built without it. Without them every program reports races that are none.
//
// 1. Mutex: its quick path is compiled into the program and seen. Its slow path, taken when somebody has
//    to wait, hands the mutex over inside the kernel.
// 2. Continuations: what happens before `resume` happens before what the resumed task does. The runtime
//    says so itself, except when the task had not yet gone to sleep.
//
// This library is preloaded and stands in front of the functions in question. It adds no other order:
// races in the program itself are still found.
// Build: clang -shared -fPIC -o order.so order.c
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>

#define SWIFT __attribute__((swiftcall))
#define SELF __attribute__((swift_context)) void *

// Absent in programs that run without the sanitizer and inherit the preload.
extern __attribute__((weak)) void __tsan_acquire(void *address);
extern __attribute__((weak)) void __tsan_release(void *address);
extern __attribute__((weak)) SWIFT void *swift_task_getCurrent(void);

static void acquired(void *address) {
    if (__tsan_acquire && address) __tsan_acquire(address);
}

static void releasing(void *address) {
    if (__tsan_release && address) __tsan_release(address);
}

// --- Mutex ---------------------------------------------------------------------------------------

#define LOCK "$s15Synchronization12_MutexHandleV9_lockSlowyys6UInt32VF"
#define UNLOCK "$s15Synchronization12_MutexHandleV11_unlockSlowyyF"

SWIFT void lock_slow(uint32_t thread, SELF mutex) __asm__(LOCK);
SWIFT void unlock_slow(SELF mutex) __asm__(UNLOCK);

static SWIFT void (*real_lock)(uint32_t, SELF);
static SWIFT void (*real_unlock)(SELF);

SWIFT void lock_slow(uint32_t thread, SELF mutex) {
    real_lock(thread, mutex);
    acquired(mutex);
}

SWIFT void unlock_slow(SELF mutex) {
    releasing(mutex);
    real_unlock(mutex);
}

// --- Continuations -------------------------------------------------------------------------------

static SWIFT void (*real_resume)(void *);
static SWIFT void (*real_throwing_resume)(void *);
static SWIFT void (*real_throwing_resume_with_error)(void *, void *);
static SWIFT void (*real_dealloc)(void *);

SWIFT void swift_continuation_resume(void *task) {
    releasing(task);
    real_resume(task);
}

SWIFT void swift_continuation_throwingResume(void *task) {
    releasing(task);
    real_throwing_resume(task);
}

SWIFT void swift_continuation_throwingResumeWithError(void *task, void *error) {
    releasing(task);
    real_throwing_resume_with_error(task, error);
}

// Every async function that waited calls this, in its own task, before it returns what it got.
SWIFT void swift_task_dealloc(void *memory) {
    if (swift_task_getCurrent) acquired(swift_task_getCurrent());
    real_dealloc(memory);
}

// -------------------------------------------------------------------------------------------------

__attribute__((constructor)) static void find(void) {
    *(void **)&real_lock = dlsym(RTLD_NEXT, LOCK);
    *(void **)&real_unlock = dlsym(RTLD_NEXT, UNLOCK);
    *(void **)&real_resume = dlsym(RTLD_NEXT, "swift_continuation_resume");
    *(void **)&real_throwing_resume = dlsym(RTLD_NEXT, "swift_continuation_throwingResume");
    *(void **)&real_throwing_resume_with_error =
        dlsym(RTLD_NEXT, "swift_continuation_throwingResumeWithError");
    *(void **)&real_dealloc = dlsym(RTLD_NEXT, "swift_task_dealloc");
}
