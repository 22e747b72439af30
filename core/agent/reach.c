/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/reach.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/role.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "base/time.h"
#include "transport/http.h"

#define ANSWER_MAX (1u << 20)

static int
request(const struct mig_http_options *options, const char *url, const struct mig_buf *body,
        struct mig_buf *out, struct mig_err *err)
{
    static const char *const headers[] = {"Content-Type: application/json", NULL};
    struct mig_buf answer = MIG_BUF_INIT;
    struct mig_http *http = NULL;
    const char *method = body ? "POST" : "GET";
    int status = 0;
    int rc = mig_http_open(options, &http, err);

    if (rc == 0)
        rc = mig_http_request(http, method, url, body ? headers : NULL, body ? body->data : NULL,
                              body ? body->len : 0, ANSWER_MAX, &status, &answer, err);
    if (rc == 0 && status / 100 != 2)
        rc = mig_err_set(err, MIG_E_PROTOCOL, "%s %s: status %d: %.300s", method, url, status,
                         answer.data ? answer.data : "");
    if (rc == 0)
        rc = mig_buf_add(out, answer.data, answer.len);
    mig_http_close(http);
    mig_buf_fini(&answer);
    return rc;
}

/* An answer of the API, whatever it says, came by a way that works. */
static int
try_ways(const struct mig_site *site, struct mig_http_options *options, const char *url,
         const struct mig_buf *body, int timeout_ms, struct mig_buf *out, struct mig_err *err)
{
    int64_t end = mig_time_monotonic_ms() + timeout_ms;
    size_t ways = 1;

    while (site->proxies && site->proxies[ways - 1])
        ways++;
    options->tunnel = 1;
    for (size_t i = 0; i + 1 < ways; i++) {
        int64_t left = end - mig_time_monotonic_ms();
        int rc;

        options->proxy = site->proxies[i];
        options->timeout_ms = (int)(left > 0 ? left : 1) / (int)(ways - i) + 1;
        rc = request(options, url, body, out, err);
        if (rc == 0 || rc == MIG_E_PROTOCOL)
            return rc;
        mig_role_log(MIG_SEV_WARNING, "by proxy %s: %s", mig_site_proxy_name(site->proxies[i]),
                     err->text);
    }
    options->proxy = NULL;
    options->tunnel = 0;
    options->timeout_ms = (int)(end - mig_time_monotonic_ms());
    if (options->timeout_ms < 1)
        options->timeout_ms = 1;
    return request(options, url, body, out, err);
}

int
mig_reach_api(const struct mig_site *site, const char *path, const struct mig_buf *body,
              int timeout_ms, struct mig_buf *out, struct mig_err *err)
{
    struct mig_http_options options = {.user_agent = "MIG Agent " PACKAGE_VERSION};
    char url[1024], ca[32];
    int fd = -1, rc;

    if (site->ca_pem) {
        fd = mig_memfd_sealed("ca", site->ca_pem, strlen(site->ca_pem));
        if (fd < 0)
            return mig_err_errno(err, -fd, "CA certificate");
        snprintf(ca, sizeof(ca), "/proc/self/fd/%d", fd);
        options.ca_file = ca;
    }
    snprintf(url, sizeof(url), "%s%s", site->api, path);
    rc = try_ways(site, &options, url, body, timeout_ms, out, err);
    if (fd >= 0)
        close(fd);
    return rc;
}
