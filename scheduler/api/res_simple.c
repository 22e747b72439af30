/* SPDX-License-Identifier: MPL-2.0 */
/* GET /ip and GET /publickey/{fingerprint}: plain text. */
#include "config.h"

#include "api/api.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/settings.h"
#include "store/api_auth.h"

#define FINGERPRINT_LEN 40
#define UNKNOWN_IP "0.0.0.0"

/* The n-th element from the end of "a, b, c". */
static int
forwarded_ip(const char *list, int n, char ip[64])
{
    const char *end = list + strlen(list);
    const char *start = end;
    size_t len;

    for (;; n--) {
        start = end;
        while (start > list && start[-1] != ',')
            start--;
        if (n == 0)
            break;
        if (start == list)
            return -1;
        end = start - 1;
    }
    while (start < end && (*start == ' ' || *start == '\t'))
        start++;
    while (end > start && (end[-1] == ' ' || end[-1] == '\t'))
        end--;
    len = (size_t)(end - start);
    if (len == 0 || len >= 64)
        return -1;
    memcpy(ip, start, len);
    ip[len] = '\0';
    return 0;
}

static int
is_ip(const char *text)
{
    unsigned char address[sizeof(struct in6_addr)];

    return inet_pton(AF_INET, text, address) == 1 || inet_pton(AF_INET6, text, address) == 1;
}

void
mig_request_client(const struct mig_api *api, const struct mig_request *request, char ip[64])
{
    int n = api->settings->forwarded;

    if (n < 0)
        snprintf(ip, 64, "%s", request->peer);
    else if (request->forwarded == NULL || forwarded_ip(request->forwarded, n, ip) < 0)
        ip[0] = '\0';
    if (!is_ip(ip))
        snprintf(ip, 64, "%s", UNKNOWN_IP);
}

void
mig_api_ip_get(struct mig_worker *worker, struct mig_request *request)
{
    char ip[64];

    mig_request_client(worker->api, request, ip);
    mig_answer_text(request, 200, ip, strlen(ip));
}

static int
is_fingerprint(const char *text)
{
    return strlen(text) == FINGERPRINT_LEN &&
           strspn(text, "0123456789abcdefABCDEF") == FINGERPRINT_LEN;
}

static void
answer_hex(struct mig_request *request, const char *hex)
{
    struct mig_buf text = MIG_BUF_INIT;

    for (; hex[0] != '\0' && hex[1] != '\0'; hex += 2) {
        const char pair[3] = {hex[0], hex[1], '\0'};

        mig_buf_addc(&text, (char)strtoul(pair, NULL, 16));
    }
    mig_answer_text(request, 200, text.data == NULL ? "" : text.data, text.len);
    mig_buf_fini(&text);
}

void
mig_api_publickey_get(struct mig_worker *worker, struct mig_request *request)
{
    static const char missing[] = "there is no such key";
    const char *fpr = strrchr(request->path, '/') + 1;
    PGresult *res = NULL;
    struct mig_err err = {0};

    if (is_fingerprint(fpr) && mig_store_public_key(worker->db, fpr, &res, &err) < 0) {
        mig_answer_failure(worker, request, &err);
        return;
    }
    if (res != NULL && PQntuples(res) == 1)
        answer_hex(request, PQgetvalue(res, 0, 0));
    else
        mig_answer_text(request, 404, missing, sizeof missing - 1);
    PQclear(res);
}
