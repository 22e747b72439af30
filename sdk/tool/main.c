/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/log.h"
#include "tool.h"

static const char usage[] =
    "Usage: mig-plugin new NAME                 a folder NAME that builds, tests and runs a "
    "module\n"
    "       mig-plugin check FILE.so...         what a host says of it, without allowing it\n"
    "       mig-plugin digest FILE.so...        its line for a site's plugins.allow\n"
    "       mig-plugin run [options] FILE.so [arguments of the module | help]\n"
    "                                           runs it here, confined as an agent would\n"
    "       mig-plugin --version\n\n"
    "Options of run: --json --found --private --timeout SECONDS --cpu SECONDS --memory BYTES\n"
    "                --output BYTES --openfiles N\n"
    "Option of new:  --template DIR\n"
    "See mig-plugin(1).\n";

int
mig_tool_usage(void)
{
    fputs(usage, stderr);
    return 2;
}

int
mig_tool_fail(const struct mig_err *err)
{
    fprintf(stderr, "mig-plugin: %s\n", err->text[0] != '\0' ? err->text : "out of memory");
    return 1;
}

int
main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int (*command)(int argc, char **argv);
    } commands[] = {
        {"new", mig_tool_new},
        {"check", mig_tool_check},
        {"digest", mig_tool_digest},
        {"run", mig_tool_run},
    };

    mig_tool_inherit(argc, argv);
    mig_worker_role(argc, argv);
    mig_log_open("mig-plugin", "stderr", MIG_SEV_DEBUG);
    for (size_t i = 0; argc > 1 && i < sizeof(commands) / sizeof(commands[0]); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].command(argc - 2, argv + 2);
    if (argc == 2 && strcmp(argv[1], "--version") == 0) {
        printf("mig-plugin %s, ABI %d.%d\n", PACKAGE_VERSION, MIG_ABI_MAJOR, MIG_ABI_MINOR);
        return 0;
    }
    if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "help") == 0)) {
        fputs(usage, stdout);
        return 0;
    }
    return mig_tool_usage();
}
