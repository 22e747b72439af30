/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/salvage.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <mig/plugin.h>

#include "base/error.h"
#include "plugin/collect.h"
#include "plugin/fields.h"
#include "plugin/record.h"

#define PLACES_MAX 1000000u

struct place {
    char *key;
    bool statistic;
};

struct places {
    struct place *list;
    size_t count;
    size_t cap;
};

static int
add_place(struct places *places, const struct mig_record_entry *entry)
{
    if (memchr(entry->text, '\0', entry->len) != NULL || places->count >= PLACES_MAX)
        return MIG_E_PROTOCOL;
    if (places->count == places->cap) {
        size_t cap = places->cap == 0 ? 16 : 2 * places->cap;
        struct place *more = reallocarray(places->list, cap, sizeof(*more));

        if (more == NULL)
            return -ENOMEM;
        places->list = more;
        places->cap = cap;
    }
    struct place *place = &places->list[places->count];
    place->statistic = entry->kind == MIG_RECORD_STATISTIC_KEY;
    place->key = strndup(entry->text, entry->len);
    if (place->key == NULL)
        return -ENOMEM;
    places->count++;
    return 0;
}

static int
add_error(const struct mig_host *host, const struct mig_record_entry *entry)
{
    char *text = strndup(entry->text, entry->len);
    int rc = text == NULL ? -ENOMEM : host->error(host, text);

    free(text);
    return rc;
}

/* The host's own functions check all of it once more. */
static int
replay(const struct mig_host *host, struct places *places, const struct mig_record_entry *entry)
{
    const struct place *place = NULL;

    if (entry->kind == MIG_RECORD_ELEMENT || entry->kind == MIG_RECORD_VALUE) {
        if (entry->place == 0 || entry->place > places->count)
            return MIG_E_PROTOCOL;
        place = &places->list[entry->place - 1];
    }
    switch (entry->kind) {
    case MIG_RECORD_KEY:
    case MIG_RECORD_STATISTIC_KEY:
        return add_place(places, entry);
    case MIG_RECORD_ELEMENT:
        return host->emit(host, place->key, entry->len > 0 ? entry->text : NULL, entry->len);
    case MIG_RECORD_VALUE:
        return place->statistic ? host->statistic(host, place->key, entry->text, entry->len)
                                : host->set(host, place->key, entry->text, entry->len);
    case MIG_RECORD_WHOLE:
        return host->set(host, NULL, entry->text, entry->len);
    default:
        return add_error(host, entry);
    }
}

int
mig_salvage(int fd, struct mig_collect *collect, struct mig_err *err)
{
    const struct mig_host *host = mig_collect_host(collect);
    struct mig_fields_report report = {0};
    struct mig_record_summary summary = {0};
    struct mig_record *record = NULL;
    struct mig_record_entry entry;
    struct places places = {0};
    char text[128];
    size_t at = 0;
    int more;
    int rc = mig_record_read(fd, &record);

    if (rc != 0)
        return mig_err_set(err, rc, "no record of the result: %s", mig_strerror(rc));
    while (rc == 0 && (more = mig_record_next(record, &at, &entry)) != 0)
        rc = more < 0 ? more : replay(host, &places, &entry);
    mig_record_summary(record, &summary, &report);
    host->found(host, summary.found);
    mig_collect_restore(collect, &report, summary.full);
    if (rc != 0)
        snprintf(text, sizeof(text), "the record of the result is damaged: what follows is lost");
    else
        snprintf(text, sizeof(text),
                 "%" PRIu64 " parts of the result were not recorded and are lost", summary.lost);
    if (rc != 0 || summary.lost > 0)
        host->error(host, text);
    for (size_t i = 0; i < places.count; i++)
        free(places.list[i].key);
    free(places.list);
    mig_record_close(record);
    return 0;
}
