#include "limits_of_hiredis.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define RANGE_REQUEST "XRANGE"
enum { capacity = 1 << 20 };

struct service {
    int listener;
    struct sockaddr_un target;
};

struct link {
    int client, server;
    // The server's answer to the first XRANGE, while it comes in and from then on.
    char *answer;
    size_t length;
    int is_recording;
};

static struct sockaddr_un address_of(const char *path) {
    struct sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    strncpy(address.sun_path, path, sizeof address.sun_path - 1);
    return address;
}

static int send_all(int descriptor, const char *bytes, size_t count) {
    while (count > 0) {
        ssize_t sent = send(descriptor, bytes, count, 0);
        if (sent <= 0) return 0;
        bytes += sent;
        count -= (size_t)sent;
    }
    return 1;
}

static int holds_range_request(const char *bytes, size_t count) {
    size_t length = strlen(RANGE_REQUEST);
    for (size_t i = 0; i + length <= count; i++)
        if (memcmp(bytes + i, RANGE_REQUEST, length) == 0) return 1;
    return 0;
}

// Answers the client, or forwards its request.
static int client_sent(struct link *link, char *scratch) {
    ssize_t count = recv(link->client, scratch, capacity, 0);
    if (count <= 0) return 0;
    if (!holds_range_request(scratch, (size_t)count)) {
        link->is_recording = 0;
        return send_all(link->server, scratch, (size_t)count);
    }
    if (link->length > 0) return send_all(link->client, link->answer, link->length);
    link->is_recording = 1;
    return send_all(link->server, scratch, (size_t)count);
}

static int server_sent(struct link *link, char *scratch) {
    ssize_t count = recv(link->server, scratch, capacity, 0);
    if (count <= 0) return 0;
    if (link->is_recording && link->length + (size_t)count <= capacity) {
        memcpy(link->answer + link->length, scratch, (size_t)count);
        link->length += (size_t)count;
    }
    return send_all(link->client, scratch, (size_t)count);
}

static void *serve(void *argument) {
    struct link *link = argument;
    char *scratch = malloc(capacity);
    struct pollfd ends[2] = {{link->client, POLLIN, 0}, {link->server, POLLIN, 0}};
    for (int alive = 1; alive;) {
        if (poll(ends, 2, -1) < 0) break;
        if (ends[1].revents) alive = server_sent(link, scratch);
        if (alive && ends[0].revents) alive = client_sent(link, scratch);
    }
    close(link->client);
    close(link->server);
    free(link->answer);
    free(link);
    free(scratch);
    return NULL;
}

static void *accept_clients(void *argument) {
    struct service *service = argument;
    while (1) {
        int client = accept(service->listener, NULL, NULL);
        if (client < 0) return NULL;
        struct link *link = calloc(1, sizeof *link);
        link->client = client;
        link->answer = malloc(capacity);
        link->server = socket(AF_UNIX, SOCK_STREAM, 0);
        connect(link->server, (struct sockaddr *)&service->target, sizeof service->target);
        pthread_t thread;
        pthread_create(&thread, NULL, serve, link);
        pthread_detach(thread);
    }
}

int limit_serve_ranges(const char *path, const char *target) {
    struct service *service = malloc(sizeof *service);
    struct sockaddr_un address = address_of(path);
    service->target = address_of(target);
    service->listener = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(service->listener, (struct sockaddr *)&address, sizeof address) != 0) return -1;
    if (listen(service->listener, 16) != 0) return -1;
    pthread_t thread;
    if (pthread_create(&thread, NULL, accept_clients, service) != 0) return -1;
    pthread_detach(thread);
    return 0;
}
