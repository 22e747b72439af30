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
found(const char *result, size_t len)
{
    const char *yes;
    size_t yes_len;

    return mig_json_raw_member(result, len, "foundanything", &yes, &yes_len) == 0 && yes_len == 4 &&
           memcmp(yes, "true", 4) == 0;
}

int
mig_results_wanted(const char *results, size_t len, enum mig_show show)
{
    const char *result;
    size_t result_len, next = 0;
    int any = 0;

    while (!any && mig_json_raw_next(results, len, &next, &result, &result_len) == 0)
        any = found(result, result_len);
    return show == MIG_SHOW_ALL || (show == MIG_SHOW_FOUND) == (any != 0);
}

static void
print_result(struct printing *p, const char *name, size_t index, const char *result, size_t len)
{
    const char *module =
        index < p->action->operations_count ? p->action->operations[index].module : "";
    uint32_t flags = p->show == MIG_SHOW_FOUND ? MIG_PRINT_FOUND_ONLY : 0;
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_err err = {0};

    if (p->show == MIG_SHOW_FOUND && !found(result, len))
        return;
    if ((strcmp(module, MIG_CANCEL_MODULE) == 0
             ? mig_cancel_print(result, len, &text, &err)
             : mig_module_print(module, result, len, flags, &text, &err)) < 0) {
        fprintf(stderr, "[notice] can not print results of %s, so here is their JSON: %s\n", module,
                err.text);
        mig_buf_reset(&text);
        mig_buf_add(&text, result, len);
    }
    mig_results_lines(stdout, name, text.data ? text.data : "", text.len);
    mig_buf_fini(&text);
}

/* The first soft or hard error that the results name, as an array that holds it; NULL: none. */
static struct json_object *
reason(const char *results, size_t len)
{
    const char *result, *errors, *first;
    size_t result_len, errors_len, first_len, next = 0;
    struct mig_buf text = MIG_BUF_INIT;
    struct json_object *array = NULL;

    while (mig_json_raw_next(results, len, &next, &result, &result_len) == 0) {
        if (mig_json_raw_member(result, result_len, "errors", &errors, &errors_len) < 0 ||
            mig_json_raw_element(errors, errors_len, 0, &first, &first_len) < 0)
            continue;
        mig_buf_addc(&text, '[');
        mig_buf_add(&text, first, first_len);
        if (mig_buf_addc(&text, ']') == 0)
            mig_json_parse(text.data, text.len, NULL, &array, NULL);
        break;
    }
    mig_buf_fini(&text);
    return array;
}

static void
print_unanswered(const char *name, const char *status, const char *results, size_t len)
{
    struct json_object *why = reason(results, len);
    struct mig_buf line = MIG_BUF_INIT;

    if (strcmp(status, "sent") == 0)
        mig_buf_addf(&line, "%s has not answered", name);
    else
        mig_buf_addf(&line, "%s command did not succeed. status=%s", name, status);
    if (why)
        mig_buf_addf(&line, ": %s", json_object_get_string(json_object_array_get_idx(why, 0)));
    if (!line.failed)
        mig_results_lines(stderr, NULL, line.data, line.len);
    mig_buf_fini(&line);
    json_object_put(why);
}

static void
print_results(struct printing *p, const char *name, const char *results, size_t len)
{
    const char *result;
    size_t result_len, next = 0, i = 0;

    p->agents++;
    while (mig_json_raw_next(results, len, &next, &result, &result_len) == 0)
        print_result(p, name, i++, result, result_len);
}

/* A command without its results, which may be large. */
static struct json_object *
head(const char *command, size_t len)
{
    static const char *const members[] = {"agent", "status"};
    struct mig_buf text = MIG_BUF_INIT;
    struct json_object *object = NULL;
    const char *value;
    size_t value_len;

    mig_buf_addc(&text, '{');
    for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
        if (mig_json_raw_member(command, len, members[i], &value, &value_len) < 0)
            continue;
        mig_buf_addf(&text, "%s\"%s\":", text.len > 1 ? "," : "", members[i]);
        mig_buf_add(&text, value, value_len);
    }
    if (mig_buf_addc(&text, '}') == 0)
        mig_json_parse(text.data, text.len, NULL, &object, NULL);
    mig_buf_fini(&text);
    return object;
}

static void
print_command(void *context, const char *command, size_t len)
{
    struct printing *p = context;
    struct json_object *object = head(command, len);
    char *name = object ? clean_name(object) : NULL;
    const char *status = "", *results;
    size_t results_len;

    if (!name)
        goto out;
    mig_json_get_string(object, "status", 0, &status, NULL);
    if (mig_json_raw_member(command, len, "results", &results, &results_len) < 0) {
        results = "";
        results_len = 0;
    }
    if (!p->answered && strcmp(status, "success") != 0) {
        print_unanswered(name, status, results, results_len);
        /* What was found before a command failed; that it found nothing more is not known. */
        if (mig_results_wanted(results, results_len, MIG_SHOW_FOUND) &&
            p->show != MIG_SHOW_NOTFOUND)
            print_results(p, name, results, results_len);
    } else if (p->answered && strcmp(status, "success") == 0 &&
               mig_results_wanted(results, results_len, p->show)) {
        print_results(p, name, results, results_len);
        if (p->show != MIG_SHOW_FOUND)
            printf("%s command success\n", name);
    }
out:
    free(name);
    json_object_put(object);
}

/* All pages of a search for commands, which become smaller when the results are large; `filter`
 * begins with '&'. */
static int
each_command(struct mig_client *client, int64_t id, const char *filter,
             void (*each)(void *context, const char *command, size_t len), void *context,
             struct mig_err *err)
{
    struct mig_buf path = MIG_BUF_INIT;
    size_t offset = 0, page = PAGE, count = page;
    int code = 0;

    while (count >= page) {
        mig_buf_reset(&path);
        if (mig_buf_addf(&path, "search?type=command&limit=%zu&offset=%zu&actionid=%" PRId64 "%s",
                         page, offset, id, filter) < 0) {
            code = mig_err_errno(err, ENOMEM, "search");
            break;
        }
        code = mig_client_each(client, path.data, "command", each, context, &count, err);
        if (code == MIG_E_LIMIT && page > 1) {
            page = (page + 3) / 4;
            count = page;
            continue;
        }
        if (code == MIG_E_NOT_FOUND) {
            code = 0;
            break;
        }
        if (code < 0)
            break;
        offset += count;
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
