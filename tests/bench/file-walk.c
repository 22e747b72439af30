/* SPDX-License-Identifier: MPL-2.0 */
/* file-walk PLUGIN PARAMETERS: runs file.so once and prints the milliseconds and the statistics. */
#include "config.h"

#include <stdio.h>
#include <time.h>

#include <mig/mock_host.h>

static double
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

int
main(int argc, char **argv)
{
    const struct mig_plugin *plugin;
    struct mig_mock *mock = mig_mock_new();
    double start;
    int code;

    if (argc != 3 || mock == NULL) {
        fprintf(stderr, "usage: file-walk PLUGIN PARAMETERS\n");
        return 2;
    }
    plugin = mig_mock_load(argv[1]);
    if (plugin == NULL)
        return 1;
    start = now_ms();
    code = mig_mock_run(mock, plugin, argv[2]);
    printf("%.0f %s\n", now_ms() - start,
           code == 0 ? mig_mock_statistics(mock) : mig_mock_refusal(mock));
    mig_mock_free(mock);
    return code != 0;
}
