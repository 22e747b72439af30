/* SPDX-License-Identifier: MPL-2.0 */
/* Workers end to end: this program is its own worker, its plugins are those of tests/plugin-zoo. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include <mig/plugin.h>

#include "base/json.h"
#include "base/time.h"
#include "plugin/landlock.h"
#include "plugin/memory.h"
#include "plugin/worker.h"
#include "zoo_host.h"

/* ---- what runs ---- */

#define GOOD_ECHO "{\"text\":\"hi\"}"
#define GOOD_REST                                                                                  \
    "\"statistics\":{\"emitted\":2},\"errors\":[\"a soft error\",\"1 undeclared field was "        \
    "dropped (first: items[].contents)\",\"1 text was cut to its greatest length (first: "         \
    "items[].name)\"]}"

static void
runs_a_good_one(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", GOOD_ECHO);
    (void)state;
    struct mig_worker *worker =
        call(&spec, MIG_WORKER_SUCCESS, "",
             "{\"foundanything\":true,\"success\":true,\"elements\":{\"echo\":" GOOD_ECHO
             ",\"items\":[{\"name\":\"abcdefgh\",\"secret\":\"s3cret\"},{\"name\":\"abcdefgh\"}]}"
             "," GOOD_REST);
    const struct mig_worker_outcome *outcome = mig_worker_outcome(worker);
    assert_in_range(outcome->wall_ms, 0, 60000);
    assert_in_range(outcome->cpu_ms, 0, 60000);
    assert_true(outcome->peak_kib > 0);
    mig_worker_free(worker);
}

static void
masks_in_private_mode(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", "null");
    (void)state;
    spec.private_mode = 1;
    struct mig_worker *worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    const char *output = mig_worker_outcome(worker)->output;
    assert_non_null(strstr(output, "\"secret\":\"masked\""));
    assert_non_null(strstr(output, "\"errors\":[\"masked\","));
    assert_null(strstr(output, "s3cret"));
    mig_worker_free(worker);
}

static void
runs_a_builtin_one(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "inside", "{}");
    (void)state;
    expect(&spec, MIG_WORKER_SUCCESS, "",
           "{\"foundanything\":false,\"success\":true,\"elements\":{\"inside\":true},"
           "\"statistics\":{},\"errors\":null}");
}

static void
describes_and_helps(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_DESCRIBE, "good", NULL);
    (void)state;
    struct mig_worker *worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    const char *output = mig_worker_outcome(worker)->output;
    assert_int_equal(mig_json_check(output, strlen(output), NULL, NULL), 0);
    assert_non_null(strstr(output, "\"needs\":[\"read files\"]"));
    mig_worker_free(worker);
    spec.call = MIG_WORKER_HELP;
    expect(&spec, MIG_WORKER_SUCCESS, "",
           "good 1.0.0 - one of the zoo\n\nUsage: mig good [options]\n\nOptions:\n"
           "  -text text    what to say\n"
           "  -list number  numbers (may be given several times)\n\n"
           "Examples:\n  mig good -text hello\n");
}

static void
parses(void **state)
{
    static const char arguments[] = "-text\0a b\0-list=1\0-list\0002";
    struct mig_worker_spec spec = spec_of(MIG_WORKER_PARSE, "good", arguments);
    (void)state;
    spec.input_len = sizeof(arguments);
    expect(&spec, MIG_WORKER_SUCCESS, "", "{\"text\":\"a b\",\"deep\":{\"list\":[1,2]}}");
    spec.input = "-txt";
    spec.input_len = 5;
    expect(&spec, MIG_WORKER_FAILED, "good has no option -txt; did you mean -text?", "");
    spec.plugin = "hooks";
    spec.input = "-word\0x";
    spec.input_len = 8;
    expect(&spec, MIG_WORKER_SUCCESS, "", "{\"wrapped\":{\"word\":\"x\"}}");
    spec.input = "-word\0bad";
    spec.input_len = 10;
    expect(&spec, MIG_WORKER_FAILED, "hooks does not like bad words", "");
}

static void
prints(void **state)
{
    struct mig_worker_spec spec =
        spec_of(MIG_WORKER_PRINT, "good", "{\"elements\":{\"a\":1},\"errors\":null}");
    (void)state;
    spec.print_flags = MIG_PRINT_FOUND_ONLY;
    expect(&spec, MIG_WORKER_SUCCESS, "", "first line\n34 bytes, flags 1\n");
    spec.plugin = "hooks"; /* has no print() */
    expect(&spec, MIG_WORKER_SUCCESS, "", "{\"a\":1}\n");
    spec.input = "{\"elements\":";
    spec.input_len = 12;
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, NULL, "");
    assert_true(mig_worker_outcome(worker)->reason[0] != '\0');
    mig_worker_free(worker);
}

static void
lists(void **state)
{
    static const char *const files[] = {"good.so", "hooks.so", "stranger.so", "good.txt"};
    static const char *const expected[] = {"good", "hooks", "inside"};
    char place[] = "/tmp/mig-worker-list-XXXXXX";
    char path[64];
    char **names = NULL;
    size_t n = 0;
    (void)state;
    assert_non_null(mkdtemp(place));
    for (size_t i = 0; i < MIG_COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", place, files[i]);
        close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    }
    assert_int_equal(mig_plugin_list(place, &names, NULL), 0);
    for (size_t i = 0; i < MIG_COUNT(files); i++) {
        snprintf(path, sizeof(path), "%s/%s", place, files[i]);
        unlink(path);
    }
    rmdir(place);
    for (; names[n] != NULL; n++) {
        assert_true(n < MIG_COUNT(expected));
        assert_string_equal(names[n], expected[n]);
    }
    assert_int_equal(n, MIG_COUNT(expected));
    mig_plugin_list_free(names);
    assert_int_equal(mig_plugin_list("/nowhere", &names, NULL), 0);
    assert_string_equal(names[0], "inside");
    assert_null(names[1]);
    mig_plugin_list_free(names);
}

/* ---- what fails while it runs ---- */

static struct mig_worker_spec
fault(const char *how, int64_t timeout_ms)
{
    static char parameters[128];
    snprintf(parameters, sizeof(parameters), "{\"how\":\"%s\"}", how);
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "faults", parameters);
    spec.timeout_ms = timeout_ms;
    return spec;
}

static void
refuses_parameters(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "faults", "{}");
    (void)state;
    expect(&spec, MIG_WORKER_FAILED, "faults needs the parameter 'how'",
           "{\"foundanything\":false,\"success\":false,\"elements\":{},\"statistics\":{},"
           "\"errors\":[\"faults needs the parameter 'how'\"]}");
    spec.input = "{\"how\":";
    spec.input_len = 7;
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, NULL, NULL);
    assert_int_equal(
        strncmp(mig_worker_outcome(worker)->reason, "the parameters are not JSON: ", 29), 0);
    mig_worker_free(worker);
    spec = spec_of(MIG_WORKER_RUN, "hooks", "{\"word\":\"bad\"}");
    expect(&spec, MIG_WORKER_FAILED, "hooks does not like bad words", NULL);
}

static void
reports_failures(void **state)
{
    struct mig_worker_spec spec = fault("fail", 60000);
    (void)state;
    expect(&spec, MIG_WORKER_FAILED, "plugin faults failed to run: Input/output error",
           "{\"foundanything\":false,\"success\":false,\"elements\":{\"items\":[\"before\"]},"
           "\"statistics\":{},\"errors\":[\"plugin faults failed to run: Input/output error\"]}");
    spec = spec_of(MIG_WORKER_RUN, "hooks", "{}");
    expect(&spec, MIG_WORKER_FAILED, "hooks never runs", NULL);
}

/* The result holds what was emitted before the end, and the reason. */
static void
keeps(const struct mig_worker *worker, const char *reason)
{
    char output[1024];
    snprintf(output, sizeof(output),
             "{\"foundanything\":false,\"success\":false,\"elements\":{\"items\":[\"before\"]},"
             "\"statistics\":{},\"errors\":[\"%s\"]}",
             reason);
    assert_string_equal(mig_worker_outcome(worker)->output, output);
}

/* What was emitted before is kept, and is told from a limit. */
static void
crashes(const char *how, const char *reason)
{
    struct mig_worker_spec spec = fault(how, 60000);
#ifdef MIG_SANITIZERS
    (void)reason;
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, NULL, NULL);
    assert_int_equal(strncmp(mig_worker_outcome(worker)->reason, "plugin faults crashed: ", 23), 0);
    keeps(worker, mig_worker_outcome(worker)->reason);
#else
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, reason, NULL);
    keeps(worker, reason);
#endif
    assert_true(mig_worker_outcome(worker)->crashed);
    mig_worker_free(worker);
}

static void
reports_crashes(void **state)
{
    (void)state;
    crashes("crash", "plugin faults crashed: signal 11 (Segmentation fault); partial result");
    crashes("overflow", "plugin faults crashed: signal 11 (Segmentation fault); partial result");
    crashes("abort in a thread", "plugin faults crashed: signal 6 (Aborted); partial result");
    static const char quit[] =
        "plugin faults crashed: its process ended with status 3 and no answer; partial result";
    struct mig_worker_spec spec = fault("quit", 60000);
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, quit, NULL);
    keeps(worker, quit);
    assert_true(mig_worker_outcome(worker)->crashed);
    mig_worker_free(worker);
    spec = fault("fail", 60000);
    worker = call(&spec, MIG_WORKER_FAILED, NULL, NULL);
    assert_false(mig_worker_outcome(worker)->crashed);
    mig_worker_free(worker);
}

static void
bounds_cpu(void **state)
{
    static const char *const ways[] = {"loop", "two spin"};
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(ways); i++) {
        struct mig_worker_spec spec = fault(ways[i], 60000);
        spec.cpu_max = 1;
        struct mig_worker *worker =
            call(&spec, MIG_WORKER_FAILED,
                 "stopped: plugin faults used 1 s of CPU time, the site's limit (limits.cpu); "
                 "partial result",
                 NULL);
        const struct mig_worker_outcome *outcome = mig_worker_outcome(worker);
        assert_false(outcome->crashed);
        assert_non_null(strstr(outcome->output, "\"items\":[\"before\"]"));
        assert_in_range(outcome->cpu_ms, 900, 3500);
        mig_worker_free(worker);
    }
}

static void
bounds_open_files(void **state)
{
    struct mig_worker_spec spec = fault("descriptors", 60000);
    (void)state;
    spec.open_files_max = 40;
    expect(&spec, MIG_WORKER_FAILED,
           "plugin faults failed to run: Too many open files (the site's limit limits.openfiles is "
           "40 files)",
           NULL);
}

static void
stops_at_the_limit(void **state)
{
    struct mig_worker_spec spec = fault("loop", 2000);
    (void)state;
    struct mig_worker *worker =
        call(&spec, MIG_WORKER_TIMEOUT,
             "timeout: partial result, faults was stopped at its limit of 2000 ms",
             "{\"foundanything\":false,\"success\":false,\"elements\":{\"items\":[\"before\"]},"
             "\"statistics\":{},\"errors\":[\"timeout: partial result, faults was stopped at its "
             "limit of 2000 ms\"]}");
    assert_in_range(mig_worker_outcome(worker)->wall_ms, 1500, 10000);
    mig_worker_free(worker);
    spec = fault("polite loop", 2000);
    expect(&spec, MIG_WORKER_TIMEOUT,
           "timeout: partial result, faults was stopped at its limit of 2000 ms", NULL);
}

static void
kills_what_does_not_answer(void **state)
{
    static const char reason[] =
        "timeout: plugin faults was killed at its limit of 2000 ms; partial result";
    struct mig_worker_spec spec = fault("stop", 2000);
    (void)state;
    struct mig_worker *worker = call(&spec, MIG_WORKER_TIMEOUT, reason, NULL);
    keeps(worker, reason);
    assert_false(mig_worker_outcome(worker)->crashed);
    mig_worker_free(worker);
}

static bool
is_gone(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%ld/stat", (long)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    /* Whoever adopted it may be slow to reap it. */
    return n <= 0 || strstr(text, ") Z ") != NULL;
}

static void
child_is_gone(const char *output)
{
    const char *at = strstr(output, "\"child\":");
    assert_non_null(at);
    pid_t child = (pid_t)strtol(at + 8, NULL, 10);
    assert_true(child > 1);
    int64_t until = mig_time_monotonic_ms() + 10000;
    while (!is_gone(child) && mig_time_monotonic_ms() < until)
        poll(NULL, 0, 5);
    assert_true(is_gone(child));
}

static void
leaves_no_process(void **state)
{
    static const char *const ways[] = {"fork", "fork and go"};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct mig_worker_spec spec = fault(ways[i], 2000);
        struct mig_worker *worker =
            call(&spec, i == 0 ? MIG_WORKER_TIMEOUT : MIG_WORKER_SUCCESS, NULL, NULL);
        child_is_gone(mig_worker_outcome(worker)->output);
        mig_worker_free(worker);
    }
}

static void
bounds_output(void **state)
{
    struct mig_worker_spec spec = fault("flood", 60000);
    (void)state;
    spec.output_max = 65536;
    struct mig_worker *worker =
        call(&spec, MIG_WORKER_FAILED,
             "plugin faults was stopped at its output limit of 65536 bytes", NULL);
    assert_in_range(mig_worker_outcome(worker)->output_len, 50000, 65536);
    mig_worker_free(worker);
    spec = fault("polite flood", 60000);
    spec.output_max = 65536;
    worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    assert_non_null(strstr(mig_worker_outcome(worker)->output,
                           "\"errors\":[\"output limit of 65536 bytes reached: the result is "
                           "partial\"]"));
    mig_worker_free(worker);
}

/* A plugin shares its process with the worker: what it sends in its name is bounded as well. */
static void
bounds_forgers(void **state)
{
    struct mig_worker_spec spec = fault("forge output", 60000);
    (void)state;
    spec.output_max = 65536;
    static const char over[] = "plugin faults was killed: over its output limit (output limit "
                               "65536 bytes); partial result";
    static const char broken[] = "plugin faults was killed: it broke the worker protocol (output "
                                 "limit 65536 bytes); partial result";
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, over, NULL);
    keeps(worker, over);
    mig_worker_free(worker);
    spec = fault("forge noise", 60000);
    spec.output_max = 65536;
    worker = call(&spec, MIG_WORKER_FAILED, broken, NULL);
    keeps(worker, broken);
    mig_worker_free(worker);
}

static void
bounds_memory(void **state)
{
    (void)state;
#ifdef MIG_SANITIZERS
    skip(); /* no RLIMIT_AS beside shadow memory */
#endif
    struct mig_worker_spec spec = fault("hungry", 60000);
    spec.memory_max = (size_t)1 << 30;
    expect(&spec, MIG_WORKER_FAILED,
           "plugin faults failed to run: Cannot allocate memory (the site's limit limits.memory is "
           "1073741824 bytes)",
           NULL);
}

/* ---- ways to end ---- */

static struct mig_worker_spec
ending(const char *how)
{
    static char parameters[128];
    snprintf(parameters, sizeof(parameters), "{\"how\":\"%s\"}", how);
    return spec_of(MIG_WORKER_RUN, "ends", parameters);
}

/* The whole of what it handed over, as an end of its own leaves it; `child` may be "". */
static void
keeps_all(const struct mig_worker *worker, const char *child, const char *reason)
{
    char output[1024];
    snprintf(output, sizeof(output),
             "{\"foundanything\":true,\"success\":false,\"elements\":{\"items\":[\"before\","
             "\"twelve b\"],\"name\":\"s3cret\"%s},\"statistics\":{\"count\":2},\"errors\":[\"%s\","
             "\"a soft error\",\"1 undeclared field was dropped (first: other)\",\"1 text was cut "
             "to its greatest length (first: items[])\"]}",
             child, reason);
    assert_string_equal(mig_worker_outcome(worker)->output, output);
}

static void
keeps_what_was_handed_over(void **state)
{
    static const struct {
        const char *how;
        const char *reason;
    } ends[] = {
        {"kill", "plugin ends crashed: killed by signal 9 (Killed); partial result"},
        {"exit", "plugin ends crashed: its process ended with status 0 and no answer; partial "
                 "result"},
    };
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(ends); i++) {
        struct mig_worker_spec spec = ending(ends[i].how);
        struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, ends[i].reason, NULL);
        assert_true(mig_worker_outcome(worker)->crashed);
        keeps_all(worker, "", ends[i].reason);
        mig_worker_free(worker);
    }
    struct mig_worker_spec spec = ending("whole");
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, NULL, NULL);
    assert_non_null(
        strstr(mig_worker_outcome(worker)->output, "\"elements\":{\"items\":[\"all\"]},"));
    mig_worker_free(worker);
}

static void
keeps_private_what_is(void **state)
{
    struct mig_worker_spec spec = ending("exit");
    (void)state;
    spec.private_mode = 1;
    struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, NULL, NULL);
    const char *output = mig_worker_outcome(worker)->output;
    assert_non_null(strstr(output, "\"name\":\"masked\""));
    assert_null(strstr(output, "s3cret"));
    assert_null(strstr(output, "soft error"));
    mig_worker_free(worker);
}

/* Whoever ends it: the agent, the kernel at the CPU limit, the plugin. A child adds nothing. */
static void
ends_the_whole_family(void **state)
{
    static const struct {
        const char *how;
        int64_t timeout_ms;
        unsigned cpu_max;
        enum mig_worker_status status;
    } ends[] = {
        {"family stop", 2000, 0, MIG_WORKER_TIMEOUT}, {"family spin", 60000, 1, MIG_WORKER_FAILED},
        {"family kill", 60000, 0, MIG_WORKER_FAILED}, {"family exit", 60000, 0, MIG_WORKER_FAILED},
        {"family", 60000, 0, MIG_WORKER_SUCCESS},
    };
    (void)state;
    for (size_t i = 0; i < MIG_COUNT(ends); i++) {
        struct mig_worker_spec spec = ending(ends[i].how);
        spec.timeout_ms = ends[i].timeout_ms;
        spec.cpu_max = ends[i].cpu_max;
        struct mig_worker *worker = call(&spec, ends[i].status, NULL, NULL);
        const char *output = mig_worker_outcome(worker)->output;
        assert_non_null(strstr(output, "\"before\""));
        assert_null(strstr(output, "theirs"));
        child_is_gone(output);
        mig_worker_free(worker);
    }
}

#define MEMORY ((size_t)512 << 20)

static void
names_the_memory_limit(void **state)
{
    static const struct {
        const char *how;
        const char *reason;
        bool crashed;
    } ends[] = {
        {"memory at once",
         "plugin ends failed to run: Cannot allocate memory (the site's limit limits.memory is "
         "536870912 bytes)",
         false},
        {"memory piece by piece",
         "plugin ends failed to run: Cannot allocate memory (the site's limit limits.memory is "
         "536870912 bytes)",
         false},
        {"memory abort",
         "stopped: plugin ends needed more than 536870912 bytes of memory, the site's limit "
         "(limits.memory); partial result",
         false},
        {"memory write",
         "plugin ends crashed: signal 11 (Segmentation fault) after the site's limit of 536870912 "
         "bytes of memory (limits.memory) was reached; partial result",
         true},
        /* The limit was not it. */
        {"memory refused by nobody", "plugin ends failed to run: Cannot allocate memory", false},
        {"memory by mistake", "plugin ends failed to run: Cannot allocate memory", false},
    };
    (void)state;
#ifdef MIG_SANITIZERS
    skip(); /* no RLIMIT_AS beside shadow memory */
#endif
    for (size_t i = 0; i < MIG_COUNT(ends); i++) {
        struct mig_worker_spec spec = ending(ends[i].how);
        spec.memory_max = MEMORY;
        struct mig_worker *worker = call(&spec, MIG_WORKER_FAILED, ends[i].reason, NULL);
        assert_int_equal(mig_worker_outcome(worker)->crashed, ends[i].crashed);
        keeps_all(worker, "", ends[i].reason);
        mig_worker_free(worker);
    }
    struct mig_worker_spec spec = ending("memory recover");
    spec.memory_max = MEMORY;
    expect(&spec, MIG_WORKER_SUCCESS, "", NULL);
}

static void
takes_threads(void **state)
{
    struct mig_worker_spec spec = fault("threads", 60000);
    (void)state;
    struct mig_worker *worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    const char *output = mig_worker_outcome(worker)->output;
    size_t count = 0;
    for (const char *at = output; (at = strstr(at, "\"x\"")) != NULL; at++)
        count++;
    assert_int_equal(count, 4000);
    mig_worker_free(worker);
}

/* ---- confinement ---- */

static int
number_at(const char *output, const char *key)
{
    char name[64];
    snprintf(name, sizeof(name), "\"%s\":", key);
    const char *at = strstr(output, name);
    assert_non_null(at);
    return (int)strtol(at + strlen(name), NULL, 10);
}

static void
confines_without_needs(void **state)
{
    static const char *const denied[] = {"constructor", "inet",        "local",      "packet",
                                         "write",       "create",      "remove",     "mode",
#ifndef MIG_SANITIZERS
                                         "fork",
#endif
                                         "execute",     "signal",      "session",    "namespace",
                                         "listen",      "code",        "fresh code", "late code",
                                         "priority",    "memory file", "clock",      "set clock"};
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "probe", "{}");
    (void)state;
    struct mig_worker *worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    const char *output = mig_worker_outcome(worker)->output;
    for (size_t i = 0; i < MIG_COUNT(denied); i++)
        if (number_at(output, denied[i]) != EPERM)
            fail_msg("%s gave %d in %s", denied[i], number_at(output, denied[i]), output);
    if (mig_landlock_abi() > 0) {
        assert_int_equal(number_at(output, "read"), EACCES);
        assert_int_equal(number_at(output, "others"), EACCES);
    }
    static const char *const granted[] = {"environment", "usr", "self"};
    for (size_t i = 0; i < MIG_COUNT(granted); i++)
        if (number_at(output, granted[i]) != 0)
            fail_msg("%s gave %d", granted[i], number_at(output, granted[i]));
    assert_int_equal(number_at(output, "nice"), 19);
    assert_int_equal(number_at(output, "ask"), EBADF);
    assert_int_equal(number_at(output, "tty"), ENOTTY);
    assert_non_null(strstr(output, "\"capabilities\":\"0\""));
    mig_worker_free(worker);
}

static void
confines_by_needs(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "probe_net", "{}");
    (void)state;
    struct mig_worker *worker = call(&spec, MIG_WORKER_SUCCESS, "", NULL);
    const char *output = mig_worker_outcome(worker)->output;
    static const char *const denied[] = {"local",     "packet", "session",
                                         "namespace", "listen", "set clock"};
    static const char *const granted[] = {"constructor", "inet", "fork",   "execute",
                                          "read",        "code", "others", "clock"};
    for (size_t i = 0; i < MIG_COUNT(denied); i++)
        if (number_at(output, denied[i]) != EPERM)
            fail_msg("%s gave %d", denied[i], number_at(output, denied[i]));
    for (size_t i = 0; i < MIG_COUNT(granted); i++)
        if (number_at(output, granted[i]) != 0)
            fail_msg("%s gave %d", granted[i], number_at(output, granted[i]));
    assert_int_equal(number_at(output, "tcp"), ECONNREFUSED);
    if (mig_landlock_abi() > 0) {
        static const char *const outside[] = {"undeclared", "write", "create"};
        for (size_t i = 0; i < MIG_COUNT(outside); i++)
            if (number_at(output, outside[i]) != (i == 1 ? 0 : EACCES))
                fail_msg("%s gave %d", outside[i], number_at(output, outside[i]));
    }
    /* CAP_DAC_READ_SEARCH is number 2. */
    assert_non_null(
        strstr(output, geteuid() == 0 ? "\"capabilities\":\"4\"" : "\"capabilities\":\"0\""));
    mig_worker_free(worker);
}

/* ---- side by side ---- */

static void
runs_side_by_side(void **state)
{
    struct mig_worker_spec spec = spec_of(MIG_WORKER_RUN, "good", "{}");
    struct mig_worker *workers[4] = {NULL};
    struct pollfd fds[4];
    size_t left = 4;
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(mig_worker_start(&spec, &workers[i], NULL), 0);
        assert_null(mig_worker_outcome(workers[i]));
        fds[i] = (struct pollfd){.fd = mig_worker_fd(workers[i]), .events = POLLIN};
    }
    while (left > 0) {
        assert_true(poll(fds, 4, 60000) > 0);
        for (size_t i = 0; i < 4; i++) {
            if (fds[i].fd < 0 || mig_worker_step(workers[i]) == 0)
                continue;
            fds[i].fd = -1;
            left--;
        }
    }
    for (size_t i = 0; i < 4; i++) {
        assert_int_equal(mig_worker_outcome(workers[i])->status, MIG_WORKER_SUCCESS);
        assert_int_equal(mig_worker_step(workers[i]), 1);
        mig_worker_free(workers[i]);
    }
}

static void
ends_what_is_freed(void **state)
{
    struct mig_worker_spec spec = fault("loop", 0);
    struct mig_worker *worker = NULL;
    (void)state;
    assert_int_equal(mig_worker_start(&spec, &worker, NULL), 0);
    assert_int_equal(mig_worker_timeout(worker), -1);
    int64_t before = mig_time_monotonic_ms();
    mig_worker_free(worker);
    mig_worker_free(NULL);
    assert_in_range(mig_time_monotonic_ms() - before, 0, 30000);
    /* No child is left behind, and none of somebody else's was reaped. */
    assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
    assert_int_equal(errno, ECHILD);
}

/* The one child of a process, 0 while there is none. */
static pid_t
child_of(pid_t parent)
{
    char path[64], text[32] = "";
    snprintf(path, sizeof(path), "/proc/%ld/task/%ld/children", (long)parent, (long)parent);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    return n > 0 ? (pid_t)strtol(text, NULL, 10) : 0;
}

static void
dies_with_its_parent(void **state)
{
    struct mig_worker_spec spec = fault("loop", 0);
    struct mig_worker *worker = NULL;
    pid_t orphan = 0;
    (void)state;
    if (child_of(getpid()) < 0)
        skip(); /* a kernel without CONFIG_PROC_CHILDREN */
    pid_t parent = fork();
    assert_true(parent >= 0);
    if (parent == 0) {
        if (mig_worker_start(&spec, &worker, NULL) == 0)
            for (;;)
                pause();
        _exit(1);
    }
    int64_t until = mig_time_monotonic_ms() + 30000;
    while ((orphan = child_of(parent)) == 0 && mig_time_monotonic_ms() < until)
        poll(NULL, 0, 5);
    assert_true(orphan > 0);
    kill(parent, SIGKILL);
    assert_int_equal(waitpid(parent, NULL, 0), parent);
    while (!is_gone(orphan) && mig_time_monotonic_ms() < until)
        poll(NULL, 0, 5);
    assert_true(is_gone(orphan));
}

int
main(int argc, char **argv)
{
    mig_worker_watch_memory = mig_memory_watch;
    mig_worker_role(argc, argv);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(runs_a_good_one),
        cmocka_unit_test(masks_in_private_mode),
        cmocka_unit_test(runs_a_builtin_one),
        cmocka_unit_test(describes_and_helps),
        cmocka_unit_test(parses),
        cmocka_unit_test(prints),
        cmocka_unit_test(lists),
        cmocka_unit_test(refuses_parameters),
        cmocka_unit_test(reports_failures),
        cmocka_unit_test(reports_crashes),
        cmocka_unit_test(stops_at_the_limit),
        cmocka_unit_test(kills_what_does_not_answer),
        cmocka_unit_test(leaves_no_process),
        cmocka_unit_test(bounds_output),
        cmocka_unit_test(bounds_forgers),
        cmocka_unit_test(bounds_memory),
        cmocka_unit_test(keeps_what_was_handed_over),
        cmocka_unit_test(keeps_private_what_is),
        cmocka_unit_test(ends_the_whole_family),
        cmocka_unit_test(names_the_memory_limit),
        cmocka_unit_test(bounds_cpu),
        cmocka_unit_test(bounds_open_files),
        cmocka_unit_test(takes_threads),
        cmocka_unit_test(confines_without_needs),
        cmocka_unit_test(confines_by_needs),
        cmocka_unit_test(runs_side_by_side),
        cmocka_unit_test(dies_with_its_parent),
        cmocka_unit_test(ends_what_is_freed),
    };
    return cmocka_run_group_tests_name("worker", tests, group_start, group_stop);
}
