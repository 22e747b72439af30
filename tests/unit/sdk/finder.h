/* SPDX-License-Identifier: MPL-2.0 */
/* What the tests of the file plugin share: it runs, as it is built, in a tree of its own. */
#ifndef TESTS_SDK_FINDER_H
#define TESTS_SDK_FINDER_H

#include <stdbool.h>

#include <mig/mock_host.h>

extern const struct mig_plugin *plugin;
extern struct mig_mock *mock;

/* False when there is none, which it says in TAP. */
bool finder_load(void);
#define FINDER_TEST(test) cmocka_unit_test_setup_teardown(test, finder_setup, finder_teardown)
int finder_setup(void **state);
int finder_teardown(void **state);

/* Runs with these parameters, see tree_json(). */
void run(const char *format);
/* Finds with one matchall search: `checks` are its members, `options` those of its options. */
const char *find(const char *checks, const char *options);
/* The files of a search's elements, in order of their names, each with a blank; "-" for none. */
const char *files_of(const char *label);

/* Runs `fn` in a child that is no root; true when it made no complaint. */
bool as_nobody(void (*fn)(void));
/* In a child a failed check must not go on with the parent's tests. */
void expect(bool good, const char *what);

#endif
