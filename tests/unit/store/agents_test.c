/* SPDX-License-Identifier: MPL-2.0 */
/* The states of agents, and what is told of them. */
#include "config.h"
#include "store_test.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "store/agents.h"
#include "store/intake.h"

static void
test_agents_age(void **state)
{
    struct mig_err err = {0};
    size_t idle = 0, offline = 0;

    (void)state;
    sql(admin, "UPDATE agents SET heartbeattime = now() - interval '1 min' * CASE id WHEN 1 THEN 1"
               " WHEN 2 THEN 26 WHEN 3 THEN 21 ELSE 100 END");
    sql(admin, "UPDATE agents SET status = 'destroyed' WHERE id = 4");
    assert_int_equal(mig_agents_age(scheduler, 1200000, 300000, &idle, &offline, &err), 0);
    assert_int_equal(idle, 1);
    assert_int_equal(offline, 1);
    assert_string_equal(sql(admin, "SELECT string_agg(status, ' ' ORDER BY id) FROM agents"),
                        "online idle offline destroyed offline");
    assert_int_equal(mig_agents_stats(scheduler, &err), 0);
    assert_string_equal(err.text, "");
    assert_string_equal(sql(admin, "SELECT online_agents || ' ' || online_endpoints || ' ' ||"
                                   " idle_agents || ' ' || idle_endpoints || ' ' ||"
                                   " disappeared_endpoints || ' ' || multi_agents_endpoints"
                                   " FROM agents_stats"),
                        "1 1 1 0 3 0");
    assert_string_equal(sql(admin, "SELECT online_agents_by_version FROM agents_stats"),
                        "[{\"version\" : \"1\", \"count\" : 1}]");
}

/* A beat is told of when it is the first one, or the first one for a while; other channels keep
 * theirs. */
static void
test_notify_agents(void **state)
{
    static const int64_t ids[] = {1};
    struct mig_db *db = open_as("migscheduler");
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_db_listen(db, MIG_CHANNEL_COMMANDS, &err), 0);
    assert_int_equal(mig_db_listen(db, MIG_CHANNEL_AGENTS, &err), 0);
    for (int i = 0; i < 2; i++) { /* new, then known */
        beat("linux.n", 1);
        sql(db, "SELECT 1");
        assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), i == 0);
        assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), 0);
    }
    for (int i = 0; i < 3; i++) {
        static const char *const statuses[] = {"idle", "offline", "destroyed"};
        sql(admin, "UPDATE agents SET status = '%s' WHERE queueloc = 'linux.n'", statuses[i]);
        beat("linux.n", 1);
        sql(db, "SELECT 1");
        assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), i < 2);
    }
    beat("linux.n", 2);
    prepare(new_action("true", "-1 min", "1 h"), ids, 1);
    sql(db, "SELECT 1");
    assert_int_equal(mig_db_notified_on(db, MIG_CHANNEL_AGENTS, &err), 1);
    assert_int_equal(mig_db_notified(db, &err), 1);
    assert_int_equal(mig_db_notified(db, &err), 0);
    mig_db_close(db);
}

struct names {
    char text[256];
    int code; /* what note() is to give */
};

static int
note(const char *queueloc, void *context)
{
    struct names *names = context;
    size_t len = strlen(names->text);

    snprintf(names->text + len, sizeof(names->text) - len, "%s ", queueloc);
    return names->code;
}

/* Queues that nobody will consume, each once, and again when its agent was back in between. */
static void
test_vanished(void **state)
{
    struct names names = {"", 0};
    struct mig_err err = {0};
    size_t count = 99;

    (void)state;
    sql(admin, "UPDATE agents SET status = 'offline', heartbeattime = now() - interval '1 h' * id"
               " WHERE id <> 1");
    assert_int_equal(mig_agents_vanished(scheduler, 5400000, 10, &count, note, &names, &err), 0);
    assert_string_equal(names.text, "linux.d linux.c linux.b ");
    assert_int_equal(count, 3);
    names = (struct names){"", 0};
    assert_int_equal(mig_agents_queue_deleted(scheduler, "linux.d", &err), 0);
    assert_int_equal(mig_agents_vanished(scheduler, 7 * 1800000, 10, &count, note, &names, &err),
                     0);
    assert_string_equal(names.text, "linux.c ");
    sql(admin, "UPDATE agents SET queuedeleted = heartbeattime - interval '1 s' WHERE id = 5");
    names = (struct names){"", -ENOENT};
    assert_int_equal(mig_agents_vanished(scheduler, 5400000, 10, &count, note, &names, &err),
                     -ENOENT);
    assert_string_equal(names.text, "linux.d ");
}

static void
note_duplicate(const struct mig_agents_duplicate *duplicate, void *context)
{
    note(duplicate->queueloc, context);
    note(duplicate->pids, context);
}

static void
made(int id, int seconds)
{
    sql(admin,
        "UPDATE agents SET id = (extract(epoch FROM now())::bigint - 1367258400 + %d) << 16"
        " WHERE id = %d",
        seconds, id);
}

/* Two that beat in turn, not one that was started anew. */
static void
test_duplicates(void **state)
{
    struct names names = {"", 0};
    struct mig_err err = {0};
    size_t removed = 0;

    (void)state;
    made(2, 10);
    assert_int_equal(mig_agents_duplicates(scheduler, 600000, note_duplicate, &names, &err), 0);
    assert_string_equal(names.text, "");
    sql(admin, "UPDATE agents SET id = 2 WHERE pid = 12");
    made(2, -60);
    assert_int_equal(mig_agents_duplicates(scheduler, 600000, note_duplicate, &names, &err), 0);
    assert_string_equal(names.text, "linux.a 11, 12 ");
    assert_int_equal(mig_agents_stats(scheduler, &err), 0);
    assert_string_equal(sql(admin, "SELECT multi_agents_endpoints FROM agents_stats"), "1");
    assert_int_equal(mig_agents_remove(admin, "linux.a", &removed, &err), 0);
    assert_int_equal(removed, 2);
    names = (struct names){"", 0};
    assert_int_equal(mig_agents_duplicates(scheduler, 600000, note_duplicate, &names, &err), 0);
    assert_string_equal(names.text, "");
    assert_int_equal(mig_agents_remove(admin, "linux.a", &removed, &err), MIG_E_NOT_FOUND);
}

static const struct CMUnitTest tests[] = {
    FRESH(test_agents_age),
    FRESH(test_notify_agents),
    FRESH(test_vanished),
    FRESH(test_duplicates),
};
STORE_TESTS(agents);
