/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "api/program.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "api/server.h"
#include "api/settings.h"
#include "base/file.h"
#include "base/log.h"

static void
usage(FILE *out)
{
    fputs("usage: mig-api [-c FILE] [-d] [-V]\n"
          "  -c FILE  configuration, default " MIG_SYSCONF_DIR "/api.cfg\n"
          "  -d       log everything, to stderr\n"
          "  -V       print the version\n",
          out);
}

/* Written beside its place and renamed, so that whoever waits for it never reads half. */
static int
write_portfile(const char *path, uint16_t port, struct mig_err *err)
{
    const char *slash = strrchr(path, '/');
    char folder[4096] = ".";
    char text[16];
    int dirfd, rc;

    if (slash != NULL)
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path) + 1, path);
    dirfd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0)
        return mig_err_errno(err, errno, "server.portfile: folder %s", folder);
    snprintf(text, sizeof text, "%u\n", port);
    rc = mig_file_replace(dirfd, slash == NULL ? path : slash + 1, text, strlen(text), 0644);
    close(dirfd);
    return rc < 0 ? mig_err_errno(err, -rc, "server.portfile: %s", path) : 0;
}

static int
run(const struct mig_api_settings *settings, const sigset_t *signals, struct mig_err *err)
{
    struct mig_server *server = NULL;
    int signal_number = 0;
    int rc;

    rc = mig_server_start(settings, &server, err);
    if (rc < 0)
        return rc;
    mig_log(MIG_SEV_NOTICE, "- - - listening on %s port %u", settings->ip, mig_server_port(server));
    if (settings->portfile != NULL)
        rc = write_portfile(settings->portfile, mig_server_port(server), err);
    if (rc >= 0) {
        sigwait(signals, &signal_number);
        mig_log(MIG_SEV_NOTICE, "- - - %s, stopping", strsignal(signal_number));
    }
    mig_server_stop(server);
    return rc;
}

static int
start(const char *path, int debug)
{
    struct mig_api_settings settings = {0};
    struct mig_err err = {0};
    sigset_t signals;
    int rc;

    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
    signal(SIGPIPE, SIG_IGN);
#ifndef MIG_SANITIZERS         /* the leak checker must be able to look at the process */
    prctl(PR_SET_DUMPABLE, 0); /* the database password stays out of core dumps */
#endif
    rc = mig_api_settings_load(path, &settings, &err);
    if (rc >= 0) {
        rc = mig_log_open("mig-api", debug ? "stderr" : settings.store.log_destination,
                          debug ? MIG_SEV_DEBUG : settings.store.log_severity);
        if (rc < 0)
            mig_err_errno(&err, -rc, "logging to %s", settings.store.log_destination);
    }
    if (rc >= 0) {
        mig_api_settings_warn(&settings);
        rc = run(&settings, &signals, &err);
    }
    mig_api_settings_fini(&settings);
    if (rc < 0)
        fprintf(stderr, "mig-api: %s\n", err.text);
    return rc < 0 ? 1 : 0;
}

int
mig_api_main(int argc, char **argv)
{
    const char *path = MIG_SYSCONF_DIR "/api.cfg";
    int debug = 0;
    int option;

    while ((option = getopt(argc, argv, "c:dVh")) != -1) {
        switch (option) {
        case 'c':
            path = optarg;
            break;
        case 'd':
            debug = 1;
            break;
        case 'V':
            puts(PACKAGE_VERSION);
            return 0;
        case 'h':
            usage(stdout);
            return 0;
        default:
            usage(stderr);
            return 2;
        }
    }
    if (optind != argc) {
        usage(stderr);
        return 2;
    }
    return start(path, debug);
}
