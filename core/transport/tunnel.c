/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "transport/tunnel.h"

#include <curl/curl.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "transport/http.h"

#define CONNECT_TIMEOUT_MS 5000
#define PUMP_BYTES 65536

/* Bytes on their way in one direction. */
struct pipe_half {
    char bytes[PUMP_BYTES];
    size_t at, len;
};

/* What the thread of a TLS connection owns. */
struct pump {
    CURL *curl;
    int sock; /* curl's */
    int fd;   /* our end of the pair */
    struct pipe_half up, down;
};

int
mig_tunnel_environment(void)
{
    static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        const char *value = getenv(names[i]);

        if (value && value[0])
            return 1;
    }
    return 0;
}

/* ---- the pump: it never waits for one direction while the other could go on ---- */

/* 1: something moved, 0: nothing to do now, -1: over. */
static int
move_up(struct pump *p)
{
    size_t sent = 0;
    CURLcode rc;

    if (p->up.len == 0) {
        ssize_t got = recv(p->fd, p->up.bytes, sizeof(p->up.bytes), 0);

        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
            return -1;
        if (got < 0)
            return 0;
        p->up.at = 0;
        p->up.len = (size_t)got;
    }
    rc = curl_easy_send(p->curl, p->up.bytes + p->up.at, p->up.len, &sent);
    if (rc == CURLE_AGAIN)
        return 0;
    p->up.at += sent;
    p->up.len -= sent;
    return rc == CURLE_OK ? 1 : -1;
}

static int
move_down(struct pump *p)
{
    ssize_t put;

    if (p->down.len == 0) {
        size_t got = 0;
        CURLcode rc = curl_easy_recv(p->curl, p->down.bytes, sizeof(p->down.bytes), &got);

        if (rc == CURLE_AGAIN)
            return 0;
        if (rc != CURLE_OK || got == 0)
            return -1;
        p->down.at = 0;
        p->down.len = got;
    }
    put = send(p->fd, p->down.bytes + p->down.at, p->down.len, MSG_NOSIGNAL);
    if (put < 0)
        return errno == EAGAIN || errno == EINTR ? 0 : -1;
    p->down.at += (size_t)put;
    p->down.len -= (size_t)put;
    return 1;
}

static void *
run_pump(void *context)
{
    struct pump *p = context;
    int up = 1, down = 1;

    while (up >= 0 && down >= 0) {
        up = move_up(p);
        down = move_down(p);
        if (up == 0 && down == 0) {
            struct pollfd fds[2] = {
                {.fd = p->fd, .events = (short)(p->up.len == 0 ? POLLIN : 0)},
                {.fd = p->sock, .events = (short)(p->down.len == 0 ? POLLIN : 0)}};

            if (p->down.len > 0)
                fds[0].events |= POLLOUT;
            if (p->up.len > 0)
                fds[1].events |= POLLOUT;
            if (poll(fds, 2, -1) < 0 && errno != EINTR)
                break;
        }
    }
    close(p->fd);
    curl_easy_cleanup(p->curl);
    explicit_bzero(p, sizeof(*p));
    free(p);
    return NULL;
}

/* Takes over `curl` when it returns 0. */
static int
start_pump(CURL *curl, int sock, int *ret_fd, struct mig_err *err)
{
    struct pump *p = calloc(1, sizeof(*p));
    int fds[2] = {-1, -1}, rc = p ? 0 : ENOMEM;
    sigset_t all, old;
    pthread_t thread;

    if (rc == 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
        rc = errno;
    if (rc == 0) {
        *p = (struct pump){.curl = curl, .sock = sock, .fd = fds[1]};
        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &old);
        rc = pthread_create(&thread, NULL, run_pump, p);
        pthread_sigmask(SIG_SETMASK, &old, NULL);
    }
    if (rc != 0) {
        for (int i = 0; i < 2; i++)
            if (fds[i] >= 0)
                close(fds[i]);
        free(p);
        return mig_err_errno(err, rc, "TLS through a proxy");
    }
    pthread_detach(thread);
    *ret_fd = fds[0];
    return 0;
}

/* ---- connecting ---- */

static CURLcode
set_tls(CURL *curl, const struct mig_tunnel_options *o)
{
    CURLcode rc = curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);

    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (rc == CURLE_OK) /* it would offer HTTP */
        rc = curl_easy_setopt(curl, CURLOPT_SSL_ENABLE_ALPN, 0L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_CAINFO, o->ca_pem);
    if (rc == CURLE_OK && o->cert_pem)
        rc = curl_easy_setopt(curl, CURLOPT_SSLCERT, o->cert_pem);
    if (rc == CURLE_OK && o->key_pem)
        rc = curl_easy_setopt(curl, CURLOPT_SSLKEY, o->key_pem);
    return rc;
}

static CURLcode
set_options(CURL *curl, const struct mig_tunnel_options *o, char *message)
{
    long timeout = o->timeout_ms > 0 ? o->timeout_ms : CONNECT_TIMEOUT_MS;
    struct mig_buf url = MIG_BUF_INIT;
    CURLcode rc = CURLE_OUT_OF_MEMORY;

    mig_buf_addf(&url, strchr(o->host, ':') ? "%s://[%s]:%d/" : "%s://%s:%d/",
                 o->tls ? "https" : "http", o->host, o->port);
    if (!url.failed)
        rc = curl_easy_setopt(curl, CURLOPT_URL, url.data);
    mig_buf_fini(&url);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, message);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_CONNECT_ONLY, 1L);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, timeout);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout);
    if (rc == CURLE_OK)
        rc = curl_easy_setopt(curl, CURLOPT_HTTPPROXYTUNNEL, 1L);
    if (rc == CURLE_OK && o->proxy)
        rc = curl_easy_setopt(curl, CURLOPT_PROXY, o->proxy);
    if (rc == CURLE_OK && o->proxy)
        rc = curl_easy_setopt(curl, CURLOPT_PROXYTYPE, (long)CURLPROXY_HTTP);
    return rc == CURLE_OK && o->tls ? set_tls(curl, o) : rc;
}

/* Without its user and password. */
static const char *
proxy_name(const struct mig_tunnel_options *o)
{
    const char *at = o->proxy ? strrchr(o->proxy, '@') : NULL;

    return at ? at + 1 : o->proxy ? o->proxy : "of the environment";
}

static int
connected_socket(CURL *curl, int *ret)
{
    curl_socket_t sock = CURL_SOCKET_BAD;

    if (curl_easy_getinfo(curl, CURLINFO_ACTIVESOCKET, &sock) != CURLE_OK ||
        sock == CURL_SOCKET_BAD)
        return -ENOTCONN;
    *ret = sock;
    return 0;
}

/* Without TLS nothing is left for curl to do: its own descriptor is closed, ours goes on. */
static int
keep_socket(int sock, int *ret_fd, struct mig_err *err)
{
    int fd = fcntl(sock, F_DUPFD_CLOEXEC, 3);

    if (fd < 0)
        return mig_err_errno(err, errno, "socket of a proxy");
    *ret_fd = fd;
    return 0;
}

int
mig_tunnel_open(const struct mig_tunnel_options *o, int *ret_fd, struct mig_err *err)
{
    char message[CURL_ERROR_SIZE] = "";
    CURL *curl = NULL;
    CURLcode code;
    int sock = -1, rc;

    if (o->tls && !o->ca_pem)
        return mig_err_set(err, MIG_E_CONFIG,
                           "broker %s:%d: amqps needs a CA certificate to check the broker with",
                           o->host, o->port);
    rc = mig_http_global(err);
    if (rc < 0)
        return rc;
    curl = curl_easy_init();
    if (!curl)
        return mig_err_errno(err, ENOMEM, "proxy");
    code = set_options(curl, o, message);
    if (code == CURLE_OK)
        code = curl_easy_perform(curl);
    if (code != CURLE_OK || connected_socket(curl, &sock) < 0) {
        rc = mig_err_set(err, code == CURLE_OPERATION_TIMEDOUT ? MIG_E_TIMEOUT : -ECONNREFUSED,
                         "broker %s:%d by proxy %s: %s", o->host, o->port, proxy_name(o),
                         message[0] ? message : curl_easy_strerror(code));
        goto out;
    }
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, NULL);
    rc = o->tls ? start_pump(curl, sock, ret_fd, err) : keep_socket(sock, ret_fd, err);
    if (rc == 0 && o->tls)
        curl = NULL;
out:
    if (curl)
        curl_easy_cleanup(curl);
    return rc;
}
