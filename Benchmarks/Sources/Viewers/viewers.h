// What the parts of the load generator share.
#ifndef VIEWERS_H
#define VIEWERS_H
#include <stdbool.h>
#include <stdint.h>

/// One connection that reads an event stream, and what it has seen.
typedef struct {
    int fd;
    int stream;           // which stream it watches
    int64_t last;         // the number of the newest event, -1 before the first
    int64_t received, gaps, doubles;
    bool isOpen, isRefused;
    int carried;          // bytes of a line that has not ended
    char carry[256];
} Viewer;

/// The latencies of all events, in tenths of a millisecond.
typedef struct {
    uint32_t bins[100001];
    int64_t count;
} Latencies;

int64_t nowNanoseconds(void);
void fail(const char *what);
int dial(const char *host, const char *port);

/// Takes in bytes of the response: counts events, gaps and doubles, and notes their latency.
void take(Viewer *viewer, const char *bytes, int count, Latencies *latencies);
/// The latency in milliseconds that the given share of events did not exceed.
double quantile(const Latencies *latencies, double share);

/// CPU seconds that a process has used, and its resident memory in bytes; -1 if there is no such process.
double cpuSeconds(int process);
long residentBytes(int process);

/// Says how many events a second this program can take in, from a writer that has nothing else to do.
void printOwnLimit(int viewers);

/// Appends event `number` to a stream; the reply is read later.
void append(int redis, const char *key, int64_t number);
/// Reads what Redis has answered, and counts the replies; ends the program if one of them is an error.
void drain(int redis);
/// How many clients Redis has, this program's own connection not counted.
int redisClients(int redis);
#endif
