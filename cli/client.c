/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "client.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "base/id.h"
#include "base/json.h"
#include "base/time.h"
#include "migrc.h"
#include "transport/http.h"
#include "trust/pgp.h"

#define ANSWER_MAX (256u << 20)
#define EACH_MAX (64u << 20)

struct mig_client {
    const struct mig_migrc *migrc;
    struct mig_pgp *pgp;
    struct mig_http *http;
    struct mig_buf prepared; /* the header of a token that was not used yet, or empty */
    int64_t prepared_ms;
    bool verbose;
};

/* The API takes a token for its token duration, ten minutes by default. */
#define PREPARED_MS 60000

struct request {
    const char *method;
    const char *path;
    const void *body;
    size_t len;
    size_t max; /* bytes of the answer */
};

int
mig_client_open(const struct mig_migrc *migrc, struct mig_pgp *pgp, bool verbose,
                struct mig_client **ret, struct mig_err *err)
{
    struct mig_http_options options = {.user_agent = "MIG Client mig-" PACKAGE_VERSION,
                                       .timeout_ms = 120000,
                                       .skip_verify = migrc->skip_verify};
    struct mig_client *client;
    int code;

    code = mig_migrc_need_api(migrc, err);
    if (code == 0 && !migrc->api_key)
        code = mig_migrc_need_key(migrc, err);
    if (code < 0)
        return code;
    client = calloc(1, sizeof(*client));
    if (!client)
        return mig_err_errno(err, ENOMEM, "API client");
    client->migrc = migrc;
    client->pgp = pgp;
    client->verbose = verbose;
    code = mig_http_open(&options, &client->http, err);
    if (code < 0) {
        mig_client_close(client);
        return code;
    }
    *ret = client;
    return 0;
}

void
mig_client_close(struct mig_client *client)
{
    if (!client)
        return;
    mig_http_close(client->http);
    mig_buf_fini(&client->prepared);
    free(client);
}

/* "1;<UTC time>;<nonce>;<signature over the first three and a newline>" (facts 6.1). */
static int
add_token(const struct mig_client *client, struct mig_buf *header, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT, signature = MIG_BUF_INIT;
    char stamp[32];
    time_t now = time(NULL);
    struct tm tm;
    int code;

    if (!gmtime_r(&now, &tm) || strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        return mig_err_errno(err, ERANGE, "time of the API token");
    mig_buf_addf(&text, "1;%s;%" PRId64, stamp, mig_id_next());
    mig_buf_adds(header, "X-PGPAUTHORIZATION: ");
    mig_buf_add(header, text.data, text.len);
    mig_buf_addc(header, ';');
    mig_buf_addc(&text, '\n');
    code = text.failed ? mig_err_errno(err, ENOMEM, "API token")
                       : mig_pgp_sign(client->pgp, client->migrc->keyid, text.data, text.len,
                                      &signature, err);
    if (code < 0)
        mig_err_prefix(err, "can not sign the API token");
    else
        mig_buf_add(header, signature.data, signature.len);
    mig_buf_fini(&text);
    mig_buf_fini(&signature);
    return code;
}

static int
make_header(const struct mig_client *client, struct mig_buf *header, struct mig_err *err)
{
    int code = 0;

    mig_buf_reset(header);
    if (client->migrc->api_key)
        mig_buf_addf(header, "X-MIGAPIKEY: %s", client->migrc->api_key);
    else
        code = add_token(client, header, err);
    if (code == 0 && header->failed)
        code = mig_err_errno(err, ENOMEM, "API request");
    return code;
}

void
mig_client_prepare(struct mig_client *client)
{
    if (make_header(client, &client->prepared, NULL) < 0)
        mig_buf_reset(&client->prepared);
    client->prepared_ms = mig_time_monotonic_ms();
}

/* A token is good for one request, so the prepared one leaves the client here. */
static int
take_header(struct mig_client *client, struct mig_buf *header, struct mig_err *err)
{
    bool fresh = mig_time_monotonic_ms() - client->prepared_ms < PREPARED_MS;

    if (client->prepared.len == 0 || !fresh)
        return make_header(client, header, err);
    *header = client->prepared;
    client->prepared = (struct mig_buf)MIG_BUF_INIT;
    return 0;
}

static int
send_once(struct mig_client *client, const struct request *request, const char *url,
          int *ret_status, struct mig_buf *answer, struct mig_err *err)
{
    struct mig_buf auth = MIG_BUF_INIT;
    const char *headers[3] = {NULL};
    int code;

    code = take_header(client, &auth, err);
    if (code < 0)
        goto out;
    headers[0] = auth.data;
    if (request->body)
        headers[1] = "Content-Type: application/x-www-form-urlencoded";
    mig_buf_reset(answer);
    if (client->verbose)
        fprintf(stderr, "> %s %s (%zu bytes)\n", request->method, url, request->len);
    code = mig_http_request(client->http, request->method, url, headers, request->body,
                            request->len, request->max, ret_status, answer, err);
    if (client->verbose && code == 0)
        fprintf(stderr, "< %d (%zu bytes) %.2000s\n", *ret_status, answer->len,
                answer->data ? answer->data : "");
out:
    mig_buf_fini(&auth);
    return code;
}

static int
answer_error(const struct request *request, int status, const struct mig_buf *message,
             struct mig_err *err)
{
    int code = status == 404 ? MIG_E_NOT_FOUND : status == 401 ? MIG_E_DENIED : MIG_E_PROTOCOL;

    return mig_err_set(err, code, "the API answers %s %.*s with %d: %s", request->method,
                       (int)strcspn(request->path, "?"), request->path, status,
                       message->len > 0 ? message->data : "(no message)");
}

static int
unreadable(const struct request *request, struct mig_err *err)
{
    return mig_err_prefix(err, "the API's answer to %s %.*s", request->method,
                          (int)strcspn(request->path, "?"), request->path);
}

/* The text of an answer of success. */
static int
ask(struct mig_client *client, const struct request *request, struct mig_buf *answer,
    struct mig_err *err)
{
    struct mig_buf url = MIG_BUF_INIT, message = MIG_BUF_INIT;
    size_t len = strlen(client->migrc->url);
    struct json_object *items = NULL;
    int status = 0, code;

    mig_buf_adds(&url, client->migrc->url);
    if (len > 0 && client->migrc->url[len - 1] != '/')
        mig_buf_addc(&url, '/');
    if (mig_buf_adds(&url, request->path) < 0) {
        code = mig_err_errno(err, ENOMEM, "API request");
        goto out;
    }
    code = send_once(client, request, url.data, &status, answer, err);
    /* A token may have been refused for its time alone: a new one is worth one try. */
    if (code == 0 && status == 401 && !client->migrc->api_key)
        code = send_once(client, request, url.data, &status, answer, err);
    if (code == 0 && (status < 200 || status > 299)) {
        mig_client_items(answer->data, answer->len, &items, &message, NULL);
        code = answer_error(request, status, &message, err);
    }
out:
    json_object_put(items);
    mig_buf_fini(&url);
    mig_buf_fini(&message);
    return code;
}

static int
run(struct mig_client *client, const struct request *request, struct json_object **ret,
    struct mig_err *err)
{
    struct mig_buf answer = MIG_BUF_INIT, message = MIG_BUF_INIT;
    int code = ask(client, request, &answer, err);

    if (code == 0) {
        code = mig_client_items(answer.data, answer.len, ret, &message, err);
        if (code < 0)
            unreadable(request, err);
    }
    mig_buf_fini(&answer);
    mig_buf_fini(&message);
    return code;
}

int
mig_client_get(struct mig_client *client, const char *path, struct json_object **ret,
               struct mig_err *err)
{
    struct request request = {"GET", path, NULL, 0, ANSWER_MAX};

    return run(client, &request, ret, err);
}

static int
no_collection(struct mig_err *err)
{
    return mig_err_set(err, MIG_E_PROTOCOL,
                       "no \"collection\": is api.url the address of a MIG API?");
}

static int
not_array(struct mig_err *err)
{
    return mig_err_set(err, MIG_E_PROTOCOL, "\"items\" is not an array");
}

/* The items of the text, raw; an empty text when there are none. */
static int
raw_items(const struct mig_buf *answer, const char **ret, size_t *ret_len, struct mig_err *err)
{
    const struct mig_json_limits limits = {.max_bytes = EACH_MAX};
    const char *collection;
    size_t len;
    int code = mig_json_check(answer->data ? answer->data : "", answer->len, &limits, err);

    if (code < 0)
        return code;
    if (mig_json_raw_member(answer->data, answer->len, "collection", &collection, &len) < 0)
        return no_collection(err);
    if (mig_json_raw_member(collection, len, "items", ret, ret_len) < 0 ||
        memcmp(*ret, "null", 4) == 0) {
        *ret = "";
        *ret_len = 0;
    } else if (**ret != '[') {
        return not_array(err);
    }
    return 0;
}

int
mig_client_each(struct mig_client *client, const char *path, const char *name,
                void (*each)(void *context, const char *text, size_t len), void *context,
                size_t *ret_count, struct mig_err *err)
{
    struct request request = {"GET", path, NULL, 0, EACH_MAX};
    struct mig_buf answer = MIG_BUF_INIT, quoted = MIG_BUF_INIT;
    const char *items, *item, *data, *one, *is, *value;
    size_t items_len, item_len, data_len, one_len, is_len, value_len, next = 0, count = 0;
    int code = ask(client, &request, &answer, err);

    if (code == 0 && (code = raw_items(&answer, &items, &items_len, err)) < 0)
        unreadable(&request, err);
    if (code == 0 && mig_json_add_string(&quoted, name, strlen(name)) < 0)
        code = mig_err_errno(err, ENOMEM, "API request");
    while (code == 0 && mig_json_raw_next(items, items_len, &next, &item, &item_len) == 0) {
        size_t at = 0;
        if (mig_json_raw_member(item, item_len, "data", &data, &data_len) < 0)
            continue;
        while (mig_json_raw_next(data, data_len, &at, &one, &one_len) == 0) {
            if (mig_json_raw_member(one, one_len, "name", &is, &is_len) < 0 ||
                is_len != quoted.len || memcmp(is, quoted.data, is_len) != 0 ||
                mig_json_raw_member(one, one_len, "value", &value, &value_len) < 0)
                continue;
            each(context, value, value_len);
            count++;
        }
    }
    if (code == 0)
        *ret_count = count;
    mig_buf_fini(&answer);
    mig_buf_fini(&quoted);
    return code;
}

int
mig_client_post(struct mig_client *client, const char *path, const char *field, const void *value,
                size_t len, struct json_object **ret, struct mig_err *err)
{
    struct mig_buf body = MIG_BUF_INIT;
    struct request request;
    int code;

    if (mig_http_form(&body, field, value, len) < 0) {
        code = mig_err_errno(err, ENOMEM, "API request");
    } else {
        request = (struct request){"POST", path, body.data, body.len, ANSWER_MAX};
        code = run(client, &request, ret, err);
    }
    mig_buf_fini(&body);
    return code;
}

int
mig_client_items(const char *text, size_t len, struct json_object **ret_items,
                 struct mig_buf *ret_message, struct mig_err *err)
{
    struct json_object *document = NULL, *collection = NULL, *items = NULL, *error = NULL;
    const char *message = NULL;
    int code;

    code = mig_json_parse(text ? text : "", len, NULL, &document, err);
    if (code < 0)
        return code;
    if (!json_object_object_get_ex(document, "collection", &collection)) {
        code = no_collection(err);
        goto out;
    }
    if (json_object_object_get_ex(collection, "error", &error) &&
        mig_json_get_string(error, "message", 0, &message, NULL) == 0 && message)
        mig_buf_adds(ret_message, message);
    if (!json_object_object_get_ex(collection, "items", &items) || !items)
        items = json_object_new_array();
    else
        json_object_get(items);
    if (!json_object_is_type(items, json_type_array)) {
        code = not_array(err);
        json_object_put(items);
        goto out;
    }
    *ret_items = items;
out:
    json_object_put(document);
    return code;
}

struct json_object *
mig_client_data(struct json_object *item, const char *name)
{
    struct json_object *data, *one, *value;
    const char *text;

    if (!json_object_object_get_ex(item, "data", &data) ||
        !json_object_is_type(data, json_type_array))
        return NULL;
    for (size_t i = 0; i < json_object_array_length(data); i++) {
        one = json_object_array_get_idx(data, i);
        text = NULL;
        if (!json_object_is_type(one, json_type_object) ||
            mig_json_get_string(one, "name", 1, &text, NULL) < 0)
            continue;
        if ((!name || strcmp(text, name) == 0) && json_object_object_get_ex(one, "value", &value))
            return value;
    }
    return NULL;
}

size_t
mig_client_count(struct json_object *items, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < json_object_array_length(items); i++)
        if (mig_client_data(json_object_array_get_idx(items, i), name))
            count++;
    return count;
}
