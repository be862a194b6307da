// A load generator for servers of event streams: appends to Redis, watches over HTTP, and checks every viewer.
// Run:    viewers --url http://127.0.0.1:8080/api/agent/stream/{} --viewers 1000 --rate 100 --seconds 10 --pid PID
// Expect: what was delivered, how late, every gap and double, and what the server with that process ID spent on it.
#define _GNU_SOURCE
#include "viewers.h"
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct {
    char *url, *redis, *key;
    int viewers, streams, seconds, pid, deaf, busy;
    double rate;
} options = {.url = "http://127.0.0.1:8080/api/agent/stream/{}", .redis = "127.0.0.1:6379", .key = "agent-stream:{}",
             .viewers = 100, .streams = 1, .seconds = 10, .rate = 50};

static void readOptions(int count, char **words) {
    static struct option names[] = {{"url", 1, 0, 'u'},     {"redis", 1, 0, 'r'},   {"key", 1, 0, 'k'},
                                    {"viewers", 1, 0, 'v'}, {"streams", 1, 0, 's'}, {"rate", 1, 0, 'e'},
                                    {"seconds", 1, 0, 't'}, {"pid", 1, 0, 'p'},     {"deaf", 1, 0, 'd'},
                                    {"busy", 1, 0, 'b'},    {0}};
    for (int name; (name = getopt_long(count, words, "", names, NULL)) != -1;) switch (name) {
        case 'u': options.url = optarg; break;
        case 'r': options.redis = optarg; break;
        case 'k': options.key = optarg; break;
        case 'v': options.viewers = atoi(optarg); break;
        case 's': options.streams = atoi(optarg); break;
        case 'e': options.rate = atof(optarg); break;
        case 't': options.seconds = atoi(optarg); break;
        case 'p': options.pid = atoi(optarg); break;
        case 'd': options.deaf = atoi(optarg); break;
        case 'b': options.busy = atoi(optarg); break;
        default:
            fprintf(stderr, "Options: --url --redis --key (with {} for the stream), --viewers --streams, --rate (events/s "
                            "of each stream), --busy (only that many streams get events), --seconds, --pid (of the "
                            "server), --deaf (viewers that never read)\n");
            exit(2);
    }
    if (options.busy == 0) options.busy = options.streams;
}

/// Puts the name of a stream, which no other run of this program uses, into the place of the braces.
static char *named(const char *pattern, int stream) {
    char *text;
    const char *braces = strstr(pattern, "{}");
    if (!braces) fprintf(stderr, "'%s' has no {} for the stream.\n", pattern), exit(2);
    if (asprintf(&text, "%.*sload-%d-%d%s", (int)(braces - pattern), pattern, getpid(), stream, braces + 2) < 0) exit(1);
    return text;
}

/// Connects a viewer and waits for the head of the answer.
static void watch(Viewer *viewer, const char *url, Latencies *latencies) {
    char host[256] = "", port[16] = "80", bytes[4096];
    const char *start = strstr(url, "://") ? strstr(url, "://") + 3 : url;
    const char *path = strchr(start, '/');
    if (!path) fprintf(stderr, "'%s' has no path.\n", url), exit(2);
    sscanf(start, "%255[^:/]:%15[0-9]", host, port);
    viewer->fd = dial(host, port);
    int size = snprintf(bytes, sizeof bytes, "GET %s HTTP/1.1\r\nHost: %s:%s\r\nAccept: text/event-stream\r\n\r\n", path,
                        host, port);
    if (write(viewer->fd, bytes, size) < 0) fail("request");
    int got = (int)read(viewer->fd, bytes, sizeof bytes);
    viewer->isOpen = true;
    viewer->isRefused = got < 12 || memcmp(bytes + 9, "200", 3) != 0;
    if (viewer->isRefused) return;
    take(viewer, bytes, got, latencies);
}

/// Reads what has come to any viewer, for some milliseconds.
static void readAll(int poll, Viewer *viewers, Latencies *latencies, int milliseconds) {
    static char bytes[65536];
    struct epoll_event events[512];
    int count = epoll_wait(poll, events, 512, milliseconds);
    for (int i = 0; i < count; i++) {
        Viewer *viewer = &viewers[events[i].data.u32];
        int got = (int)recv(viewer->fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0) take(viewer, bytes, got, latencies);
        if (got == 0 || (got < 0 && errno != EAGAIN)) viewer->isOpen = false, close(viewer->fd);
    }
}

/// How many of the events that were written have not arrived, at all viewers that read.
static int64_t missingOf(const Viewer *viewers, int64_t written) {
    int64_t missing = 0;
    for (int v = options.deaf; v < options.viewers; v++) {
        int stream = viewers[v].stream, isBusy = stream < options.busy;
        missing += (isBusy ? (written + options.busy - 1 - stream) / options.busy : 0) - viewers[v].last;
    }
    return missing;
}

int main(int count, char **words) {
    static Latencies first, latencies;
    readOptions(count, words);
    struct rlimit files = {65536, 65536};
    if (setrlimit(RLIMIT_NOFILE, &files) < 0) getrlimit(RLIMIT_NOFILE, &files), files.rlim_cur = files.rlim_max, setrlimit(RLIMIT_NOFILE, &files);
    printOwnLimit(options.viewers < 200 ? options.viewers : 200);

    char host[256], *port = strrchr(options.redis, ':');
    snprintf(host, sizeof host, "%.*s", (int)(port - options.redis), options.redis);
    int redis = dial(host, port + 1), poll = epoll_create1(0);
    char **keys = calloc(options.streams, sizeof *keys);
    for (int s = 0; s < options.streams; s++) append(redis, keys[s] = named(options.key, s), 0), drain(redis);
    usleep(200000);
    drain(redis);

    int clientsBefore = redisClients(redis), refused = 0;
    long memoryBefore = residentBytes(options.pid);
    Viewer *viewers = calloc(options.viewers, sizeof *viewers);
    for (int v = 0; v < options.viewers; v++) {
        viewers[v] = (Viewer){.stream = v % options.streams, .last = -1};
        char *url = named(options.url, viewers[v].stream);
        watch(&viewers[v], url, &first);
        free(url);
        refused += viewers[v].isRefused;
        if (v >= options.deaf && epoll_ctl(poll, EPOLL_CTL_ADD, viewers[v].fd, &(struct epoll_event){.events = EPOLLIN, .data.u32 = v}) < 0) fail("epoll");
    }
    for (int i = 0; i < 200; i++) readAll(poll, viewers, &first, 5), usleep(5000);
    printf("viewers: %d on %d streams, %d refused; Redis connections: %d, before them %d\n", options.viewers,
           options.streams, refused, redisClients(redis), clientsBefore);
    if (options.pid) printf("memory: %.1f KB a viewer\n", (residentBytes(options.pid) - memoryBefore) / 1024.0 / options.viewers);

    int64_t written = 0, start = nowNanoseconds(), end = start + options.seconds * 1000000000ll, now;
    double cpu = cpuSeconds(options.pid), total = options.rate * options.busy;
    while ((now = nowNanoseconds()) < end) {
        int64_t due = (int64_t)((now - start) / 1e9 * total);
        for (int burst = 0; written < due && burst < 1000; burst++, written++)
            append(redis, keys[written % options.busy], 1 + written / options.busy);
        drain(redis);
        readAll(poll, viewers, &latencies, 1);
    }
    double seconds = (nowNanoseconds() - start) / 1e9;
    int64_t delivered = latencies.count;
    // While something is missing, ten seconds of silence: a machine with other work stands still for some at times.
    // Otherwise a moment, in which a double would still come.
    for (int quiet = 0; quiet < (missingOf(viewers, written) > 0 ? 500 : 25);) {
        int64_t before = latencies.count;
        readAll(poll, viewers, &latencies, 20);
        quiet = latencies.count == before ? quiet + 1 : 0;
    }
    cpu = cpuSeconds(options.pid) - cpu;

    int64_t gaps = 0, doubles = 0, missing = missingOf(viewers, written), closed = 0;
    for (int v = 0; v < options.viewers; v++) {
        Viewer *viewer = &viewers[v];
        if (v < options.deaf) continue;
        gaps += viewer->gaps, doubles += viewer->doubles, closed += !viewer->isOpen;
    }
    printf("delivered: %.0f events/s in time, %ld in all; appended %ld\n", delivered / seconds, (long)latencies.count, (long)written);
    printf("lateness: p50 %.1f ms, p99 %.1f ms\n", quantile(&latencies, 0.5), quantile(&latencies, 0.99));
    printf("gaps: %ld, doubles: %ld, missing at the end: %ld, closed: %ld\n", (long)gaps, (long)doubles, (long)missing, (long)closed);
    if (options.pid) printf("server CPU: %.2f us an event, %.2f s in all\n", cpu * 1e6 / (latencies.count ? latencies.count : 1), cpu);
    for (int s = 0; s < options.streams; s++) dprintf(redis, "DEL %s\r\n", keys[s]), drain(redis);
    return gaps || doubles || missing || refused;
}
