/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "lanes/scheduler.h"

#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "lanes/lane.h"

#define MAX_LANES 32

struct scheduler {
    struct mig_lanes_settings *config;
    struct mig_lane lanes[MAX_LANES];
    size_t count;
    size_t started;
    atomic_bool stop;
    int stop_fd;
};

static const char usage[] =
    "usage: mig-scheduler [-c FILE] [--lanes NAME[,NAME…]] [-d] [-V]\n"
    "  -c FILE        configuration (default " MIG_SYSCONF_DIR "/scheduler.cfg)\n"
    "  --lanes LIST   run these lanes only; a name may come several times:\n"
    "                 intake, dispatch, collect, expire, agents, heartbeats, queues (default: one "
    "of each)\n"
    "  -d             log debug messages too\n"
    "  -V             print the version\n";

static int
add_lane(struct scheduler *s, const char *name, size_t len)
{
    for (const struct mig_lane *lane = mig_lanes_all; lane->name; lane++) {
        if (strlen(lane->name) != len || strncmp(lane->name, name, len) != 0)
            continue;
        if (s->count == MAX_LANES) {
            fprintf(stderr, "mig-scheduler: --lanes: more than %d lanes\n", MAX_LANES);
            return -1;
        }
        s->lanes[s->count++] = *lane;
        return 0;
    }
    fprintf(stderr,
            "mig-scheduler: --lanes: '%.*s' is no lane: expected intake, dispatch, collect, "
            "expire, agents, heartbeats or queues\n",
            (int)len, name);
    return -1;
}

static int
choose_lanes(struct scheduler *s, const char *list)
{
    if (!list)
        list = "intake,dispatch,collect,expire,agents,heartbeats,queues";
    for (;;) {
        size_t len = strcspn(list, ",");
        if (add_lane(s, list, len) < 0)
            return -1;
        if (!list[len])
            return 0;
        list += len + 1;
    }
}

/* Called with SIGTERM and SIGINT blocked, which the threads inherit: sigwait() gets them. */
static int
start(struct scheduler *s)
{
    for (size_t i = 0; i < s->count; i++) {
        struct mig_lane *lane = &s->lanes[i];
        lane->config = s->config;
        lane->stop = &s->stop;
        lane->stop_fd = s->stop_fd;
        int r = pthread_create(&lane->thread, NULL, mig_lane_thread, lane);
        if (r) {
            mig_log(MIG_SEV_ERR, "lane %s: thread: %s", lane->name, strerror(r));
            return -1;
        }
        s->started++;
    }
    return 0;
}

static void
stop(struct scheduler *s)
{
    uint64_t one = 1;

    atomic_store(&s->stop, true);
    if (write(s->stop_fd, &one, sizeof(one)) != (ssize_t)sizeof(one))
        mig_log(MIG_SEV_ERR, "eventfd: %s", strerror(errno));
    for (size_t i = 0; i < s->started; i++)
        pthread_join(s->lanes[i].thread, NULL);
}

static int
run(struct scheduler *s)
{
    sigset_t set;
    int got = 0;

    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    s->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (s->stop_fd < 0) {
        mig_log(MIG_SEV_ERR, "eventfd: %s", strerror(errno));
        return 1;
    }
    int r = start(s);
    if (r == 0) {
        mig_log(MIG_SEV_NOTICE, "%zu lanes started", s->started);
        sigwait(&set, &got);
        mig_log(MIG_SEV_NOTICE, "stopping: %s", strsignal(got));
    }
    stop(s);
    close(s->stop_fd);
    return r == 0 ? 0 : 1;
}

static int
configure(struct scheduler *s, const char *path, int debug)
{
    struct mig_err err = {0};

    if (mig_lanes_settings_load(path, &s->config, &err) < 0) {
        fprintf(stderr, "mig-scheduler: %s\n", err.text);
        return -1;
    }
    int r = mig_log_open("mig-scheduler", s->config->store.log_destination,
                         debug ? MIG_SEV_DEBUG : s->config->store.log_severity);
    if (r < 0) {
        fprintf(stderr, "mig-scheduler: %s: %s\n", s->config->store.log_destination,
                mig_strerror(r));
        return -1;
    }
    mig_lanes_settings_warn(s->config);
    return 0;
}

int
mig_scheduler_main(int argc, char **argv)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"lanes", required_argument, NULL, 'l'},
        {"debug", no_argument, NULL, 'd'},        {"version", no_argument, NULL, 'V'},
        {"help", no_argument, NULL, 'h'},         {NULL, 0, NULL, 0}};
    const char *path = MIG_SYSCONF_DIR "/scheduler.cfg", *lanes = NULL;
    static struct scheduler s;
    int opt, debug = 0;

    while ((opt = getopt_long(argc, argv, "c:dVh", options, NULL)) != -1) {
        if (opt == 'c') {
            path = optarg;
        } else if (opt == 'l') {
            lanes = optarg;
        } else if (opt == 'd') {
            debug = 1;
        } else if (opt == 'V') {
            puts(PACKAGE_VERSION);
            return 0;
        } else {
            fputs(usage, opt == 'h' ? stdout : stderr);
            return opt == 'h' ? 0 : 2;
        }
    }
    if (optind < argc) {
        fputs(usage, stderr);
        return 2;
    }
#ifndef MIG_SANITIZERS /* whose search for leaks needs to trace */
    /* Passwords of the database and the broker are in memory. */
    prctl(PR_SET_DUMPABLE, 0);
#endif
    if (choose_lanes(&s, lanes) < 0)
        return 2;
    int code = configure(&s, path, debug) < 0 ? 1 : run(&s);
    mig_lanes_settings_free(s.config);
    return code;
}
