/* SPDX-License-Identifier: MPL-2.0 */
/* What the files of database_test share: connections as each role of the platform, a small fleet,
 * and steps of an action's life. Everything fails the test by itself. */
#ifndef MIG_TEST_STORE_TEST_H
#define MIG_TEST_STORE_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/json.h"
#include "base/time.h"
#include "store/array.h"
#include "store/db.h"

/* As postgres, migscheduler (twice), migapi and migtarget. */
extern struct mig_db *admin, *scheduler, *other, *api, *target;
int open_all(void **state);
int close_all(void **state);
/* A connection string for a role; valid until the next call. */
const char *conninfo(const char *user);
struct mig_db *open_as(const char *user);

/* The first value of the first row, "" for none; valid until the next call. */
const char *sql(struct mig_db *db, const char *format, ...);
int64_t number(struct mig_db *db, const char *text);

/* Three endpoints that are there, one of them with two agents, and one that is offline. */
int fresh(void **state);
int64_t new_action(const char *target_text, const char *from, const char *until);
const char *status_of(int64_t action);
/* Takes the action in for these agents; gives how many commands. */
int64_t prepare(int64_t action, const int64_t *agents, size_t count);
/* An action with two sent commands, of agents 1 (linux.a) and 3 (linux.b). */
int64_t running(int64_t commands[2]);
/* Stores one answer and lands its action; gives how many commands changed. */
size_t collect(int64_t command, const char *queueloc, const char *status, const char *results);
/* "status results" of the agent's command. */
const char *command_of(int agent);
void beat(const char *queueloc, int64_t pid);

struct target_case {
    const char *target;
    int code;
    int count;
    const char *message;
};
void run_target_cases(const struct target_case *cases, size_t count);

/* The cases of one file. */
struct store_tests {
    const struct CMUnitTest *tests;
    size_t count;
};
extern const struct store_tests agents_tests, collect_tests, dispatch_tests, intake_tests,
    roles_tests, targets_tests;
#define FRESH(test) cmocka_unit_test_setup(test, fresh)
#define STORE_TESTS(name)                                                                          \
    const struct store_tests name##_tests = {tests, sizeof(tests) / sizeof(tests[0])}

#endif
