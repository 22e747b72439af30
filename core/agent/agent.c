/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "agent/agent.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/narrow.h"
#include "agent/owner_log.h"
#include "agent/site.h"
#include "agent/supervisor.h"
#include "base/log.h"
#include "trust/whitelist.h"

#define CHECKIN "agent-checkin" /* -m */

static const char usage[] =
    "usage: mig-agent [-d] [-f]              serve the platform that is built in\n"
    "       mig-agent -m agent-checkin       take what is queued, answer it, end\n"
    "       mig-agent -m MODULE [-p]         run a module on the parameters of stdin\n"
    "       mig-agent -q WORD                ask the running agent: confinement, persist, pid,\n"
    "                                        plugins, status, shutdown\n"
    "       mig-agent log [-n COUNT] [-j]    show who asked what, what ran and what left\n"
    "       mig-agent -S                     show what is built in\n"
    "       mig-agent -V                     show the version\n"
    "  -d  log debug messages to stderr\n"
    "  -f  stay in the foreground (it always does)\n"
    "  -j  with log: print the log's own lines, JSON\n"
    "  -n  with log: only the last COUNT events\n"
    "  -p  with -m: print text instead of JSON\n";

struct options {
    const char *mode;
    const char *query;
    size_t count;
    int debug, json, log, pretty, settings, version;
};

static int
parse_count(const char *text, size_t *ret)
{
    char *end;
    unsigned long value;

    errno = 0;
    value = strtoul(text, &end, 10);
    if (text[0] < '0' || text[0] > '9' || *end || errno || value == 0) {
        fprintf(stderr, "mig-agent: -n takes a number of events, 1 or more, not '%s'\n", text);
        return 2;
    }
    *ret = value;
    return -1;
}

static int
parse(int argc, char **argv, struct options *o)
{
    int c;

    o->mode = "agent";
    while ((c = getopt(argc, argv, "dfhjm:n:pq:SV")) != -1) {
        switch (c) {
        case 'd':
            o->debug = 1;
            break;
        case 'f':
            break;
        case 'j':
            o->json = 1;
            break;
        case 'm':
            o->mode = optarg;
            break;
        case 'n':
            if (parse_count(optarg, &o->count) == 2)
                return 2;
            break;
        case 'p':
            o->pretty = 1;
            break;
        case 'q':
            o->query = optarg;
            break;
        case 'S':
            o->settings = 1;
            break;
        case 'V':
            o->version = 1;
            break;
        default:
            fputs(usage, c == 'h' ? stdout : stderr);
            return c == 'h' ? 0 : 2;
        }
    }
    if (optind < argc && strcmp(argv[optind], "log") == 0) {
        o->log = 1;
        optind++;
    }
    if (optind < argc) {
        fprintf(stderr, "mig-agent: unexpected argument '%s'\n%s", argv[optind], usage);
        return 2;
    }
    if (!o->log && (o->json || o->count)) {
        fprintf(stderr, "mig-agent: -j and -n go with log\n");
        return 2;
    }
    return -1;
}

static int
serve(const struct mig_site *site, int debug)
{
    struct mig_err err = {0};
    int severity = site->log_level ? mig_log_severity(site->log_level) : MIG_SEV_INFO;
    int rc;

    if (!mig_site_present(site)) {
        fprintf(stderr,
                "mig-agent: built without a site: make one with mig-mkagent --site DIR -o FILE\n");
        return 1;
    }
    rc = mig_log_open("mig-agent", debug ? "stderr" : site->log_destination,
                      debug ? MIG_SEV_DEBUG : severity);
    if (rc < 0) {
        fprintf(stderr, "mig-agent: log %s can not be opened\n", site->log_destination);
        return 1;
    }
    rc = mig_supervisor_run(site, &err);
    if (rc < 0)
        mig_log(MIG_SEV_ERR, "%s", err.text);
    return rc < 0 ? 1 : 0;
}

/* What the endpoint leaves of the site. The packaged agent has neither. */
static int
narrow(int checkin, struct mig_narrow *ret)
{
    struct mig_err err = {0};

    if (!mig_site_present(&mig_site)) {
        *ret = (struct mig_narrow){.site = mig_site};
        return 0;
    }
    if (mig_narrow_load(&mig_site, &mig_whitelist, ret, &err) < 0) {
        fprintf(stderr, "mig-agent: %s\n", err.text);
        return -1;
    }
    ret->site.checkin |= (uint64_t)checkin;
    return 0;
}

static int
run(const struct options *o, const struct mig_site *site)
{
    if (o->settings)
        return mig_agent_settings(site, stdout);
    if (strcmp(o->mode, "agent") == 0 || strcmp(o->mode, CHECKIN) == 0)
        return serve(site, o->debug);
    return mig_agent_module(site, o->mode, o->pretty);
}

int
mig_agent_main(int argc, char **argv)
{
    struct options o = {0};
    struct mig_narrow n;
    int rc = parse(argc, argv, &o);

    if (rc >= 0)
        return rc;
    if (o.version) {
        printf("%s\n", PACKAGE_VERSION);
        return 0;
    }
    if (mig_site.layout != MIG_SITE_LAYOUT) {
        fprintf(stderr, "mig-agent: built of two versions of MIG: run mig-mkagent again\n");
        return 1;
    }
    if (o.log)
        return mig_owner_log_show(&mig_site, o.count, o.json, stdout);
    if (o.query)
        return mig_control_query(&mig_site, o.query);
    if (narrow(strcmp(o.mode, CHECKIN) == 0, &n) < 0)
        return 1;
    rc = run(&o, &n.site);
    mig_narrow_fini(&n);
    return rc;
}
