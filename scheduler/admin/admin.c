/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "admin/admin.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/agent.h"
#include "admin/broker.h"
#include "admin/investigator.h"
#include "admin/prune.h"
#include "base/buf.h"
#include "base/file.h"
#include "base/log.h"
#include "store/db.h"
#include "store/investigators.h"
#include "store/schema.h"

struct admin {
    struct mig_db *db;
    const char *conninfo;
    const char *sql;
    const char *passwords;
};

static const char usage[] =
    "usage: mig-admin [--db CONNINFO] [--sql DIR] COMMAND\n"
    "  init [--password-file FILE]   lay schema and roles in the database, which must exist\n"
    "                                FILE: lines role:password for migscheduler, migapi, "
    "migtarget\n"
    "  migrate                       apply what is newer than the database\n"
    "  investigator add --name NAME --key FILE [--permissions LIST]\n"
    "                                LIST: all, or some of default, loader, manifest, admin\n"
    "  investigator list\n"
    "  investigator disable|enable ID|FINGERPRINT|NAME\n"
    "  agent list [STATUS]           a line each: id, status, name, queue location, pid, version, "
    "last beat\n"
    "  agent duplicates [DURATION]   queue locations where two processes beat\n"
    "  agent remove ID|QUEUELOC      make no more commands for it\n"
    "  prune [--actions AGE] [--agents AGE] [--statistics AGE] [--batch ROWS] [--dry-run]\n"
    "                                delete what is older than AGE (90d, 36h)\n"
    "  rabbitmq --password-file FILE [--output FILE] [--vhost NAME] [--queues classic|mirrored]\n"
    "                                definitions for rabbitmqctl import_definitions\n"
    "  agent-credentials --password-file FILE [--output FILE] [--vhost NAME] QUEUELOC…\n"
    "                                the same, an account for each of these agents\n"
    "  status                        what is in the database\n"
    "  version\n"
    "CONNINFO is a libpq connection string or URI; what it leaves out comes from PGHOST, PGUSER …\n"
    "Give passwords by ~/.pgpass or PGPASSFILE, not on the command line.\n";

static void
print_applied(const char *name, void *context)
{
    (void)context;
    printf("applied %s\n", name);
}

static int
set_password(struct admin *a, char *line, int number, struct mig_err *err)
{
    static const char *const roles[] = {"migscheduler", "migapi", "migtarget", NULL};
    char *colon = strchr(line, ':');

    if (*line == '\0' || *line == '#')
        return 0;
    if (!colon || !colon[1])
        return mig_err_set(err, MIG_E_CONFIG, "%s:%d: expected role:password", a->passwords,
                           number);
    *colon = '\0';
    for (size_t i = 0; roles[i]; i++)
        if (strcmp(roles[i], line) == 0)
            return mig_db_set_password(a->db, line, colon + 1, err);
    return mig_err_set(err, MIG_E_CONFIG,
                       "%s:%d: role '%s': expected migscheduler, migapi or migtarget", a->passwords,
                       number, line);
}

static int
set_passwords(struct admin *a, struct mig_err *err)
{
    struct mig_buf text = MIG_BUF_INIT;
    int r = mig_file_read(a->passwords, 65536, &text, err);
    char *line = text.data;

    for (int number = 1; r == 0 && line && *line; number++) {
        char *end = line + strcspn(line, "\r\n");
        char *next = *end == '\r' && end[1] == '\n' ? end + 2 : *end ? end + 1 : end;
        *end = '\0';
        r = set_password(a, line, number, err);
        line = next;
    }
    if (text.data)
        explicit_bzero(text.data, text.cap);
    mig_buf_fini(&text);
    return r;
}

static int
run_init(struct admin *a, int argc, char **argv, struct mig_err *err)
{
    static const struct option options[] = {{"password-file", required_argument, NULL, 'p'},
                                            {NULL, 0, NULL, 0}};
    int opt;

    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt != 'p')
            return MIG_E_SYNTAX;
        a->passwords = optarg;
    }
    if (optind < argc)
        return mig_err_set(err, MIG_E_SYNTAX, "init: '%s' is too much", argv[optind]);
    int r = mig_schema_migrate(a->db, a->sql, print_applied, NULL, err);
    return r == 0 && a->passwords ? set_passwords(a, err) : r;
}

static int
run_migrate(struct admin *a, struct mig_err *err)
{
    int version = 0;
    int r = mig_schema_version(a->db, &version, err);

    if (r == 0 && version == 0)
        return mig_err_set(err, MIG_E_NOT_FOUND, "the database is empty: run mig-admin init");
    return r < 0 ? r : mig_schema_migrate(a->db, a->sql, print_applied, NULL, err);
}

static void
print_status(const char *what, const char *value, void *context)
{
    (void)context;
    printf("%s: %s\n", what, value);
}

static int
run_command(struct admin *a, int argc, char **argv, struct mig_err *err)
{
    const char *command = argv[0];

    /* These want no database. */
    if (strcmp(command, "rabbitmq") == 0)
        return mig_admin_rabbitmq(argc, argv, err);
    if (strcmp(command, "agent-credentials") == 0)
        return mig_admin_agent_credentials(argc, argv, err);
    int r = mig_db_open(a->conninfo, "mig-admin", &a->db, err);
    if (r < 0)
        return r;
    if (strcmp(command, "init") == 0)
        r = run_init(a, argc, argv, err);
    else if (strcmp(command, "migrate") == 0 && argc == 1)
        r = run_migrate(a, err);
    else if (strcmp(command, "investigator") == 0)
        r = mig_admin_investigator(a->db, argc - 1, argv + 1, err);
    else if (strcmp(command, "agent") == 0)
        r = mig_admin_agent(a->db, argc - 1, argv + 1, err);
    else if (strcmp(command, "prune") == 0)
        r = mig_admin_prune(a->db, argc, argv, err);
    else if (strcmp(command, "status") == 0 && argc == 1)
        r = mig_investigators_platform_status(a->db, print_status, NULL, err);
    else
        r = mig_err_set(err, MIG_E_SYNTAX, "'%s' is no command, or has too many arguments",
                        command);
    mig_db_close(a->db);
    return r;
}

int
mig_admin_main(int argc, char **argv)
{
    static const struct option options[] = {{"db", required_argument, NULL, 'd'},
                                            {"sql", required_argument, NULL, 's'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    struct admin a = {.conninfo = "", .sql = MIG_SQL_DIR};
    struct mig_err err = {0};
    int opt;

    while ((opt = getopt_long(argc, argv, "+V", options, NULL)) != -1) {
        if (opt == 'd') {
            a.conninfo = optarg;
        } else if (opt == 's') {
            a.sql = optarg;
        } else if (opt == 'V') {
            puts(PACKAGE_VERSION);
            return 0;
        } else {
            fputs(usage, opt == 'h' ? stdout : stderr);
            return opt == 'h' ? 0 : 2;
        }
    }
    if (optind == argc || strcmp(argv[optind], "help") == 0) {
        fputs(usage, optind == argc ? stderr : stdout);
        return optind == argc ? 2 : 0;
    }
    if (strcmp(argv[optind], "version") == 0) {
        puts(PACKAGE_VERSION);
        return 0;
    }
    int r = run_command(&a, argc - optind, argv + optind, &err);
    if (r < 0 && err.code)
        fprintf(stderr, "mig-admin: %s\n", err.text);
    if (r == MIG_E_SYNTAX)
        fputs(usage, stderr);
    return r == 0 ? 0 : r == MIG_E_SYNTAX ? 2 : 1;
}
