/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "scan.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include <mig/process.h>

#include "match.h"
#include "pages.h"
#include "search.h"

#define WINDOW (512u * 1024u)
/* Then the rest of a mapping is not there, as behind the end of a file that was cut. */
#define BAD_PAGES_MAX 16
/* Without a table of pages, a mapping of this size is taken for one that is hardly used. */
#define BLIND_MAX (UINT64_C(64) << 30)

struct memory_scanner {
    struct memory_question *question;
    struct memory_scanner_host host;
    struct memory_matcher *matcher;
    uint8_t *buffer;
    size_t overlap;
    uint64_t bytes_read;
    bool cut_short;

    pid_t pid;
    int pagemap; /* of the process, or -1 */
    int mem;     /* of the process; -1: not open, -2: can not be opened */
    /* The text that is put together: */
    uint64_t start;
    uint64_t end;
    bool hidden;  /* not readable by the process itself */
    bool refused; /* process_vm_readv() is, of this process */
    bool over;    /* nothing is left to be found */
    unsigned bad_pages;
    uint64_t bad_bytes;
};

struct memory_scanner *
memory_scanner_new(struct memory_question *question, const struct memory_scanner_host *host)
{
    struct memory_scanner *scanner = calloc(1, sizeof(*scanner));

    if (scanner == NULL)
        return NULL;
    scanner->question = question;
    scanner->host = *host;
    scanner->overlap = question->longest > 0 ? question->longest - 1 : 0;
    if (question->has_content && scanner->overlap < MEMORY_OVERLAP)
        scanner->overlap = MEMORY_OVERLAP;
    scanner->buffer = malloc(WINDOW + scanner->overlap);
    scanner->matcher = memory_matcher_new(question, host);
    if (scanner->buffer == NULL || scanner->matcher == NULL) {
        memory_scanner_free(scanner);
        return NULL;
    }
    return scanner;
}

void
memory_scanner_free(struct memory_scanner *scanner)
{
    if (scanner == NULL)
        return;
    memory_matcher_free(scanner->matcher);
    free(scanner->buffer);
    free(scanner);
}

uint64_t
memory_scanner_read(const struct memory_scanner *scanner)
{
    return scanner->bytes_read;
}

bool
memory_scanner_cut_short(const struct memory_scanner *scanner)
{
    return scanner->cut_short;
}

static void
failure(struct memory_scanner *scanner, const char *what, uint64_t bytes)
{
    char text[160];

    snprintf(text, sizeof(text), "process %d: %" PRIu64 " bytes %s", (int)scanner->pid, bytes,
             what);
    scanner->host.failure(scanner->host.context, text);
}

/* ---- reading ---- */

static int
open_of(pid_t pid, const char *file)
{
    char path[64];

    snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
    return open(path, O_RDONLY | O_CLOEXEC);
}

/* Goes where process_vm_readv() does not, and as the kernel, not as the process. */
static ssize_t
read_mem(struct memory_scanner *scanner, uint64_t at, uint8_t *to, size_t length)
{
    if (scanner->mem == -1) {
        scanner->mem = open_of(scanner->pid, "mem");
        if (scanner->mem < 0)
            scanner->mem = -2;
    }
    return scanner->mem >= 0 ? pread(scanner->mem, to, length, (off_t)at) : -1;
}

/* What can be read from `at` on; 0: not the first page. */
static size_t
read_some(struct memory_scanner *scanner, uint64_t at, uint8_t *to, size_t length)
{
    struct iovec local = {to, length};
    struct iovec remote = {(void *)(uintptr_t)at, length};
    size_t page = memory_page_size();
    ssize_t got = -1;

    if (!scanner->hidden && !scanner->refused) {
        got = process_vm_readv(scanner->pid, &local, 1, &remote, 1, 0);
        scanner->refused = got < 0 && (errno == EPERM || errno == ENOSYS);
    }
    if (got <= 0)
        got = read_mem(scanner, at, to,
                       scanner->hidden || scanner->refused || length < page ? length : page);
    return got > 0 ? (size_t)got : 0;
}

/* How much the searches still want to see of the text from `at` on. */
static uint64_t
wanted(const struct memory_scanner *scanner, uint64_t at)
{
    const struct memory_question *question = scanner->question;
    uint64_t most = 0;
    size_t i;

    for (i = 0; i < question->count; i++) {
        const struct memory_search *search = &question->searches[i];
        uint64_t before = at < search->offset ? search->offset - at : 0;
        if (!search->active || search->left == 0)
            continue;
        if (search->left >= UINT64_MAX - before)
            return UINT64_MAX;
        if (before + search->left > most)
            most = before + search->left;
    }
    return most;
}

static void
skip_bad_page(struct memory_scanner *scanner, uint64_t *at)
{
    uint64_t page = memory_page_size();
    uint64_t length = page - *at % page;

    if (++scanner->bad_pages >= BAD_PAGES_MAX || length > scanner->end - *at)
        length = scanner->end - *at;
    scanner->bad_bytes += length;
    *at += length;
}

/* The text [start, end) is complete. */
static void
scan_text(struct memory_scanner *scanner)
{
    struct memory_window window = {.text = scanner->buffer, .begins = true};
    uint64_t at = scanner->start;
    uint64_t left;
    size_t length, keep;

    scanner->bad_pages = 0;
    while (at < scanner->end && !scanner->over) {
        if (scanner->host.cancelled(scanner->host.context)) {
            scanner->cut_short = scanner->over = true;
            return;
        }
        left = wanted(scanner, at);
        length = scanner->end - at < WINDOW ? (size_t)(scanner->end - at) : WINDOW;
        length = left < length ? (size_t)left : length;
        if (length == 0) {
            scanner->over = true;
            return;
        }
        length = read_some(scanner, at, scanner->buffer + window.old, length);
        if (length == 0) {
            skip_bad_page(scanner, &at);
            window.old = 0;
            window.begins = true;
            continue;
        }
        scanner->bad_pages = 0;
        scanner->bytes_read += length;
        window.length = window.old + length;
        window.address = at - window.old;
        at += length;
        window.ends = at == scanner->end;
        scanner->over = !memory_match(scanner->matcher, scanner->pid, &window);
        keep = window.length < scanner->overlap ? window.length : scanner->overlap;
        memmove(scanner->buffer, scanner->buffer + window.length - keep, keep);
        window.old = keep;
        window.begins = window.begins && keep == window.length;
    }
}

/* ---- putting texts together ---- */

static int
add_piece(struct memory_scanner *scanner, uint64_t start, uint64_t end, bool hidden)
{
    if (start == scanner->end && hidden == scanner->hidden) {
        scanner->end = end;
        return 0;
    }
    if (scanner->start < scanner->end)
        scan_text(scanner);
    scanner->start = start;
    scanner->end = end;
    scanner->hidden = hidden;
    return scanner->over;
}

/* What is put together of one mapping. */
struct pieces {
    struct memory_scanner *scanner;
    const struct mig_process_map *map;
    uint64_t from; /* what lies before is not wanted, or had */
    bool margins;
};

/* A run of pages that are there. One untouched page on either side belongs to it: what is looked
 * for may begin or end with its zeros. */
static int
on_run(void *context, uint64_t start, uint64_t end)
{
    struct pieces *pieces = context;
    uint64_t page = memory_page_size();

    if (pieces->margins) {
        start = start > pieces->from + page ? start - page : pieces->from;
        end = end + page < pieces->map->end ? end + page : pieces->map->end;
    }
    start = start > pieces->from ? start : pieces->from;
    end = end < pieces->map->end ? end : pieces->map->end;
    if (start >= end)
        return 0;
    pieces->from = end;
    return add_piece(pieces->scanner, start, end, !pieces->map->readable);
}

/* The lowest address that a search wants. */
static uint64_t
lowest(const struct memory_scanner *scanner)
{
    uint64_t least = UINT64_MAX;
    size_t i;

    for (i = 0; i < scanner->question->count; i++)
        if (scanner->question->searches[i].active && scanner->question->searches[i].offset < least)
            least = scanner->question->searches[i].offset;
    return least;
}

static int
add_map_blindly(struct memory_scanner *scanner, const struct mig_process_map *map, uint64_t from)
{
    if (!map->readable)
        return 0;
    if (scanner->question->resident || (map->anonymous && map->end - map->start > BLIND_MAX)) {
        failure(scanner, "not read: which pages are in memory is not to be had", map->end - from);
        return 0;
    }
    return add_piece(scanner, from, map->end, false);
}

static int
on_map(void *context, const struct mig_process_map *map)
{
    struct memory_scanner *scanner = context;
    struct pieces pieces = {.scanner = scanner, .map = map, .from = map->start};
    uint64_t least = lowest(scanner);
    bool resident = scanner->question->resident;
    int code;

    if (map->kernels || map->end <= least)
        return scanner->over;
    if (pieces.from < least)
        pieces.from = least;
    if (map->readable && !map->anonymous && !resident)
        return add_piece(scanner, pieces.from, map->end, false);
    pieces.margins = map->readable && !resident;
    code = memory_pages(scanner->pagemap, map->start, map->end, map->readable && !resident, on_run,
                        &pieces);
    if (code < 0)
        code = add_map_blindly(scanner, map, pieces.from);
    return code;
}

static void
start(struct memory_scanner *scanner, pid_t pid)
{
    size_t i;

    scanner->pid = pid;
    scanner->pagemap = open_of(pid, "pagemap");
    scanner->mem = -1;
    scanner->start = scanner->end = 0;
    scanner->hidden = scanner->over = scanner->refused = false;
    scanner->bad_bytes = 0;
    for (i = 0; i < scanner->question->count; i++) {
        struct memory_search *search = &scanner->question->searches[i];
        search->left = search->max_length > 0 ? search->max_length : UINT64_MAX;
    }
    memory_matcher_start(scanner->matcher);
}

int
memory_scan(struct memory_scanner *scanner, pid_t pid)
{
    int code;

    start(scanner, pid);
    code = mig_process_maps(pid, on_map, scanner);
    if (!scanner->over && scanner->start < scanner->end)
        scan_text(scanner);
    if (scanner->bad_bytes > 0)
        failure(scanner, "could not be read", scanner->bad_bytes);
    if (scanner->pagemap >= 0)
        close(scanner->pagemap);
    if (scanner->mem >= 0)
        close(scanner->mem);
    return code < 0 ? code : 0;
}
