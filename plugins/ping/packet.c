/* SPDX-License-Identifier: MPL-2.0 */
#include "ping.h"

#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <string.h>

/* RFC 1071. */
static uint16_t
checksum(const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;

    for (size_t i = 0; i < length; i += 2)
        sum += (uint32_t)bytes[i] << 8 | (i + 1 < length ? bytes[i + 1] : 0);
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (uint16_t)~sum;
}

static void
put16(uint8_t *at, uint16_t value)
{
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint16_t
get16(const uint8_t *at)
{
    return (uint16_t)(at[0] << 8 | at[1]);
}

void
ping_packet_make(int family, uint16_t id, uint16_t sequence, uint8_t packet[PING_PACKET_SIZE])
{
    memset(packet, 0, 8);
    packet[0] = family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
    put16(packet + 4, id);
    put16(packet + 6, sequence);
    memcpy(packet + 8, PING_PAYLOAD, sizeof(PING_PAYLOAD) - 1);
    if (family == AF_INET)
        put16(packet + 2, checksum(packet, PING_PACKET_SIZE));
}

static bool
is_echo(const uint8_t *bytes, size_t length, uint8_t type, uint16_t id, uint16_t sequence)
{
    return length >= 8 && bytes[0] == type && bytes[1] == 0 && get16(bytes + 4) == id &&
           get16(bytes + 6) == sequence;
}

bool
ping_packet_replies(int family, bool header, const uint8_t *bytes, size_t length, uint16_t id,
                    uint16_t sequence)
{
    size_t skip = 0;

    if (header) {
        if (length < 20 || bytes[0] >> 4 != 4)
            return false;
        skip = (size_t)(bytes[0] & 15) * 4;
        if (skip < 20 || skip > length)
            return false;
    }
    bytes += skip;
    length -= skip;
    return length >= PING_PACKET_SIZE &&
           is_echo(bytes, length, family == AF_INET ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY, id,
                   sequence) &&
           memcmp(bytes + 8, PING_PAYLOAD, sizeof(PING_PAYLOAD) - 1) == 0;
}

bool
ping_packet_quoted(int family, const uint8_t *bytes, size_t length, uint16_t id, uint16_t sequence)
{
    return is_echo(bytes, length, family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST, id, sequence);
}
