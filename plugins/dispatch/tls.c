/* SPDX-License-Identifier: MPL-2.0 */
#include "tls.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-c/json.h>
#include <mig/json.h>

#define CONNECT_MS 10000L
#define WAIT_MS 5000

/* ---- options ---- */

/* PEM text of the configuration, given to curl as it is. 1 when it is there. */
static int
blob(const struct mig_host *host, struct json_object *config, const char *section,
     const char *member, CURL *curl, CURLoption option)
{
    const char *pem = NULL;
    int code = mig_json_get_string(host, config, member, &pem);

    if (code <= 0)
        return code;
    if (strstr(pem, "-----BEGIN ") == NULL)
        return mig_refuse(host, -EINVAL, "%s.%s: expected PEM text (-----BEGIN ...)", section,
                          member);
    struct curl_blob bytes = {(void *)(uintptr_t)pem, strlen(pem), CURL_BLOB_COPY};
    return curl_easy_setopt(curl, option, &bytes) == CURLE_OK
               ? 1
               : mig_refuse(host, -EINVAL, "%s.%s: libcurl can not take it", section, member);
}

int
dispatch_tls_options(const struct mig_host *host, struct json_object *config, const char *section,
                     CURL *curl)
{
    int code, cert, key;

    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    curl_easy_setopt(curl, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    code = blob(host, config, section, "ca", curl, CURLOPT_CAINFO_BLOB);
    if (code < 0)
        return code;
    if (code > 0) /* this CA alone, not those of the system as well */
        curl_easy_setopt(curl, CURLOPT_CAPATH, NULL);
    if ((cert = blob(host, config, section, "cert", curl, CURLOPT_SSLCERT_BLOB)) < 0)
        return cert;
    if ((key = blob(host, config, section, "key", curl, CURLOPT_SSLKEY_BLOB)) < 0)
        return key;
    if (cert != key)
        return mig_refuse(host, -EINVAL, "%s: expected both of cert and key, or none", section);
    return 0;
}

/* ---- a connection ---- */

struct tls {
    CURL *base;       /* the options */
    CURL *connection; /* NULL: there is none */
    char error[CURL_ERROR_SIZE];
};

int
dispatch_tls_new(const struct mig_host *host, struct json_object *config, const char *section,
                 const char *server, unsigned port, struct tls **ret_tls)
{
    struct tls *tls = calloc(1, sizeof(*tls));
    /* An address of IPv6 is in brackets here. */
    const char *format = strchr(server, ':') != NULL ? "https://[%s]:%u" : "https://%s:%u";
    char url[300];
    int code;

    if (tls == NULL || (tls->base = curl_easy_init()) == NULL) {
        free(tls);
        return -ENOMEM;
    }
    snprintf(url, sizeof(url), format, server, port);
    curl_easy_setopt(tls->base, CURLOPT_URL, url);
    curl_easy_setopt(tls->base, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(tls->base, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_MS);
    curl_easy_setopt(tls->base, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(tls->base, CURLOPT_PROXY, "");
    code = dispatch_tls_options(host, config, section, tls->base);
    if (code < 0) {
        dispatch_tls_free(tls);
        return code;
    }
    *ret_tls = tls;
    return 0;
}

void
dispatch_tls_hang_up(struct tls *tls)
{
    curl_easy_cleanup(tls->connection);
    tls->connection = NULL;
}

void
dispatch_tls_free(struct tls *tls)
{
    if (tls == NULL)
        return;
    dispatch_tls_hang_up(tls);
    curl_easy_cleanup(tls->base);
    free(tls);
}

int
dispatch_tls_dial(struct tls *tls, char *why, size_t size)
{
    CURLcode code;

    if (tls->connection != NULL)
        return 0;
    tls->connection = curl_easy_duphandle(tls->base);
    if (tls->connection == NULL)
        return -ENOMEM;
    tls->error[0] = '\0';
    curl_easy_setopt(tls->connection, CURLOPT_ERRORBUFFER, tls->error);
    code = curl_easy_perform(tls->connection);
    if (code == CURLE_OK)
        return 0;
    snprintf(why, size, "%.200s", tls->error[0] ? tls->error : curl_easy_strerror(code));
    dispatch_tls_hang_up(tls);
    return -EIO;
}

bool
dispatch_tls_closed(struct tls *tls)
{
    char data[64];
    size_t length = 0;
    CURLcode code;

    if (tls->connection == NULL)
        return false;
    code = curl_easy_recv(tls->connection, data, sizeof(data), &length);
    return code != CURLE_AGAIN && (code != CURLE_OK || length == 0);
}

static bool
wait_writable(struct tls *tls)
{
    curl_socket_t fd = CURL_SOCKET_BAD;
    struct pollfd ready = {.events = POLLOUT};

    if (curl_easy_getinfo(tls->connection, CURLINFO_ACTIVESOCKET, &fd) != CURLE_OK ||
        fd == CURL_SOCKET_BAD)
        return false;
    ready.fd = fd;
    return poll(&ready, 1, WAIT_MS) == 1;
}

int
dispatch_tls_write(struct tls *tls, const char *data, size_t length)
{
    while (length > 0) {
        size_t n = 0;
        CURLcode code = curl_easy_send(tls->connection, data, length, &n);

        if (code == CURLE_AGAIN) {
            if (!wait_writable(tls))
                return -ETIMEDOUT;
            continue;
        }
        if (code != CURLE_OK)
            return -EPIPE;
        data += n;
        length -= n;
    }
    return 0;
}
