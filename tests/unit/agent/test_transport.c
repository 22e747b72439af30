/* SPDX-License-Identifier: MPL-2.0 */
/* AMQP and HTTP: what is refused, and, when MIG_TEST_AMQP names a broker (see broker.sh), confirms,
 * returns and deliveries. */
#include "config.h"

#include "../base/unit.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "transport/amqp.h"
#include "transport/http.h"
#include "transport/tunnel.h"

/* A port of loopback that refuses connections: bound, but nobody listens. */
static int
closed_port(int *ret_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);

    *ret_fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(*ret_fd, (struct sockaddr *)&address, len), 0);
    assert_int_equal(getsockname(*ret_fd, (struct sockaddr *)&address, &len), 0);
    return ntohs(address.sin_port);
}

static void
assert_open_refused(const char *uri, const char *part)
{
    struct mig_amqp_options options = {.uri = uri};
    struct mig_amqp *amqp = NULL;
    struct mig_err err = {0};

    assert_true(mig_amqp_open(&options, &amqp, &err) < 0);
    assert_null(amqp);
    assert_holds(err.text, part);
    assert_null(strstr(err.text, "hunter2"));
}

static void
test_amqp_refused(void **state)
{
    char uri[96], part[96];
    int fd, port = closed_port(&fd);

    (void)state;
    snprintf(uri, sizeof(uri), "amqp://user:hunter2@127.0.0.1:%d/mig", port);
    snprintf(part, sizeof(part), "broker 127.0.0.1:%d does not answer: ", port);
    assert_open_refused(uri, part);
    assert_open_refused("http://user:hunter2@h/",
                        "expected amqp[s]://user:password@host:port/vhost");
    assert_open_refused("amqp://user:hunter2@h:port/", "expected amqp[s]://");
    assert_open_refused("amqps://user:hunter2@h/", "broker h:5671: amqps needs a CA certificate");
    close(fd);
}

static void
test_http_refused(void **state)
{
    struct mig_http_options options = {.timeout_ms = 2000, .proxy = ""};
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_http *http = NULL;
    struct mig_err err = {0};
    char url[96];
    int fd, port = closed_port(&fd), status = 0;

    (void)state;
    assert_done(mig_http_open(&options, &http, &err), &err);
    snprintf(url, sizeof(url), "http://user:hunter2@127.0.0.1:%d/x", port);
    assert_true(mig_http_request(http, "GET", url, NULL, NULL, 0, 100, &status, &out, &err) < 0);
    assert_holds(err.text, "GET 127.0.0.1:");
    assert_null(strstr(err.text, "hunter2"));
    assert_true(mig_http_request(http, "GET", "file:///etc/passwd", NULL, NULL, 0, 100, &status,
                                 &out, &err) < 0);
    assert_holds(err.text, "rotocol \"file\"");
    mig_http_close(http);
    mig_buf_fini(&out);
    close(fd);
}

static void
test_http_form(void **state)
{
    struct mig_buf out = MIG_BUF_INIT;

    (void)state;
    assert_int_equal(mig_http_form(&out, "action", "{\"a b\":1}", 9), 0);
    assert_int_equal(mig_http_form(&out, "n", "\0+&", 3), 0);
    assert_string_equal(out.data, "action=%7B%22a%20b%22%3A1%7D&n=%00%2B%26");
    mig_buf_fini(&out);
}

/* ---- with a broker ---- */

struct fates {
    uint64_t cookies[200];
    enum mig_amqp_fate fates[200];
    size_t count;
};

static void
note_fate(void *context, uint64_t cookie, enum mig_amqp_fate fate)
{
    struct fates *fates = context;

    fates->cookies[fates->count] = cookie;
    fates->fates[fates->count++] = fate;
}

static struct mig_amqp *
connect_broker(void)
{
    struct mig_amqp_options options = {.uri = getenv("MIG_TEST_AMQP")};
    struct mig_amqp *amqp = NULL;
    struct mig_err err = {0};

    assert_done(mig_amqp_open(&options, &amqp, &err), &err);
    assert_done(mig_amqp_exchange(amqp, "test.x", "direct", &err), &err);
    assert_done(mig_amqp_queue(amqp, "test.q", "test.x", &err), &err);
    return amqp;
}

static void
publish(struct mig_amqp *amqp, const char *key, const char *body, uint64_t cookie)
{
    struct mig_err err = {0};

    assert_done(mig_amqp_publish(amqp, "test.x", key, body, strlen(body), MIG_AMQP_MANDATORY, 60000,
                                 cookie, &err),
                &err);
}

/* Every seventh message has no queue to go to. Meanwhile the deliveries wait for their reader. */
static void
test_confirms(void **state)
{
    struct mig_amqp *amqp = connect_broker();
    struct mig_amqp_message message;
    struct fates fates = {.count = 0};
    struct mig_err err = {0};
    size_t delivered = 0;
    char body[16];

    (void)state;
    assert_done(mig_amqp_consume(amqp, "test.q", 1000, &err), &err);
    for (size_t i = 0; i < 200; i++) {
        snprintf(body, sizeof(body), "%zu", i);
        publish(amqp, i % 7 == 0 ? "nowhere" : "test.q", body, 5000 + i);
    }
    assert_done(mig_amqp_flush(amqp, 20000, note_fate, &fates, &err), &err);
    assert_int_equal(fates.count, 200);
    for (size_t i = 0; i < 200; i++) {
        assert_int_equal(fates.cookies[i], 5000 + i);
        assert_int_equal(fates.fates[i], i % 7 == 0 ? MIG_AMQP_RETURNED : MIG_AMQP_CONFIRMED);
    }
    for (size_t i = 0; i < 200; i++) {
        if (i % 7 == 0)
            continue;
        snprintf(body, sizeof(body), "%zu", i);
        assert_done(mig_amqp_next(amqp, 10000, 100, &message, &err), &err);
        assert_int_equal(message.len, strlen(body));
        assert_memory_equal(message.body, body, message.len);
        assert_done(mig_amqp_ack(amqp, message.tag, 0, &err), &err);
        delivered++;
    }
    assert_int_equal(delivered, 171);
    assert_refused(mig_amqp_next(amqp, 0, 100, &message, &err), &err, MIG_E_TIMEOUT, "no message");
    mig_amqp_close(amqp);
}

static void
test_oversize_and_requeue(void **state)
{
    struct mig_amqp *amqp = connect_broker();
    struct mig_amqp_message message;
    struct mig_err err = {0};

    (void)state;
    publish(amqp, "test.q", "longer than ten", 1);
    publish(amqp, "test.q", "", 2);
    assert_done(mig_amqp_flush(amqp, 20000, NULL, NULL, &err), &err);
    assert_done(mig_amqp_consume(amqp, "test.q", 10, &err), &err);
    assert_refused(mig_amqp_next(amqp, 10000, 10, &message, &err), &err, MIG_E_LIMIT,
                   "over 10 bytes was dropped");
    assert_done(mig_amqp_next(amqp, 10000, 10, &message, &err), &err);
    assert_int_equal(message.len, 0);
    assert_false(message.redelivered);
    assert_done(mig_amqp_requeue(amqp, message.tag, &err), &err);
    assert_done(mig_amqp_next(amqp, 10000, 10, &message, &err), &err);
    assert_true(message.redelivered);
    assert_done(mig_amqp_ack(amqp, message.tag, 0, &err), &err);
    mig_amqp_close(amqp);
}

static void
test_broker_refuses(void **state)
{
    struct mig_amqp *amqp = connect_broker();
    struct mig_err err = {0};
    char uri[256], *password;

    (void)state;
    assert_true(mig_amqp_consume(amqp, "test.no-such-queue", 10, &err) < 0);
    assert_holds(err.text, "consume a queue: 404 NOT_FOUND");
    assert_true(mig_amqp_ack(amqp, 1, 0, &err) < 0);
    assert_holds(err.text, "the connection is gone");
    mig_amqp_close(amqp);
    snprintf(uri, sizeof(uri), "%s", getenv("MIG_TEST_AMQP"));
    password = strchr(uri + 7, ':') + 1;
    memset(password, 'x', strcspn(password, "@"));
    assert_open_refused(uri, ": log in: ");
}

/* ---- with TLS and a proxy: tls.sh ---- */

static const char *proxy; /* that dial() takes */

static int
dial(void *context, const char *host, int port, int tls, int *ret_fd, struct mig_err *err)
{
    const struct mig_amqp_options *o = context;
    struct mig_tunnel_options options = {.proxy = proxy,
                                         .host = host,
                                         .port = port,
                                         .tls = tls,
                                         .ca_pem = o->ca_pem,
                                         .cert_pem = o->cert_pem,
                                         .key_pem = o->key_pem};

    return mig_tunnel_open(&options, ret_fd, err);
}

struct tls_case {
    const char *what;
    const char *server; /* NULL: the broker */
    const char *ca;     /* "ca" */
    const char *client; /* NULL: no certificate */
    const char *direct; /* part of the refusal; NULL: connects */
    const char *proxied;
};

static const struct tls_case tls_cases[] = {
    {"all right", NULL, "ca", "client", NULL, NULL},
    {"no client certificate", NULL, "ca", NULL, "broker localhost:", "broker localhost:"},
    {"expired client certificate", NULL, "ca", "client-expired",
     "broker localhost:", "broker localhost:"},
    {"client certificate of an unknown CA", NULL, "ca", "client-unknown",
     "broker localhost:", "broker localhost:"},
    {"broker of an unknown CA", NULL, "stranger", "client", "does not answer: SSL peer cert",
     "certificate"},
    {"server of another name", "wrong_name", "ca", "client", "does not answer: SSL hostname",
     "subject name"},
    {"expired server certificate", "expired", "ca", "client", "does not answer: SSL peer cert",
     "certificate"},
    {"server of an unknown CA", "unknown", "ca", "client", "does not answer: SSL peer cert",
     "certificate"},
};

static char *
pki_path(const char *name, const char *kind)
{
    char *path = NULL;

    if (!name)
        return NULL;
    assert_true(asprintf(&path, "%s/%s.%s", getenv("MIG_TEST_PKI"), name, kind) > 0);
    return path;
}

static char *
server_uri(const char *server)
{
    char name[64], *uri = NULL;

    if (!server)
        return strdup(getenv("MIG_TEST_AMQPS"));
    snprintf(name, sizeof(name), "MIG_TEST_PORT_%s", server);
    assert_true(asprintf(&uri, "amqps://user:hunter2@localhost:%s/mig", getenv(name)) > 0);
    return uri;
}

/* A message there and back: the connection is one. */
static void
use(struct mig_amqp *amqp)
{
    struct mig_amqp_message message;
    struct mig_err err = {0};
    char *big = calloc(1, 300001);

    memset(big, 'x', 300000);
    assert_done(mig_amqp_exchange(amqp, "tls.x", "direct", &err), &err);
    assert_done(mig_amqp_queue(amqp, "tls.q", "tls.x", &err), &err);
    for (int i = 0; i < 5; i++)
        assert_done(mig_amqp_publish(amqp, "tls.x", "tls.q", big, 300000, 0, 60000, 1, &err), &err);
    assert_done(mig_amqp_flush(amqp, 20000, NULL, NULL, &err), &err);
    assert_done(mig_amqp_consume(amqp, "tls.q", 10, &err), &err);
    for (int i = 0; i < 5; i++) {
        assert_done(mig_amqp_next(amqp, 10000, 400000, &message, &err), &err);
        assert_int_equal(message.len, 300000);
        assert_memory_equal(message.body, big, 300000);
        assert_done(mig_amqp_ack(amqp, message.tag, 0, &err), &err);
    }
    free(big);
}

static void
try_tls(const struct tls_case *c, const char *refusal)
{
    char *uri = server_uri(c->server), *ca = pki_path(c->ca, "pem");
    char *cert = pki_path(c->client, "pem"), *key = pki_path(c->client, "key");
    struct mig_amqp_options options = {
        .uri = uri, .ca_pem = ca, .cert_pem = cert, .key_pem = key, .dial = proxy ? dial : NULL};
    struct mig_amqp *amqp = NULL;
    struct mig_err err = {0};
    int rc;

    options.dial_context = &options;
    rc = mig_amqp_open(&options, &amqp, &err);
    if (refusal) {
        assert_true(rc < 0);
        assert_null(amqp);
        assert_holds(err.text, refusal);
        assert_null(strstr(err.text, "hunter2"));
    } else {
        assert_done(rc, &err);
        use(amqp);
    }
    mig_amqp_close(amqp);
    free(uri);
    free(ca);
    free(cert);
    free(key);
}

static void
test_tls(void **state)
{
    const struct tls_case *c = *state;
    char with_password[128];

    proxy = NULL;
    try_tls(c, c->direct);
    snprintf(with_password, sizeof(with_password), "someone:hunter2@%s", getenv("MIG_TEST_PROXY"));
    proxy = with_password;
    try_tls(c, c->proxied);
    proxy = NULL;
}

static void
test_proxy(void **state)
{
    char text[128], part[192];
    struct mig_amqp_options options = {
        .uri = getenv("MIG_TEST_AMQP"), .dial = dial, .dial_context = &options};
    struct mig_amqp *amqp = NULL;
    struct mig_err err = {0};
    int fd, port = closed_port(&fd);

    (void)state;
    snprintf(text, sizeof(text), "someone:hunter2@%s", getenv("MIG_TEST_PROXY"));
    proxy = text;
    assert_done(mig_amqp_open(&options, &amqp, &err), &err);
    use(amqp);
    mig_amqp_close(amqp);
    amqp = NULL;
    snprintf(text, sizeof(text), "someone:hunter3@%s", getenv("MIG_TEST_PROXY"));
    assert_true(mig_amqp_open(&options, &amqp, &err) < 0);
    assert_holds(err.text, "407");
    assert_null(strstr(err.text, "hunter"));
    snprintf(text, sizeof(text), "127.0.0.1:%d", port);
    assert_true(mig_amqp_open(&options, &amqp, &err) < 0);
    snprintf(part, sizeof(part), " by proxy 127.0.0.1:%d: ", port);
    assert_holds(err.text, part);
    close(fd);
    proxy = NULL;
}

int
main(void)
{
    struct CMUnitTest with_tls[COUNT(tls_cases) + 1] = {cmocka_unit_test(test_proxy)};
    const struct CMUnitTest alone[] = {
        cmocka_unit_test(test_amqp_refused),
        cmocka_unit_test(test_http_refused),
        cmocka_unit_test(test_http_form),
    };
    const struct CMUnitTest with_broker[] = {
        cmocka_unit_test(test_confirms),
        cmocka_unit_test(test_broker_refuses),
        cmocka_unit_test(test_oversize_and_requeue),
    };

    for (size_t i = 0; i < COUNT(tls_cases); i++)
        with_tls[1 + i] = (struct CMUnitTest){tls_cases[i].what, test_tls, NULL, NULL,
                                              (void *)(uintptr_t)&tls_cases[i]};
    if (getenv("MIG_TEST_AMQPS"))
        return cmocka_run_group_tests_name("tls", with_tls, NULL, NULL);
    if (getenv("MIG_TEST_AMQP"))
        return cmocka_run_group_tests_name("broker", with_broker, NULL, NULL);
    return cmocka_run_group_tests_name("transport", alone, NULL, NULL);
}
