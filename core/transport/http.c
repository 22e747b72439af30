/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "transport/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"

#define DEFAULT_TIMEOUT_MS 30000

struct mig_http {
    CURL *curl;
    char message[CURL_ERROR_SIZE];
};

struct sink {
    struct mig_buf *out;
    size_t start;
    size_t max;
    int full;
};

static pthread_once_t global_once = PTHREAD_ONCE_INIT;
static CURLcode global_result;

static void
global_init(void)
{
    global_result = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int
mig_http_global(struct mig_err *err)
{
    pthread_once(&global_once, global_init);
    return global_result == CURLE_OK ? 0
                                     : mig_err_set(err, -EIO, "libcurl does not start: %s",
                                                   curl_easy_strerror(global_result));
}

static size_t
sink_write(char *data, size_t size, size_t count, void *context)
{
    struct sink *sink = context;
    size_t len = size * count; /* curl promises size == 1 */
    size_t used = sink->out->len - sink->start;

    if (len > sink->max - used) {
        sink->full = 1;
        return 0;
    }
    return mig_buf_add(sink->out, data, len) == 0 ? len : 0;
}

static CURLcode
set_options(CURL *curl, const struct mig_http_options *o)
{
    long timeout = o->timeout_ms > 0 ? o->timeout_ms : DEFAULT_TIMEOUT_MS;
    long verify = o->skip_verify ? 0L : 1L;
    CURLcode rc = CURLE_OK;

#define SET(option, value)                                                                         \
    if (rc == CURLE_OK)                                                                            \
    rc = curl_easy_setopt(curl, option, value)
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    SET(CURLOPT_SSL_VERIFYPEER, verify);
    SET(CURLOPT_SSL_VERIFYHOST, verify * 2);
#if LIBCURL_VERSION_NUM >= 0x075500
    SET(CURLOPT_PROTOCOLS_STR, "http,https");
#else
    SET(CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    SET(CURLOPT_FOLLOWLOCATION, 0L);
    SET(CURLOPT_TIMEOUT_MS, timeout);
    SET(CURLOPT_CONNECTTIMEOUT_MS, timeout < 10000 ? timeout : 10000L);
    SET(CURLOPT_USERAGENT, o->user_agent ? o->user_agent : PACKAGE_NAME "/" PACKAGE_VERSION);
    if (o->ca_file) {
        SET(CURLOPT_CAINFO, o->ca_file);
    }
    if (o->proxy) {
        SET(CURLOPT_PROXY, o->proxy);
    }
    if (o->tunnel) {
        SET(CURLOPT_HTTPPROXYTUNNEL, 1L);
        SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    }
#undef SET
    return rc;
}

int
mig_http_open(const struct mig_http_options *options, struct mig_http **ret, struct mig_err *err)
{
    struct mig_http *http = NULL;
    CURLcode rc;
    int code = 0;

    code = mig_http_global(err);
    if (code < 0)
        return code;
    http = calloc(1, sizeof(*http));
    if (!http)
        return mig_err_errno(err, ENOMEM, "HTTP client");
    http->curl = curl_easy_init();
    if (!http->curl) {
        code = mig_err_errno(err, ENOMEM, "HTTP client");
        goto out;
    }
    rc = set_options(http->curl, options);
    if (rc != CURLE_OK) {
        code = mig_err_set(err, -EINVAL, "HTTP client: %s", curl_easy_strerror(rc));
        goto out;
    }
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, http->message);
    curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, sink_write);
    *ret = http;
    http = NULL;
out:
    mig_http_close(http);
    return code;
}

void
mig_http_close(struct mig_http *http)
{
    if (!http)
        return;
    curl_easy_cleanup(http->curl);
    free(http);
}

static int
make_headers(const char *const headers[], struct curl_slist **ret)
{
    struct curl_slist *list = NULL, *next;

    /* Without this a body over 1 KB waits a second for "100 Continue" that a server may not send.
     */
    list = curl_slist_append(NULL, "Expect:");
    if (!list)
        return -ENOMEM;
    for (size_t i = 0; headers && headers[i]; i++) {
        next = curl_slist_append(list, headers[i]);
        if (!next) {
            curl_slist_free_all(list);
            return -ENOMEM;
        }
        list = next;
    }
    *ret = list;
    return 0;
}

static void
set_method(CURL *curl, const char *method, const void *body, size_t len)
{
    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, NULL);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_POST, 1L);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)len);
    }
    if (strcmp(method, body ? "POST" : "GET") != 0)
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method);
}

/* The address without user information, which may be a secret. */
static int
request_error(struct mig_http *http, const char *method, const char *url, CURLcode rc,
              const struct sink *sink, struct mig_err *err)
{
    const char *at = strstr(url, "://");
    const char *host = at ? at + 3 : url;
    const char *why = http->message[0] ? http->message : curl_easy_strerror(rc);
    size_t span = strcspn(host, "/");
    const char *user = memchr(host, '@', span);
    int code = rc == CURLE_OPERATION_TIMEDOUT ? MIG_E_TIMEOUT : -EIO;

    if (user)
        host = user + 1;
    if (sink->full)
        return mig_err_set(err, MIG_E_LIMIT, "%s %s: the answer is over %zu bytes", method, host,
                           sink->max);
    return mig_err_set(err, code, "%s %s: %s", method, host, why);
}

int
mig_http_request(struct mig_http *http, const char *method, const char *url,
                 const char *const headers[], const void *body, size_t len, size_t max,
                 int *ret_status, struct mig_buf *out, struct mig_err *err)
{
    struct sink sink = {out, out->len, max, 0};
    struct curl_slist *list = NULL;
    CURLcode rc;
    long status = 0;
    int code = 0;

    if (make_headers(headers, &list) < 0)
        return mig_err_errno(err, ENOMEM, "%s request", method);
    http->message[0] = '\0';
    set_method(http->curl, method, body, len);
    curl_easy_setopt(http->curl, CURLOPT_URL, url);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, list);
    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, &sink);
    rc = curl_easy_perform(http->curl);
    if (rc != CURLE_OK) {
        code = request_error(http, method, url, rc, &sink, err);
        goto out;
    }
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    *ret_status = (int)status;
out:
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    curl_easy_setopt(http->curl, CURLOPT_WRITEDATA, NULL);
    curl_slist_free_all(list);
    return code;
}

static int
form_escape(struct mig_buf *out, const char *text, size_t len)
{
    static const char plain[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~";

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        int rc =
            c && strchr(plain, c) ? mig_buf_addc(out, (char)c) : mig_buf_addf(out, "%%%02X", c);

        if (rc < 0)
            return rc;
    }
    return 0;
}

int
mig_http_form(struct mig_buf *out, const char *name, const char *value, size_t len)
{
    int rc = 0;

    if (out->len > 0)
        rc = mig_buf_addc(out, '&');
    if (rc == 0)
        rc = form_escape(out, name, strlen(name));
    if (rc == 0)
        rc = mig_buf_addc(out, '=');
    if (rc == 0)
        rc = form_escape(out, value, len);
    return rc;
}
