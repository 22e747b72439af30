/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/server.h"

#include <errno.h>
#include <inttypes.h>
#include <microhttpd.h>
#include <netdb.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/counters.h"
#include "api/limit.h"
#include "api/pool.h"
#include "api/settings.h"
#include "api/stream.h"
#include "base/file.h"
#include "base/id.h"
#include "base/log.h"
#include "base/time.h"

#define HTTP_THREADS 2
#define HEADER_MAX (64u << 10)         /* bytes of request line and headers */
#define IDLE_SECONDS 30u               /* of silence on a connection */
#define RECEIVE_MS 60000               /* for a whole body */
#define BODIES_MAX ((size_t)256 << 20) /* bytes of bodies held at the same time */
#define STOP_SECONDS 10
#define PEM_MAX (1u << 20)
/* TLS 1.2 and 1.3, forward secrecy and authenticated ciphers only (GnuTLS priority string). */
#define TLS_PRIORITIES                                                                             \
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-DHE-RSA:-AES-128-CBC:-AES-256-CBC"

struct mig_server {
    struct mig_api api;
    struct mig_pool *pool;
    struct MHD_Daemon *daemon;
    int listen_fd;
    uint16_t port;
    struct mig_buf tls_cert, tls_key; /* PEM */
    atomic_size_t bodies;
    pthread_mutex_t lock;
    pthread_cond_t idle;
    unsigned active; /* exchanges */
};

enum stage { STAGE_NEW, STAGE_BODY, STAGE_WAITING, STAGE_ANSWERED };

/* One request and its answer. */
struct exchange {
    struct mig_job job; /* first */
    struct mig_server *server;
    struct MHD_Connection *connection;
    struct mig_request request;
    struct mig_stream stream; /* when the answer comes in parts */
    char *uri;
    size_t counted; /* of server->bodies */
    int64_t started_ms;
    enum stage stage;
    bool too_large;
    bool too_busy;
};

/* For answers that no worker makes. */
static struct mig_worker
no_worker(struct mig_server *server)
{
    return (struct mig_worker){.api = &server->api};
}

/* ---- the answer -------------------------------------------------------------------------------
 */

/* Nothing that a client sends may break a log line. */
static void
printable(char *out, size_t size, const char *text)
{
    size_t used = 0;

    for (; text != NULL && *text != '\0' && used + 1 < size; text++)
        out[used++] = *text > 0x20 && *text < 0x7f && *text != '"' ? *text : '_';
    out[used] = '\0';
}

static void
log_answer(const struct exchange *exchange, size_t size)
{
    const struct mig_request *request = &exchange->request;
    char target[512], agent[128], method[32], name[128];

    printable(target, sizeof target, request->target);
    printable(agent, sizeof agent, request->user_agent);
    printable(method, sizeof method, request->method);
    printable(name, sizeof name, request->investigator_name);
    mig_log(MIG_SEV_INFO,
            "%" PRId64 " - - src=%s category=%s auth=[%s %" PRId64
            "] %s %s resp_code=%u resp_size=%zu user-agent=%s",
            request->opid, request->peer,
            request->access == MIG_ACCESS_INVESTIGATOR ? "investigator" : "public", name,
            request->investigator_id, method, target, request->status, size, agent);
}

static void
count_answer(const struct exchange *exchange, size_t size)
{
    log_answer(exchange, size);
    mig_counters_answer(exchange->server->api.counters, exchange->request.status, size);
}

static void
suspend(struct mig_job *job)
{
    MHD_suspend_connection(((struct exchange *)job)->connection);
}

/* All of it, or what there is of it yet. What is counted, is counted once it is sent. */
static struct MHD_Response *
make_response(struct exchange *exchange)
{
    struct mig_request *request = &exchange->request;
    struct MHD_Response *response;
    size_t len = 0;
    char *body;

    if (request->more != NULL) {
        exchange->stream =
            (struct mig_stream){.pool = exchange->server->pool,
                                .job = &exchange->job,
                                .suspend = suspend,
                                .limit_ms = exchange->server->api.settings->answer_ms};
        return mig_stream_response(&exchange->stream);
    }
    body = mig_buf_take(&request->answer, &len);
    if (body == NULL)
        return NULL;
    count_answer(exchange, len);
    response = MHD_create_response_from_buffer(len, body, MHD_RESPMEM_MUST_FREE);
    if (response == NULL)
        free(body);
    return response;
}

static enum MHD_Result
send_answer(struct exchange *exchange)
{
    struct mig_request *request = &exchange->request;
    struct MHD_Response *response;
    enum MHD_Result result;
    char seconds[16];

    exchange->stage = STAGE_ANSWERED;
    response = make_response(exchange);
    if (response == NULL)
        return MHD_NO;
    MHD_add_response_header(response, "Content-Type", request->answer_type);
    MHD_add_response_header(response, "Cache-Control", "no-cache");
    MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
    if (request->allow != NULL)
        MHD_add_response_header(response, "Allow", request->allow);
    if (request->status == 503 && request->retry_after == 0)
        request->retry_after = 5;
    if (request->retry_after > 0) {
        snprintf(seconds, sizeof seconds, "%u", request->retry_after);
        MHD_add_response_header(response, "Retry-After", seconds);
    }
    result = MHD_queue_response(exchange->connection, request->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result
refuse(struct exchange *exchange, unsigned status, const char *message)
{
    struct mig_worker worker = no_worker(exchange->server);

    mig_answer_error(&worker, &exchange->request, status, "%s", message);
    return send_answer(exchange);
}

/* ---- the request ------------------------------------------------------------------------------
 */

static char *
header(struct MHD_Connection *connection, const char *name)
{
    const char *value = MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);

    return value == NULL ? NULL : strdup(value);
}

static void
take_peer(struct exchange *exchange)
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(exchange->connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    socklen_t len;

    if (info == NULL || info->client_addr == NULL)
        return;
    len = info->client_addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
                                                   : sizeof(struct sockaddr_in);
    if (getnameinfo(info->client_addr, len, exchange->request.peer, sizeof exchange->request.peer,
                    NULL, 0, NI_NUMERICHOST) != 0)
        exchange->request.peer[0] = '\0';
}

/* Splits the target as it came; the path below the base route stays encoded, as no route needs
 * more. */
static int
take_target(struct exchange *exchange)
{
    struct mig_request *request = &exchange->request;
    const char *base = exchange->server->api.settings->baseroute;
    size_t path_len = strcspn(exchange->uri, "?");
    size_t base_len = strlen(base);

    request->target = exchange->uri;
    exchange->uri = NULL;
    if (request->target[path_len] == '?')
        request->query_text = strdup(request->target + path_len + 1);
    else
        request->query_text = strdup("");
    /* Where monitoring looks for them, whatever the base route. */
    if (strncmp(request->target, "/metrics", path_len) == 0 && path_len == 8)
        request->path = strdup("/metrics");
    else if (strncmp(request->target, "/healthz", path_len) == 0 && path_len == 8)
        request->path = strdup("/healthz");
    else if (path_len >= base_len && strncmp(request->target, base, base_len) == 0)
        request->path = strndup(request->target + base_len, path_len - base_len);
    else
        request->path = strdup("");
    return request->query_text == NULL || request->path == NULL ? -ENOMEM : 0;
}

static size_t
announced_length(struct MHD_Connection *connection)
{
    const char *text =
        MHD_lookup_connection_value(connection, MHD_HEADER_KIND, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return text == NULL ? 0 : (size_t)strtoull(text, NULL, 10);
}

static enum MHD_Result
begin(struct exchange *exchange, const char *method)
{
    struct mig_worker worker = no_worker(exchange->server);
    struct mig_request *request = &exchange->request;
    const char *allow = NULL;

    exchange->stage = STAGE_BODY;
    request->method = strdup(method);
    request->content_type = header(exchange->connection, MHD_HTTP_HEADER_CONTENT_TYPE);
    request->token = header(exchange->connection, "X-PGPAUTHORIZATION");
    request->apikey = header(exchange->connection, "X-MIGAPIKEY");
    request->forwarded = header(exchange->connection, "X-Forwarded-For");
    request->user_agent = header(exchange->connection, MHD_HTTP_HEADER_USER_AGENT);
    take_peer(exchange);
    if (exchange->uri == NULL || request->method == NULL || take_target(exchange) < 0)
        return MHD_NO;
    exchange->job.route = mig_router_find(request->method, request->path, &allow);
    if (mig_router_refuse_early(&worker, request, exchange->job.route, allow,
                                announced_length(exchange->connection)))
        return send_answer(exchange);
    return MHD_YES;
}

static void
forget_body(struct exchange *exchange)
{
    mig_buf_fini(&exchange->request.body);
    exchange->request.body = (struct mig_buf)MIG_BUF_INIT;
    atomic_fetch_sub(&exchange->server->bodies, exchange->counted);
    exchange->counted = 0;
}

static enum MHD_Result
receive(struct exchange *exchange, const char *data, size_t len)
{
    struct mig_server *server = exchange->server;

    if (mig_time_monotonic_ms() - exchange->started_ms > RECEIVE_MS)
        return MHD_NO; /* closes the connection */
    if (exchange->too_large || exchange->too_busy)
        return MHD_YES;
    if (len > exchange->job.route->body_max - exchange->request.body.len) {
        exchange->too_large = true;
        forget_body(exchange);
        return MHD_YES;
    }
    exchange->counted += len;
    if (atomic_fetch_add(&server->bodies, len) + len > BODIES_MAX ||
        mig_buf_add(&exchange->request.body, data, len) < 0) {
        exchange->too_busy = true;
        forget_body(exchange);
    }
    return MHD_YES;
}

static void
wait_for_answer(struct mig_job *job)
{
    ((struct exchange *)job)->stage = STAGE_WAITING;
    suspend(job);
}

static void
served(struct mig_job *job)
{
    struct exchange *exchange = (struct exchange *)job;

    MHD_resume_connection(exchange->connection);
}

static enum MHD_Result
complete(struct exchange *exchange)
{
    struct mig_worker worker = no_worker(exchange->server);

    if (exchange->too_large) {
        mig_router_too_large(&worker, &exchange->request, exchange->job.route);
        return send_answer(exchange);
    }
    if (exchange->too_busy)
        return refuse(exchange, 503, "too many requests at the same time");
    exchange->job.request = &exchange->request;
    exchange->job.done = served;
    if (mig_pool_give(exchange->server->pool, &exchange->job, wait_for_answer) < 0)
        return refuse(exchange, 503, "shutting down");
    return MHD_YES;
}

/* Called first with the headers, then with each piece of the body, then with none, and once more
 * when a worker is done. */
static enum MHD_Result
on_request(void *context, struct MHD_Connection *connection, const char *url, const char *method,
           const char *version, const char *data, size_t *len, void **state)
{
    struct exchange *exchange = *state;

    (void)context;
    (void)url;
    (void)version;
    if (exchange == NULL)
        return MHD_NO; /* there was no memory */
    exchange->connection = connection;
    switch (exchange->stage) {
    case STAGE_NEW:
        return begin(exchange, method);
    case STAGE_BODY:
        if (*len == 0)
            return complete(exchange);
        if (receive(exchange, data, *len) != MHD_YES)
            return MHD_NO;
        *len = 0;
        return MHD_YES;
    case STAGE_WAITING:
        return send_answer(exchange);
    case STAGE_ANSWERED:
        *len = 0;
        return MHD_YES;
    }
    return MHD_NO;
}

/* The first that is heard of a request. What it returns is on_request()'s *state. */
static void *
on_uri(void *context, const char *uri, struct MHD_Connection *connection)
{
    struct mig_server *server = context;
    struct exchange *exchange = calloc(1, sizeof *exchange);

    (void)connection;
    if (exchange == NULL)
        return NULL;
    exchange->server = server;
    exchange->uri = strdup(uri);
    exchange->started_ms = mig_time_monotonic_ms();
    exchange->request.opid = mig_id_next();
    exchange->request.body = (struct mig_buf)MIG_BUF_INIT;
    exchange->request.answer = (struct mig_buf)MIG_BUF_INIT;
    pthread_mutex_lock(&server->lock);
    server->active++;
    pthread_mutex_unlock(&server->lock);
    return exchange;
}

static void
on_completed(void *context, struct MHD_Connection *connection, void **state,
             enum MHD_RequestTerminationCode why)
{
    struct mig_server *server = context;
    struct exchange *exchange = *state;

    (void)connection;
    (void)why;
    if (exchange == NULL)
        return;
    *state = NULL;
    if (exchange->stream.job != NULL)
        count_answer(exchange, exchange->stream.total);
    forget_body(exchange);
    mig_request_fini(&exchange->request);
    free(exchange->uri);
    free(exchange);
    pthread_mutex_lock(&server->lock);
    if (--server->active == 0)
        pthread_cond_broadcast(&server->idle);
    pthread_mutex_unlock(&server->lock);
}

static void
on_log(void *context, const char *format, va_list args)
{
    char text[512];

    (void)context;
    vsnprintf(text, sizeof text, format, args);
    text[strcspn(text, "\r\n")] = '\0';
    mig_log(MIG_SEV_DEBUG, "- - - http: %s", text);
}

/* ---- start and stop ---------------------------------------------------------------------------
 */

static int
bind_one(const struct addrinfo *address)
{
    int fd = socket(address->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    int on = 1;

    if (fd < 0)
        return -errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(fd, address->ai_addr, address->ai_addrlen) < 0 || listen(fd, SOMAXCONN) < 0) {
        int saved = errno;

        close(fd);
        return -saved;
    }
    return fd;
}

static int
bound_port(int fd, uint16_t *ret)
{
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    char port[8];

    if (getsockname(fd, (struct sockaddr *)&address, &len) < 0)
        return -errno;
    if (getnameinfo((struct sockaddr *)&address, len, NULL, 0, port, sizeof port, NI_NUMERICSERV) !=
        0)
        return -EINVAL;
    *ret = (uint16_t)strtoul(port, NULL, 10);
    return 0;
}

static int
listen_on(struct mig_server *server, struct mig_err *err)
{
    const struct mig_api_settings *settings = server->api.settings;
    const struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_PASSIVE,
                                   .ai_socktype = SOCK_STREAM};
    struct addrinfo *address = NULL;
    char port[8];
    int rc;

    snprintf(port, sizeof port, "%u", settings->port);
    rc = getaddrinfo(settings->ip, port, &hints, &address);
    if (rc != 0)
        return mig_err_set(err, MIG_E_CONFIG, "server.ip: expected an IP address, found '%s'",
                           settings->ip);
    rc = bind_one(address);
    freeaddrinfo(address);
    if (rc < 0)
        return mig_err_errno(err, -rc, "listening on %s port %u", settings->ip, settings->port);
    server->listen_fd = rc;
    rc = bound_port(server->listen_fd, &server->port);
    return rc < 0 ? mig_err_errno(err, -rc, "asking for the port") : 0;
}

static int
make_urls(struct mig_server *server, struct mig_err *err)
{
    const struct mig_api_settings *settings = server->api.settings;
    const char *form = strchr(settings->ip, ':') == NULL ? "%s://%s:%u" : "%s://[%s]:%u";
    const char *scheme = settings->tls_cert != NULL ? "https" : "http";
    int rc;

    if (settings->host != NULL)
        rc = asprintf(&server->api.host, "%s", settings->host);
    else
        rc = asprintf(&server->api.host, form, scheme, settings->ip, server->port);
    if (rc < 0) {
        server->api.host = NULL;
        return mig_err_set(err, -ENOMEM, "out of memory");
    }
    if (asprintf(&server->api.base_url, "%s%s", server->api.host, settings->baseroute) < 0) {
        server->api.base_url = NULL;
        return mig_err_set(err, -ENOMEM, "out of memory");
    }
    return 0;
}

static int
load_tls(struct mig_server *server, struct mig_err *err)
{
    const struct mig_api_settings *settings = server->api.settings;
    int rc;

    if (settings->tls_cert == NULL)
        return 0;
    if (MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return mig_err_set(err, MIG_E_CONFIG,
                           "server.tlscert: this libmicrohttpd was built without TLS");
    rc = mig_file_read(settings->tls_cert, PEM_MAX, &server->tls_cert, err);
    if (rc >= 0)
        rc = mig_file_read(settings->tls_key, PEM_MAX, &server->tls_key, err);
    return rc < 0 ? mig_err_prefix(err, "TLS") : 0;
}

static int
make_shared(struct mig_server *server, struct mig_err *err)
{
    const struct mig_api_settings *s = server->api.settings;
    struct mig_api *api = &server->api;

    api->counters = calloc(1, sizeof *api->counters);
    api->addresses = mig_limit_new((double)s->address_rate, (double)s->address_burst);
    api->heartbeats = mig_limit_new((double)s->heartbeat_rate, (double)s->heartbeat_burst);
    api->investigators = mig_limit_new((double)s->investigator_rate, (double)s->investigator_burst);
    if (api->counters == NULL || api->addresses == NULL || api->heartbeats == NULL ||
        api->investigators == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    return 0;
}

static int
start_daemon(struct mig_server *server, struct mig_err *err)
{
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG;
    unsigned connections = server->api.settings->connections;
    unsigned threads = connections < HTTP_THREADS ? 1 : HTTP_THREADS;

    struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, server->tls_cert.data},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, server->tls_key.data},
        {MHD_OPTION_HTTPS_PRIORITIES, 0, (void *)(uintptr_t)TLS_PRIORITIES},
        {MHD_OPTION_END, 0, NULL},
    };

    if (server->api.settings->tls_cert != NULL)
        flags |= MHD_USE_TLS;
    else
        tls[0] = tls[3];
    server->daemon = MHD_start_daemon(
        flags, 0, NULL, NULL, on_request, server, MHD_OPTION_EXTERNAL_LOGGER, on_log, NULL,
        MHD_OPTION_ARRAY, tls, MHD_OPTION_LISTEN_SOCKET, server->listen_fd,
        MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0, MHD_OPTION_CONNECTION_LIMIT,
        connections, MHD_OPTION_CONNECTION_TIMEOUT, IDLE_SECONDS,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)HEADER_MAX, MHD_OPTION_URI_LOG_CALLBACK, on_uri,
        server, MHD_OPTION_NOTIFY_COMPLETED, on_completed, server, MHD_OPTION_END);
    if (server->daemon == NULL)
        return mig_err_set(err, -EIO, "the HTTP server does not start%s",
                           server->api.settings->tls_cert == NULL
                               ? ""
                               : ": see whether server.tlskey belongs to server.tlscert");
    return 0;
}

int
mig_server_start(const struct mig_api_settings *settings, struct mig_server **ret,
                 struct mig_err *err)
{
    struct mig_server *server = calloc(1, sizeof *server);
    int rc;

    if (server == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    server->api.settings = settings;
    server->listen_fd = -1;
    pthread_mutex_init(&server->lock, NULL);
    pthread_cond_init(&server->idle, NULL);
    rc = make_shared(server, err);
    if (rc >= 0)
        rc = load_tls(server, err);
    if (rc >= 0)
        rc = listen_on(server, err);
    if (rc >= 0)
        rc = make_urls(server, err);
    if (rc >= 0)
        rc = mig_pool_start(&server->api, settings->workers, &server->pool, err);
    if (rc >= 0)
        rc = start_daemon(server, err);
    if (rc < 0) {
        mig_server_stop(server);
        return rc;
    }
    *ret = server;
    return 0;
}

uint16_t
mig_server_port(const struct mig_server *server)
{
    return server->port;
}

/* Until every answer is sent, or for STOP_SECONDS. */
static void
wait_idle(struct mig_server *server)
{
    struct timespec limit;

    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_sec += STOP_SECONDS;
    pthread_mutex_lock(&server->lock);
    while (server->active > 0 &&
           pthread_cond_timedwait(&server->idle, &server->lock, &limit) != ETIMEDOUT)
        continue;
    pthread_mutex_unlock(&server->lock);
}

void
mig_server_stop(struct mig_server *server)
{
    if (server == NULL)
        return;
    if (server->daemon != NULL)
        MHD_quiesce_daemon(server->daemon);
    if (server->listen_fd >= 0)
        close(server->listen_fd);
    if (server->pool != NULL)
        mig_pool_finish(server->pool);
    if (server->daemon != NULL) {
        wait_idle(server);
        MHD_stop_daemon(server->daemon);
    }
    mig_pool_free(server->pool);
    free(server->api.host);
    free(server->api.base_url);
    free(server->api.counters);
    mig_limit_free(server->api.addresses);
    mig_limit_free(server->api.heartbeats);
    mig_limit_free(server->api.investigators);
    if (server->tls_key.data != NULL)
        explicit_bzero(server->tls_key.data, server->tls_key.cap);
    mig_buf_fini(&server->tls_cert);
    mig_buf_fini(&server->tls_key);
    pthread_cond_destroy(&server->idle);
    pthread_mutex_destroy(&server->lock);
    free(server);
}
