/* SPDX-License-Identifier: MPL-2.0 */
/* Which pages are there: by PAGEMAP_SCAN (Linux 6.7), which passes over a hole of terabytes at
 * once, or by the table of pages. */
#include "config.h"

#include "pages.h"

#include <errno.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define ENTRIES 4096u
#define ENTRY_PRESENT (UINT64_C(1) << 63)
#define ENTRY_SWAPPED (UINT64_C(1) << 62)

/* linux/fs.h, which older kernels' headers have without these. */
#define PAGEMAP_SCAN_ _IOWR('f', 16, struct scan_argument)
#define SCAN_PRESENT (UINT64_C(1) << 3)
#define SCAN_SWAPPED (UINT64_C(1) << 4)
#define SCAN_REGIONS 256u

struct scan_region {
    uint64_t start;
    uint64_t end;
    uint64_t categories;
};

struct scan_argument {
    uint64_t size;
    uint64_t flags;
    uint64_t start;
    uint64_t end;
    uint64_t walk_end;
    uint64_t vec;
    uint64_t vec_len;
    uint64_t max_pages;
    uint64_t category_inverted;
    uint64_t category_mask;
    uint64_t category_anyof_mask;
    uint64_t return_mask;
};

/* Moves *start on as far as the kernel answered; *ret_refused: it does not take the call, or not
 * from us. */
static int
scan(int pagemap, uint64_t *start, uint64_t end, uint64_t categories, bool *ret_refused,
     int (*each)(void *context, uint64_t start, uint64_t end), void *context)
{
    struct scan_region regions[SCAN_REGIONS];
    struct scan_argument argument = {
        .size = sizeof(argument),
        .end = end,
        .vec = (uint64_t)(uintptr_t)regions,
        .vec_len = SCAN_REGIONS,
        .category_anyof_mask = categories,
        .return_mask = categories,
    };
    int count, i;
    int code = 0;

    while (code == 0 && *start < end) {
        argument.start = *start;
        count = ioctl(pagemap, PAGEMAP_SCAN_, &argument);
        if (count < 0) {
            *ret_refused = true;
            return 0;
        }
        for (i = 0; i < count && code == 0; i++)
            code = each(context, regions[i].start, regions[i].end);
        if (argument.walk_end <= *start)
            return code;
        *start = argument.walk_end;
    }
    return code;
}

static int
read_table(int pagemap, uint64_t start, uint64_t end, uint64_t wanted,
           int (*each)(void *context, uint64_t start, uint64_t end), void *context)
{
    uint64_t entries[ENTRIES];
    uint64_t page = memory_page_size();
    uint64_t first = 0; /* of the run; 0: none is open */
    size_t most, i;
    ssize_t got;
    int code = 0;

    while (code == 0 && start < end) {
        most = (end - start) / page < ENTRIES ? (size_t)((end - start) / page) : ENTRIES;
        got = pread(pagemap, entries, most * sizeof(*entries),
                    (off_t)(start / page * sizeof(*entries)));
        if (got < (ssize_t)sizeof(*entries))
            return got < 0 ? -errno : -EIO;
        for (i = 0; code == 0 && i < (size_t)got / sizeof(*entries); i++, start += page) {
            if ((entries[i] & wanted) != 0) {
                if (first == 0)
                    first = start;
            } else if (first != 0) {
                code = each(context, first, start);
                first = 0;
            }
        }
    }
    return code == 0 && first != 0 ? each(context, first, end) : code;
}

int
memory_pages(int pagemap, uint64_t start, uint64_t end, bool swapped,
             int (*each)(void *context, uint64_t start, uint64_t end), void *context)
{
    bool refused = false;
    int code = scan(pagemap, &start, end, SCAN_PRESENT | (swapped ? SCAN_SWAPPED : 0), &refused,
                    each, context);

    if (!refused)
        return code;
    return read_table(pagemap, start, end, ENTRY_PRESENT | (swapped ? ENTRY_SWAPPED : 0), each,
                      context);
}

size_t
memory_page_size(void)
{
    static size_t size;

    if (size == 0)
        size = (size_t)sysconf(_SC_PAGESIZE);
    return size;
}
