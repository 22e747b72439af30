/* SPDX-License-Identifier: MPL-2.0 */
/*
 * floor names|stat|sha256 THREADS FOLDER: what the machine itself takes to walk a tree: the system
 * calls and the digests that no search can do without, nothing found, nothing counted but files.
 * Where a limit is a share of another program's time, this says whether the machine can keep it.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <openssl/evp.h>

#define ENTRIES 65536u
#define BLOCK (256u * 1024u)
#define THREADS_MAX 64u

enum work { NAMES, STAT, SHA256 };

/* What getdents64 gives, see its man page. */
struct entry {
    uint64_t ino;
    int64_t off;
    unsigned short length;
    unsigned char type;
    char name[];
};

static enum work work;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* of all below */
static pthread_cond_t wake = PTHREAD_COND_INITIALIZER;
static char **folders;
static size_t count;
static size_t room;
static unsigned int busy;
static uint64_t files;

static void
must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
    exit(1);
}

static void
push(char *path)
{
    must(path != NULL, "a path");
    pthread_mutex_lock(&lock);
    if (count == room) {
        room = room * 2 + 64;
        folders = reallocarray(folders, room, sizeof(*folders));
        must(folders != NULL, "the folders to come");
    }
    folders[count++] = path;
    pthread_cond_signal(&wake);
    pthread_mutex_unlock(&lock);
}

/* NULL: no thread has more. */
static char *
pop(void)
{
    char *path = NULL;

    pthread_mutex_lock(&lock);
    while (count == 0 && busy > 0)
        pthread_cond_wait(&wake, &lock);
    if (count > 0) {
        path = folders[--count];
        busy++;
    } else {
        pthread_cond_broadcast(&wake);
    }
    pthread_mutex_unlock(&lock);
    return path;
}

static void
done(uint64_t more)
{
    pthread_mutex_lock(&lock);
    files += more;
    if (--busy == 0)
        pthread_cond_broadcast(&wake);
    pthread_mutex_unlock(&lock);
}

static void
digest(int dirfd, const char *name, EVP_MD_CTX *context, const EVP_MD *method, unsigned char *block)
{
    unsigned char result[EVP_MAX_MD_SIZE];
    int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NOATIME);
    ssize_t got = 1;

    if (fd < 0)
        return;
    must(EVP_DigestInit_ex(context, method, NULL) == 1, "SHA-256");
    while (got > 0 && (got = read(fd, block, BLOCK)) > 0)
        EVP_DigestUpdate(context, block, (size_t)got);
    EVP_DigestFinal_ex(context, result, NULL);
    close(fd);
}

static void *
walk(void *unused)
{
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_MD *method = EVP_MD_fetch(NULL, "SHA256", NULL);
    unsigned char *block = malloc(BLOCK);
    char *entries = malloc(ENTRIES);
    const struct entry *entry;
    struct stat st;
    char *path;
    char *below;
    uint64_t seen;
    long got;
    long at;
    int fd;

    (void)unused;
    must(context != NULL && method != NULL && block != NULL && entries != NULL, "memory");
    while ((path = pop()) != NULL) {
        seen = 0;
        fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        while (fd >= 0 && (got = syscall(SYS_getdents64, fd, entries, ENTRIES)) > 0)
            for (at = 0; at < got; at += entry->length) {
                entry = (const struct entry *)(const void *)(entries + at);
                if (strcmp(entry->name, ".") == 0 || strcmp(entry->name, "..") == 0)
                    continue;
                if (entry->type == DT_DIR) {
                    must(asprintf(&below, "%s/%s", path, entry->name) > 0, "a path");
                    push(below);
                } else if (entry->type == DT_REG) {
                    seen++;
                    if (work == STAT)
                        fstatat(fd, entry->name, &st, AT_SYMLINK_NOFOLLOW);
                    else if (work == SHA256)
                        digest(fd, entry->name, context, method, block);
                }
            }
        if (fd >= 0)
            close(fd);
        free(path);
        done(seen);
    }
    free(entries);
    free(block);
    EVP_MD_free(method);
    EVP_MD_CTX_free(context);
    return NULL;
}

int
main(int argc, char **argv)
{
    pthread_t threads[THREADS_MAX];
    unsigned long wanted = argc == 4 ? strtoul(argv[2], NULL, 10) : 0;
    unsigned long i;

    if (argc == 4 && strcmp(argv[1], "stat") == 0)
        work = STAT;
    else if (argc == 4 && strcmp(argv[1], "sha256") == 0)
        work = SHA256;
    else if (argc != 4 || strcmp(argv[1], "names") != 0)
        wanted = 0;
    if (wanted == 0 || wanted > THREADS_MAX) {
        fprintf(stderr, "usage: floor names|stat|sha256 THREADS FOLDER\n");
        return 2;
    }
    push(strdup(argv[3]));
    for (i = 1; i < wanted; i++)
        must(pthread_create(&threads[i], NULL, walk, NULL) == 0, "a thread");
    walk(NULL);
    for (i = 1; i < wanted; i++)
        pthread_join(threads[i], NULL);
    free(folders);
    return files > 0 ? 0 : 1;
}
