/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/fields.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "plugin/table.h"

enum step { STEP_ROOT, STEP_NAME, STEP_ANY, STEP_ARRAY };

/* The paths of a table as a tree; a node with `leaf` is a declared field. */
struct node {
    enum step step;
    char *name; /* STEP_NAME */
    size_t name_len;
    struct node *child;
    struct node *next;
    bool leaf;
    uint32_t type;
    uint32_t flags;
    size_t max;
};

struct mig_fields {
    struct node elements;
    struct node statistics;
    bool any_private;
};

/* Where the walk is, for messages; frames live on the stack of the recursion. */
struct frame {
    const struct frame *up;
    const char *name; /* NULL: an array element */
    size_t len;
};

struct walk {
    const char *p;
    const char *end;
    struct mig_buf *out;
    struct mig_fields_report *report;
    bool private_mode;
};

static void
node_free_children(struct node *node)
{
    struct node *child = node->child;
    while (child != NULL) {
        struct node *next = child->next;
        node_free_children(child);
        free(child->name);
        free(child);
        child = next;
    }
    node->child = NULL;
}

static struct node *
node_child(struct node *node, enum step step, const char *name, size_t len)
{
    struct node *child;
    for (child = node->child; child != NULL; child = child->next)
        if (child->step == step &&
            (step != STEP_NAME || (child->name_len == len && memcmp(child->name, name, len) == 0)))
            return child;

    child = calloc(1, sizeof(*child));
    if (child == NULL)
        return NULL;
    child->step = step;
    if (step == STEP_NAME) {
        child->name = strndup(name, len);
        child->name_len = len;
        if (child->name == NULL) {
            free(child);
            return NULL;
        }
    }
    child->next = node->child;
    node->child = child;
    return child;
}

/* Takes one step of a path: returns its length, 0 when the path is malformed. */
static size_t
path_step(const char *path, bool first, enum step *ret_step, const char **ret_name, size_t *ret_len)
{
    if (strncmp(path, "[]", 2) == 0) {
        *ret_step = STEP_ARRAY;
        return 2;
    }
    size_t skip = 0;
    if (*path == '.') {
        if (first)
            return 0;
        skip = 1;
    } else if (!first) {
        return 0;
    }
    size_t len = strcspn(path + skip, ".[");
    if (len == 0)
        return 0;
    *ret_name = path + skip;
    *ret_len = len;
    *ret_step = len == 1 && path[skip] == '*' ? STEP_ANY : STEP_NAME;
    return skip + len;
}

static int
fields_add(struct mig_fields *fields, const struct mig_field *field, struct mig_err *err)
{
    struct node *node =
        field->flags & MIG_FIELD_STATISTICS ? &fields->statistics : &fields->elements;
    const char *path = field->path;

    if (path == NULL || *path == '\0')
        return mig_err_set(err, MIG_E_PLUGIN, "a field without a path");
    if (field->type < MIG_FIELD_STRING || field->type > MIG_FIELD_ECHO)
        return mig_err_set(err, MIG_E_PLUGIN, "field '%s' has the unknown type %u", path,
                           field->type);
    /* All of the elements are one value. */
    if (strcmp(path, ".") == 0)
        path = "";
    for (bool first = true; *path != '\0'; first = false) {
        enum step step = STEP_ROOT;
        const char *name = NULL;
        size_t len = 0;
        size_t used = path_step(path, first, &step, &name, &len);
        if (used == 0)
            return mig_err_set(err, MIG_E_PLUGIN, "field path '%s' is malformed at '%s'",
                               field->path, path);
        node = node_child(node, step, name, len);
        if (node == NULL)
            return mig_err_set(err, -ENOMEM, "out of memory");
        path += used;
    }
    if (node->leaf)
        return mig_err_set(err, MIG_E_PLUGIN, "field '%s' is declared twice", field->path);
    node->leaf = true;
    node->type = field->type;
    node->flags = field->flags;
    node->max = field->max == 0 || field->max > SIZE_MAX ? MIG_FIELDS_STRING_MAX : field->max;
    fields->any_private |= (field->flags & MIG_FIELD_PRIVATE) != 0;
    return 0;
}

int
mig_fields_new(const struct mig_plugin *plugin, struct mig_fields **ret, struct mig_err *err)
{
    struct mig_fields *fields = calloc(1, sizeof(*fields));
    if (fields == NULL)
        return mig_err_set(err, -ENOMEM, "out of memory");
    for (size_t i = 0; i < plugin->fields_count; i++) {
        struct mig_field field;
        mig_table_field(plugin, i, &field);
        int rc = fields_add(fields, &field, err);
        if (rc != 0) {
            mig_fields_free(fields);
            return rc;
        }
    }
    *ret = fields;
    return 0;
}

void
mig_fields_free(struct mig_fields *fields)
{
    if (fields == NULL)
        return;
    node_free_children(&fields->elements);
    node_free_children(&fields->statistics);
    free(fields);
}

bool
mig_fields_any_private(const struct mig_fields *fields)
{
    return fields->any_private;
}

/* ---- reports ---- */

static size_t
frame_text(const struct frame *frame, char *text, size_t size)
{
    if (frame == NULL)
        return 0;
    size_t at = frame_text(frame->up, text, size);
    int n = frame->name == NULL ? snprintf(text + at, size - at, "[]")
                                : snprintf(text + at, size - at, "%s%.*s", at > 0 ? "." : "",
                                           (int)(frame->len > 64 ? 64 : frame->len), frame->name);
    if (n < 0)
        return at;
    at += (size_t)n;
    return at < size ? at : size - 1;
}

static void
note(size_t *count, char first[128], const struct frame *frame)
{
    if ((*count)++ > 0)
        return;
    if (frame_text(frame, first, 128) == 0)
        snprintf(first, 128, "(all)");
}

/* ---- reading valid JSON ---- */

static void
skip_space(struct walk *w)
{
    while (w->p < w->end && (*w->p == ' ' || *w->p == '\t' || *w->p == '\n' || *w->p == '\r'))
        w->p++;
}

/* Past the string at p, whose first byte is the quote. */
static void
skip_string(struct walk *w)
{
    w->p++;
    while (w->p < w->end && *w->p != '"')
        w->p += *w->p == '\\' && w->end - w->p > 1 ? 2 : 1;
    if (w->p < w->end)
        w->p++;
}

static void
skip_value(struct walk *w)
{
    size_t depth = 0;
    skip_space(w);
    while (w->p < w->end) {
        char c = *w->p;
        if (c == '"') {
            skip_string(w);
        } else if (c == '{' || c == '[') {
            depth++;
            w->p++;
        } else if (c == '}' || c == ']') {
            if (depth == 0)
                return; /* the end of what holds a bare value */
            depth--;
            w->p++;
        } else if (depth == 0) {
            size_t rest = (size_t)(w->end - w->p);
            size_t n = 0;
            while (n < rest && strchr(",]} \t\r\n", w->p[n]) == NULL)
                n++;
            w->p += n > 0 ? n : 1;
            return;
        } else {
            w->p++;
        }
        if (depth == 0)
            return;
    }
}

/* ---- writing what may pass ---- */

/* One character of a string's raw text: its raw length, and its length in UTF-8. */
static size_t
string_unit(const char *p, const char *end, size_t *ret_decoded)
{
    unsigned char c = (unsigned char)*p;
    size_t raw = c < 0x80 ? 1 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : 4;
    *ret_decoded = raw;
    if (c == '\\' && end - p > 1) {
        raw = 2;
        *ret_decoded = 1;
        if (p[1] == 'u' && end - p >= 6) {
            char digits[5] = {p[2], p[3], p[4], p[5], '\0'};
            unsigned long code = strtoul(digits, NULL, 16);
            raw = 6;
            *ret_decoded = code < 0x80 ? 1 : code < 0x800 ? 2 : 3;
            /* Both halves of a surrogate pair are one character of four bytes. */
            if (code >= 0xd800 && code < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u') {
                raw = 12;
                *ret_decoded = 4;
            }
        }
    }
    return raw > (size_t)(end - p) ? (size_t)(end - p) : raw;
}

static void
put_string(struct walk *w, const struct node *node, const struct frame *frame)
{
    const char *start = w->p;
    skip_string(w);
    const char *end = w->p - 1; /* the closing quote */
    const char *p = start + 1;
    size_t decoded = 0;

    /* A raw text is never shorter than what it stands for, so most strings need no look inside. */
    if ((size_t)(end - p) <= node->max) {
        mig_buf_add(w->out, start, (size_t)(w->p - start));
        return;
    }
    while (p < end) {
        size_t unit;
        size_t raw = string_unit(p, end, &unit);
        if (decoded + unit > node->max)
            break;
        decoded += unit;
        p += raw;
    }
    if (p < end)
        note(&w->report->cut, w->report->first_cut, frame);
    mig_buf_add(w->out, start, (size_t)(p - start));
    mig_buf_addc(w->out, '"');
}

static bool
type_fits(const struct node *node, char c)
{
    switch (node->type) {
    case MIG_FIELD_STRING:
        return c == '"';
    case MIG_FIELD_NUMBER:
        return c == '-' || (c >= '0' && c <= '9');
    case MIG_FIELD_BOOL:
        return c == 't' || c == 'f';
    case MIG_FIELD_ECHO:
        return true;
    default:
        return false;
    }
}

static bool
null_fits(const struct node *node)
{
    if (node->leaf && (node->flags & MIG_FIELD_NULLABLE || node->type == MIG_FIELD_ECHO))
        return true;
    /* "addresses[]" that is nullable also lets the array itself be null, as Go writes an empty one.
     */
    for (const struct node *child = node->child; child != NULL; child = child->next)
        if (child->step == STEP_ARRAY && child->leaf && child->flags & MIG_FIELD_NULLABLE)
            return true;
    return false;
}

static bool
put_leaf(struct walk *w, const struct node *node, const struct frame *frame)
{
    const char *start = w->p;
    bool empty = w->end - start >= 2 && start[0] == '"' && start[1] == '"';

    if (!type_fits(node, *start)) {
        skip_value(w);
        note(&w->report->mistyped, w->report->first_mistyped, frame);
        return false;
    }
    if (w->private_mode && node->flags & MIG_FIELD_PRIVATE && !empty) {
        skip_value(w);
        mig_buf_adds(w->out, "\"masked\"");
    } else if (node->type == MIG_FIELD_STRING) {
        put_string(w, node, frame);
    } else {
        skip_value(w);
        mig_buf_add(w->out, start, (size_t)(w->p - start));
    }
    return true;
}

static bool filter_value(struct walk *w, const struct node *node, const struct frame *frame);

static const struct node *
find_member(const struct node *node, const char *name, size_t len)
{
    const struct node *any = NULL;
    for (const struct node *child = node->child; child != NULL; child = child->next) {
        if (child->step == STEP_NAME && child->name_len == len &&
            memcmp(child->name, name, len) == 0)
            return child;
        if (child->step == STEP_ANY && len <= MIG_FIELDS_NAME_MAX)
            any = child;
    }
    return any;
}

static const struct node *
find_array(const struct node *node)
{
    for (const struct node *child = node->child; child != NULL; child = child->next)
        if (child->step == STEP_ARRAY)
            return child;
    return NULL;
}

/* Filters one member or element at p; takes back `before` bytes when it is dropped. */
static bool
filter_part(struct walk *w, const struct node *node, const struct frame *frame, size_t before)
{
    if (node == NULL) {
        note(&w->report->undeclared, w->report->first_undeclared, frame);
        skip_value(w);
    } else if (filter_value(w, node, frame)) {
        return true;
    }
    if (!w->out->failed && w->out->data != NULL) {
        w->out->len = before;
        w->out->data[before] = '\0';
    }
    return false;
}

static void
filter_object(struct walk *w, const struct node *node, const struct frame *up)
{
    bool some = false;
    w->p++;
    mig_buf_addc(w->out, '{');
    for (skip_space(w); w->p < w->end && *w->p != '}'; skip_space(w)) {
        size_t before = w->out->len;
        if (some)
            mig_buf_addc(w->out, ',');
        const char *name = w->p;
        skip_string(w);
        struct frame frame = {up, name + 1, (size_t)(w->p - name) - 2};
        mig_buf_add(w->out, name, (size_t)(w->p - name));
        mig_buf_addc(w->out, ':');
        skip_space(w);
        w->p++; /* the colon */
        skip_space(w);
        some |= filter_part(w, find_member(node, frame.name, frame.len), &frame, before);
        skip_space(w);
        if (w->p < w->end && *w->p == ',')
            w->p++;
    }
    w->p++;
    mig_buf_addc(w->out, '}');
}

static void
filter_array(struct walk *w, const struct node *element, const struct frame *up)
{
    bool some = false;
    struct frame frame = {up, NULL, 0};
    w->p++;
    mig_buf_addc(w->out, '[');
    for (skip_space(w); w->p < w->end && *w->p != ']'; skip_space(w)) {
        size_t before = w->out->len;
        if (some)
            mig_buf_addc(w->out, ',');
        some |= filter_part(w, element, &frame, before);
        skip_space(w);
        if (w->p < w->end && *w->p == ',')
            w->p++;
    }
    w->p++;
    mig_buf_addc(w->out, ']');
}

static bool
has_members(const struct node *node)
{
    for (const struct node *child = node->child; child != NULL; child = child->next)
        if (child->step != STEP_ARRAY)
            return true;
    return false;
}

/* Appends the value at p when it may pass, and steps past it either way. */
static bool
filter_value(struct walk *w, const struct node *node, const struct frame *frame)
{
    skip_space(w);
    if (w->p >= w->end)
        return false;
    char c = *w->p;
    if (c == 'n') {
        skip_value(w);
        if (null_fits(node)) {
            mig_buf_adds(w->out, "null");
            return true;
        }
        note(&w->report->mistyped, w->report->first_mistyped, frame);
        return false;
    }
    const struct node *element = c == '[' ? find_array(node) : NULL;
    if (element != NULL) {
        filter_array(w, element, frame);
        return true;
    }
    if (c == '{' && has_members(node)) {
        filter_object(w, node, frame);
        return true;
    }
    if (node->leaf)
        return put_leaf(w, node, frame);
    skip_value(w);
    note(&w->report->mistyped, w->report->first_mistyped, frame);
    return false;
}

int
mig_fields_filter(const struct mig_fields *fields, const struct mig_fields_place *place,
                  const char *json, size_t len, struct mig_buf *out,
                  struct mig_fields_report *report)
{
    const struct node *node = place->statistics ? &fields->statistics : &fields->elements;
    struct walk w = {json, json + len, out, report, place->private_mode};
    struct frame key = {NULL, place->key, place->key != NULL ? strlen(place->key) : 0};
    struct frame element = {&key, NULL, 0};
    const struct frame *frame = place->key == NULL ? NULL : place->element ? &element : &key;
    size_t before = out->len;

    if (place->key != NULL)
        node = find_member(node, key.name, key.len);
    if (place->key != NULL && place->element && node != NULL)
        node = find_array(node);
    bool kept = filter_part(&w, node, frame, before);
    return out->failed ? -ENOMEM : kept;
}
