/* SPDX-License-Identifier: MPL-2.0 */
/* RFC 5424 messages: to a local socket or over UDP (RFC 5426) one datagram each, over TCP (RFC
 * 6587) and TLS (RFC 5425) with octet counting. Neither says what the server took: what was written
 * to a connection that then breaks may be lost there. */
#include "dispatch.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <json-c/json.h>
#include <mig/json.h>

#include "tls.h"

#define WAIT_MS 5000
#define PRIORITY_AUTHPRIV 10

struct syslog {
    int type; /* SOCK_STREAM, SOCK_DGRAM; 0: the local socket */
    int fd;
    bool connected;
    struct tls *tls; /* instead of fd */
    char host[256], port[16], hostname[256];
    struct sockaddr_un local;
};

static void
hang_up(struct syslog *log)
{
    if (log->tls != NULL)
        dispatch_tls_hang_up(log->tls);
    if (log->type != 0 && log->fd >= 0) {
        close(log->fd);
        log->fd = -1;
    }
    log->connected = false;
}

static bool
connect_one(struct syslog *log, const struct addrinfo *to)
{
    struct pollfd ready = {.events = POLLOUT};
    int error = 0;
    socklen_t size = sizeof(error);

    log->fd = socket(to->ai_family, to->ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (log->fd < 0)
        return false;
    ready.fd = log->fd;
    if (connect(log->fd, to->ai_addr, to->ai_addrlen) == 0 ||
        (errno == EINPROGRESS && poll(&ready, 1, WAIT_MS) == 1 &&
         getsockopt(log->fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0))
        return log->connected = true;
    if (error != 0)
        errno = error;
    error = errno;
    hang_up(log);
    errno = error;
    return false;
}

static int
dial(struct output *output)
{
    struct syslog *log = output->state;
    struct addrinfo hints = {.ai_socktype = log->type}, *list = NULL, *it;
    int code;

    if (log->tls != NULL)
        return dispatch_tls_dial(log->tls, output->why, sizeof(output->why));
    if (log->connected)
        return 0;
    if (log->type == 0) {
        log->connected =
            connect(log->fd, (const struct sockaddr *)&log->local, sizeof(log->local)) == 0;
    } else {
        code = getaddrinfo(log->host, log->port, &hints, &list);
        if (code != 0) {
            snprintf(output->why, sizeof(output->why), "%.100s: %s", log->host, gai_strerror(code));
            return -EIO;
        }
        for (it = list; it != NULL && !connect_one(log, it); it = it->ai_next)
            ;
        code = errno;
        freeaddrinfo(list);
        errno = code;
    }
    if (log->connected)
        return 0;
    snprintf(output->why, sizeof(output->why), "%.100s: %s",
             log->type == 0 ? log->local.sun_path : log->host, strerror(errno));
    return -EIO;
}

static int
severity(struct json_object *event)
{
    static const struct {
        const char *word;
        int number;
    } words[] = {{"critical", 2}, {"high", 3}, {"medium", 4}, {"low", 6}};
    struct json_object *alert = json_object_object_get(event, "event");
    struct json_object *value = json_object_is_type(alert, json_type_object)
                                    ? json_object_object_get(alert, "severity")
                                    : NULL;
    const char *word = json_object_get_string(value);

    for (size_t i = 0; word != NULL && i < MIG_COUNT(words); i++)
        if (strcmp(word, words[i].word) == 0)
            return words[i].number;
    return 5;
}

static char *
message(const struct syslog *log, const char *text, size_t *ret_length)
{
    struct json_object *event = json_tokener_parse(text);
    const char *time = json_object_get_string(json_object_object_get(event, "time"));
    const char *module = json_object_get_string(json_object_object_get(event, "module"));
    char *line = NULL, *framed = NULL;
    int length =
        asprintf(&line, "<%d>1 %s %s mig - %s - %s", PRIORITY_AUTHPRIV * 8 + severity(event),
                 time != NULL ? time : "-", log->hostname[0] ? log->hostname : "-",
                 module != NULL ? module : "-", text);

    json_object_put(event);
    if (length < 0)
        return NULL;
    if (log->type == SOCK_STREAM) {
        length = asprintf(&framed, "%d %s", length, line);
        free(line);
        line = length < 0 ? NULL : framed;
    }
    *ret_length = length < 0 ? 0 : (size_t)length;
    return line;
}

/* The far end has closed: a write would still succeed once. */
static bool
closed(const struct syslog *log)
{
    char byte;

    if (log->tls != NULL)
        return dispatch_tls_closed(log->tls);
    if (log->type != SOCK_STREAM || !log->connected)
        return false;
    ssize_t n = recv(log->fd, &byte, 1, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static int
write_all(const struct syslog *log, const char *data, size_t length)
{
    if (log->tls != NULL)
        return dispatch_tls_write(log->tls, data, length);
    while (length > 0) {
        ssize_t n = send(log->fd, data, length, MSG_NOSIGNAL);

        if (n < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = log->fd, .events = POLLOUT};

            if (poll(&ready, 1, WAIT_MS) != 1)
                return -ETIMEDOUT;
            continue;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return -errno;
        data += n;
        length -= (size_t)n;
    }
    return 0;
}

static int
syslog_send(struct output *output, const char *event, size_t length)
{
    struct syslog *log = output->state;
    char *text;
    int code;

    (void)length;
    if (closed(log))
        hang_up(log);
    code = dial(output);
    if (code < 0)
        return code;
    text = message(log, event, &length);
    if (text == NULL)
        return -ENOMEM;
    code = write_all(log, text, length);
    free(text);
    if (code == 0)
        return 0;
    snprintf(output->why, sizeof(output->why), "%s", strerror(-code));
    hang_up(log);
    return code;
}

static void
syslog_close(struct output *output)
{
    struct syslog *log = output->state;

    hang_up(log);
    dispatch_tls_free(log->tls);
    free(log);
}

static const struct output_kind kind = {"syslog", syslog_send, syslog_close};

static int
take_local(const struct mig_host *host, const char *path, struct syslog *log)
{
    if (path[0] != '/' || strlen(path) >= sizeof(log->local.sun_path))
        return mig_refuse(host, -EINVAL, "syslog.path: expected the path of a socket");
    log->local.sun_family = AF_UNIX;
    memcpy(log->local.sun_path, path, strlen(path) + 1);
    log->fd = host->descriptor(host, MIG_DESCRIPTOR_SYSLOG);
    return log->fd < 0 ? mig_refuse(host, log->fd, "syslog: no local socket") : 0;
}

static int
take_server(const struct mig_host *host, struct json_object *config, const char *server,
            struct syslog *log)
{
    const char *protocol = "tcp";
    uint64_t port = 0;
    bool tls;
    int code;

    if ((code = mig_json_get_string(host, config, "protocol", &protocol)) < 0 ||
        (code = mig_json_get_number(host, config, "port", &port)) < 0)
        return code;
    tls = strcmp(protocol, "tls") == 0;
    if (code == 0)
        port = tls ? 6514 : 514;
    log->type = strcmp(protocol, "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
    if ((log->type == SOCK_STREAM && !tls && strcmp(protocol, "tcp") != 0) || port < 1 ||
        port > 65535)
        return mig_refuse(host, -EINVAL,
                          "syslog: expected protocol tls, tcp or udp, and a port from 1 to 65535");
    if (strlen(server) == 0 || strlen(server) >= sizeof(log->host) ||
        strpbrk(server, "/@?# \\[]") != NULL)
        return mig_refuse(host, -EINVAL,
                          "syslog.host: expected a name or an address, found '%.100s'", server);
    snprintf(log->host, sizeof(log->host), "%s", server);
    snprintf(log->port, sizeof(log->port), "%u", (unsigned)port);
    if (tls)
        return dispatch_tls_new(host, config, "syslog", server, (unsigned)port, &log->tls);
    if (json_object_object_get_ex(config, "ca", NULL) ||
        json_object_object_get_ex(config, "cert", NULL) ||
        json_object_object_get_ex(config, "key", NULL))
        return mig_refuse(host, -EINVAL, "syslog: ca, cert and key are for protocol tls");
    return 0;
}

static int
take(const struct mig_host *host, struct json_object *config, struct syslog *log)
{
    static const char *const known[] = {"path", "host", "protocol", "port", "ca", "cert", "key"};
    const char *path = NULL, *server = NULL;
    int code;

    if (!json_object_is_type(config, json_type_object))
        return mig_refuse(host, -EINVAL, "syslog: expected an object");
    if ((code = mig_json_only(host, config, "syslog", known, MIG_COUNT(known))) < 0 ||
        (code = mig_json_get_string(host, config, "path", &path)) < 0 ||
        (code = mig_json_get_string(host, config, "host", &server)) < 0)
        return code;
    if ((path != NULL) == (server != NULL))
        return mig_refuse(host, -EINVAL, "syslog: expected one of path and host");
    if (path != NULL && json_object_object_length(config) != 1)
        return mig_refuse(
            host, -EINVAL,
            "syslog: protocol, port, ca, cert and key are for a host, not for a path");
    return path != NULL ? take_local(host, path, log) : take_server(host, config, server, log);
}

int
dispatch_syslog(const struct mig_host *host, struct json_object *config, const char *hostname,
                struct output *output)
{
    struct syslog *log = calloc(1, sizeof(*log));
    int code;

    if (log == NULL)
        return -ENOMEM;
    log->fd = -1;
    snprintf(log->hostname, sizeof(log->hostname), "%s", hostname);
    code = take(host, config, log);
    if (code < 0) {
        free(log);
        return code;
    }
    output->state = log;
    output->kind = &kind;
    return 0;
}
