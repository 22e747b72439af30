/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the network sends to ping: the first byte says of which family and whether an IPv4 header
 * comes first, the next four are the id and the sequence that are waited for.
 */
#include "config.h"

#include "fuzz.h"

#include <sys/socket.h>

#include "ping.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int family;
    bool header, replies, quoted;
    uint16_t id, sequence;
    uint8_t request[PING_PACKET_SIZE];

    if (size < 5)
        return 0;
    family = data[0] & 1 ? AF_INET6 : AF_INET;
    header = (data[0] & 2) != 0;
    id = (uint16_t)(data[1] << 8 | data[2]);
    sequence = (uint16_t)(data[3] << 8 | data[4]);
    data += 5;
    size -= 5;
    replies = ping_packet_replies(family, header, data, size, id, sequence);
    quoted = ping_packet_quoted(family, data, size, id, sequence);
    if (replies)
        MUST(size >= PING_PACKET_SIZE + (header ? 20 : 0) &&
             !ping_packet_replies(family, header, data, size, (uint16_t)(id + 1), sequence) &&
             !ping_packet_replies(family, header, data, size, id, (uint16_t)(sequence + 1)));
    if (quoted)
        MUST(size >= 8 && !ping_packet_quoted(family, data, size, (uint16_t)(id + 1), sequence) &&
             !ping_packet_quoted(family, data, size, id, (uint16_t)(sequence + 1)));
    /* Our own request, which a raw socket on loopback sees as well, is no reply. */
    ping_packet_make(family, id, sequence, request);
    MUST(!ping_packet_replies(family, false, request, sizeof(request), id, sequence));
    MUST(ping_packet_quoted(family, request, sizeof(request), id, sequence));
    return 0;
}
