/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <arpa/inet.h>
#include <cmocka.h>
#include <json-c/json.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "args.h"
#include "base/buf.h"
#include "base/error.h"
#include "client.h"
#include "document/action.h"
#include "follow.h"
#include "migrc.h"
#include "module.h"
#include "plugin/worker.h"
#include "question.h"
#include "results.h"

#define ARGV_MAX 16

/* As the file plugin describes itself, in short. */
static struct json_object *description;

static int
setup(void **state)
{
    (void)state;
    description = json_tokener_parse("{\"options\":[{\"name\":\"path\",\"type\":\"string\"},"
                                     "{\"name\":\"content\",\"type\":\"string\"},"
                                     "{\"name\":\"rules\",\"type\":\"file\",\"max\":8},"
                                     "{\"name\":\"maxdepth\",\"type\":\"number\"},"
                                     "{\"name\":\"matchany\",\"type\":\"const\"},"
                                     "{\"name\":\"returnsha256\",\"type\":\"bool\"}]}");
    return description ? 0 : -1;
}

static int
teardown(void **state)
{
    (void)state;
    json_object_put(description);
    return 0;
}

/* Splits at '|' and parses. `line` is used up. */
static int
parse(char *line, struct mig_args *ret, struct mig_err *err)
{
    char *argv[ARGV_MAX], *save = NULL;
    int argc = 0;

    for (char *word = strtok_r(line, "|", &save); word && argc < ARGV_MAX;
         word = strtok_r(NULL, "|", &save))
        argv[argc++] = word;
    return mig_args_parse(argc, argv, mig_module_valued, description, ret, err);
}

static void
assert_rest(const struct mig_args *args, const char *expected)
{
    struct mig_buf text = MIG_BUF_INIT;

    for (size_t i = 0; i < args->rest_count; i++)
        mig_buf_addf(&text, "%s%s", i ? "|" : "", args->rest[i]);
    assert_string_equal(text.data ? text.data : "", expected);
    mig_buf_fini(&text);
}

/* What mig_module_arguments() makes of them, ended by '|'. */
static int
arguments(const char *const args[], size_t count, char *text, size_t size, struct mig_err *err)
{
    struct mig_buf out = MIG_BUF_INIT;
    int code = mig_module_arguments(description, args, count, &out, err);

    for (size_t i = 0; code == 0 && i < out.len; i++)
        if (out.data[i] == '\0')
            out.data[i] = '|';
    snprintf(text, size, "%.*s", code == 0 ? (int)out.len : 0, out.data ? out.data : "");
    mig_buf_fini(&out);
    return code;
}

static void
files_are_read_here(void **state)
{
    char path[] = "/tmp/mig-cli-XXXXXX", equals[64], text[256], message[256];
    int fd = mkstemp(path);
    struct mig_err err = {0};

    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a b\n", 4), 4);
    snprintf(equals, sizeof(equals), "--rules=%s", path);
    const char *const apart[] = {"-rules", path, "-content", "-rules", "-returnsha256", "-rules"};
    assert_int_equal(arguments(apart, 6, text, sizeof(text), &err), 0);
    assert_string_equal(text, "-rules|a b\n|-content|-rules|-returnsha256|-rules|");
    const char *const joined[] = {equals, "-path=/x", "rules", "--"};
    assert_int_equal(arguments(joined, 4, text, sizeof(text), &err), 0);
    assert_string_equal(text, "-rules|a b\n|-path=/x|rules|--|");

    assert_int_equal(write(fd, "\0", 1), 1);
    assert_int_equal(arguments(apart, 2, text, sizeof(text), &err), MIG_E_INVALID);
    snprintf(message, sizeof(message), "%s: a text file is expected, this one has a byte 0", path);
    assert_string_equal(err.text, message);
    assert_int_equal(write(fd, "5678", 4), 4);
    assert_int_equal(arguments(apart, 2, text, sizeof(text), &err), MIG_E_LIMIT);
    close(fd);
    unlink(path);
    assert_true(arguments(apart, 2, text, sizeof(text), &err) < 0);
    snprintf(message, sizeof(message), "cannot open %s: No such file or directory", path);
    assert_string_equal(err.text, message);
}

static void
own_options_are_cut_out_anywhere(void **state)
{
    char line[] = "file|-path|/etc|-t|all|-returnsha256|--show=notfound|-maxdepth=3|-e|30s|-z";
    struct mig_args args;

    (void)state;
    assert_int_equal(parse(line, &args, NULL), 0);
    assert_string_equal(args.module, "file");
    assert_string_equal(args.target, "all");
    assert_int_equal(args.show, MIG_SHOW_NOTFOUND);
    assert_int_equal(args.validity_ms, 30000);
    assert_true(args.compress);
    assert_false(args.verbose);
    assert_rest(&args, "-path|/etc|-returnsha256|-maxdepth=3");
    mig_args_fini(&args);
}

static void
values_of_the_module_stay_its_own(void **state)
{
    char line[] = "file|-content|-v|-path|-t|-matchany|-v|-p=false";
    struct mig_args args;

    (void)state;
    assert_int_equal(parse(line, &args, NULL), 0);
    assert_true(args.verbose);
    assert_false(args.print);
    assert_null(args.target);
    assert_rest(&args, "-content|-v|-path|-t|-matchany");
    mig_args_fini(&args);
}

static void
all_behind_two_dashes_is_the_modules(void **state)
{
    char line[] = "file|-now|--|-t|all|-z";
    struct mig_args args;

    (void)state;
    assert_int_equal(parse(line, &args, NULL), 0);
    assert_true(args.now);
    assert_null(args.target);
    assert_rest(&args, "-t|all|-z");
    mig_args_fini(&args);
}

static void
bad_command_lines_are_refused(void **state)
{
    static const struct {
        const char *line, *message;
    } cases[] = {
        {"file|-t", "option -t needs a value"},
        {"file|-e|soon", "-e takes a time from 1s to 8784h, like 300s, 30m or 12h, not 'soon'"},
        {"file|-e|0s", "-e takes a time from 1s to 8784h, like 300s, 30m or 12h, not '0s'"},
        {"file|-show|some", "-show takes found, notfound or all, not 'some'"},
        {"file|-z=perhaps", "-z is on or off: -z or -z=false, not 'perhaps'"},
        {"file|-target-found|1 or true",
         "-target-found takes the id of an action, not '1 or true'"},
        {"file|-target-found|1|-target-notfound|2",
         "-target-found and -target-notfound exclude each other"},
        {"file|-p|-s", "-p prints the unsigned action, -s the signed one: give one of them"},
        {"file|-i|x.json", "-i launches an action of a file: it goes without a module"},
        {"-i|x.json|-path|/", "unknown option or argument '-path'; see mig help"},
        {"-z", "name a module or give -i FILE; see mig help"},
    };

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct mig_err err = {0};
        struct mig_args args;
        char *line = strdup(cases[i].line);

        assert_non_null(line);
        assert_int_equal(parse(line, &args, &err), MIG_E_INVALID);
        assert_string_equal(err.text, cases[i].message);
        free(line);
    }
}

static void
write_migrc(char path[], const char *text)
{
    int fd = mkstemp(path);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static void
migrc_is_read(void **state)
{
    char path[] = "/tmp/migrc-test-XXXXXX";
    struct mig_migrc rc = {0};

    (void)state;
    write_migrc(path, "[api]\nurl = \"http://127.0.0.1:1664/api/v1/\"\n[gpg]\n"
                      "keyid = \"0123456789ABCDEF0123456789ABCDEF01234567\"\n"
                      "[targets]\nmacro = web:name LIKE 'web:%'\nmacro = db:name='db'\n");
    assert_int_equal(mig_migrc_load(path, &rc, NULL), 0);
    assert_string_equal(rc.url, "http://127.0.0.1:1664/api/v1/");
    assert_string_equal(rc.keyid, "0123456789ABCDEF0123456789ABCDEF01234567");
    assert_null(rc.gpg_home);
    assert_string_equal(mig_migrc_macro(&rc, "web"), "name LIKE 'web:%'");
    assert_string_equal(mig_migrc_macro(&rc, "db"), "name='db'");
    assert_null(mig_migrc_macro(&rc, "we"));
    mig_migrc_fini(&rc);
    unlink(path);
}

static void
migrc_refuses_with_a_remedy(void **state)
{
    char path[] = "/tmp/migrc-test-XXXXXX";
    struct mig_migrc rc = {0};
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_migrc_load("/nonexistent/migrc", &rc, &err), MIG_E_NOT_FOUND);
    assert_string_equal(err.text, "/nonexistent/migrc does not exist: write it; it says where the "
                                  "API is and which key signs");
    assert_non_null(strstr(mig_migrc_example, "keyid = "));
    write_migrc(path, "[gpg]\nkeyid = 01234567\n");
    assert_int_equal(mig_migrc_load(path, &rc, &err), MIG_E_CONFIG);
    assert_non_null(strstr(err.text, "gpg.keyid is the whole fingerprint"));
    unlink(path);
    assert_int_equal(mig_migrc_need_api(&rc, &err), MIG_E_CONFIG);
    assert_string_equal(err.text, "the configuration has no api.url: add it under [api]");
}

static void
assert_target(const struct mig_args *args, const char *expected)
{
    struct mig_migrc none = {0};
    struct mig_buf out = MIG_BUF_INIT;

    assert_int_equal(mig_question_target(args, &none, &out, NULL), 0);
    assert_string_equal(out.data, expected);
    mig_buf_fini(&out);
}

static void
targets_are_expanded(void **state)
{
    struct mig_migrc none = {0};
    struct mig_buf out = MIG_BUF_INIT;
    struct mig_err err = {0};
    struct mig_args args = {.target = "all"};

    (void)state;
    assert_target(&args, "status='online'");
    args.target = "name='a' OR name='b'";
    assert_target(&args, "name='a' OR name='b'");
    args.target_found = "12";
    assert_target(&args, "id IN (select agentid from commands, "
                         "json_array_elements(commands.results) as r where actionid=12 and "
                         "r#>>'{foundanything}' = 'true') AND (name='a' OR name='b')");
    args.target_found = NULL;
    args.target = "";
    assert_int_equal(mig_question_target(&args, &none, &out, &err), MIG_E_INVALID);
    mig_buf_fini(&out);
}

static void
names_are_cut_between_characters(void **state)
{
    struct mig_args args = {0};
    struct mig_buf out = MIG_BUF_INIT;
    char arg[128], *argv[] = {"file", arg};

    (void)state;
    /* "file " and 94 letters: the two bytes of the next character are the 99th and 100th. */
    memset(arg, 'x', 94);
    strncpy(arg + 94, "\xc3\xa9\xc3\xa9\xc3\xa9", 8);
    assert_int_equal(mig_question_name(&args, 2, argv, &out), 0);
    assert_int_equal(out.len, 99 + 3);
    assert_string_equal(out.data + 98, "x...");
    mig_buf_fini(&out);
    args.name = "why";
    assert_int_equal(mig_question_name(&args, 2, argv, &out), 0);
    assert_string_equal(out.data, "why");
    mig_buf_fini(&out);
}

static void
an_action_ends_when_all_have_answered(void **state)
{
    static const struct {
        const char *json;
        int ended;
    } cases[] = {
        {"{\"status\":\"pending\",\"counters\":{}}", 0},
        {"{\"status\":\"preparing\",\"counters\":{\"sent\":1,\"done\":1}}", 0},
        {"{\"status\":\"inflight\",\"counters\":{\"sent\":2,\"done\":1,\"inflight\":1}}", 0},
        {"{\"status\":\"inflight\",\"counters\":{\"sent\":2,\"done\":2}}", 1},
        {"{\"status\":\"completed\",\"counters\":{\"sent\":2,\"done\":2,\"success\":2}}", 1},
        {"{\"status\":\"invalid\",\"counters\":{}}", 1},
    };
    struct mig_counters counters;
    const char *status;

    (void)state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct json_object *action = json_tokener_parse(cases[i].json);

        assert_int_equal(mig_follow_read(action, &counters, &status), cases[i].ended);
        json_object_put(action);
    }
}

static void
answers_are_unwrapped(void **state)
{
    static const char good[] =
        "{\"collection\":{\"version\":\"1.0\",\"items\":[{\"data\":[{\"name\":\"agent\","
        "\"value\":{\"name\":\"a\"}}]},{\"data\":[{\"name\":\"search parameters\",\"value\":{}}]}],"
        "\"error\":{}}}";
    static const char bad[] =
        "{\"collection\":{\"error\":{\"code\":\"1\",\"message\":\"no results found\"}}}";
    struct mig_buf message = MIG_BUF_INIT;
    struct json_object *items = NULL;
    struct mig_err err = {0};

    (void)state;
    assert_int_equal(mig_client_items(good, sizeof(good) - 1, &items, &message, NULL), 0);
    assert_int_equal(json_object_array_length(items), 2);
    assert_int_equal(mig_client_count(items, "agent"), 1);
    assert_non_null(mig_client_data(json_object_array_get_idx(items, 1), NULL));
    assert_null(mig_client_data(json_object_array_get_idx(items, 1), "agent"));
    json_object_put(items);
    assert_int_equal(mig_client_items(bad, sizeof(bad) - 1, &items, &message, NULL), 0);
    assert_int_equal(json_object_array_length(items), 0);
    assert_string_equal(message.data, "no results found");
    json_object_put(items);
    mig_buf_fini(&message);
    assert_int_equal(mig_client_items("{}", 2, &items, &message, &err), MIG_E_PROTOCOL);
    assert_string_equal(err.text, "no \"collection\": is api.url the address of a MIG API?");
}

static void
show_chooses(void **state)
{
    static const char mixed[] = "[{\"foundanything\":false}, {\"foundanything\":true}]",
                      none[] = "[{\"foundanything\":false}]";

    (void)state;
    assert_true(mig_results_wanted(mixed, sizeof(mixed) - 1, MIG_SHOW_FOUND));
    assert_false(mig_results_wanted(mixed, sizeof(mixed) - 1, MIG_SHOW_NOTFOUND));
    assert_true(mig_results_wanted(mixed, sizeof(mixed) - 1, MIG_SHOW_ALL));
    assert_false(mig_results_wanted(none, sizeof(none) - 1, MIG_SHOW_FOUND));
    assert_true(mig_results_wanted(none, sizeof(none) - 1, MIG_SHOW_NOTFOUND));
    assert_false(mig_results_wanted("", 0, MIG_SHOW_FOUND));
    assert_false(mig_results_wanted("null", 4, MIG_SHOW_FOUND));
}

static void
lines_do_not_drive_the_terminal(void **state)
{
    static const char text[] = "one\x1b[31m\ttwo\xc2\x9b\xc3\xa9\n\nthree";
    char *written = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&written, &len);

    (void)state;
    assert_non_null(out);
    mig_results_lines(out, "host", text, sizeof(text) - 1);
    fclose(out);
    assert_string_equal(written, "host one\\x1b[31m\ttwo\\xc2\\x9b\xc3\xa9\nhost \nhost three\n");
    free(written);
}

/* ---- what a failed command had found ---- */

/* More than a client takes at once. */
static void
send_too_much(int fd)
{
    static const char spaces[1 << 16];
    ssize_t sent = 0;

    dprintf(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n");
    for (int i = 0; i < 1100 && sent >= 0; i++)
        sent = send(fd, spaces, sizeof(spaces), MSG_NOSIGNAL);
}

/* Answers like the API: no command succeeded, one failed with a part of its result; `large`: and a
 * page of a hundred is too large. Until killed. */
static void
serve(int listener, bool large)
{
    static const char none[] =
        "{\"collection\":{\"error\":{\"code\":\"1\",\"message\":\"no results found\"}}}";
    static const char failed[] =
        "{\"collection\":{\"items\":[{\"data\":[{\"name\":\"command\",\"value\":{\"status\":"
        "\"failed\","
        "\"agent\":{\"name\":\"web1\"},\"results\":[{\"foundanything\":true,\"success\":false,"
        "\"elements\":{\"s1\":[{\"file\":\"/etc/"
        "x\",\"fileinfo\":{\"size\":3,\"mode\":\"-rw-r--r--\","
        "\"lastmodified\":\"2026-01-01 00:00:00 +0000 "
        "UTC\"},\"search\":{\"options\":{\"matchall\":true}}}"
        "]},\"errors\":[\"killed: over its limit\"],\"statistics\":{}}]}}]}],\"error\":{}}}";
    char request[4096];
    size_t used;
    ssize_t got;
    int fd;

    while ((fd = accept(listener, NULL, NULL)) >= 0) {
        used = 0;
        request[0] = '\0';
        while (!strstr(request, "\r\n\r\n") && used < sizeof(request) - 1 &&
               (got = read(fd, request + used, sizeof(request) - 1 - used)) > 0) {
            used += (size_t)got;
            request[used] = '\0';
        }
        bool good = strstr(request, "status=failed") != NULL;
        const char *body = good ? failed : none;

        if (good && large && strstr(request, "limit=100&") != NULL)
            send_too_much(fd);
        else
            dprintf(fd,
                    "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n"
                    "Connection: close\r\n\r\n%s",
                    good ? "200 OK" : "404 Not Found", strlen(body), body);
        close(fd);
    }
    _exit(0);
}

static pid_t
start_api(bool large, char *url, size_t size)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pid_t pid;

    assert_true(listener >= 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    snprintf(url, size, "http://127.0.0.1:%u/api/v1/", ntohs(address.sin_port));
    pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        serve(listener, large);
    close(listener);
    return pid;
}

/* What went to a stream meanwhile. */
static int
divert(FILE *stream, FILE *to)
{
    int before = dup(fileno(stream));

    fflush(stream);
    assert_true(before >= 0 && dup2(fileno(to), fileno(stream)) >= 0);
    return before;
}

static void
restore(FILE *stream, int before, FILE *to, char *ret_text, size_t size)
{
    size_t got;

    fflush(stream);
    dup2(before, fileno(stream));
    close(before);
    rewind(to);
    got = fread(ret_text, 1, size - 1, to);
    ret_text[got] = '\0';
    fclose(to);
}

static void
print_failed(bool large)
{
    struct mig_operation operation = {.module = (char[]){"file"}};
    struct mig_action action = {.operations = &operation, .operations_count = 1};
    struct mig_counters counters = {.sent = 1, .done = 1, .failed = 1};
    struct mig_migrc migrc = {.api_key = "key"};
    struct mig_client *client = NULL;
    struct mig_err err = {0};
    char url[64], out[1024], told[1024];
    FILE *files[2] = {tmpfile(), tmpfile()};
    int before[2], code;
    pid_t pid;

    if (!getenv("MIG_PLUGIN_DIR"))
        skip();
    assert_true(files[0] && files[1]);
    pid = start_api(large, url, sizeof(url));
    migrc.url = url;
    code = mig_client_open(&migrc, NULL, false, &client, &err);
    before[0] = divert(stdout, files[0]);
    before[1] = divert(stderr, files[1]);
    if (code == 0)
        code = mig_results_print(client, 12, &action, MIG_SHOW_FOUND, &counters, &err);
    restore(stdout, before[0], files[0], out, sizeof(out));
    restore(stderr, before[1], files[1], told, sizeof(told));
    mig_client_close(client);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    assert_int_equal(code, 0);
    assert_string_equal(out, "web1 /etc/x [lastmodified:2026-01-01 00:00:00 +0000 UTC, "
                             "mode:-rw-r--r--, size:3] in search 's1'\n");
    assert_string_equal(told,
                        "web1 command did not succeed. status=failed: killed: over its limit\n"
                        "1 agent has found results\n");
}

static void
a_failed_command_shows_what_it_had_found(void **state)
{
    (void)state;
    print_failed(false);
}

static void
pages_become_smaller_when_results_are_large(void **state)
{
    (void)state;
    print_failed(true);
}

/* Where the file module was built; without it the test that prints by it is skipped. */
static void
find_plugins(void)
{
    const char *build = getenv("top_builddir");
    char path[PATH_MAX], folder[PATH_MAX + 64];

    unsetenv("MIG_PLUGIN_DIR");
    if (!realpath(build ? build : ".", path))
        return;
    snprintf(folder, sizeof(folder), "%s/plugins/file/.libs/file.so", path);
    if (access(folder, R_OK) != 0)
        return;
    *strrchr(folder, '/') = '\0';
    setenv("MIG_PLUGIN_DIR", folder, 1);
}

int
main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_here),
        cmocka_unit_test(own_options_are_cut_out_anywhere),
        cmocka_unit_test(values_of_the_module_stay_its_own),
        cmocka_unit_test(all_behind_two_dashes_is_the_modules),
        cmocka_unit_test(bad_command_lines_are_refused),
        cmocka_unit_test(migrc_is_read),
        cmocka_unit_test(migrc_refuses_with_a_remedy),
        cmocka_unit_test(targets_are_expanded),
        cmocka_unit_test(names_are_cut_between_characters),
        cmocka_unit_test(an_action_ends_when_all_have_answered),
        cmocka_unit_test(answers_are_unwrapped),
        cmocka_unit_test(show_chooses),
        cmocka_unit_test(lines_do_not_drive_the_terminal),
        cmocka_unit_test(a_failed_command_shows_what_it_had_found),
        cmocka_unit_test(pages_become_smaller_when_results_are_large),
    };

    mig_worker_role(argc, argv);
    find_plugins();
    return cmocka_run_group_tests(tests, setup, teardown);
}
