/* SPDX-License-Identifier: MPL-2.0 */
/* What NTP servers and chronyd send: the input is eight bytes of cookie and a datagram. */
#include "config.h"

#include "fuzz.h"

#include <errno.h>

#include "timedrift.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct timedrift_reply reply = {.stop = false};
    struct timedrift_tracking tracking;
    char reason[TIMEDRIFT_REASON_SIZE] = "";
    uint32_t sequence;
    int code;

    if (size < 8)
        return 0;
    code = timedrift_ntp_take(data + 8, size - 8, data, &reply, reason);
    MUST(code == 0 || code == -EAGAIN || code == -EPROTO);
    MUST((code == -EPROTO) == (reason[0] != '\0'));
    if (code == 0)
        MUST(reply.sent >= reply.received && reply.received >= 1577836800000000000 &&
             reply.stratum >= 1 && reply.stratum <= 15 && !reply.stop);
    sequence = (uint32_t)data[0] << 24 | (uint32_t)data[1] << 16 | (uint32_t)data[2] << 8 | data[3];
    if (timedrift_tracking_take(data + 8, size - 8, sequence, &tracking) == 0)
        MUST(strlen(tracking.reference) < sizeof(tracking.reference));
    return 0;
}
