/* SPDX-License-Identifier: MPL-2.0 */
/* Reading the owner's log: what is in the files is as it was written, or cut short by a crash. */
#include "config.h"

#include "agent/owner_log.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/owner_log_files.h"
#include "agent/site.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"

void
mig_owner_log_name(unsigned age, char name[MIG_OWNER_LOG_NAME_MAX])
{
    if (age == 0)
        snprintf(name, MIG_OWNER_LOG_NAME_MAX, MIG_OWNER_LOG_NAME);
    else
        snprintf(name, MIG_OWNER_LOG_NAME_MAX, MIG_OWNER_LOG_NAME ".%u", age);
}

/* All files, oldest first. The writer may rotate meanwhile: an event may then come twice, or an old
 * one not at all. */
static int
read_files(int dirfd, struct mig_buf *text)
{
    char name[MIG_OWNER_LOG_NAME_MAX];

    for (unsigned age = MIG_OWNER_LOG_OLD + 1; age-- > 0;) {
        int fd, rc;

        mig_owner_log_name(age, name);
        fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd < 0 && errno == ENOENT)
            continue;
        if (fd < 0)
            return -errno;
        rc = mig_fd_read_all(fd, 2 * MIG_OWNER_LOG_MAX, text);
        close(fd);
        if (rc < 0)
            return rc;
    }
    return 0;
}

/* Where the last `count` lines begin; 0: all. */
static const char *
tail(const char *text, size_t len, size_t count)
{
    if (count == 0)
        return text;
    if (len > 0 && text[len - 1] == '\n')
        len--;
    while (len > 0 && (text[len - 1] != '\n' || --count > 0))
        len--;
    return text + len;
}

static const char *
text_of(struct json_object *event, const char *key)
{
    struct json_object *value = NULL;

    return json_object_object_get_ex(event, key, &value) ? json_object_get_string(value) : "";
}

/* The line of the site's list for a fingerprint ("0123ABCD... Alice <alice@...>"), or NULL. */
static const char *
signer_label(const char *const *signers, const char *fpr, size_t len)
{
    for (size_t i = 0; signers && signers[i]; i++)
        if (strncasecmp(signers[i], fpr, len) == 0)
            return signers[i];
    return NULL;
}

static void
print_signers(const char *const *signers, const char *list, FILE *out)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        const char *label = signer_label(signers, list, len);

        if (label)
            fprintf(out, "    signed by %s\n", label);
        else
            fprintf(out, "    signed by %.*s\n", (int)len, list);
        list += len + (list[len] == ' ');
    }
}

static void
print_operations(struct json_object *event, FILE *out)
{
    struct json_object *all = NULL, *parameters;

    if (!json_object_object_get_ex(event, "operations", &all) ||
        !json_object_is_type(all, json_type_array))
        return;
    for (size_t i = 0; i < json_object_array_length(all); i++) {
        struct json_object *op = json_object_array_get_idx(all, i);

        if (json_object_object_get_ex(op, "parameters", &parameters))
            fprintf(out, "    %s %s\n", text_of(op, "module"),
                    json_object_to_json_string_ext(parameters, JSON_C_TO_STRING_NOSLASHESCAPE));
        else
            fprintf(out, "    %s, %s bytes of parameters\n", text_of(op, "module"),
                    text_of(op, "parametersbytes"));
    }
}

/* Names and reasons come from outside: nothing of them may move a terminal's cursor. */
static void
print_quoted(struct json_object *event, const char *key, FILE *out)
{
    struct json_object *value = NULL;

    if (json_object_object_get_ex(event, key, &value))
        fputs(json_object_to_json_string_ext(value, JSON_C_TO_STRING_NOSLASHESCAPE), out);
}

static void
print_event(const char *const *signers, struct json_object *event, FILE *out)
{
    const char *kind = text_of(event, "event");

    fprintf(out, "%s %s", text_of(event, "time"), kind);
    if (strcmp(kind, "started") == 0) {
        fprintf(out, " agent %s\n", text_of(event, "version"));
        return;
    }
    fprintf(out, " command %s", text_of(event, "command"));
    if (strcmp(kind, "accepted") == 0 || strcmp(kind, "refused") == 0) {
        fprintf(out, " of action %s ", text_of(event, "action"));
        print_quoted(event, "name", out);
    }
    if (strcmp(kind, "ran") == 0)
        fprintf(out, ": %s %s, %s, %s bytes", text_of(event, "module"), text_of(event, "status"),
                strcmp(text_of(event, "foundanything"), "true") == 0 ? "found" : "nothing found",
                text_of(event, "bytes"));
    if (strcmp(kind, "sent") == 0)
        fprintf(out, ": %s bytes", text_of(event, "bytes"));
    if (text_of(event, "reason")[0]) {
        fputs(": ", out);
        print_quoted(event, "reason", out);
    }
    fputc('\n', out);
    print_signers(signers, text_of(event, "signers"), out);
    print_operations(event, out);
}

static void
print_line(const char *const *signers, const char *line, size_t len, FILE *out)
{
    struct json_object *event = NULL;

    if (mig_json_parse(line, len, NULL, &event, NULL) == 0 &&
        json_object_is_type(event, json_type_object))
        print_event(signers, event, out);
    else
        fprintf(out, "(a line of %zu bytes that is damaged)\n", len);
    json_object_put(event);
}

int
mig_owner_log_print(int dirfd, const char *const *signers, size_t count, int json, FILE *out,
                    struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int rc = read_files(dirfd, &text);
    const char *at, *end;

    if (rc < 0) {
        mig_buf_fini(&text);
        return mig_err_set(err, rc, "the owner's log can not be read: %s", mig_strerror(rc));
    }
    end = text.data + text.len;
    for (at = tail(text.data, text.len, count); at && at < end;) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((newline ? newline : end) - at);

        if (json)
            fprintf(out, "%.*s\n", (int)len, at);
        else if (len > 0)
            print_line(signers, at, len, out);
        at += len + 1;
    }
    mig_buf_fini(&text);
    return 0;
}

int
mig_owner_log_show(const struct mig_site *site, size_t count, int json, FILE *out)
{
    const char *path = mig_site_run_dir(site);
    struct mig_err err = {0};
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc;

    if (fd < 0) {
        fprintf(stderr, "mig-agent: %s: %s; the owner's log is there once an agent has run\n", path,
                strerror(errno));
        return 1;
    }
    rc = mig_owner_log_print(fd, site->signers, count, json, out, &err);
    close(fd);
    if (rc < 0)
        fprintf(stderr, "mig-agent: %s\n", err.text);
    return rc < 0 ? 1 : 0;
}
