/* SPDX-License-Identifier: MPL-2.0 */
/* NTPv4: RFC 5905, 7.3 (packet), 7.4 (kiss codes), 9.2 and 11 (what a client believes). chronyd's
 * command protocol, version 6: candm.h of chrony. */
#include "timedrift.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#define NTP_VERSION 4
#define MODE_CLIENT 3
#define MODE_SERVER 4
#define LEAP_UNSYNCHRONIZED 3
#define STRATUM_UNSYNCHRONIZED 16
#define DISTANCE_MAX (16u << 16) /* seconds in 16.16: MAXDISP of RFC 5905 */

/* Seconds from 1900 to 1970. */
#define NTP_TO_UNIX 2208988800ll
/* Timestamps wrap in 2036 and every 136 years. Servers say no time before this one, so a timestamp
 * is the one of the 136 years that begin here, whatever the local clock says: 2020-01-01. */
#define ERA_START 1577836800ll

static uint32_t
get32(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

static uint16_t
get16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[0] << 8 | bytes[1]);
}

static void
put32(uint8_t *bytes, uint32_t value)
{
    value = htonl(value);
    memcpy(bytes, &value, sizeof(value));
}

static int64_t
timestamp(const uint8_t *bytes)
{
    /* Modulo 2^32, as the seconds are. */
    uint32_t since = get32(bytes) - (uint32_t)(ERA_START + NTP_TO_UNIX);

    return (ERA_START + since) * TIMEDRIFT_SECOND +
           (int64_t)(((uint64_t)get32(bytes + 4) * (uint64_t)TIMEDRIFT_SECOND) >> 32);
}

void
timedrift_ntp_make(const uint8_t cookie[8], uint8_t packet[TIMEDRIFT_NTP_SIZE])
{
    memset(packet, 0, TIMEDRIFT_NTP_SIZE);
    packet[0] = NTP_VERSION << 3 | MODE_CLIENT;
    memcpy(packet + 40, cookie, 8);
}

static int
kiss(const uint8_t *bytes, struct timedrift_reply *ret_reply, char reason[TIMEDRIFT_REASON_SIZE])
{
    char code[5] = "";

    for (int i = 0; i < 4; i++)
        code[i] = isupper(bytes[12 + i]) ? (char)bytes[12 + i] : '.';
    ret_reply->stop = true;
    snprintf(reason, TIMEDRIFT_REASON_SIZE, "kiss-o'-death %s: the server refuses us", code);
    return -EPROTO;
}

static int
unbelievable(const uint8_t *bytes, char reason[TIMEDRIFT_REASON_SIZE])
{
    unsigned leap = bytes[0] >> 6;
    unsigned stratum = bytes[1];
    uint32_t delay = get32(bytes + 4);
    uint32_t dispersion = get32(bytes + 8);

    if (leap == LEAP_UNSYNCHRONIZED || stratum >= STRATUM_UNSYNCHRONIZED)
        snprintf(reason, TIMEDRIFT_REASON_SIZE,
                 "the server says that it is not synchronized (leap %u, stratum %u)", leap,
                 stratum);
    else if (delay / 2 >= DISTANCE_MAX || dispersion >= DISTANCE_MAX - delay / 2)
        snprintf(reason, TIMEDRIFT_REASON_SIZE,
                 "the server says that it may be wrong by 16 seconds or more");
    else if ((get32(bytes + 32) | get32(bytes + 36)) == 0 ||
             (get32(bytes + 40) | get32(bytes + 44)) == 0)
        snprintf(reason, TIMEDRIFT_REASON_SIZE, "the server's reply holds no time");
    else if (timestamp(bytes + 40) < timestamp(bytes + 32))
        snprintf(reason, TIMEDRIFT_REASON_SIZE,
                 "the server says that it replied before it was asked");
    else
        return 0;
    return -EPROTO;
}

int
timedrift_ntp_take(const uint8_t *bytes, size_t length, const uint8_t cookie[8],
                   struct timedrift_reply *ret_reply, char reason[TIMEDRIFT_REASON_SIZE])
{
    unsigned version;
    int code;

    if (length < TIMEDRIFT_NTP_SIZE || memcmp(bytes + 24, cookie, 8) != 0)
        return -EAGAIN;
    version = bytes[0] >> 3 & 7;
    if ((bytes[0] & 7) != MODE_SERVER || version < 3 || version > NTP_VERSION)
        return -EAGAIN;
    if (bytes[1] == 0)
        return kiss(bytes, ret_reply, reason);
    code = unbelievable(bytes, reason);
    if (code < 0)
        return code;
    ret_reply->received = timestamp(bytes + 32);
    ret_reply->sent = timestamp(bytes + 40);
    ret_reply->stratum = bytes[1];
    ret_reply->stop = false;
    return 0;
}

/* ---- chronyd ---- */

#define CHRONY_VERSION 6
#define CHRONY_REQUEST 1
#define CHRONY_REPLY 2
#define CHRONY_TRACKING 33
#define CHRONY_TRACKING_REPLY 5
#define CHRONY_HEAD 28

/* A 7-bit exponent and a 25-bit coefficient, both signed. */
static double
chrony_float(const uint8_t *bytes)
{
    uint32_t bits = get32(bytes);
    int exponent = (int)(bits >> 25);
    int32_t coefficient = (int32_t)(bits & 0x1ffffff);
    double value;

    exponent = (exponent >= 64 ? exponent - 128 : exponent) - 25;
    value = coefficient >= 1 << 24 ? coefficient - (1 << 25) : coefficient;
    for (; exponent > 0; exponent--)
        value *= 2;
    for (; exponent < 0; exponent++)
        value /= 2;
    return value;
}

static void
reference(const uint8_t *body, char *text, size_t size)
{
    unsigned family = get16(body + 4 + 16);

    text[0] = '\0';
    if (family == 1 || family == 2) {
        inet_ntop(family == 1 ? AF_INET : AF_INET6, body + 4, text, (socklen_t)size);
        return;
    }
    /* A reference clock's name: up to four letters. */
    for (size_t i = 0; i < 4 && isgraph(body[i]); i++) {
        text[i] = (char)body[i];
        text[i + 1] = '\0';
    }
}

void
timedrift_tracking_make(uint32_t sequence, uint8_t packet[TIMEDRIFT_TRACKING_SIZE])
{
    memset(packet, 0, TIMEDRIFT_TRACKING_SIZE);
    packet[0] = CHRONY_VERSION;
    packet[1] = CHRONY_REQUEST;
    packet[5] = CHRONY_TRACKING;
    put32(packet + 8, sequence);
}

int
timedrift_tracking_take(const uint8_t *bytes, size_t length, uint32_t sequence,
                        struct timedrift_tracking *ret_tracking)
{
    const uint8_t *body = bytes + CHRONY_HEAD;

    if (length < TIMEDRIFT_TRACKING_SIZE || bytes[0] != CHRONY_VERSION ||
        bytes[1] != CHRONY_REPLY || get16(bytes + 4) != CHRONY_TRACKING ||
        get16(bytes + 6) != CHRONY_TRACKING_REPLY || get16(bytes + 8) != 0 ||
        get32(bytes + 16) != sequence)
        return -EAGAIN;
    reference(body, ret_tracking->reference, sizeof(ret_tracking->reference));
    ret_tracking->stratum = get16(body + 24);
    ret_tracking->leap = get16(body + 26);
    ret_tracking->offset = chrony_float(body + 40);
    ret_tracking->last_offset = chrony_float(body + 44);
    ret_tracking->root_delay = chrony_float(body + 64);
    ret_tracking->root_dispersion = chrony_float(body + 68);
    return 0;
}
