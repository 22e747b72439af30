/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "mig.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "args.h"
#include "base/buf.h"
#include "base/json.h"
#include "cancel.h"
#include "client.h"
#include "document/action.h"
#include "document/cancel.h"
#include "follow.h"
#include "local.h"
#include "migrc.h"
#include "module.h"
#include "papers.h"
#include "question.h"
#include "results.h"
#include "trust/pgp.h"
#include "transport/http.h"

#define COUNTDOWN_S 5
/* As the original asks: more agents than any platform has. */
#define SEARCH_LIMIT 1000000

static volatile sig_atomic_t interrupted;

struct session {
    struct mig_args args;
    struct mig_migrc migrc;
    struct mig_pgp *pgp;
    struct mig_client *client;
    struct mig_action *action;
    bool unconfigured;
};

static void
on_signal(int number)
{
    (void)number;
    interrupted = 1;
}

/* The first Ctrl-C stops following and prints what is there; a second one ends us. */
static void
catch_interrupt(void)
{
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = (int)SA_RESETHAND};

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
}

static void
usage(FILE *out)
{
    fputs("usage: mig MODULE [options] [module options]   ask a question\n"
          "       mig -i FILE [options]                   launch the action of a file\n"
          "       mig MODULE help                         options of a module\n"
          "       mig cancel ID [options]                 stop an action, on the agents too\n"
          "       mig action canonical|sign|verify FILE   look at an action, sign it, check it\n"
          "       mig version | mig help\n"
          "\n"
          "options:\n"
          "  -t TARGET            an SQL expression over agents, a macro of the configuration,\n"
          "                       all, or local: this machine, without a platform\n"
          "  -target-found ID     only agents that found something in that action\n"
          "  -target-notfound ID  only agents that found nothing in that action\n"
          "  -show WHAT           found (default), notfound or all\n"
          "  -e TIME              how long the action is valid, default 300s\n"
          "  -n NAME              name of the action, default the command line\n"
          "  -p                   print the unsigned action and end\n"
          "  -s                   sign, print the action and end\n"
          "  -z                   compress the parameters\n"
          "  -c FILE              configuration, default ~/.migrc\n"
          "  --now                no countdown\n"
          "  -v                   show the requests to the API\n"
          "  --                   what follows is the module's alone\n"
          "\n"
          "exit status: 0 all agents answered, 1 an error, 3 some did not answer or failed\n"
          "\n"
          "modules:\n",
          out);
    fflush(out);
    mig_module_list();
}

static int
print_action(const struct mig_action *action, struct mig_err *err)
{
    struct mig_buf json = MIG_BUF_INIT;
    int code = mig_action_json(action, &json);

    if (code < 0)
        mig_err_errno(err, -code, "action");
    else
        printf("%s\n", json.data);
    mig_buf_fini(&json);
    return code;
}

/* How many agents match; 0 of them is an error, since nobody would ever answer. */
static int
count_targets(struct session *s, size_t *ret, struct mig_err *err)
{
    struct json_object *items = NULL;
    struct mig_buf query = MIG_BUF_INIT, path = MIG_BUF_INIT;
    const char *target = s->action->target;
    size_t count = 0;
    int code;

    if (mig_http_form(&query, "target", target, strlen(target)) < 0 ||
        mig_buf_addf(&path, "search?type=agent&limit=%d&%s", SEARCH_LIMIT, query.data) < 0) {
        code = mig_err_errno(err, ENOMEM, "search");
        goto out;
    }
    code = mig_client_get(s->client, path.data, &items, err);
    if (code == MIG_E_NOT_FOUND)
        code = 0;
    if (code < 0) {
        mig_err_prefix(err, "can not evaluate the target");
        goto out;
    }
    count = items ? mig_client_count(items, "agent") : 0;
    if (count == 0)
        code = mig_err_set(err, MIG_E_NOT_FOUND, "no agent matches the target: %s", target);
    else
        *ret = count;
out:
    json_object_put(items);
    mig_buf_fini(&query);
    mig_buf_fini(&path);
    return code;
}

/* Time to think again, for a human at a terminal. */
static int
countdown(const struct session *s, size_t count, struct mig_err *err)
{
    int terminal = isatty(STDERR_FILENO);

    if (!terminal || s->args.now) {
        fprintf(stderr, "%zu agent%s will be targeted.\n", count, count == 1 ? "" : "s");
        return 0;
    }
    fprintf(stderr, "\033[33m%zu agent%s will be targeted. ctrl+c to cancel. launching in", count,
            count == 1 ? "" : "s");
    for (int i = COUNTDOWN_S; i > 0 && !interrupted; i--) {
        fprintf(stderr, " %d", i);
        sleep(1);
    }
    fprintf(stderr, interrupted ? "\033[0m\n" : " GO\n\033[0m");
    return interrupted ? mig_err_set(err, -ECANCELED, "cancelled, nothing was launched") : 0;
}

static int
post(struct session *s, int64_t *ret_id, struct mig_err *err)
{
    struct json_object *items = NULL, *value = NULL;
    struct mig_buf json = MIG_BUF_INIT;
    int64_t id = 0;
    int code;

    code = mig_action_json(s->action, &json);
    if (code < 0) {
        mig_err_errno(err, -code, "action");
        goto out;
    }
    code = mig_client_post(s->client, "action/create/", "action", json.data, json.len, &items, err);
    if (code < 0)
        goto out;
    if (json_object_array_length(items) > 0)
        value = mig_client_data(json_object_array_get_idx(items, 0), NULL);
    if (!json_object_is_type(value, json_type_object) ||
        mig_json_get_int64(value, "id", 1, &id, NULL) < 0 || id <= 0)
        code = mig_err_set(err, MIG_E_PROTOCOL,
                           "the API took the action and did not say under which id");
    else
        *ret_id = id;
out:
    json_object_put(items);
    mig_buf_fini(&json);
    return code;
}

static int
open_pgp(struct session *s, struct mig_err *err)
{
    int code = s->pgp ? 0 : mig_migrc_need_key(&s->migrc, err);

    return code == 0 && !s->pgp ? mig_pgp_open(s->migrc.gpg_home, &s->pgp, err) : code;
}

static int
open_client(struct session *s, struct mig_err *err)
{
    return s->client ? 0 : mig_client_open(&s->migrc, s->pgp, s->args.verbose, &s->client, err);
}

static int
launch(struct session *s, struct mig_err *err)
{
    struct mig_counters counters = {0};
    size_t count = 0;
    int64_t id = 0;
    int code;

    code = open_client(s, err);
    if (code == 0)
        code = count_targets(s, &count, err);
    if (code < 0)
        return code;
    catch_interrupt();
    code = countdown(s, count, err);
    if (code == 0)
        code = post(s, &id, err);
    if (code < 0)
        return code;
    fprintf(stderr, "action %" PRId64 " launched, valid for %" PRId64 "s\n", id,
            s->action->expireafter.sec - mig_time_now().sec);
    code = mig_follow_action(s->client, id, s->action->expireafter, &interrupted, &counters, err);
    if (code == 0)
        code = mig_results_print(s->client, id, s->action, s->args.show, &counters, err);
    if (code < 0)
        return code;
    return counters.sent > 0 && counters.success == counters.sent ? MIG_EXIT_ANSWERED
                                                                  : MIG_EXIT_UNANSWERED;
}

/* From an unsigned (or, with -i, not yet fully signed) action on. */
static int
use_action(struct session *s, struct mig_err *err)
{
    int code;

    if (s->args.print)
        return print_action(s->action, err);
    code = open_pgp(s, err);
    if (code == 0)
        code = mig_question_sign(s->action, s->pgp, s->migrc.keyid, err);
    if (code < 0)
        return code;
    return s->args.sign ? print_action(s->action, err) : launch(s, err);
}

static int
load_config(struct session *s, struct mig_err *err)
{
    int code = mig_migrc_load(s->args.config, &s->migrc, err);

    /* What is only printed needs no platform; a file that was named must be there. */
    if (code == MIG_E_NOT_FOUND && s->args.print && !s->args.config)
        return 0;
    s->unconfigured = code == MIG_E_NOT_FOUND;
    return code;
}

/* The configuration is loaded. `parameters` is JSON text. */
static int
ask(struct session *s, int argc, char **argv, const struct mig_buf *parameters, struct mig_err *err)
{
    struct mig_buf target = MIG_BUF_INIT, name = MIG_BUF_INIT;
    int code;

    code = mig_question_target(&s->args, &s->migrc, &target, err);
    if (code == 0 && mig_question_name(&s->args, argc, argv, &name) < 0)
        code = mig_err_errno(err, ENOMEM, "action");
    if (code == 0)
        code = mig_question_new(&s->args, name.data ? name.data : "", target.data,
                                parameters->data ? parameters->data : "", parameters->len,
                                &s->action, err);
    if (code == 0)
        code = use_action(s, err);
    mig_buf_fini(&target);
    mig_buf_fini(&name);
    return code;
}

/* Signed when it is launched, and the platform told first: nobody gets it meanwhile. */
static int
run_cancel(struct session *s, int argc, char **argv, struct mig_err *err)
{
    struct mig_buf target = MIG_BUF_INIT, parameters = MIG_BUF_INIT;
    int64_t id = 0;
    int code;

    code = mig_cancel_id(s->args.rest, s->args.rest_count, &id, err);
    if (code == 0)
        code = load_config(s, err);
    if (code == 0)
        code = open_pgp(s, err);
    if (code == 0)
        code = open_client(s, err);
    if (code == 0)
        code = mig_cancel_look_up(s->client, id, &target, &parameters, err);
    if (code == 0 && !s->args.print && !s->args.sign)
        code = mig_cancel_tell(s->client, id, err);
    if (code == 0 && !s->args.target)
        s->args.target = target.data;
    if (code == 0)
        code = ask(s, argc, argv, &parameters, err);
    mig_buf_fini(&target);
    mig_buf_fini(&parameters);
    return code;
}

static int
run_module(struct session *s, struct json_object *description, int argc, char **argv,
           struct mig_err *err)
{
    struct mig_buf parameters = MIG_BUF_INIT;
    int code;

    code = mig_module_parse(s->args.module, description, s->args.rest, s->args.rest_count,
                            &parameters, err);
    if (code < 0)
        goto out;
    if (s->args.target && strcmp(s->args.target, "local") == 0 && !s->args.print && !s->args.sign) {
        catch_interrupt();
        code = mig_local_run(&s->args, parameters.data, parameters.len, &interrupted, err);
    } else {
        code = load_config(s, err);
        if (code == 0)
            code = ask(s, argc, argv, &parameters, err);
    }
out:
    mig_buf_fini(&parameters);
    return code;
}

static int
run_file(struct session *s, struct mig_err *err)
{
    int code;

    code = load_config(s, err);
    if (code == 0)
        code = mig_question_load(&s->args, &s->migrc, &s->action, err);
    if (code == 0)
        code = use_action(s, err);
    return code;
}

static int
run(struct session *s, int argc, char **argv, struct mig_err *err)
{
    struct json_object *description = NULL;
    struct mig_buf help = MIG_BUF_INIT;
    int module = argv[0][0] != '-', code = 0;
    int cancel = strcmp(argv[0], MIG_CANCEL_MODULE) == 0;

    if (module && !cancel)
        code = mig_module_describe(argv[0], &description, err);
    if (code == 0)
        code = mig_args_parse(argc, argv, mig_module_valued, description, &s->args, err);
    if (code < 0)
        goto out;
    if (s->args.version) {
        puts(PACKAGE_VERSION);
    } else if (module && (s->args.help ||
                          (s->args.rest_count == 1 && strcmp(s->args.rest[0], "help") == 0))) {
        code = cancel ? mig_buf_adds(&help, mig_cancel_help)
                      : mig_module_help(s->args.module, &help, err);
        fputs(help.data ? help.data : "", stdout);
    } else if (s->args.help) {
        usage(stderr);
        code = MIG_EXIT_ERROR;
    } else {
        code = cancel   ? run_cancel(s, argc, argv, err)
               : module ? run_module(s, description, argc, argv, err)
                        : run_file(s, err);
    }
out:
    json_object_put(description);
    mig_buf_fini(&help);
    return code;
}

/* Passphrases pass through gpg-agent only, but a core file would still hold tokens and API keys. */
static void
no_core_file(void)
{
    struct rlimit none = {0, 0};

    setrlimit(RLIMIT_CORE, &none);
}

int
mig_cli_main(int argc, char **argv)
{
    struct session s = {0};
    struct mig_err err = {0};
    int code;

    no_core_file();
    if (argc < 2 || strcmp(argv[1], "help") == 0) {
        usage(stderr);
        return MIG_EXIT_ERROR;
    }
    if (strcmp(argv[1], "version") == 0) {
        puts(PACKAGE_VERSION);
        return 0;
    }
    if (strcmp(argv[1], "action") == 0)
        return mig_papers_main(argc - 2, argv + 2);
    code = run(&s, argc - 1, argv + 1, &err);
    if (code < 0)
        fprintf(stderr, "error: %s\n%s", err.text, s.unconfigured ? mig_migrc_example : "");
    mig_client_close(s.client);
    mig_pgp_close(s.pgp);
    mig_action_free(s.action);
    mig_migrc_fini(&s.migrc);
    mig_args_fini(&s.args);
    if (fflush(stdout) != 0 && code >= 0) {
        fprintf(stderr, "error: standard output: %s\n", strerror(errno));
        return MIG_EXIT_ERROR;
    }
    return code < 0 ? MIG_EXIT_ERROR : code;
}
