// What StreamKit needs from hiredis, without the differences between 0.14 and 1.x, and what it needs from
// Linux that Swift's Glibc module leaves out.
#ifndef STREAMKIT_CHIREDIS_SHIM_H
#define STREAMKIT_CHIREDIS_SHIM_H

#include <hiredis/hiredis.h>
#include <hiredis/read.h>
#include <pthread.h>

#ifdef __linux__
#include <stdint.h>

// epoll, which Swift's Glibc module leaves out. Its own header is not included: it would make more of the system's
// types members of this module, and other files would have to import it for them.
struct epoll_event;
int epoll_create1(int flags);
int epoll_ctl(int queue, int operation, int descriptor, struct epoll_event *event);
int epoll_wait(int queue, struct epoll_event *events, int capacity, int milliseconds);
int eventfd(unsigned int value, int flags);

// The kernel's own layout of struct epoll_event.
struct streamkit_epoll_event {
    uint32_t events;
    uint64_t number;
}
#ifdef __x86_64__
__attribute__((packed))
#endif
;

enum { STREAMKIT_EPOLL_ADD = 1, STREAMKIT_EPOLL_REMOVE = 2, STREAMKIT_EPOLL_CHANGE = 3 };
enum { STREAMKIT_EPOLL_IN = 0x1, STREAMKIT_EPOLL_OUT = 0x4, STREAMKIT_EPOLL_END = 0x2000 };

static inline int streamkit_epoll_control(
    int queue, int operation, int descriptor, struct streamkit_epoll_event *event) {
    return epoll_ctl(queue, operation, descriptor, (struct epoll_event *)event);
}

static inline int streamkit_epoll_wait(
    int queue, struct streamkit_epoll_event *events, int capacity, int milliseconds) {
    return epoll_wait(queue, (struct epoll_event *)events, capacity, milliseconds);
}
#endif

// Starts a detached thread of the given stack size; 0 if it runs, else why not. It is written in C because Swift
// imports the types of pthread_create differently on each system.
static inline int streamkit_start_thread(size_t stack_bytes, void *(*body)(void *), void *argument) {
    pthread_attr_t attributes;
    pthread_t thread;
    int problem = pthread_attr_init(&attributes);
    if (problem != 0) return problem;
    pthread_attr_setstacksize(&attributes, stack_bytes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    problem = pthread_create(&thread, &attributes, body, argument);
    pthread_attr_destroy(&attributes);
    return problem;
}

// Numbers and truth values of RESP3, which only a server sends that was not asked for RESP3: no object means that the
// reader gives up. hiredis before 1.0 does not know them, and a later one without these functions would skip them.
#if HIREDIS_MAJOR >= 1
static inline void *streamkit_no_double(const redisReadTask *task, double value, char *text, size_t length) {
    (void)task, (void)value, (void)text, (void)length;
    return NULL;
}
static inline void *streamkit_no_bool(const redisReadTask *task, int value) {
    (void)task, (void)value;
    return NULL;
}
#endif
static inline void streamkit_refuse_resp3(redisReplyObjectFunctions *functions) {
#if HIREDIS_MAJOR >= 1
    functions->createDouble = streamkit_no_double;
    functions->createBool = streamkit_no_bool;
#else
    (void)functions;
#endif
}

// The element count that createArray receives: `int` before hiredis 1.0, `size_t` since.
#if HIREDIS_MAJOR >= 1
typedef size_t streamkit_array_count;
#else
typedef int streamkit_array_count;
#endif

#endif
