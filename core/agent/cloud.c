/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/cloud.h"

#include <json-c/json.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "transport/http.h"

#define TIMEOUT_MS 1000
#define TEXT_MAX 255
#define DOCUMENT_MAX 65536

struct member {
    const char *key;  /* ours */
    const char *name; /* theirs */
};

/* What came is put before targets and people: one line of printable ASCII, or nothing. */
static int
add_clean(struct json_object *object, const char *key, const char *text, size_t len)
{
    struct json_object *value;

    if (!text || len == 0 || len > TEXT_MAX)
        return -1;
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~')
            return -1;
    value = json_object_new_string_len(text, (int)len);
    return value ? json_object_object_add(object, key, value) : -1;
}

/* 1 with the body of a 200, 0 for another status, -1 when nobody answers. */
static int
ask(struct mig_http *http, const char *address, const char *method, const char *path,
    const char *header, size_t max, struct mig_buf *out)
{
    const char *const headers[] = {header, NULL};
    char url[512];
    int status = 0;

    mig_buf_reset(out);
    snprintf(url, sizeof(url), "%s%s", address, path);
    if (mig_http_request(http, method, url, headers, NULL, 0, max, &status, out, NULL) < 0)
        return -1;
    return status == 200 && out->data;
}

static struct json_object *
wrap(const char *key, struct json_object *object)
{
    struct json_object *all =
        json_object_object_length(object) > 0 ? json_object_new_object() : NULL;

    if (!all) {
        json_object_put(object);
        return NULL;
    }
    json_object_object_add(all, key, object);
    return all;
}

/* ---- AWS ---- */

static int
aws(struct mig_http *http, const char *address, struct json_object **ret)
{
    static const struct member members[] = {{"instanceid", "instance-id"},
                                            {"localipv4", "local-ipv4"},
                                            {"amiid", "ami-id"},
                                            {"instancetype", "instance-type"}};
    struct mig_buf text = MIG_BUF_INIT;
    struct json_object *object = NULL;
    char header[TEXT_MAX + 32], path[128];
    int rc = ask(http, address, "PUT", "/latest/api/token",
                 "X-aws-ec2-metadata-token-ttl-seconds: 60", TEXT_MAX, &text);

    /* Anything else would be put into a header. */
    for (size_t i = 0; rc > 0 && i < text.len; i++)
        if (text.data[i] <= ' ' || text.data[i] > '~')
            rc = 0;
    if (rc <= 0)
        goto out;
    snprintf(header, sizeof(header), "X-aws-ec2-metadata-token: %s", text.data);
    object = json_object_new_object();
    for (size_t i = 0; object && i < sizeof(members) / sizeof(members[0]); i++) {
        snprintf(path, sizeof(path), "/latest/meta-data/%s", members[i].name);
        if (ask(http, address, "GET", path, header, TEXT_MAX, &text) > 0)
            add_clean(object, members[i].key, text.data, text.len);
    }
    if (object && json_object_object_get_ex(object, "instanceid", NULL))
        *ret = wrap("aws", object);
    else
        json_object_put(object);
out:
    mig_buf_fini(&text);
    return rc;
}

/* ---- GCE and Azure: one document ---- */

static void
add_members(struct json_object *to, struct json_object *from, const struct member *members,
            size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct json_object *value = NULL;
        const char *text, *slash;

        if (!json_object_object_get_ex(from, members[i].name, &value) ||
            (!json_object_is_type(value, json_type_string) &&
             !json_object_is_type(value, json_type_int)))
            continue;
        text = json_object_get_string(value);
        /* "projects/1/zones/europe-west1-b" */
        slash = text ? strrchr(text, '/') : NULL;
        if (slash)
            text = slash + 1;
        add_clean(to, members[i].key, text, text ? strlen(text) : 0);
    }
}

static int
document(struct mig_http *http, const char *address, const char *path, const char *header,
         struct json_object **ret)
{
    struct mig_buf text = MIG_BUF_INIT;
    int rc = ask(http, address, "GET", path, header, DOCUMENT_MAX, &text);

    if (rc > 0 && (mig_json_parse(text.data, text.len, NULL, ret, NULL) < 0 ||
                   !json_object_is_type(*ret, json_type_object)))
        rc = 0;
    mig_buf_fini(&text);
    return rc;
}

static int
gce(struct mig_http *http, const char *address, struct json_object **ret)
{
    static const struct member members[] = {
        {"instanceid", "id"}, {"name", "name"}, {"zone", "zone"}, {"machinetype", "machineType"}};
    struct json_object *all = NULL, *object = json_object_new_object();
    int rc = document(http, address, "/computeMetadata/v1/instance/?recursive=true",
                      "Metadata-Flavor: Google", &all);

    if (rc > 0 && object && json_object_object_get_ex(all, "machineType", NULL)) {
        add_members(object, all, members, sizeof(members) / sizeof(members[0]));
        *ret = wrap("gce", object);
    } else {
        json_object_put(object);
    }
    json_object_put(all);
    return rc;
}

static int
azure(struct mig_http *http, const char *address, struct json_object **ret)
{
    static const struct member members[] = {
        {"vmid", "vmId"}, {"name", "name"}, {"location", "location"}, {"vmsize", "vmSize"}};
    struct json_object *all = NULL, *compute = NULL, *object = json_object_new_object();
    int rc = document(http, address, "/metadata/instance?api-version=2021-02-01", "Metadata: true",
                      &all);

    if (rc > 0 && object && json_object_object_get_ex(all, "compute", &compute) &&
        json_object_object_get_ex(compute, "vmId", NULL)) {
        add_members(object, compute, members, sizeof(members) / sizeof(members[0]));
        *ret = wrap("azure", object);
    } else {
        json_object_put(object);
    }
    json_object_put(all);
    return rc;
}

struct json_object *
mig_cloud_discover(const char *address)
{
    static int (*const clouds[])(struct mig_http *, const char *,
                                 struct json_object **) = {aws, gce, azure};
    struct mig_http_options options = {
        .user_agent = "MIG Agent " PACKAGE_VERSION, .proxy = "", .timeout_ms = TIMEOUT_MS};
    struct json_object *found = NULL;
    struct mig_http *http = NULL;

    if (mig_http_open(&options, &http, NULL) < 0)
        return NULL;
    /* All have one address: where nobody answers the first, nobody answers the others. */
    for (size_t i = 0; !found && i < sizeof(clouds) / sizeof(clouds[0]); i++)
        if (clouds[i](http, address, &found) < 0)
            break;
    mig_http_close(http);
    return found;
}
