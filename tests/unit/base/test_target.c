/* SPDX-License-Identifier: MPL-2.0 */
/* tests/fixtures/target/expressions.txt; tests/unit/store/targets.sh holds it against PostgreSQL.
 */
#include "config.h"

#include "unit.h"

#include <json-c/json.h>
#include <stdio.h>

#include "base/buf.h"
#include "base/file.h"
#include "document/target.h"

static const char environment[] = "{\"os\":\"linux\",\"arch\":\"amd64\",\"ident\":\"Debian 12 "
                                  "bookworm\",\"isproxied\":false,\"addresses\":[\"10.1.2.3/8\"]}";
static const char tags[] = "{\"operator\":\"IT\",\"odd\":\"100%\",\"quote\":\"it's\"}";

static struct mig_target_record record = {
    .name = "db1.example.net", .queueloc = "linux.abc", .mode = "daemon", .version = "1.0"};

static int
setup(void **state)
{
    (void)state;
    record.environment = json_tokener_parse(environment);
    record.tags = json_tokener_parse(tags);
    return record.environment && record.tags ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    json_object_put(record.environment);
    json_object_put(record.tags);
    return 0;
}

static void
test_expressions(void **state)
{
    static const char names[] = {
        [MIG_TARGET_FALSE] = 'F', [MIG_TARGET_TRUE] = 'T', [MIG_TARGET_UNDECIDED] = 'U'};
    const char *top = getenv("top_srcdir");
    struct mig_buf text = MIG_BUF_INIT;
    struct mig_err err = {0};
    char path[4096];
    unsigned wrong = 0, count = 0;

    (void)state;
    snprintf(path, sizeof(path), "%s/tests/fixtures/target/expressions.txt", top ? top : ".");
    assert_done(mig_file_read(path, 1 << 20, &text, &err), &err);
    for (char *save = NULL, *line = strtok_r(text.data, "\n", &save); line;
         line = strtok_r(NULL, "\n", &save)) {
        if (line[0] == '#')
            continue;
        char got = names[mig_target_evaluate(line + 2, &record)];

        count++;
        if (got == line[0])
            continue;
        print_error("expected %c, found %c: %s\n", line[0], got, line + 2);
        wrong++;
    }
    mig_buf_fini(&text);
    assert_int_equal(wrong, 0);
    assert_true(count > 100);
}

/* What an agent does not know of itself is not decided. */
static void
test_unknown_record(void **state)
{
    static const struct mig_target_record nothing = {0};

    (void)state;
    assert_int_equal(mig_target_evaluate("name = 'x'", &nothing), MIG_TARGET_UNDECIDED);
    assert_int_equal(mig_target_evaluate("tags->>'a' IS NULL", &nothing), MIG_TARGET_UNDECIDED);
    assert_int_equal(mig_target_evaluate("environment->>'a' = 'b'", &nothing),
                     MIG_TARGET_UNDECIDED);
    assert_int_equal(mig_target_evaluate("name = 'x' AND false", &nothing), MIG_TARGET_FALSE);
}

/* Deep, long and hostile ones end, undecided. */
static void
test_hostile(void **state)
{
    char text[4096];

    (void)state;
    memset(text, '(', 2000);
    text[2000] = '\0';
    assert_int_equal(mig_target_evaluate(text, &record), MIG_TARGET_UNDECIDED);
    text[0] = '\0';
    for (size_t i = 0; i < 500; i++)
        memcpy(text + 4 * i, "NOT ", 5);
    assert_int_equal(mig_target_evaluate(text, &record), MIG_TARGET_UNDECIDED);
    memset(text, ' ', 3000);
    memcpy(text + 3000, "true", 5);
    assert_int_equal(mig_target_evaluate(text, &record), MIG_TARGET_UNDECIDED);
    snprintf(text, sizeof(text), "name LIKE '%s'", "%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%a%b");
    assert_int_equal(mig_target_evaluate(text, &record), MIG_TARGET_FALSE);
    assert_int_equal(mig_target_evaluate("", &record), MIG_TARGET_UNDECIDED);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expressions),
        cmocka_unit_test(test_unknown_record),
        cmocka_unit_test(test_hostile),
    };

    return cmocka_run_group_tests_name("targets", tests, setup, teardown);
}
