/* SPDX-License-Identifier: MPL-2.0 */
/*
 * file-walk PLUGIN PARAMETERS|@FILE: runs the plugin once, with the parameters or those of the file,
 * and prints the milliseconds that it took, those of the processor, the most memory in KiB, and the
 * statistics.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include <json-c/json.h>
#include <mig/mock_host.h>

static double
now_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static double
ms_of(struct timeval time)
{
    return (double)time.tv_sec * 1e3 + (double)time.tv_usec / 1e3;
}

static void
run(struct mig_mock *mock, const struct mig_plugin *plugin, const char *parameters)
{
    struct rusage usage = {0};
    double start = now_ms();
    int code = mig_mock_run(mock, plugin, parameters);
    double wall = now_ms() - start;

    getrusage(RUSAGE_SELF, &usage);
    printf("%.0f %.0f %ld %s\n", wall, ms_of(usage.ru_utime) + ms_of(usage.ru_stime),
           usage.ru_maxrss, code == 0 ? mig_mock_statistics(mock) : mig_mock_refusal(mock));
}

static char *
read_text(const char *path)
{
    FILE *file = fopen(path, "re");
    char *text = NULL;
    size_t room = 0;

    if (file == NULL || getdelim(&text, &room, '\0', file) < 0)
        fprintf(stderr, "file-walk: %s can not be read\n", path);
    if (file != NULL)
        fclose(file);
    return text;
}

int
main(int argc, char **argv)
{
    const struct mig_plugin *plugin;
    struct mig_mock *mock = mig_mock_new();
    char *text = NULL;
    int code = 1;

    if (argc != 3 || mock == NULL) {
        fprintf(stderr, "usage: file-walk PLUGIN PARAMETERS|@FILE\n");
        return 2;
    }
    plugin = mig_mock_load(argv[1]);
    if (argv[2][0] == '@')
        text = read_text(argv[2] + 1);
    if (plugin != NULL && (argv[2][0] != '@' || text != NULL)) {
        run(mock, plugin, text != NULL ? text : argv[2]);
        code = mig_mock_refusal(mock)[0] != '\0';
    }
    free(text);
    mig_mock_free(mock);
    return code;
}
