/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What fswatch finds on disk at its start: refused as a whole, or a tree that is written and read
 * again as it is.
 */
#include "config.h"

#include "fuzz.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include <json-c/json.h>
#include <mig/state.h>

#include "fswatch.h"

static int files[2] = {-1, -1};

static int
descriptor(const struct mig_host *host, uint32_t which)
{
    (void)host;
    MUST(which == MIG_DESCRIPTOR_STATE || which == MIG_DESCRIPTOR_STATE + 1);
    return files[which - MIG_DESCRIPTOR_STATE];
}

static void
refuse(const struct mig_host *host, const char *message)
{
    (void)host;
    fprintf(stderr, "%s\n", message);
    MUST(false);
}

static const struct mig_host host = {
    .struct_size = sizeof(host), .descriptor = descriptor, .refuse = refuse};

/* A watcher that has been started and has not looked at anything; what its load gave. */
static int
begin(struct fswatch *fs)
{
    struct json_object *config =
        json_tokener_parse("{\"paths\":[\"recursive:/mig-fuzz/tree\",\"/mig-fuzz/flat\"]}");

    memset(fs, 0, sizeof(*fs));
    fs->host = &host;
    MUST(config != NULL && fswatch_settings_read(&host, config, &fs->settings) == 0);
    json_object_put(config);
    fs->tree = fswatch_tree_new();
    MUST(fs->tree != NULL);
    return fswatch_baseline_load(fs);
}

static void
end(struct fswatch *fs)
{
    fswatch_tree_free(fs->tree);
    fswatch_settings_free(&fs->settings);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fswatch first, second;
    size_t count;
    uint64_t bytes;
    int code;

    for (size_t i = 0; i < 2; i++) {
        if (files[i] < 0)
            files[i] = memfd_create("baseline", MFD_CLOEXEC);
        MUST(files[i] >= 0 && ftruncate(files[i], 0) == 0);
    }
    MUST(mig_state_save(&host, 0, data, size) == 0);
    code = begin(&first);
    MUST(code == 0 || code == -EBADMSG);
    if (code == 0) {
        count = fswatch_tree_count(first.tree);
        MUST(fswatch_baseline_save(&first) == 0);
        bytes = first.saved_bytes;
        MUST(begin(&second) == 0 && fswatch_tree_count(second.tree) == count);
        MUST(fswatch_baseline_save(&second) == 0 && second.saved_bytes == bytes);
        for (size_t i = 0; i < first.settings.count; i++)
            MUST(first.settings.roots[i].fresh == second.settings.roots[i].fresh);
        end(&second);
    }
    end(&first);
    return 0;
}
