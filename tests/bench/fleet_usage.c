/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "fleet_usage.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The parent of a process and its CPU time, with that of the children it has waited for. */
static int
read_stat(long pid, long *ret_parent, double *ret_ms)
{
    char path[64], text[1024];
    unsigned long long user, sys;
    long long waited_user, waited_sys;
    FILE *file;
    size_t len;

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    file = fopen(path, "re");
    if (!file)
        return -1;
    len = fread(text, 1, sizeof(text) - 1, file);
    fclose(file);
    text[len] = '\0';
    /* The name may hold anything, so what follows its last ')'. */
    const char *rest = strrchr(text, ')');
    if (!rest ||
        sscanf(rest + 1, " %*c %ld %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu %lld %lld",
               ret_parent, &user, &sys, &waited_user, &waited_sys) != 5)
        return -1;
    *ret_ms = (double)(user + sys + (unsigned long long)(waited_user + waited_sys)) * 1000 /
              (double)sysconf(_SC_CLK_TCK);
    return 0;
}

static uint64_t
resident_kib(long pid)
{
    char path[64], line[256];
    uint64_t kib = 0;
    FILE *file;

    snprintf(path, sizeof(path), "/proc/%ld/status", pid);
    file = fopen(path, "re");
    while (file && fgets(line, sizeof(line), file))
        if (sscanf(line, "VmRSS: %" SCNu64, &kib) == 1)
            break;
    if (file)
        fclose(file);
    return kib;
}

static void
add_tree(long root, struct fleet_usage *usage)
{
    DIR *proc = opendir("/proc");
    struct dirent *entry;
    long parent;
    double ms;

    if (read_stat(root, &parent, &ms) < 0)
        goto out;
    usage->cpu_ms += ms;
    usage->rss_kib += resident_kib(root);
    while (proc && (entry = readdir(proc))) {
        long pid = strtol(entry->d_name, NULL, 10);
        if (pid > 0 && read_stat(pid, &parent, &ms) == 0 && parent == root)
            add_tree(pid, usage);
    }
out:
    if (proc)
        closedir(proc);
}

void
fleet_usage(long pid, struct fleet_usage *ret)
{
    *ret = (struct fleet_usage){0};
    add_tree(pid, ret);
}
