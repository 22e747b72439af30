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

/* Loads NAME.so, for good. Where there is no such file, a plugin of that name which is linked into
 * the test (built with MIG_PLUGIN_BUILTIN_NAME, the test with -rdynamic). NULL after a line on
 * stderr. */
const struct mig_plugin *mig_mock_load(const char *path);

/* What run(), validate(), parse() and print() of the plugin return; -ENOSYS: it has none. Each call
 * forgets what was before. */
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

/* private_mode() says yes. */
void mig_mock_private(struct mig_mock *mock, int yes);
/* cancelled() says yes from its n-th call on; -1: never. */
void mig_mock_cancel_at(struct mig_mock *mock, long n);
/* emit() says -ENOBUFS from its n-th call on; -1: never. */
void mig_mock_fill_at(struct mig_mock *mock, long n);

/*
 * ---- persistent plugins ----
 * A test says what will happen in wait(), in its order, then calls persist(). When nothing is left,
 * wait() says MIG_WAIT_STOP, and cancelled() yes:
 *
 *     mig_mock_then_time(mock, 2);
 *     mig_mock_then_question(mock, "{\"string\":\"a\"}");
 *     assert_int_equal(mig_mock_persist(mock, plugin, "{\"config\":{}}"), 0);
 *     assert_string_equal(mig_mock_alerts(mock), "[{…},{…}]");
 *     assert_string_equal(mig_mock_answers(mock), "[\"…\"]");
 *
 * The files of MIG_DESCRIPTOR_STATE are there when they are needed, and keep what is in them until
 * mig_mock_free(): the next persist() is a restart.
 */
int mig_mock_persist(struct mig_mock *mock, const struct mig_plugin *plugin,
                     const char *configuration);
int mig_mock_configure(struct mig_mock *mock, const struct mig_plugin *plugin,
                       const char *configuration);

/* The next calls of wait() find that their time has passed. */
void mig_mock_then_time(struct mig_mock *mock, unsigned times);
/* wait() waits up to 10 seconds until its descriptor can be read. */
void mig_mock_then_readable(struct mig_mock *mock);
/* wait() waits as a host's does, for its descriptor or until its time, as long as done() says 0,
 * and for 10 seconds at most. What done() does happens while the plugin waits: it may change a
 * file. */
void mig_mock_then_until(struct mig_mock *mock, int (*done)(struct mig_mock *mock, void *context),
                         void *context);
/* wait() calls answer() resp. deliver(), and goes on. */
void mig_mock_then_question(struct mig_mock *mock, const char *question);
void mig_mock_then_delivery(struct mig_mock *mock, const char *alert);

/* alert() gives this code and keeps nothing; 0: it keeps them, which it does from the start. */
void mig_mock_alerts_give(struct mig_mock *mock, int code);
/* What descriptor() gives, which stays the test's; without it -ENODEV for what the plugin needs,
 * state files excepted, -EPERM for what it does not need. */
void mig_mock_descriptor(struct mig_mock *mock, uint32_t which, int fd);
/* The plugin whose answer() is asked by ask(), which gives -ENOENT from the start. */
void mig_mock_instance(struct mig_mock *mock, const struct mig_plugin *plugin);

/* What the last call gave, as JSON arrays: of alerts; of the texts that answer() gave, or of what
 * it refused with; of the codes that deliver() gave. */
const char *mig_mock_alerts(struct mig_mock *mock);
const char *mig_mock_answers(struct mig_mock *mock);
const char *mig_mock_deliveries(struct mig_mock *mock);

#endif
