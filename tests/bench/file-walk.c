/* SPDX-License-Identifier: MPL-2.0 */
/*
 * file-walk PLUGIN PARAMETERS|@FILE: runs the plugin once, with the parameters or those of the
 * file. file-walk --run PROGRAM [ARGUMENT…]: runs a program, whose output is lost. Either prints
 * the milliseconds that it took, those of the processor and the most memory in KiB that it or a
 * program that it ran had, then the statistics or the exit code.
 *
 * file-walk --spin SECONDS: counts for so long, and prints how far it came.
 * file-walk --fill FOLDER COUNT: makes a folder with so many empty files.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

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
tell(double start, const struct rusage *usage)
{
    printf("%.0f %.0f %ld ", now_ms() - start, ms_of(usage->ru_utime) + ms_of(usage->ru_stime),
           usage->ru_maxrss);
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

static int
search(const char *path, const char *parameters)
{
    struct mig_mock *mock = mig_mock_new();
    const struct mig_plugin *plugin = mock != NULL ? mig_mock_load(path) : NULL;
    char *text = parameters[0] == '@' ? read_text(parameters + 1) : NULL;
    struct rusage usage = {0};
    double start;
    int code = 1;

    if (plugin != NULL && (parameters[0] != '@' || text != NULL)) {
        start = now_ms();
        code = mig_mock_run(mock, plugin, text != NULL ? text : parameters);
        getrusage(RUSAGE_SELF, &usage);
        tell(start, &usage);
        puts(code == 0 ? mig_mock_statistics(mock) : mig_mock_refusal(mock));
    }
    free(text);
    mig_mock_free(mock);
    return code == 0 ? 0 : 1;
}

static int
run(char **command)
{
    int nothing = open("/dev/null", O_WRONLY | O_CLOEXEC);
    struct rusage usage = {0};
    double start = now_ms();
    pid_t pid = fork();
    int status = 0;

    if (pid == 0) {
        dup2(nothing, STDOUT_FILENO);
        dup2(nothing, STDERR_FILENO);
        execvp(command[0], command);
        _exit(127);
    }
    if (pid < 0 || wait4(pid, &status, 0, &usage) != pid)
        return 1;
    tell(start, &usage);
    printf("%d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128);
    return 0;
}

static int
spin(double seconds)
{
    double end = now_ms() + seconds * 1e3;
    volatile uint64_t count = 0;

    while ((count & 0xffff) != 0 || now_ms() < end)
        count++;
    printf("%" PRIu64 "\n", (uint64_t)count);
    return 0;
}

static int
fill(const char *folder, unsigned long count)
{
    char name[32];
    int fd = mkdir(folder, 0755) == 0 ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    unsigned long i;

    for (i = 0; fd >= 0 && i < count; i++) {
        snprintf(name, sizeof(name), "entry-%lu", i);
        if (mknodat(fd, name, S_IFREG | 0644, 0) != 0)
            break;
    }
    if (fd < 0 || i < count)
        fprintf(stderr, "file-walk: %s: %s\n", folder, strerror(errno));
    if (fd >= 0)
        close(fd);
    return i < count;
}

int
main(int argc, char **argv)
{
    if (argc >= 3 && strcmp(argv[1], "--run") == 0)
        return run(argv + 2);
    if (argc == 3 && strcmp(argv[1], "--spin") == 0)
        return spin(strtod(argv[2], NULL));
    if (argc == 4 && strcmp(argv[1], "--fill") == 0)
        return fill(argv[2], strtoul(argv[3], NULL, 10));
    if (argc == 3)
        return search(argv[1], argv[2]);
    fprintf(stderr, "usage: file-walk PLUGIN PARAMETERS|@FILE | --run PROGRAM [ARGUMENT...] | "
                    "--spin SECONDS | --fill FOLDER COUNT\n");
    return 2;
}
