/* SPDX-License-Identifier: MPL-2.0 */
#include "netstat.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static const uint8_t mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

struct netstat_address
netstat_address(int family, const void *bytes)
{
    struct netstat_address address = {.family = family == AF_INET ? 4 : 6};

    if (family == AF_INET) {
        memcpy(address.bytes, bytes, 4);
    } else if (memcmp(bytes, mapped, sizeof(mapped)) == 0) {
        address.family = 4;
        memcpy(address.bytes, (const uint8_t *)bytes + sizeof(mapped), 4);
    } else {
        memcpy(address.bytes, bytes, 16);
    }
    return address;
}

bool
netstat_address_any(const struct netstat_address *address)
{
    static const uint8_t zero[16];

    return memcmp(address->bytes, zero, sizeof(zero)) == 0;
}

/* The longest run of at least two zero groups; the first of equals. */
static int
longest_gap(const uint16_t groups[8], int *ret_length)
{
    int best = -1;

    *ret_length = 1;
    for (int i = 0; i < 8; i++) {
        int end = i;
        while (end < 8 && groups[end] == 0)
            end++;
        if (end - i > *ret_length) {
            best = i;
            *ret_length = end - i;
        }
        i = end > i ? end : i;
    }
    return best;
}

void
netstat_address_text(const struct netstat_address *address, char text[NETSTAT_ADDRESS_SIZE])
{
    const uint8_t *bytes = address->bytes;
    uint16_t groups[8];
    int length = 0;
    int gap;
    char *at = text;

    if (address->family == 4) {
        snprintf(text, NETSTAT_ADDRESS_SIZE, "%u.%u.%u.%u", bytes[0], bytes[1], bytes[2], bytes[3]);
        return;
    }
    for (int i = 0; i < 8; i++)
        groups[i] = (uint16_t)(bytes[2 * i] << 8 | bytes[2 * i + 1]);
    gap = longest_gap(groups, &length);
    for (int i = 0; i < 8; i++) {
        if (i == gap) {
            at += snprintf(at, NETSTAT_ADDRESS_SIZE - (size_t)(at - text), "::");
            i += length - 1;
            continue;
        }
        at += snprintf(at, NETSTAT_ADDRESS_SIZE - (size_t)(at - text), "%s%x",
                       i == 0 || i == gap + length ? "" : ":", groups[i]);
    }
}

/* Decimal digits, up to `max`. */
static int
parse_prefix(const char *text, unsigned max, unsigned *ret_prefix)
{
    unsigned prefix = 0;

    if (*text == '\0' || strlen(text) > 3)
        return -EINVAL;
    for (; *text >= '0' && *text <= '9'; text++)
        prefix = prefix * 10 + (unsigned)(*text - '0');
    if (*text != '\0' || prefix > max)
        return -EINVAL;
    *ret_prefix = prefix;
    return 0;
}

int
netstat_network_parse(const char *text, struct netstat_network *ret_network)
{
    char name[NETSTAT_ADDRESS_SIZE + 1];
    uint8_t bytes[16];
    size_t length = strcspn(text, "/");
    int family = strchr(text, ':') != NULL ? AF_INET6 : AF_INET;
    struct netstat_network network = {.prefix = family == AF_INET ? 32 : 128};

    if (length >= sizeof(name))
        return -EINVAL;
    memcpy(name, text, length);
    name[length] = '\0';
    if (inet_pton(family, name, bytes) != 1)
        return -EINVAL;
    network.address = netstat_address(family, bytes);
    if (text[length] == '/' &&
        parse_prefix(text + length + 1, network.prefix, &network.prefix) != 0)
        return -EINVAL;
    if (family == AF_INET6 && network.address.family == 4) {
        /* Above the mapped part there are no addresses of either kind. */
        if (network.prefix < 96)
            network.address = (struct netstat_address){.family = 6};
        else
            network.prefix -= 96;
    }
    *ret_network = network;
    return 0;
}

bool
netstat_network_has(const struct netstat_network *network, const struct netstat_address *address)
{
    unsigned whole = network->prefix / 8;
    unsigned rest = network->prefix % 8;
    uint8_t mask = (uint8_t)(0xff00u >> rest);

    if (network->address.family != address->family ||
        memcmp(network->address.bytes, address->bytes, whole) != 0)
        return false;
    return rest == 0 || ((network->address.bytes[whole] ^ address->bytes[whole]) & mask) == 0;
}

void
netstat_mac_text(const uint8_t *mac, size_t length, char text[NETSTAT_MAC_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    char *at = text;

    for (size_t i = 0; i < length && i < NETSTAT_MAC_SIZE / 3; i++) {
        if (i > 0)
            *at++ = ':';
        *at++ = digits[mac[i] >> 4];
        *at++ = digits[mac[i] & 15];
    }
    *at = '\0';
}
