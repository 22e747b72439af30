/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "results.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <mig/plugin.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/json.h"
#include "cancel.h"
#include "client.h"
#include "document/action.h"
#include "document/cancel.h"
#include "follow.h"
#include "module.h"

#define PAGE 100

struct printing {
    const struct mig_action *action;
    enum mig_show show;
    size_t agents; /* of which something was printed */
    bool answered; /* the commands that are asked for: they succeeded, or they did not */
};

/* Bytes of a control character at `text`, 0 when it is none: C0 but the tab, DEL, and C1 in UTF-8.
 */
static size_t
control(const char *text, size_t len)
{
    unsigned char c = (unsigned char)text[0];

    if ((c < 0x20 && c != '\t') || c == 0x7f)
        return 1;
    if (c == 0xc2 && len > 1 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xa0)
        return 2;
    return 0;
}

static void
put_line(FILE *out, const char *text, size_t len)
{
    size_t n;

    for (size_t i = 0; i < len; i += n ? n : 1) {
        n = control(text + i, len - i);
        for (size_t j = 0; j < n; j++)
            fprintf(out, "\\x%02x", (unsigned char)text[i + j]);
        if (n == 0)
            fputc(text[i], out);
    }
    fputc('\n', out);
}

void
mig_results_lines(FILE *out, const char *prefix, const char *text, size_t len)
{
    const char *end;
    size_t n;

    while (len > 0) {
        end = memchr(text, '\n', len);
        n = end ? (size_t)(end - text) : len;
        if (prefix)
            fprintf(out, "%s ", prefix);
        put_line(out, text, n);
        n += end ? 1 : 0;
        text += n;
        len -= n;
    }
}

/* A name comes from the endpoint: a space or a control character in it would forge columns. */
static char *
clean_name(struct json_object *command)
{
    struct json_object *agent = NULL;
    const char *name = NULL;
    char *copy;

    if (json_object_object_get_ex(command, "agent", &agent))
        mig_json_get_string(agent, "name", 0, &name, NULL);
    copy = strdup(name && *name ? name : "(unnamed)");
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p <= 0x20 || *p == 0x7f)
            *p = '?';
    return copy;
}

static int
found(struct json_object *result)
{
    int yes = 0;

    if (json_object_is_type(result, json_type_object))
        mig_json_get_bool(result, "foundanything", 0, &yes, NULL);
    return yes;
}

int
mig_results_wanted(struct json_object *results, enum mig_show show)
{
    int any = 0;

    for (size_t i = 0; results && i < json_object_array_length(results); i++)
        any |= found(json_object_array_get_idx(results, i));
    return show == MIG_SHOW_ALL || (show == MIG_SHOW_FOUND) == (any != 0);
}

static void
print_result(struct printing *p, const char *name, size_t index, struct json_object *result)
{
    const char *module =
        index < p->action->operations_count ? p->action->operations[index].module : "";
    uint32_t flags = p->show == MIG_SHOW_FOUND ? MIG_PRINT_FOUND_ONLY : 0;
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_err err = {0};
    char *json;

    if (p->show == MIG_SHOW_FOUND && !found(result))
        return;
    json = mig_json_text(result);
    if (!json)
        return;
    if ((strcmp(module, MIG_CANCEL_MODULE) == 0
             ? mig_cancel_print(json, strlen(json), &text, &err)
             : mig_module_print(module, json, strlen(json), flags, &text, &err)) < 0) {
        fprintf(stderr, "[notice] can not print results of %s, so here is their JSON: %s\n", module,
                err.text);
        mig_buf_reset(&text);
        mig_buf_adds(&text, json);
    }
    mig_results_lines(stdout, name, text.data ? text.data : "", text.len);
    mig_buf_fini(&text);
    free(json);
}

/* The first soft or hard error that the results name. */
static const char *
reason(struct json_object *results)
{
    struct json_object *errors;

    for (size_t i = 0; results && i < json_object_array_length(results); i++) {
        if (json_object_object_get_ex(json_object_array_get_idx(results, i), "errors", &errors) &&
            json_object_is_type(errors, json_type_array) && json_object_array_length(errors) > 0)
            return json_object_get_string(json_object_array_get_idx(errors, 0));
    }
    return NULL;
}

static void
print_unanswered(const char *name, const char *status, struct json_object *results)
{
    const char *why = reason(results);
    struct mig_buf line = MIG_BUF_INIT;

    if (strcmp(status, "sent") == 0)
        mig_buf_addf(&line, "%s has not answered", name);
    else
        mig_buf_addf(&line, "%s command did not succeed. status=%s", name, status);
    if (why)
        mig_buf_addf(&line, ": %s", why);
    if (!line.failed)
        mig_results_lines(stderr, NULL, line.data, line.len);
    mig_buf_fini(&line);
}

static void
print_results(struct printing *p, const char *name, struct json_object *results)
{
    p->agents++;
    for (size_t i = 0; results && i < json_object_array_length(results); i++)
        print_result(p, name, i, json_object_array_get_idx(results, i));
}

static void
print_command(void *context, struct json_object *command)
{
    struct printing *p = context;
    struct json_object *results = NULL;
    const char *status = "";
    char *name = clean_name(command);

    mig_json_get_string(command, "status", 0, &status, NULL);
    json_object_object_get_ex(command, "results", &results);
    if (!json_object_is_type(results, json_type_array))
        results = NULL;
    if (!name)
        return;
    if (!p->answered && strcmp(status, "success") != 0) {
        print_unanswered(name, status, results);
        /* What was found before a command failed; that it found nothing more is not known. */
        if (mig_results_wanted(results, MIG_SHOW_FOUND) && p->show != MIG_SHOW_NOTFOUND)
            print_results(p, name, results);
    } else if (p->answered && strcmp(status, "success") == 0 &&
               mig_results_wanted(results, p->show)) {
        print_results(p, name, results);
        if (p->show != MIG_SHOW_FOUND)
            printf("%s command success\n", name);
    }
    free(name);
}

/* All pages of a search for commands; `filter` begins with '&'. */
static int
each_command(struct mig_client *client, int64_t id, const char *filter,
             void (*each)(void *context, struct json_object *command), void *context,
             struct mig_err *err)
{
    struct json_object *items, *command;
    struct mig_buf path = MIG_BUF_INIT;
    size_t offset = 0, count = PAGE;
    int code = 0;

    while (count >= PAGE) {
        mig_buf_reset(&path);
        if (mig_buf_addf(&path, "search?type=command&limit=%d&offset=%zu&actionid=%" PRId64 "%s",
                         PAGE, offset, id, filter) < 0) {
            code = mig_err_errno(err, ENOMEM, "search");
            break;
        }
        items = NULL;
        code = mig_client_get(client, path.data, &items, err);
        if (code == MIG_E_NOT_FOUND) {
            code = 0;
            break;
        }
        if (code < 0)
            break;
        count = mig_client_count(items, "command");
        for (size_t i = 0; i < json_object_array_length(items); i++) {
            command = mig_client_data(json_object_array_get_idx(items, i), "command");
            if (command)
                each(context, command);
        }
        offset += count;
        json_object_put(items);
    }
    mig_buf_fini(&path);
    return code;
}

/* Only what is asked for is fetched: of ten thousand agents most have found nothing. */
static int
fetch(struct mig_client *client, int64_t id, struct printing *p, const struct mig_counters *c,
      struct mig_err *err)
{
    const struct {
        const char *filter;
        int64_t count;
    } others[] = {
        {"&status=sent", c->inflight},       {"&status=failed", c->failed},
        {"&status=timeout", c->timeout},     {"&status=expired", c->expired},
        {"&status=cancelled", c->cancelled},
    };
    static const char *const filters[] = {"&foundanything=true", "&foundanything=false",
                                          "&status=success"};
    int code;

    code = each_command(client, id, filters[p->show], print_command, p, err);
    fflush(stdout);
    p->answered = false;
    for (size_t i = 0; code == 0 && i < sizeof(others) / sizeof(others[0]); i++)
        if (others[i].count > 0)
            code = each_command(client, id, others[i].filter, print_command, p, err);
    return code;
}

int
mig_results_print(struct mig_client *client, int64_t id, const struct mig_action *action,
                  enum mig_show show, const struct mig_counters *counters, struct mig_err *err)
{
    static const char *const words[] = {"found", "notfound", "all"};
    struct printing p = {action, show, 0, true};
    int code;

    code = fetch(client, id, &p, counters, err);
    if (code < 0)
        return mig_err_prefix(err, "can not fetch the results of action %" PRId64, id);
    fprintf(stderr, "%zu agent%s %s %s results\n", p.agents, p.agents == 1 ? "" : "s",
            p.agents == 1 ? "has" : "have", words[show]);
    return 0;
}
