// The parts of the load generator: reading events, writing to Redis, looking at a process.
#define _GNU_SOURCE
#include "viewers.h"
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t nowNanoseconds(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

void fail(const char *what) {
    fprintf(stderr, "viewers: %s: %s\n", what, strerror(errno));
    exit(1);
}

int dial(const char *host, const char *port) {
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    if (getaddrinfo(host, port, &hints, &found) != 0) fail(host);
    int fd = socket(found->ai_family, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, found->ai_addr, found->ai_addrlen) < 0) fail("cannot connect");
    freeaddrinfo(found);
    return fd;
}

// MARK: Events. Their text is "n=<number> t=<nanoseconds>".

static void takeLine(Viewer *v, const char *line, int length, Latencies *latencies) {
    char text[64];
    if (length < 10 || memcmp(line, "data: n=", 8) != 0) return;
    int size = length - 8 < 63 ? length - 8 : 63;
    memcpy(text, line + 8, size);
    text[size] = 0;
    char *rest;
    int64_t number = strtoll(text, &rest, 10);
    int64_t sent = rest[0] == ' ' ? strtoll(rest + 3, NULL, 10) : 0;
    v->received++;
    if (number <= v->last) v->doubles++;
    else if (v->last >= 0 && number > v->last + 1) v->gaps += number - v->last - 1;
    if (number > v->last) v->last = number;
    int64_t bin = (nowNanoseconds() - sent) / 100000;
    latencies->bins[bin < 0 ? 0 : bin > 100000 ? 100000 : bin]++;
    latencies->count++;
}

void take(Viewer *v, const char *bytes, int count, Latencies *latencies) {
    const char *end = bytes + count;
    while (bytes < end) {
        const char *stop = memchr(bytes, '\n', end - bytes);
        int length = (int)((stop ? stop : end) - bytes);
        if (v->carried > 0 || !stop) {
            int room = (int)sizeof v->carry - v->carried, part = length < room ? length : room;
            memcpy(v->carry + v->carried, bytes, part);
            v->carried += part;
        }
        if (!stop) return;
        if (v->carried > 0) takeLine(v, v->carry, v->carried, latencies);
        else takeLine(v, bytes, length, latencies);
        v->carried = 0;
        bytes = stop + 1;
    }
}

double quantile(const Latencies *latencies, double share) {
    int64_t rest = (int64_t)(latencies->count * share);
    for (int bin = 0; bin <= 100000; bin++)
        if ((rest -= latencies->bins[bin]) < 0) return bin / 10.0;
    return 10000;
}

void printOwnLimit(int count) {
    static Latencies latencies;
    Viewer *viewers = calloc(count, sizeof *viewers);
    int *ends = calloc(count, sizeof *ends);
    for (int i = 0; i < count; i++) {
        int pair[2];
        if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0) fail("socketpair");
        viewers[i] = (Viewer){.fd = pair[0], .last = -1};
        ends[i] = pair[1];
    }
    pid_t writer = fork();
    if (writer == 0) {
        static char block[8192];
        for (int64_t number = 0;;) {
            int size = 0;
            for (int i = 0; i < 16; i++)
                size += sprintf(block + size, "id: 1-1\nevent: message\ndata: n=%ld t=%ld\n\n", (long)number++,
                                (long)nowNanoseconds());
            for (int i = 0; i < count; i++)
                if (write(ends[i], block, size) < 0) _exit(0);
        }
    }
    char bytes[65536];
    int64_t start = nowNanoseconds();
    for (int i = 0; nowNanoseconds() - start < 1000000000ll; i = (i + 1) % count) {
        int got = (int)recv(viewers[i].fd, bytes, sizeof bytes, MSG_DONTWAIT);
        if (got > 0) take(&viewers[i], bytes, got, &latencies);
    }
    double seconds = (nowNanoseconds() - start) / 1e9;
    for (int i = 0; i < count; i++) close(viewers[i].fd), close(ends[i]);
    kill(writer, 9);
    waitpid(writer, NULL, 0);
    printf("own limit: %.0f events/s\n", latencies.count / seconds);
    free(viewers);
    free(ends);
}

// MARK: Redis

void append(int redis, const char *key, int64_t number) {
    char text[64], command[512];
    int length = sprintf(text, "n=%ld t=%ld", (long)number, (long)nowNanoseconds());
    int size = snprintf(command, sizeof command, "*5\r\n$4\r\nXADD\r\n$%zu\r\n%s\r\n$1\r\n*\r\n$4\r\ntext\r\n$%d\r\n%s\r\n",
                        strlen(key), key, length, text);
    for (int sent = 0; sent < size;) {
        int part = (int)write(redis, command + sent, size - sent);
        if (part < 0) fail("Redis");
        sent += part;
    }
}

void drain(int redis) {
    char bytes[65536];
    int got;
    while ((got = (int)recv(redis, bytes, sizeof bytes, MSG_DONTWAIT)) > 0)
        if (memchr(bytes, '-', got) == bytes) fprintf(stderr, "Redis: %.*s\n", got, bytes), exit(1);
}

int redisClients(int redis) {
    char bytes[8192];
    usleep(100000);
    drain(redis);
    if (write(redis, "INFO clients\r\n", 14) < 0) fail("Redis");
    usleep(100000);
    int got = (int)recv(redis, bytes, sizeof bytes - 1, 0);
    bytes[got > 0 ? got : 0] = 0;
    char *found = strstr(bytes, "connected_clients:");
    return found ? atoi(found + 18) - 1 : -1;
}

// MARK: The server's process

double cpuSeconds(int process) {
    char path[64], text[1024];
    sprintf(path, "/proc/%d/stat", process);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    size_t got = fread(text, 1, sizeof text - 1, file);
    fclose(file);
    text[got] = 0;
    long user = 0, system = 0;
    char *rest = strrchr(text, ')');
    if (rest) sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system);
    return (double)(user + system) / sysconf(_SC_CLK_TCK);
}

long residentBytes(int process) {
    char path[64];
    long pages = -1;
    sprintf(path, "/proc/%d/statm", process);
    FILE *file = fopen(path, "r");
    if (!file) return -1;
    if (fscanf(file, "%*d %ld", &pages) != 1) pages = -1;
    fclose(file);
    return pages * sysconf(_SC_PAGESIZE);
}
