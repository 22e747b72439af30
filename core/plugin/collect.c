/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/collect.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/json.h"
#include "base/time.h"
#include "document/command.h"
#include "plugin/fields.h"
#include "plugin/record.h"

#define KEY_MAX 255u
#define ERRORS_MAX 10000u
#define ERROR_BYTES_MAX 4096u

/* One member of the elements or statistics. */
struct slot {
    struct slot *next;
    char *key;
    size_t place; /* its number in the record; 0: it is not there yet */
    bool array;   /* text holds elements joined by ',', the brackets come at the end */
    struct mig_buf text;
};

struct part {
    struct slot *first;
    struct slot *last;
    struct slot *recent; /* most emits go where the one before went */
};

struct mig_collect {
    struct mig_host host;
    struct mig_collect_spec spec;
    pthread_mutex_t lock; /* guards all below */
    struct part elements;
    struct part statistics;
    struct mig_buf whole; /* set() without a key; replaces the elements' slots */
    struct mig_fields_report report;
    char **errors;
    size_t errors_count;
    size_t errors_cap;
    size_t errors_more; /* not kept */
    size_t places;      /* of the record */
    size_t used;        /* bytes of the result so far */
    size_t budget;
    bool full;
    bool stopped;
    bool found;
    char refusal[1024];
    struct mig_buf text;
};

static struct mig_collect *
of(const struct mig_host *host)
{
    return host->context;
}

static void
part_fini(struct part *part)
{
    struct slot *slot = part->first;
    while (slot != NULL) {
        struct slot *next = slot->next;
        free(slot->key);
        mig_buf_fini(&slot->text);
        free(slot);
        slot = next;
    }
    memset(part, 0, sizeof(*part));
}

static struct slot *
part_find(struct part *part, const char *key)
{
    if (part->recent != NULL && strcmp(part->recent->key, key) == 0)
        return part->recent;
    for (struct slot *slot = part->first; slot != NULL; slot = slot->next)
        if (strcmp(slot->key, key) == 0)
            return part->recent = slot;
    return NULL;
}

static struct slot *
part_make(struct part *part, const char *key)
{
    struct slot *slot = calloc(1, sizeof(*slot));
    if (slot == NULL)
        return NULL;
    slot->key = strdup(key);
    if (slot->key == NULL) {
        free(slot);
        return NULL;
    }
    if (part->last == NULL)
        part->first = slot;
    else
        part->last->next = slot;
    return part->last = part->recent = slot;
}

static void
part_add(const struct part *part, struct mig_buf *out)
{
    mig_buf_addc(out, '{');
    for (const struct slot *slot = part->first; slot != NULL; slot = slot->next) {
        if (slot != part->first)
            mig_buf_addc(out, ',');
        mig_json_add_string(out, slot->key, strlen(slot->key));
        mig_buf_addc(out, ':');
        if (slot->array)
            mig_buf_addc(out, '[');
        if (!slot->array && slot->text.len == 0) /* there was no memory for it */
            mig_buf_adds(out, "null");
        mig_buf_add(out, slot->text.data, slot->text.len);
        if (slot->array)
            mig_buf_addc(out, ']');
    }
    mig_buf_addc(out, '}');
}

/* Takes `bytes` from the budget, or notes that it is spent. */
static bool
afford(struct mig_collect *c, size_t bytes)
{
    if (!c->full && bytes <= c->budget - c->used) {
        c->used += bytes;
        return true;
    }
    if (!c->full) {
        c->full = true;
        mig_record_full(c->spec.record);
        if (c->spec.full != NULL)
            c->spec.full(c->spec.context);
    }
    return false;
}

static void
first_case(char to[128], const char from[128], size_t count)
{
    if (count == 0)
        memcpy(to, from, 128);
}

static void
report_merge(struct mig_fields_report *to, const struct mig_fields_report *from)
{
    first_case(to->first_undeclared, from->first_undeclared, to->undeclared);
    first_case(to->first_mistyped, from->first_mistyped, to->mistyped);
    first_case(to->first_cut, from->first_cut, to->cut);
    to->undeclared += from->undeclared;
    to->mistyped += from->mistyped;
    to->cut += from->cut;
}

static void
record_slot(struct mig_collect *c, const struct part *part, struct slot *slot, bool element,
            const struct mig_buf *text)
{
    struct mig_record *record = c->spec.record;

    if (slot->place == 0) {
        slot->place = ++c->places;
        mig_record_add(record, part == &c->statistics ? MIG_RECORD_STATISTIC_KEY : MIG_RECORD_KEY,
                       0, slot->key, strlen(slot->key));
    }
    mig_record_add(record, element ? MIG_RECORD_ELEMENT : MIG_RECORD_VALUE, slot->place, text->data,
                   text->len);
}

static int
put_slot(struct mig_collect *c, struct part *part, const char *key, bool element,
         const struct mig_buf *text)
{
    struct slot *slot = part_find(part, key);

    if (!afford(c, text->len + (element ? 1 : 0) + (element && slot != NULL ? 0 : strlen(key) + 6)))
        return -ENOBUFS;
    if (slot == NULL)
        slot = part_make(part, key);
    if (slot == NULL)
        return -ENOMEM;
    if (!element || !slot->array)
        mig_buf_reset(&slot->text);
    slot->array = element;
    /* A part of it would not be JSON. */
    if (mig_buf_reserve(&slot->text, text->len + 1) < 0)
        return -ENOMEM;
    if (element && slot->text.len > 0 && text->len > 0)
        mig_buf_addc(&slot->text, ',');
    mig_buf_add(&slot->text, text->data, text->len);
    record_slot(c, part, slot, element, text);
    return 0;
}

static int
put_whole(struct mig_collect *c, const struct mig_buf *text)
{
    if (!afford(c, text->len))
        return -ENOBUFS;
    mig_buf_reset(&c->whole);
    mig_record_add(c->spec.record, MIG_RECORD_WHOLE, 0, text->data, text->len);
    return mig_buf_add(&c->whole, text->data, text->len);
}

/* The common way of emit(), set() and statistic(). The text is checked and cut down outside the
 * lock. */
static int
put(struct mig_collect *c, const struct mig_fields_place *where, const char *json, size_t len)
{
    struct mig_fields_place place = *where;
    struct mig_fields_report report = {0};
    struct mig_buf text = MIG_BUF_INIT;
    int kept = 1;

    if (place.key != NULL && (strnlen(place.key, KEY_MAX + 1) > KEY_MAX ||
                              !mig_utf8_valid(place.key, strlen(place.key))))
        return -EINVAL;
    place.private_mode = c->spec.private_mode;
    if (json == NULL && !place.element)
        return -EINVAL;
    if (json != NULL) {
        if (mig_json_check(json, len, NULL, NULL) != 0)
            return -EINVAL;
        if (c->spec.fields == NULL)
            kept = mig_buf_add(&text, json, len) == 0 ? 1 : -ENOMEM;
        else
            kept = mig_fields_filter(c->spec.fields, &place, json, len, &text, &report);
    }
    pthread_mutex_lock(&c->lock);
    if (report.undeclared + report.mistyped + report.cut > 0) {
        report_merge(&c->report, &report);
        mig_record_report(c->spec.record, &c->report);
    }
    int rc = kept < 0 ? kept : 0;
    if (kept == 1 && place.key == NULL)
        rc = put_whole(c, &text);
    else if (kept == 1)
        rc = put_slot(c, place.statistics ? &c->statistics : &c->elements, place.key, place.element,
                      &text);
    pthread_mutex_unlock(&c->lock);
    mig_buf_fini(&text);
    return rc;
}

static int
host_emit(const struct mig_host *host, const char *key, const char *json, size_t length)
{
    struct mig_fields_place place = {.key = key, .element = true};
    return key == NULL ? -EINVAL : put(of(host), &place, json, length);
}

static int
host_set(const struct mig_host *host, const char *key, const char *json, size_t length)
{
    struct mig_fields_place place = {.key = key};
    return put(of(host), &place, json, length);
}

static int
host_statistic(const struct mig_host *host, const char *key, const char *json, size_t length)
{
    struct mig_fields_place place = {.statistics = true, .key = key};
    return key == NULL ? -EINVAL : put(of(host), &place, json, length);
}

static void
host_found(const struct mig_host *host, int found)
{
    struct mig_collect *c = of(host);
    pthread_mutex_lock(&c->lock);
    c->found = found != 0;
    mig_record_found(c->spec.record, c->found);
    pthread_mutex_unlock(&c->lock);
}

static int
keep_error(struct mig_collect *c, const char *message)
{
    size_t len = strnlen(message, ERROR_BYTES_MAX);
    if (c->errors_count >= ERRORS_MAX) {
        c->errors_more++;
        return 0;
    }
    /* An escaped byte takes up to six, and there are the quotes and the comma. */
    if (!afford(c, 6 * len + 3)) {
        c->errors_more++;
        return -ENOBUFS;
    }
    if (c->errors_count == c->errors_cap) {
        size_t cap = c->errors_cap == 0 ? 16 : 2 * c->errors_cap;
        char **more = realloc(c->errors, cap * sizeof(*more));
        if (more == NULL)
            return -ENOMEM;
        c->errors = more;
        c->errors_cap = cap;
    }
    char *copy = strndup(message, len);
    if (copy == NULL)
        return -ENOMEM;
    c->errors[c->errors_count++] = copy;
    mig_record_add(c->spec.record, MIG_RECORD_ERROR, 0, copy, len);
    return 0;
}

static int
host_error(const struct mig_host *host, const char *message)
{
    struct mig_collect *c = of(host);
    if (message == NULL)
        return -EINVAL;
    /* Soft errors name files and hosts: what the site masks in the fields must not come out here.
     */
    if (c->spec.private_mode && c->spec.fields != NULL && mig_fields_any_private(c->spec.fields))
        message = "masked";
    pthread_mutex_lock(&c->lock);
    int rc = keep_error(c, message);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

static void
host_log(const struct mig_host *host, uint32_t level, const char *message)
{
    struct mig_collect *c = of(host);
    if (c->spec.log != NULL && message != NULL)
        c->spec.log(c->spec.context, level, message);
}

static int
host_cancelled(const struct mig_host *host)
{
    struct mig_collect *c = of(host);
    pthread_mutex_lock(&c->lock);
    if (mig_time_monotonic_ms() >= c->spec.stop_at)
        c->stopped = true;
    bool stop = c->stopped || c->full;
    pthread_mutex_unlock(&c->lock);
    return stop;
}

static int64_t
host_remaining(const struct mig_host *host)
{
    int64_t left = of(host)->spec.deadline - mig_time_monotonic_ms();
    return left > 0 ? left : 0;
}

static void
host_refuse(const struct mig_host *host, const char *message)
{
    struct mig_collect *c = of(host);
    pthread_mutex_lock(&c->lock);
    snprintf(c->refusal, sizeof(c->refusal), "%s", message != NULL ? message : "");
    pthread_mutex_unlock(&c->lock);
}

/* Calls are told apart by a NUL behind each, which no text of them holds. */
static int
host_output(const struct mig_host *host, const char *text, size_t length)
{
    struct mig_collect *c = of(host);
    if (text == NULL || memchr(text, '\0', length) != NULL || !mig_utf8_valid(text, length))
        return -EINVAL;
    pthread_mutex_lock(&c->lock);
    int rc = -ENOBUFS;
    if (afford(c, length + 1)) {
        mig_buf_add(&c->text, text, length);
        rc = mig_buf_addc(&c->text, '\0');
    }
    pthread_mutex_unlock(&c->lock);
    return rc;
}

static int
host_private_mode(const struct mig_host *host)
{
    return of(host)->spec.private_mode;
}

int
mig_collect_new(const struct mig_collect_spec *spec, struct mig_collect **ret, struct mig_err *err)
{
    struct mig_collect *c = calloc(1, sizeof(*c));
    if (c == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    c->spec = *spec;
    if (c->spec.output_max == 0)
        c->spec.output_max = MIG_COLLECT_OUTPUT_MAX;
    /* The rest is for the result's frame and the host's own errors. */
    c->budget = c->spec.output_max - (c->spec.output_max < 16384 ? c->spec.output_max / 4 : 4096);
    pthread_mutex_init(&c->lock, NULL);
    c->host = (struct mig_host){
        .struct_size = sizeof(struct mig_host),
        .abi_major = MIG_ABI_MAJOR,
        .abi_minor = MIG_ABI_MINOR,
        .context = c,
        .emit = host_emit,
        .set = host_set,
        .statistic = host_statistic,
        .found = host_found,
        .error = host_error,
        .log = host_log,
        .cancelled = host_cancelled,
        .remaining = host_remaining,
        .refuse = host_refuse,
        .output = host_output,
        .private_mode = host_private_mode,
    };
    *ret = c;
    return 0;
}

void
mig_collect_free(struct mig_collect *c)
{
    if (c == NULL)
        return;
    part_fini(&c->elements);
    part_fini(&c->statistics);
    mig_buf_fini(&c->whole);
    mig_buf_fini(&c->text);
    for (size_t i = 0; i < c->errors_count; i++)
        free(c->errors[i]);
    free(c->errors);
    pthread_mutex_destroy(&c->lock);
    free(c);
}

const struct mig_host *
mig_collect_host(const struct mig_collect *c)
{
    return &c->host;
}

void
mig_collect_restore(struct mig_collect *c, const struct mig_fields_report *report, bool full)
{
    pthread_mutex_lock(&c->lock);
    report_merge(&c->report, report);
    c->full |= full;
    pthread_mutex_unlock(&c->lock);
}

bool
mig_collect_stopped(struct mig_collect *c)
{
    pthread_mutex_lock(&c->lock);
    bool stopped = c->stopped;
    pthread_mutex_unlock(&c->lock);
    return stopped;
}

void
mig_collect_refusal(struct mig_collect *c, char *text, size_t size)
{
    pthread_mutex_lock(&c->lock);
    snprintf(text, size, "%s", c->refusal);
    pthread_mutex_unlock(&c->lock);
}

/* ---- results ---- */

struct notes {
    char text[5][320];
    size_t count;
};

static void
add_case(struct notes *notes, size_t count, const char *one, const char *many, const char *first)
{
    if (count > 0)
        snprintf(notes->text[notes->count++], sizeof(notes->text[0]), "%zu %s (first: %s)", count,
                 count == 1 ? one : many, first);
}

/* What the host itself has to say. */
static void
make_notes(const struct mig_collect *c, struct notes *notes)
{
    const struct mig_fields_report *r = &c->report;
    add_case(notes, r->undeclared, "undeclared field was dropped", "undeclared fields were dropped",
             r->first_undeclared);
    add_case(notes, r->mistyped, "field of the wrong type was dropped",
             "fields of the wrong type were dropped", r->first_mistyped);
    add_case(notes, r->cut, "text was cut to its greatest length",
             "texts were cut to their greatest length", r->first_cut);
    if (c->errors_more > 0)
        snprintf(notes->text[notes->count++], sizeof(notes->text[0]), "%zu more errors not shown",
                 c->errors_more);
    if (c->full)
        snprintf(notes->text[notes->count++], sizeof(notes->text[0]),
                 "output limit of %zu bytes reached: the result is partial", c->spec.output_max);
}

static int
result_locked(struct mig_collect *c, bool success, const char *reason, struct mig_buf *out)
{
    struct mig_buf elements = MIG_BUF_INIT;
    struct mig_buf statistics = MIG_BUF_INIT;
    struct notes notes = {.count = 0};
    const char **errors = NULL;
    int rc = -ENOMEM;

    make_notes(c, &notes);
    errors = calloc(c->errors_count + notes.count + 2, sizeof(*errors));
    if (errors == NULL)
        goto out;
    size_t n = 0;
    if (reason != NULL)
        errors[n++] = reason;
    for (size_t i = 0; i < c->errors_count; i++)
        errors[n++] = c->errors[i];
    for (size_t i = 0; i < notes.count; i++)
        errors[n++] = notes.text[i];
    if (c->whole.len == 0)
        part_add(&c->elements, &elements);
    part_add(&c->statistics, &statistics);
    if (elements.failed || statistics.failed)
        goto out;
    rc = mig_result_json(out, c->found, success, c->whole.len > 0 ? c->whole.data : elements.data,
                         statistics.data, n > 0 ? errors : NULL);
out:
    free(errors);
    mig_buf_fini(&elements);
    mig_buf_fini(&statistics);
    return rc;
}

int
mig_collect_result(struct mig_collect *c, bool success, const char *reason, struct mig_buf *out)
{
    pthread_mutex_lock(&c->lock);
    int rc = result_locked(c, success, reason, out);
    pthread_mutex_unlock(&c->lock);
    return rc;
}

int
mig_collect_text(struct mig_collect *c, bool lines, struct mig_buf *out)
{
    pthread_mutex_lock(&c->lock);
    for (size_t at = 0; at < c->text.len;) {
        size_t len = strlen(c->text.data + at);
        if (!lines)
            mig_buf_reset(out); /* the last call counts */
        mig_buf_add(out, c->text.data + at, len);
        if (lines)
            mig_buf_addc(out, '\n');
        at += len + 1;
    }
    pthread_mutex_unlock(&c->lock);
    return out->failed ? -ENOMEM : 0;
}
