/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "admin/prune.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/time.h"
#include "store/db.h"
#include "store/retention.h"

#define DAY_MS INT64_C(86400000)
#define MAX_DAYS 36500
#define BATCH 10000
#define MAX_BATCH 1000000

/* "90d", or what durations in files look like. */
static int
parse_age(const char *option, const char *text, int64_t *ret, struct mig_err *err)
{
    char *end = NULL;
    int64_t ms = -1;

    if (*text >= '0' && *text <= '9') {
        long days = strtol(text, &end, 10);
        if (strcmp(end, "d") == 0 && days <= MAX_DAYS)
            ms = days * DAY_MS;
        else if (mig_duration_parse(text, &ms) < 0)
            ms = -1;
    }
    if (ms < 0 || ms > MAX_DAYS * DAY_MS)
        return mig_err_set(err, MIG_E_SYNTAX,
                           "prune: --%s '%s': expected an age such as 90d or 36h", option, text);
    *ret = ms;
    return 0;
}

static int
parse_batch(const char *text, int64_t *ret, struct mig_err *err)
{
    char *end = NULL;
    long long rows = strtoll(text, &end, 10);

    if (end == text || *end || rows < 1 || rows > MAX_BATCH)
        return mig_err_set(err, MIG_E_SYNTAX, "prune: --batch '%s': expected 1 to %d rows", text,
                           MAX_BATCH);
    *ret = rows;
    return 0;
}

static void
print_counts(const char *verb, const struct mig_retention_counts *n)
{
    printf("%s %" PRId64 " actions, %" PRId64 " commands, %" PRId64 " agents, %" PRId64
           " rows of statistics, %" PRId64 " used tokens\n",
           verb, n->actions, n->commands, n->agents, n->stats, n->tokens);
}

int
mig_admin_prune(struct mig_db *db, int argc, char **argv, struct mig_err *err)
{
    static const struct option options[] = {
        {"actions", required_argument, NULL, 'a'},    {"agents", required_argument, NULL, 'g'},
        {"statistics", required_argument, NULL, 's'}, {"batch", required_argument, NULL, 'b'},
        {"dry-run", no_argument, NULL, 'n'},          {NULL, 0, NULL, 0}};
    struct mig_retention_ages ages = {-1, -1, -1};
    struct mig_retention_counts counts = {0};
    int64_t batch = BATCH;
    int opt, dry = 0, r = 0;

    optind = 1;
    while (r == 0 && (opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'a')
            r = parse_age("actions", optarg, &ages.actions, err);
        else if (opt == 'g')
            r = parse_age("agents", optarg, &ages.agents, err);
        else if (opt == 's')
            r = parse_age("statistics", optarg, &ages.stats, err);
        else if (opt == 'b')
            r = parse_batch(optarg, &batch, err);
        else if (opt == 'n')
            dry = 1;
        else
            return MIG_E_SYNTAX;
    }
    if (r < 0)
        return r;
    if (optind < argc)
        return mig_err_set(err, MIG_E_SYNTAX, "prune: '%s' is too much", argv[optind]);
    if (ages.actions < 0 && ages.agents < 0 && ages.stats < 0)
        return mig_err_set(err, MIG_E_SYNTAX,
                           "prune needs an age: --actions, --agents or --statistics");
    r = dry ? mig_retention_count(db, &ages, &counts, err)
            : mig_retention_prune(db, &ages, batch, &counts, err);
    if (r == 0 || !dry)
        print_counts(dry ? "would delete" : "deleted", &counts);
    return r;
}
