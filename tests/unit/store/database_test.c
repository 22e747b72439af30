/* SPDX-License-Identifier: MPL-2.0 */
/* The store against a real PostgreSQL, which database.sh starts and lays: MIG_TEST_DB is a
 * connection string without a user. */
#include "config.h"
#include "store_test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAX_TESTS 128

int
main(void)
{
    static const struct store_tests *const all[] = {&roles_tests,    &targets_tests, &intake_tests,
                                                    &dispatch_tests, &collect_tests, &agents_tests};
    static struct CMUnitTest tests[MAX_TESTS];
    size_t count = 0;

    if (!getenv("MIG_TEST_DB")) {
        puts("1..0 # SKIP started by database.sh, which sets MIG_TEST_DB");
        return 0;
    }
    /* One plan of TAP, so one group. */
    for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
        if (all[i]->count > MAX_TESTS - count)
            return 99;
        memcpy(tests + count, all[i]->tests, all[i]->count * sizeof(*tests));
        count += all[i]->count;
    }
    return _cmocka_run_group_tests("store database", tests, count, open_all, close_all);
}
