/* SPDX-License-Identifier: MPL-2.0 */
/* The signed text of every case of tests/fixtures/vectors, byte for byte. */
#include "config.h"

#include "unit.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/json.h"
#include "document/action.h"

struct vector {
    char *name;
    char *action; /* as it stands in the file: objects would hide what is tested */
    char *signed_text;
    size_t signed_len;
    char *refuse; /* NULL: it must be read */
};

/* Replaces the one occurrence of `from`. */
static void
restore(char **text, const char *from, const char *to)
{
    char *at = strstr(*text, from);
    char *made = NULL;

    if (at == NULL ||
        asprintf(&made, "%.*s%s%s", (int)(at - *text), *text, to, at + strlen(from)) < 0) {
        fprintf(stderr, "vectors: no \"%s\"\n", from);
        exit(1);
    }
    free(*text);
    *text = made;
}

/* What the file lost, see the README beside it. */
static void
restore_original(struct vector *v)
{
    if (strcmp(v->name, "numbers") == 0)
        restore(&v->action, "\"b\": 0", "\"b\": -0");
    if (strncmp(v->name, "duplicate keys", 14) == 0)
        restore(&v->action, "\"a\": 2", "\"a\": 1, \"a\": 2");
}

static void
check_vector(void **state)
{
    const struct vector *v = *state;
    struct mig_err err = {0};
    struct mig_action *action = NULL;
    struct mig_buf text = MIG_BUF_INIT;
    int rc = mig_action_parse(v->action, strlen(v->action), &action, &err);

    if (v->refuse != NULL) {
        assert_int_not_equal(rc, 0);
        assert_null(action);
        assert_holds(err.text, v->refuse);
        return;
    }
    assert_done(rc, &err);
    assert_int_equal(mig_action_signed_text(action, &text), 0);
    assert_string_equal(text.data, v->signed_text);
    assert_int_equal(text.len, v->signed_len);
    mig_buf_fini(&text);
    mig_action_free(action);
}

/* The signed text of what is written is that of what was read. */
static void
check_round_trip(void **state)
{
    const struct vector *v = *state;
    struct mig_err err = {0};
    struct mig_action *action = NULL;
    struct mig_action *again = NULL;
    struct mig_buf json = MIG_BUF_INIT;
    struct mig_buf text = MIG_BUF_INIT;

    assert_done(mig_action_parse(v->action, strlen(v->action), &action, &err), &err);
    assert_int_equal(mig_action_json(action, &json), 0);
    assert_done(mig_action_parse(json.data, json.len, &again, &err), &err);
    assert_int_equal(mig_action_signed_text(again, &text), 0);
    assert_string_equal(text.data, v->signed_text);
    mig_buf_fini(&text);
    mig_buf_fini(&json);
    mig_action_free(action);
    mig_action_free(again);
}

static void
read_vector(const char *text, size_t len, struct json_object *obj, struct vector *v)
{
    struct json_object *item = NULL;
    const char *raw;
    size_t raw_len;

    json_object_object_get_ex(obj, "case", &item);
    v->name = strdup(json_object_get_string(item));
    json_object_object_get_ex(obj, "signed", &item);
    v->signed_text = strdup(json_object_get_string(item));
    v->signed_len = (size_t)json_object_get_string_len(item);
    if (json_object_object_get_ex(obj, "refuse", &item))
        v->refuse = strdup(json_object_get_string(item));
    if (mig_json_raw_member(text, len, "action", &raw, &raw_len) != 0)
        exit(1);
    v->action = strndup(raw, raw_len);
    restore_original(v);
}

static void
free_vector(struct vector *v)
{
    free(v->name);
    free(v->action);
    free(v->signed_text);
    free(v->refuse);
}

int
main(void)
{
    enum { CASES = 24 };
    struct vector vectors[CASES] = {0};
    struct CMUnitTest tests[2 * CASES] = {0};
    struct json_object *list = NULL;
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_err err = {0};
    char path[4096];
    const char *top = getenv("top_srcdir");
    const char *raw;
    size_t raw_len;
    size_t cursor = 0;
    size_t count = 0;
    size_t vectors_count = 0;
    int failed;

    snprintf(path, sizeof path, "%s/tests/fixtures/vectors/signed-text.json", top ? top : ".");
    if (mig_file_read(path, 1u << 20, &text, &err) != 0 ||
        mig_json_parse(text.data, text.len, NULL, &list, &err) != 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    while (vectors_count < CASES &&
           mig_json_raw_next(text.data, text.len, &cursor, &raw, &raw_len) == 0) {
        struct vector *v = &vectors[vectors_count];
        read_vector(raw, raw_len, json_object_array_get_idx(list, vectors_count++), v);
        tests[count++] =
            (struct CMUnitTest){.name = v->name, .test_func = check_vector, .initial_state = v};
    }
    if (vectors_count != CASES || json_object_array_length(list) != CASES) {
        fprintf(stderr, "%s: expected %d cases, found %zu\n", path, CASES,
                json_object_array_length(list));
        return 1;
    }
    for (size_t i = 0; i < CASES; i++) {
        if (vectors[i].refuse == NULL)
            tests[count++] = (struct CMUnitTest){.name = vectors[i].name,
                                                 .test_func = check_round_trip,
                                                 .initial_state = &vectors[i]};
    }
    failed = _cmocka_run_group_tests("signed text and round trip", tests, count, NULL, NULL);
    for (size_t i = 0; i < CASES; i++)
        free_vector(&vectors[i]);
    json_object_put(list);
    mig_buf_fini(&text);
    return failed;
}
