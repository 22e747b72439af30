/* SPDX-License-Identifier: MPL-2.0 */
#include "dispatch.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <json-c/json.h>
#include <mig/json.h>

#include "tls.h"

#define TIMEOUT_MS 15000L

struct http {
    CURL *curl;
    struct curl_slist *headers;
    char error[CURL_ERROR_SIZE];
};

static size_t
ignore(char *data, size_t size, size_t count, void *context)
{
    (void)data;
    (void)context;
    return size * count;
}

static int
http_send(struct output *output, const char *event, size_t length)
{
    struct http *http = output->state;
    long status = 0;
    CURLcode code;

    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, event);
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)length);
    http->error[0] = '\0';
    code = curl_easy_perform(http->curl);
    if (code != CURLE_OK) {
        snprintf(output->why, sizeof(output->why), "%.200s",
                 http->error[0] ? http->error : curl_easy_strerror(code));
        return -EIO;
    }
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status / 100 == 2)
        return 0;
    snprintf(output->why, sizeof(output->why), "the collector answers with status %ld", status);
    return -EIO;
}

static void
http_close(struct output *output)
{
    struct http *http = output->state;

    curl_slist_free_all(http->headers);
    curl_easy_cleanup(http->curl);
    free(http);
}

static const struct output_kind kind = {"http", http_send, http_close};

static int
set_up(const struct mig_host *host, struct json_object *config, struct http *http)
{
    static const char *const known[] = {"url", "token", "ca", "cert", "key"};
    const char *url = NULL, *token = NULL;
    char header[1100];
    int code;

    if (!json_object_is_type(config, json_type_object))
        return mig_refuse(host, -EINVAL, "http: expected an object");
    if ((code = mig_json_only(host, config, "http", known, MIG_COUNT(known))) < 0 ||
        (code = mig_json_get_string(host, config, "url", &url)) < 0)
        return code;
    if (url == NULL || strncmp(url, "https://", 8) != 0)
        return mig_refuse(host, -EINVAL,
                          "http.url: expected an address that starts with https://, found '%.100s'",
                          url != NULL ? url : "");
    curl_easy_setopt(http->curl, CURLOPT_URL, url);
    curl_easy_setopt(http->curl, CURLOPT_PROTOCOLS_STR, "https");
    curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(http->curl, CURLOPT_WRITEFUNCTION, ignore);
    curl_easy_setopt(http->curl, CURLOPT_ERRORBUFFER, http->error);
    http->headers = curl_slist_append(NULL, "Content-Type: application/json");
    if ((code = mig_json_get_string(host, config, "token", &token)) < 0)
        return code;
    if (token != NULL) {
        if (strlen(token) > 1000 || strpbrk(token, "\r\n") != NULL)
            return mig_refuse(host, -EINVAL, "http.token: expected one line of 1000 bytes at most");
        snprintf(header, sizeof(header), "Authorization: Bearer %s", token);
        http->headers = curl_slist_append(http->headers, header);
    }
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, http->headers);
    return dispatch_tls_options(host, config, "http", http->curl);
}

int
dispatch_http(const struct mig_host *host, struct json_object *config, struct output *output)
{
    struct http *http = calloc(1, sizeof(*http));
    int code;

    if (http == NULL || (http->curl = curl_easy_init()) == NULL) {
        free(http);
        return -ENOMEM;
    }
    output->state = http;
    code = set_up(host, config, http);
    if (code < 0) {
        http_close(output);
        return code;
    }
    output->kind = &kind;
    return 0;
}
