/* SPDX-License-Identifier: MPL-2.0 */
/* The endpoint's own file: each key narrows, and whatever would widen or is broken is refused. */
#include "config.h"

#include "../base/unit.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/narrow.h"
#include "agent/site.h"
#include "base/buf.h"
#include "trust/whitelist.h"

static const char *const tags[] = {"site", "demo", NULL};
static const char *const persist[] = {"audit", "{}", "fswatch", "{\"paths\":[]}", NULL};
static const struct mig_whitelist_entry entries[] = {
    {.name = "audit"}, {.name = "file"}, {.name = "fswatch"}};
static const struct mig_whitelist list = {entries, COUNT(entries)};

static struct mig_site
the_site(void)
{
    return (struct mig_site){.layout = MIG_SITE_LAYOUT,
                             .tags = tags,
                             .persist = persist,
                             .module_timeout_ms = 60000,
                             .max_workers = 4,
                             .output_max = 1 << 20,
                             .memory_max = 0,
                             .cpu_max = 100,
                             .open_files_max = 256,
                             .alerts_max = 1000,
                             .state_max = 2000,
                             .check_target = 1,
                             .public_ip = 1,
                             .cloud = 0};
}

static int
parse(const struct mig_site *site, const char *text, struct mig_narrow *ret, struct mig_err *err)
{
    return mig_narrow_parse(site, &list, "own", text, strlen(text), ret, err);
}

static void
test_narrows(void **state)
{
    struct mig_site site = the_site();
    struct mig_narrow n;
    struct mig_err err = {0};
    const char *text = "[agent]\n"
                       "moduletimeout = 30s\n"
                       "maxworkers = 1\n"
                       "extraprivacymode = on\n"
                       "discoverpublicip = off\n"
                       "discovercloudmeta = off\n"
                       "checktarget = strict\n"
                       "tags = owner : me:and you\n"
                       "tags = rack:7\n"
                       "[limits]\n"
                       "output = 4096\n"
                       "memory = 1000000\n"
                       "cpu = 100\n"
                       "openfiles = 32\n"
                       "[persist]\n"
                       "queue = 999\n"
                       "state = 1\n"
                       "[modules]\n"
                       "off = audit\n"
                       "off = cancel\n";

    (void)state;
    assert_done(parse(&site, text, &n, &err), &err);
    assert_int_equal(n.site.module_timeout_ms, 30000);
    assert_int_equal(n.site.max_workers, 1);
    assert_int_equal(n.site.private_mode, 1);
    assert_int_equal(n.site.public_ip, 0);
    assert_int_equal(n.site.cloud, 0);
    assert_int_equal(n.site.check_target, 2);
    assert_int_equal(n.site.output_max, 4096);
    assert_int_equal(n.site.memory_max, 1000000);
    assert_int_equal(n.site.cpu_max, 100);
    assert_int_equal(n.site.open_files_max, 32);
    assert_int_equal(n.site.alerts_max, 999);
    assert_int_equal(n.site.state_max, 1);
    assert_string_equal(n.site.tags[0], "site");
    assert_string_equal(n.site.tags[2], "owner");
    assert_string_equal(n.site.tags[3], "me:and you");
    assert_string_equal(n.site.tags[4], "rack");
    assert_null(n.site.tags[6]);
    assert_true(mig_narrow_is_off(&n.site, "audit"));
    assert_true(mig_narrow_is_off(&n.site, "cancel"));
    assert_false(mig_narrow_is_off(&n.site, "file"));
    assert_string_equal(n.site.persist[0], "fswatch");
    assert_null(n.site.persist[2]);
    mig_narrow_fini(&n);
    assert_false(mig_narrow_is_off(&site, "audit"));
}

/* What is not named stays as the site has it. */
static void
test_empty(void **state)
{
    struct mig_site site = the_site();
    struct mig_narrow n;
    struct mig_err err = {0};

    (void)state;
    site.private_mode = 1;
    assert_done(parse(&site, "; nothing\n", &n, &err), &err);
    assert_int_equal(n.site.private_mode, 1);
    assert_int_equal(n.site.public_ip, 1);
    assert_int_equal(n.site.max_workers, 4);
    assert_string_equal(n.site.persist[2], "fswatch");
    assert_string_equal(n.site.tags[1], "demo");
    mig_narrow_fini(&n);
    assert_done(parse(&site, "[agent]\nnopersistmods = on\n", &n, &err), &err);
    assert_null(n.site.persist[0]);
    mig_narrow_fini(&n);
}

static const struct {
    const char *text, *refusal;
} refusals[] = {
    {"[agent]\nmoduletimeout = 61s\n",
     "own: agent.moduletimeout: it is longer than the site's: a file here can narrow what the site "
     "allows, and nothing else"},
    {"[agent]\nmoduletimeout = 10ms\n", "own: agent.moduletimeout: expected one second or more"},
    {"[agent]\nmoduletimeout = soon\n", "agent.moduletimeout"},
    {"[agent]\nmaxworkers = 5\n", "own: agent.maxworkers: 5 is over the site's 4"},
    {"[agent]\nmaxworkers = 0\n", "agent.maxworkers"},
    {"[agent]\nextraprivacymode = off\n", "own: agent.extraprivacymode: the site has it on"},
    {"[agent]\nextraprivacymode = perhaps\n", "agent.extraprivacymode"},
    {"[agent]\ndiscovercloudmeta = on\n", "own: agent.discovercloudmeta: the site has it off"},
    {"[agent]\nchecktarget = off\n", "own: agent.checktarget: it is laxer than the site's"},
    {"[agent]\nchecktarget = maybe\n",
     "own: agent.checktarget: expected off, decidable or strict, found 'maybe'"},
    {"[agent]\ntags = site:other\n", "own: agent.tags: site is set already, by the site or above"},
    {"[agent]\ntags = a:1\ntags = a:2\n", "own: agent.tags: a is set already"},
    {"[agent]\ntags = none\n", "own: agent.tags: expected name:value, found 'none'"},
    {"[agent]\nnopersistmods = 2\n", "agent.nopersistmods"},
    {"[limits]\noutput = 1048577\n", "own: limits.output: 1048577 is over the site's 1048576"},
    {"[limits]\ncpu = 101\n", "own: limits.cpu: 101 is over the site's 100"},
    {"[limits]\ncpu = 0\n", "limits.cpu"},
    {"[limits]\nmemory = 0\n", "limits.memory"},
    {"[limits]\nopenfiles = 257\n", "own: limits.openfiles: 257 is over the site's 256"},
    {"[persist]\nqueue = 1001\n", "own: persist.queue: 1001 is over the site's 1000"},
    {"[persist]\nstate = 2001\n", "own: persist.state: 2001 is over the site's 2000"},
    {"[persist]\nmodule = file\n", "persist.module"},
    {"[modules]\noff = fille\n", "own: modules.off: this agent has no module 'fille'"},
    {"[agent]\nrelay = amqp://elsewhere/\n", "agent.relay"},
    {"[agent]\nproxies = elsewhere:3128\n", "agent.proxies"},
    {"[agent]\nheartbeatfreq = 1h\n", "agent.heartbeatfreq"},
    {"[user]\nrelay = root\n", "user.relay"},
    {"[logging]\ndestination = /etc/passwd\n", "logging.destination"},
    {"[agent\n", "own:1"},
    {"maxworkers = 1\n", "own:1"},
};

static void
test_refused(void **state)
{
    struct mig_site site = the_site();

    (void)state;
    site.private_mode = 1;
    for (size_t i = 0; i < COUNT(refusals); i++) {
        struct mig_narrow n;
        struct mig_err err = {0};

        assert_true(parse(&site, refusals[i].text, &n, &err) < 0);
        assert_holds(err.text, refusals[i].refusal);
    }
}

static void
put(const char *path, const char *text, mode_t mode)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
    assert_int_equal(chmod(path, mode), 0);
}

static void
test_file(void **state)
{
    char folder[64] = "/tmp/mig-narrow-XXXXXX", path[96];
    struct mig_site site = the_site();
    struct mig_narrow n;
    struct mig_err err = {0};

    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/agent.conf", folder);
    site.conf_dir = folder;
    assert_done(mig_narrow_load(&site, &list, &n, &err), &err);
    assert_int_equal(n.site.max_workers, 4);
    mig_narrow_fini(&n);
    put(path, "[agent]\nmaxworkers = 2\n", 0600);
    assert_done(mig_narrow_load(&site, &list, &n, &err), &err);
    assert_int_equal(n.site.max_workers, 2);
    mig_narrow_fini(&n);
    put(path, "[agent]\nmaxworkers = 2\n", 0666);
    assert_refused(mig_narrow_load(&site, &list, &n, &err), &err, MIG_E_CONFIG,
                   "expected a file of root that nobody else can write");
    put(path, "[agent]\nmaxworkers = 9\n", 0600);
    assert_refused(mig_narrow_load(&site, &list, &n, &err), &err, MIG_E_CONFIG,
                   "/agent.conf: agent.maxworkers: 9 is over the site's 4");
    unlink(path);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_refused(mig_narrow_load(&site, &list, &n, &err), &err, MIG_E_CONFIG,
                   "/agent.conf: expected a regular file");
    rmdir(path);
    assert_int_equal(symlink("/etc/hostname", path), 0);
    assert_refused(mig_narrow_load(&site, &list, &n, &err), &err, -ELOOP, "/agent.conf: ");
    unlink(path);
    rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_narrows),
        cmocka_unit_test(test_empty),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_file),
    };

    return cmocka_run_group_tests_name("the endpoint's own file", tests, NULL, NULL);
}
