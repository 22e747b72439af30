/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A result made of a record that a plugin may have written all over. The bytes are what follows the
 * record's head: entries in their frames. Whatever they are, the module result is JSON and stays in
 * its bound. (fuzz_record has the head.)
 */
#include "config.h"

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "plugin/collect.h"
#include "plugin/record.h"
#include "plugin/salvage.h"

#define OUTPUT_MAX 4096u

/* A record of `data` behind the head that mig_record_make() writes; its first 8 bytes, in the byte
 * order of this machine, are how many the head says there are. */
static int
make(const uint8_t *data, size_t size)
{
    static const off_t used_at = 16; /* magic, running, found and full come before */
    static off_t head_size;
    int fd = mig_record_make(0), copy = memfd_create("fuzz", MFD_CLOEXEC);
    struct mig_buf head = MIG_BUF_INIT;

    MUST(fd >= 0 && copy >= 0);
    if (head_size == 0)
        head_size = lseek(fd, 0, SEEK_END) - (1 << 20);
    MUST(head_size > used_at + 8 && mig_buf_reserve(&head, (size_t)head_size) == 0);
    MUST(pread(fd, head.data, (size_t)head_size, 0) == head_size);
    memcpy(head.data + used_at, data, 8);
    MUST(mig_fd_write_all(copy, head.data, (size_t)head_size) == 0);
    MUST(mig_fd_write_all(copy, data + 8, size - 8) == 0);
    mig_buf_fini(&head);
    close(fd);
    return copy;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_collect_spec spec = {
        .stop_at = INT64_MAX, .deadline = INT64_MAX, .output_max = OUTPUT_MAX};
    struct mig_collect *collect = NULL;
    struct mig_buf result = MIG_BUF_INIT;
    struct mig_err err = {0};
    int fd;

    if (size < 8)
        return 0;
    fd = make(data, size);
    MUST(mig_collect_new(&spec, &collect, NULL) == 0);
    MUST(mig_salvage(fd, collect, &err) == 0 && err.text[0] == '\0');
    MUST(mig_collect_result(collect, false, "killed", &result) == 0);
    MUST(mig_json_check(result.data, result.len, NULL, NULL) == 0);
    /* The notices come on top. */
    MUST(result.len <= OUTPUT_MAX + 8192);
    mig_buf_fini(&result);
    mig_collect_free(collect);
    close(fd);
    return 0;
}
