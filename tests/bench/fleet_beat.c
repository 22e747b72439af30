/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fleet.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"

/* Requests under way at once: a fleet's beats come over many connections, of which few are busy. */
#define LANES 16

struct lane {
    CURL *curl;
    char body[1024];
    int busy;
};

static size_t
drop(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static void
write_beat(unsigned agent, char *text, size_t size)
{
    char queueloc[64], now[MIG_TIME_TEXT];

    fleet_queueloc(agent, queueloc);
    mig_time_format(mig_time_now(), now);
    snprintf(
        text, size,
        "{\"name\":\"host%06u.fleet.example\",\"mode\":\"daemon\",\"version\":\"bench\","
        "\"pid\":%u,\"queueLoc\":\"%s\",\"startTime\":\"%s\","
        "\"refreshTime\":\"2026-01-01T00:00:00Z\",\"environment\":{\"init\":\"systemd\","
        "\"ident\":\"Debian GNU/Linux 12 (bookworm)\",\"os\":\"linux\",\"arch\":\"amd64\","
        "\"isProxied\":false,\"addresses\":[\"10.%u.%u.%u/24\",\"fe80::%x/64\"],"
        "\"publicIP\":\"192.0.2.1\",\"modules\":[\"example\",\"file\",\"memory\",\"netstat\"]},"
        "\"tags\":[{\"name\":\"fleet\",\"value\":\"bench\"}]}",
        agent, 1000 + agent % 30000, queueloc, now, agent >> 16 & 255, agent >> 8 & 255,
        agent & 255, agent);
}

static int
lane_open(const struct fleet *fleet, struct lane *lane, struct curl_slist *headers)
{
    char url[512];

    snprintf(url, sizeof(url), "%sheartbeat", fleet->api_url);
    lane->curl = curl_easy_init();
    if (!lane->curl)
        return -1;
    curl_easy_setopt(lane->curl, CURLOPT_URL, url);
    curl_easy_setopt(lane->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(lane->curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(lane->curl, CURLOPT_PRIVATE, lane);
    curl_easy_setopt(lane->curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(lane->curl, CURLOPT_PROXY, "");
    return 0;
}

static void
reap(struct fleet *fleet, CURLM *multi)
{
    CURLMsg *message;
    int left;

    while ((message = curl_multi_info_read(multi, &left))) {
        CURL *curl = message->easy_handle;
        CURLcode result = message->data.result;
        struct lane *lane = NULL;
        long status = 0;

        curl_easy_getinfo(curl, CURLINFO_PRIVATE, (char **)&lane);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
        if (result == CURLE_OK && status == 200)
            fleet->beats++;
        else if (fleet->beats_failed++ == 0)
            fprintf(stderr, "fleet: a heartbeat failed: %s, status %ld\n",
                    curl_easy_strerror(result), status);
        curl_multi_remove_handle(multi, curl);
        lane->busy = 0;
    }
}

/* How many agents should have beaten by now. */
static unsigned
due(const struct fleet *fleet, int64_t start, double seconds)
{
    if (seconds <= 0)
        return fleet->agents;
    double part = (double)(mig_time_monotonic_ms() - start) / (seconds * 1000);
    return part >= 1 ? fleet->agents : (unsigned)(part * fleet->agents);
}

static void
run(struct fleet *fleet, CURLM *multi, struct lane *lanes, double seconds)
{
    int64_t start = mig_time_monotonic_ms();
    unsigned next = 0;
    int running = 0;

    while (!fleet->stop && (next < fleet->agents || running > 0)) {
        for (unsigned i = 0; i < LANES && next < due(fleet, start, seconds); i++) {
            if (lanes[i].busy)
                continue;
            write_beat(next++, lanes[i].body, sizeof(lanes[i].body));
            curl_easy_setopt(lanes[i].curl, CURLOPT_POSTFIELDS, lanes[i].body);
            curl_multi_add_handle(multi, lanes[i].curl);
            lanes[i].busy = 1;
        }
        curl_multi_perform(multi, &running);
        reap(fleet, multi);
        running = 0;
        for (unsigned i = 0; i < LANES; i++)
            running += lanes[i].busy;
        curl_multi_poll(multi, NULL, 0, 5, NULL);
    }
}

int
fleet_beat(struct fleet *fleet, double seconds, struct mig_err *err)
{
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    struct lane *lanes = calloc(LANES, sizeof(*lanes));
    CURLM *multi = curl_multi_init();
    int rc = lanes && multi ? 0 : mig_err_set(err, -12, "out of memory");

    for (unsigned i = 0; rc == 0 && i < LANES; i++)
        if (lane_open(fleet, &lanes[i], headers) < 0)
            rc = mig_err_set(err, -12, "out of memory");
    if (rc == 0)
        run(fleet, multi, lanes, seconds);
    for (unsigned i = 0; lanes && i < LANES; i++) {
        if (lanes[i].busy)
            curl_multi_remove_handle(multi, lanes[i].curl);
        curl_easy_cleanup(lanes[i].curl);
    }
    curl_multi_cleanup(multi);
    curl_slist_free_all(headers);
    free(lanes);
    return rc;
}
