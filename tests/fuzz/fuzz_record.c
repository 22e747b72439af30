/* SPDX-License-Identifier: MPL-2.0 */
/* Any bytes may be a worker's record: the plugin could write all over it. */
#include "config.h"

#include "fuzz.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "plugin/collect.h"
#include "plugin/fields.h"
#include "plugin/record.h"

static void
walk(const struct mig_record *record)
{
    struct mig_record_entry entry;
    size_t at = 0, before, entries = 0;

    for (;;) {
        int rc;

        before = at;
        rc = mig_record_next(record, &at, &entry);
        if (rc <= 0)
            break;
        MUST(at > before && ++entries < (1u << 24));
        /* Every byte that it points to is there. */
        for (size_t i = 0; i < entry.len; i++)
            MUST(((volatile const char *)entry.text)[i] + 0 < 256);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct mig_record_summary summary;
    struct mig_fields_report report;
    struct mig_record_state state;
    struct mig_record *record = NULL;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);

    MUST(fd >= 0 && mig_fd_write_all(fd, data, size) == 0);
    (void)mig_record_peek(fd, &state);
    if (mig_record_read(fd, &record) == 0) {
        walk(record);
        mig_record_summary(record, &summary, &report);
        mig_record_close(record);
    }
    close(fd);
    return 0;
}
