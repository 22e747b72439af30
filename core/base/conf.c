/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "base/conf.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "base/time.h"

#define CONF_MAX_BYTES (1u << 20)

struct entry {
    char *name; /* "section.key", as written */
    char *value;
    unsigned line;
};

struct mig_conf {
    char *file;
    struct entry *entries;
    size_t count;
    size_t cap;
};

struct parser {
    struct mig_conf *conf;
    const char *at;
    const char *end;
    unsigned line;
    char section[64]; /* "" before the first */
    struct mig_err *err;
};

void
mig_conf_free(struct mig_conf *conf)
{
    if (conf == NULL)
        return;
    for (size_t i = 0; i < conf->count; i++) {
        free(conf->entries[i].name);
        free(conf->entries[i].value);
    }
    free(conf->entries);
    free(conf->file);
    free(conf);
}

static int
wrong(struct parser *p, const char *what)
{
    return mig_err_set(p->err, MIG_E_CONFIG, "%s:%u: %s", p->conf->file, p->line, what);
}

static int
no_memory(struct parser *p)
{
    return mig_err_set(p->err, -ENOMEM, "%s:%u: out of memory", p->conf->file, p->line);
}

static void
skip_blank(struct parser *p)
{
    while (p->at < p->end && (*p->at == ' ' || *p->at == '\t' || *p->at == '\r'))
        p->at++;
}

static void
skip_line(struct parser *p)
{
    while (p->at < p->end && *p->at != '\n')
        p->at++;
}

static bool
at_line_end(const struct parser *p)
{
    return p->at >= p->end || *p->at == '\n' || *p->at == ';' || *p->at == '#';
}

static bool
is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* A section or key name into `name`. */
static int
read_name(struct parser *p, char *name, size_t size)
{
    size_t len = 0;

    while (p->at < p->end && is_name(*p->at)) {
        if (len + 1 >= size)
            return wrong(p, "a name is too long, at most 63 characters are allowed");
        name[len++] = *p->at++;
    }
    name[len] = '\0';
    if (len == 0)
        return wrong(p,
                     "expected [section] or key = value; names hold letters, digits, '-' and '_'");
    return 0;
}

static int
read_section(struct parser *p)
{
    int rc;

    p->at++;
    skip_blank(p);
    rc = read_name(p, p->section, sizeof p->section);
    if (rc != 0)
        return rc;
    skip_blank(p);
    if (p->at >= p->end || *p->at != ']')
        return wrong(p, "expected ']' after the name of the section");
    p->at++;
    skip_blank(p);
    if (!at_line_end(p))
        return wrong(p, "unexpected text after [section]: put the key on its own line");
    skip_line(p);
    return 0;
}

/* What follows a backslash: \\ \" \n \t, or the end of the line, which joins it with the next. */
static int
read_escape(struct parser *p, struct mig_buf *value)
{
    static const char from[] = "\\\"nt";
    static const char to[] = "\\\"\n\t";
    const char *found;

    p->at++;
    if (p->at < p->end && *p->at == '\r')
        p->at++;
    if (p->at < p->end && *p->at == '\n') {
        p->at++;
        p->line++;
        return 0;
    }
    found = p->at < p->end && *p->at != '\0' ? strchr(from, *p->at) : NULL;
    if (found == NULL)
        return wrong(p, "unknown escape in a value: only \\\\, \\\", \\n and \\t are known");
    p->at++;
    return mig_buf_addc(value, to[found - from]) == 0 ? 0 : no_memory(p);
}

/* A value up to the end of its line or a comment. Parts of it may stand in double quotes. */
static int
read_value(struct parser *p, struct mig_buf *value)
{
    bool quoted = false;
    size_t keep = 0; /* blanks after this are not part of the value */
    int rc;

    while (p->at < p->end && *p->at != '\n') {
        char c = *p->at;
        if (c == '"') {
            quoted = !quoted;
            keep = value->len;
            p->at++;
            continue;
        }
        if (!quoted && (c == ';' || c == '#'))
            break;
        if (c == '\\') {
            rc = read_escape(p, value);
            if (rc != 0)
                return rc;
            keep = value->len;
            continue;
        }
        if (mig_buf_addc(value, c) != 0)
            return no_memory(p);
        p->at++;
        if (quoted || (c != ' ' && c != '\t' && c != '\r'))
            keep = value->len;
    }
    if (quoted)
        return wrong(p, "a value has no closing double quote");
    if (mig_buf_reserve(value, 0) != 0)
        return no_memory(p);
    value->len = keep;
    value->data[keep] = '\0';
    return 0;
}

static int
add_entry(struct parser *p, const char *key, const char *value, unsigned line)
{
    struct mig_conf *conf = p->conf;
    struct entry entry = {.line = line};

    if (conf->count == conf->cap) {
        size_t cap = conf->cap == 0 ? 16 : conf->cap * 2;
        struct entry *grown = reallocarray(conf->entries, cap, sizeof *grown);
        if (grown == NULL)
            return no_memory(p);
        conf->entries = grown;
        conf->cap = cap;
    }
    if (asprintf(&entry.name, "%s.%s", p->section, key) < 0)
        return no_memory(p);
    entry.value = strdup(value);
    if (entry.value == NULL) {
        free(entry.name);
        return no_memory(p);
    }
    conf->entries[conf->count++] = entry;
    return 0;
}

static int
read_key(struct parser *p)
{
    struct mig_buf value = MIG_BUF_INIT;
    unsigned line = p->line;
    char key[64];
    int rc;

    rc = read_name(p, key, sizeof key);
    if (rc != 0)
        return rc;
    if (p->section[0] == '\0')
        return wrong(p, "a key stands before the first [section]");
    skip_blank(p);
    if (at_line_end(p)) {
        /* gcfg: a key alone is a switch that is on. */
        skip_line(p);
        return add_entry(p, key, "true", line);
    }
    if (*p->at != '=')
        return wrong(p, "expected '=' after the key");
    p->at++;
    skip_blank(p);
    rc = read_value(p, &value);
    if (rc == 0)
        rc = add_entry(p, key, value.data, line);
    skip_line(p);
    mig_buf_fini(&value);
    return rc;
}

static int
parse(struct parser *p)
{
    while (p->at < p->end) {
        int rc = 0;
        skip_blank(p);
        if (at_line_end(p))
            skip_line(p);
        else if (*p->at == '[')
            rc = read_section(p);
        else
            rc = read_key(p);
        if (rc != 0)
            return rc;
        if (p->at < p->end) {
            p->at++; /* the newline */
            p->line++;
        }
    }
    return 0;
}

int
mig_conf_parse(const char *name, const char *text, size_t len, struct mig_conf **ret,
               struct mig_err *err)
{
    struct parser p = {.at = text, .end = text + len, .line = 1, .err = err};
    struct mig_conf *conf = calloc(1, sizeof *conf);
    int rc = -ENOMEM;

    if (conf != NULL)
        conf->file = strdup(name);
    if (conf == NULL || conf->file == NULL) {
        mig_conf_free(conf);
        return mig_err_set(err, rc, "%s: out of memory", name);
    }
    p.conf = conf;
    if (len > CONF_MAX_BYTES)
        rc = mig_err_set(err, MIG_E_LIMIT, "%s: %zu bytes, at most %u are allowed", name, len,
                         CONF_MAX_BYTES);
    else if (len > 0 && (memchr(text, 0, len) != NULL || !mig_utf8_valid(text, len)))
        rc = mig_err_set(err, MIG_E_CONFIG, "%s: not a text file in UTF-8", name);
    else
        rc = parse(&p);
    if (rc != 0) {
        mig_conf_free(conf);
        return rc;
    }
    *ret = conf;
    return 0;
}

int
mig_conf_load(const char *path, struct mig_conf **ret, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int rc = mig_file_read(path, CONF_MAX_BYTES, &text, err);

    if (rc == 0)
        rc = mig_conf_parse(path, text.data, text.len, ret, err);
    mig_buf_fini(&text);
    return rc;
}

static const struct entry *
last_entry(struct mig_conf *conf, const char *name)
{
    for (size_t i = conf->count; i > 0; i--) {
        if (strcasecmp(conf->entries[i - 1].name, name) == 0)
            return &conf->entries[i - 1];
    }
    return NULL;
}

const char *
mig_conf_get(struct mig_conf *conf, const char *name, const char *fallback)
{
    const struct entry *entry = last_entry(conf, name);

    return entry != NULL ? entry->value : fallback;
}

const char *
mig_conf_get_nth(struct mig_conf *conf, const char *name, size_t index)
{
    for (size_t i = 0; i < conf->count; i++) {
        if (strcasecmp(conf->entries[i].name, name) != 0)
            continue;
        if (index-- == 0)
            return conf->entries[i].value;
    }
    return NULL;
}

static int
bad_value(struct mig_conf *conf, const struct entry *entry, const char *expected,
          struct mig_err *err)
{
    return mig_err_set(err, MIG_E_CONFIG, "%s:%u: %s: expected %s, found \"%s\"", conf->file,
                       entry->line, entry->name, expected, entry->value);
}

int
mig_conf_get_bool(struct mig_conf *conf, const char *name, int fallback, int *ret,
                  struct mig_err *err)
{
    static const char *const on[] = {"on", "yes", "true", "1"};
    static const char *const off[] = {"off", "no", "false", "0"};
    const struct entry *entry = last_entry(conf, name);

    if (entry == NULL) {
        *ret = fallback;
        return 0;
    }
    for (size_t i = 0; i < sizeof on / sizeof on[0]; i++) {
        bool is_on = strcasecmp(entry->value, on[i]) == 0;
        if (is_on || strcasecmp(entry->value, off[i]) == 0) {
            *ret = is_on;
            return 0;
        }
    }
    return bad_value(conf, entry, "on or off (also yes, no, true, false)", err);
}

int
mig_conf_get_number(struct mig_conf *conf, const char *name, int64_t min, int64_t max,
                    int64_t fallback, int64_t *ret, struct mig_err *err)
{
    const struct entry *entry = last_entry(conf, name);
    char expected[96];
    char *end;
    long long value;

    if (entry == NULL) {
        *ret = fallback;
        return 0;
    }
    errno = 0;
    value = strtoll(entry->value, &end, 10);
    if (errno == 0 && end != entry->value && *end == '\0' && value >= min && value <= max) {
        *ret = value;
        return 0;
    }
    snprintf(expected, sizeof expected, "a whole number from %lld to %lld", (long long)min,
             (long long)max);
    return bad_value(conf, entry, expected, err);
}

int
mig_conf_get_duration(struct mig_conf *conf, const char *name, const char *fallback,
                      int64_t *ret_ms, struct mig_err *err)
{
    const struct entry *entry = last_entry(conf, name);
    int64_t ms;

    if (mig_duration_parse(entry != NULL ? entry->value : fallback, &ms) == 0 && ms >= 0) {
        *ret_ms = ms;
        return 0;
    }
    if (entry == NULL)
        return mig_err_set(err, MIG_E_CONFIG, "%s: %s: expected a duration, found \"%s\"",
                           conf->file, name, fallback);
    return bad_value(conf, entry, "a duration such as 300s, 5m or 1h30m", err);
}

int
mig_conf_only(struct mig_conf *conf, const char *const names[], struct mig_err *err)
{
    for (size_t i = 0; i < conf->count; i++) {
        bool known = false;
        for (size_t n = 0; names[n] != NULL && !known; n++)
            known = strcasecmp(conf->entries[i].name, names[n]) == 0;
        if (!known)
            return mig_err_set(err, MIG_E_CONFIG, "%s:%u: unknown key %s", conf->file,
                               conf->entries[i].line, conf->entries[i].name);
    }
    return 0;
}

char *
mig_conf_trimmed(const char *start, const char *end)
{
    while (start < end && isspace((unsigned char)*start))
        start++;
    while (end > start && isspace((unsigned char)end[-1]))
        end--;
    return strndup(start, (size_t)(end - start));
}
