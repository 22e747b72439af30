/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Parameters and results for plugin authors: a thin layer on json-c. Link with libmig-sdk and
 * json-c.
 *
 * Values are json-c's; only text crosses to the host. The getters below take an object (or NULL)
 * and a member name. They give 0 when the member is absent or null and leave *ret_value as it was,
 * 1 when it was taken, and -EINVAL after host->refuse() with a message that names the member and
 * says what was expected, when it has another type.
 */
#ifndef MIG_JSON_H
#define MIG_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

struct json_object;

/* host->refuse() with a formatted message; gives `code`, for `return mig_refuse(h, -EINVAL, …)`. */
int mig_refuse(const struct mig_host *host, int code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* Parses the parameters, which must be one JSON object. 0, or -EINVAL or -ENOMEM after refuse().
 * The caller releases *ret_object with json_object_put(). */
int mig_json_parameters(const struct mig_host *host, const char *text, size_t length,
                        struct json_object **ret_object);

/* 0 when the object (or NULL) is one and has none but the known members, else -EINVAL after
 * refuse(): "unknown parameter 'x', expected a and b", or, with `where`, "WHERE: unknown member
 * 'x', …". */
int mig_json_only(const struct mig_host *host, struct json_object *object, const char *where,
                  const char *const known[], size_t count);

int mig_json_get_bool(const struct mig_host *host, struct json_object *object, const char *member,
                      bool *ret_value);
/* A whole number from 0 to 2^53. */
int mig_json_get_number(const struct mig_host *host, struct json_object *object, const char *member,
                        uint64_t *ret_value);
/* Borrowed from the object. A string with a NUL inside is refused. */
int mig_json_get_string(const struct mig_host *host, struct json_object *object, const char *member,
                        const char **ret_value);
/* An array of strings, borrowed from the object. */
int mig_json_get_strings(const struct mig_host *host, struct json_object *object,
                         const char *member, struct json_object **ret_array);

/* The string at `index` of an array, borrowed; NULL when there is none. */
const char *mig_json_string_at(struct json_object *array, size_t index);

/* Compact text of a value as the host wants it ("/" is not escaped); owned by the value. */
const char *mig_json_text(struct json_object *value, size_t *ret_length);
/* host->emit(), set() and statistic() of a value, which is released. -ENOMEM when value is NULL. */
int mig_json_emit(const struct mig_host *host, const char *key, struct json_object *value);
int mig_json_set(const struct mig_host *host, const char *key, struct json_object *value);
int mig_json_statistic(const struct mig_host *host, const char *key, struct json_object *value);

/* For run() of a persistent plugin: asks the running instance, whose answer, a JSON object, becomes
 * the elements; something was found. What host->ask() gives. */
int mig_ask_instance(const struct mig_host *host, const char *question, size_t length);

/* host->error() with a formatted message: a soft error. */
int mig_error(const struct mig_host *host, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* For print(): host->output() with a formatted line. */
int mig_print(const struct mig_host *host, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* For print(): the prefix and the member's value, when it is there; an array gives a line an item.
 */
void mig_print_member(const struct mig_host *host, struct json_object *object, const char *member,
                      const char *prefix);

#define MIG_LINE_REST (1u << 0) /* left out with MIG_PRINT_FOUND_ONLY */

/* A line of print() for each value at `path` of the result, which is written as in the field
 * table, from the top: "elements.names[]", "statistics.count", "errors[]". `format` holds a "%s"
 * for the name of the member that the path's first '*' stands for, if there is a '*', and one for
 * the value. */
struct mig_line {
    const char *path;
    const char *format;
    uint32_t flags; /* MIG_LINE_* bits */
};
/* print() by a table: the lines in their order. 0, or -EINVAL after refuse() when the result is not
 * a JSON object. */
int mig_print_lines(const struct mig_host *host, const char *result, size_t length, uint32_t flags,
                    const struct mig_line *lines, size_t count);

#endif
