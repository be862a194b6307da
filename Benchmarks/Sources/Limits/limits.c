#include "limits_of_hiredis.h"

#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct limit_connection *limit_connect(const char *path, int port) {
    redisContext *connection = path ? redisConnectUnix(path) : redisConnect("127.0.0.1", port);
    if (connection && connection->err) {
        redisFree(connection);
        return NULL;
    }
    return (struct limit_connection *)connection;
}

void limit_disconnect(struct limit_connection *link) { redisFree((redisContext *)link); }

uint64_t limit_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static double since(uint64_t start) { return (double)(limit_now() - start) / 1e9; }

static const char *append_words[] = {"XADD", "",      "MAXLEN", "~",    "10000",
                                     "*",    "event", "token",  "data", "hello-world-token-text"};
enum { append_word_count = 10 };

static void queue_append(redisContext *connection, const char *key) {
    const char *words[append_word_count];
    memcpy(words, append_words, sizeof words);
    words[1] = key;
    redisAppendCommandArgv(connection, append_word_count, words, NULL);
}

// The next reply, or NULL when there is none or it is an error.
static redisReply *next_reply(redisContext *connection) {
    void *reply = NULL;
    if (redisGetReply(connection, &reply) != REDIS_OK) return NULL;
    if (((redisReply *)reply)->type == REDIS_REPLY_ERROR) {
        freeReplyObject(reply);
        return NULL;
    }
    return reply;
}

double limit_append_in_batches(struct limit_connection *link, const char *key, int count, int batch) {
    redisContext *connection = (redisContext *)link;
    uint64_t start = limit_now();
    for (int done = 0; done < count; done += batch) {
        for (int i = 0; i < batch; i++) queue_append(connection, key);
        for (int i = 0; i < batch; i++) {
            redisReply *reply = next_reply(connection);
            if (!reply) return -1;
            freeReplyObject(reply);
        }
    }
    return since(start);
}

double limit_enqueue_in_batches(struct limit_connection *link, const char *key, int count, int batch) {
    redisContext *connection = (redisContext *)link;
    uint64_t start = limit_now();
    for (int done = 0; done < count; done += batch) {
        int size = count - done < batch ? count - done : batch;
        for (int i = 0; i < size; i++) {
            char payload[32];
            snprintf(payload, sizeof payload, "{\"number\":%d}", done + i);
            const char *words[] = {"XADD", key, "*", "payload", payload};
            redisAppendCommandArgv(connection, 5, words, NULL);
        }
        for (int i = 0; i < size; i++) {
            redisReply *reply = next_reply(connection);
            if (!reply) return -1;
            freeReplyObject(reply);
        }
    }
    return since(start);
}

double limit_append_one_by_one(struct limit_connection *link, const char *key, int count) {
    return limit_append_in_batches(link, key, count, 1);
}

double limit_read_ranges(struct limit_connection *link, const char *key, int times) {
    redisContext *connection = (redisContext *)link;
    uint64_t start = limit_now();
    for (int i = 0; i < times; i++) {
        redisReply *reply = redisCommand(connection, "XRANGE %s - + COUNT 1000", key);
        if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 1000) return -1;
        freeReplyObject(reply);
    }
    return since(start);
}

// The entries in an answer of XREADGROUP or XREAD of one stream; NULL if there are none.
static redisReply *entries_of(redisReply *reply) {
    if (!reply || reply->type != REDIS_REPLY_ARRAY || reply->elements != 1) return NULL;
    return reply->element[0]->element[1];
}

enum { consume_limit = 256 };

static void queue_consume(redisContext *connection, const char *key, const char *group) {
    redisAppendCommand(
        connection, "XREADGROUP GROUP %s limit COUNT %d STREAMS %s >", group, (int)consume_limit, key);
}

static void queue_acknowledge(redisContext *connection, const char *key, const char *group, redisReply *entries) {
    const char *words[3 + consume_limit] = {"XACK", key, group};
    size_t lengths[3 + consume_limit] = {4, strlen(key), strlen(group)};
    for (size_t i = 0; i < entries->elements; i++) {
        redisReply *id = entries->element[i]->element[0];
        words[3 + i] = id->str;
        lengths[3 + i] = (size_t)id->len;
    }
    redisAppendCommandArgv(connection, 3 + (int)entries->elements, words, lengths);
}

static double consume(redisContext *connection, const char *key, const char *group, int *total, int together) {
    uint64_t start = limit_now();
    *total = 0;
    queue_consume(connection, key, group);
    while (1) {
        redisReply *reply = next_reply(connection), *entries = entries_of(reply);
        if (!reply) return -1;
        if (!entries || entries->elements == 0) {
            freeReplyObject(reply);
            return since(start);
        }
        *total += (int)entries->elements;
        queue_acknowledge(connection, key, group, entries);
        if (together) queue_consume(connection, key, group);
        freeReplyObject(reply);
        redisReply *acknowledged = next_reply(connection);
        if (!acknowledged) return -1;
        freeReplyObject(acknowledged);
        if (!together) queue_consume(connection, key, group);
    }
}

double limit_consume(struct limit_connection *link, const char *key, const char *group, int *entries) {
    return consume((redisContext *)link, key, group, entries, 0);
}

double limit_consume_in_batches(struct limit_connection *link, const char *key, const char *group, int *entries) {
    return consume((redisContext *)link, key, group, entries, 1);
}

double limit_append_paced(struct limit_connection *link, const char *key, int count, int pause, uint64_t *replied) {
    redisContext *connection = (redisContext *)link;
    uint64_t start = limit_now();
    for (int i = 0; i < count; i++) {
        usleep((useconds_t)pause);
        queue_append(connection, key);
        redisReply *reply = next_reply(connection);
        replied[i] = limit_now();
        if (!reply) return -1;
        freeReplyObject(reply);
    }
    return since(start);
}

double limit_follow(struct limit_connection *link, const char *key, const char *id, int count, uint64_t *arrived) {
    redisContext *connection = (redisContext *)link;
    char last[64];
    strncpy(last, id, sizeof last - 1);
    last[sizeof last - 1] = 0;
    uint64_t start = limit_now();
    for (int seen = 0; seen < count;) {
        redisReply *reply = redisCommand(connection, "XREAD COUNT 256 BLOCK 0 STREAMS %s %s", key, last);
        redisReply *entries = entries_of(reply);
        if (!entries) return -1;
        for (size_t i = 0; i < entries->elements && seen < count; i++) {
            arrived[seen++] = limit_now();
            strncpy(last, entries->element[i]->element[0]->str, sizeof last - 1);
        }
        freeReplyObject(reply);
    }
    return since(start);
}
