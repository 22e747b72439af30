/* SPDX-License-Identifier: MPL-2.0 */
/* What this host believes of its clock: the kernel, which every daemon steers, and chronyd. */
#include "timedrift.h"

#include <errno.h>
#include <string.h>
#include <sys/timex.h>

#include <json-c/json.h>
#include <mig/json.h>

static void
add_duration(struct json_object *object, const char *member, int64_t nanoseconds)
{
    char text[TIMEDRIFT_TIME_SIZE];

    timedrift_duration_text(nanoseconds, text);
    json_object_object_add(object, member, json_object_new_string(text));
}

static int
tell_kernel(const struct mig_host *host)
{
    struct timex state = {.modes = 0};
    int clock = adjtimex(&state);
    struct json_object *object;

    if (clock < 0)
        return mig_error(host, "the kernel does not tell how its clock is: %s", strerror(errno));
    object = json_object_new_object();
    json_object_object_add(
        object, "synchronized",
        json_object_new_boolean(clock != TIME_ERROR && (state.status & STA_UNSYNC) == 0));
    add_duration(object, "offset", state.status & STA_NANO ? state.offset : state.offset * 1000);
    add_duration(object, "esterror", state.esterror * 1000);
    add_duration(object, "maxerror", state.maxerror * 1000);
    /* In parts per million, of which the kernel has 2^-16. */
    json_object_object_add(object, "frequency", json_object_new_double((double)state.freq / 65536));
    return mig_json_set(host, "clock", object);
}

static int
tell_chrony(const struct mig_host *host, uint16_t port)
{
    struct timedrift_tracking tracking;
    struct json_object *object;

    /* Not running is no error: the clock says that nobody steers it. */
    if (timedrift_ask_chrony(host, port, &tracking) < 0)
        return 0;
    object = json_object_new_object();
    json_object_object_add(object, "synchronized", json_object_new_boolean(tracking.leap < 3));
    json_object_object_add(object, "reference", json_object_new_string(tracking.reference));
    json_object_object_add(object, "stratum", json_object_new_int((int)tracking.stratum));
    add_duration(object, "offset", (int64_t)(tracking.offset * 1e9));
    add_duration(object, "lastoffset", (int64_t)(tracking.last_offset * 1e9));
    add_duration(object, "rootdelay", (int64_t)(tracking.root_delay * 1e9));
    add_duration(object, "rootdispersion", (int64_t)(tracking.root_dispersion * 1e9));
    return mig_json_set(host, "chrony", object);
}

int
timedrift_tell_daemon(const struct mig_host *host, const struct timedrift_servers *servers)
{
    int code = tell_kernel(host);

    if (code == 0 && servers->chrony && servers->chrony_port != 0)
        code = tell_chrony(host, servers->chrony_port);
    return code;
}
