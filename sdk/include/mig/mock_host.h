/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A host for the tests of a plugin: it keeps what the plugin gives. Link with libmig-testkit and
 * json-c.
 *
 *     struct mig_mock *mock = mig_mock_new();
 *     const struct mig_plugin *plugin = mig_mock_load("./file.so");
 *     assert_int_equal(mig_mock_run(mock, plugin, "{\"searches\":{…}}"), 0);
 *     assert_string_equal(mig_mock_elements(mock), "{…}");
 *     mig_mock_free(mock);
 */
#ifndef MIG_MOCK_HOST_H
#define MIG_MOCK_HOST_H

#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>

struct json_object;
struct mig_mock;

struct mig_mock *mig_mock_new(void);
void mig_mock_free(struct mig_mock *mock);
const struct mig_host *mig_mock_host(struct mig_mock *mock);

/* Loads NAME.so, for good. NULL after a line on stderr. */
const struct mig_plugin *mig_mock_load(const char *path);

/* What run(), validate(), parse() and print() of the plugin return. Each call forgets what was
 * before. */
int mig_mock_run(struct mig_mock *mock, const struct mig_plugin *plugin, const char *parameters);
int mig_mock_validate(struct mig_mock *mock, const struct mig_plugin *plugin,
                      const char *parameters);
int mig_mock_parse(struct mig_mock *mock, const struct mig_plugin *plugin, const char *parameters);
int mig_mock_print(struct mig_mock *mock, const struct mig_plugin *plugin, const char *result,
                   uint32_t flags);

/* What the last call gave, borrowed. As objects of json-c, and as compact JSON text. */
struct json_object *mig_mock_elements_object(struct mig_mock *mock);
const char *mig_mock_elements(struct mig_mock *mock);
const char *mig_mock_statistics(struct mig_mock *mock);
const char *mig_mock_errors(struct mig_mock *mock);  /* an array of strings */
const char *mig_mock_refusal(struct mig_mock *mock); /* "" when there was none */
const char *mig_mock_output(struct mig_mock *mock);  /* each line with a newline */
int mig_mock_found(struct mig_mock *mock);
/* The first member of the elements or statistics that the plugin's field table does not declare, or
 * declares with another type; NULL: all are. */
const char *mig_mock_undeclared(struct mig_mock *mock, const struct mig_plugin *plugin);

/* cancelled() says yes from its n-th call on; -1: never. */
void mig_mock_cancel_at(struct mig_mock *mock, long n);
/* emit() says -ENOBUFS from its n-th call on; -1: never. */
void mig_mock_fill_at(struct mig_mock *mock, long n);

#endif
