// What hiredis can do when C uses it directly, one blocking call after the other: the limits StreamKit
// is measured against. Every function returns the seconds it took, or less than 0 when the server or
// the connection failed.
#ifndef LIMITS_OF_HIREDIS_H
#define LIMITS_OF_HIREDIS_H

#include <stddef.h>
#include <stdint.h>

// A connection of hiredis.
struct limit_connection;

// Connects by the path of a unix socket, or to 127.0.0.1 where it is NULL. NULL if that fails.
struct limit_connection *limit_connect(const char *path, int port);
void limit_disconnect(struct limit_connection *connection);

// Nanoseconds of the monotonic clock.
uint64_t limit_now(void);

// Appends `count` entries, each when the one before was answered.
double limit_append_one_by_one(struct limit_connection *connection, const char *key, int count);

// Appends `count` entries, `batch` of them sent before their replies are read.
double limit_append_in_batches(struct limit_connection *connection, const char *key, int count, int batch);

// Sends `count` XADDs of one field `payload`, a small JSON object, `batch` of them before their replies are read.
double limit_enqueue_in_batches(struct limit_connection *connection, const char *key, int count, int batch);

// Sends `times` XRANGEs of 1,000 entries, parsed to hiredis' own reply objects.
double limit_read_ranges(struct limit_connection *connection, const char *key, int times);

// Sends XREADGROUP COUNT 256 and one XACK of what came, until nothing is new. `entries` gets their number.
double limit_consume(struct limit_connection *connection, const char *key, const char *group, int *entries);

// Like limit_consume, with the XACK and the next XREADGROUP sent together.
double limit_consume_in_batches(struct limit_connection *connection, const char *key, const char *group, int *entries);

// Appends `count` entries, `pause` microseconds apart; `replied` gets the moment each was answered.
double limit_append_paced(
    struct limit_connection *connection, const char *key, int count, int pause, uint64_t *replied);

// Reads `count` entries after `id` in an XREAD BLOCK loop; `arrived` gets the moment each was in hand.
double limit_follow(struct limit_connection *connection, const char *key, const char *id, int count, uint64_t *arrived);

// Listens on the unix socket `path` and forwards everything to the server behind `target`, but answers
// XRANGE itself, with the bytes that the server sent for the first one: what is left is the client's own
// cost. Returns 0 once it listens; its threads end with the process.
int limit_serve_ranges(const char *path, const char *target);

#endif
