/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_PING_H
#define MIG_PLUGIN_PING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>
#include <mig/resolve.h>

#define PING_COUNT_MAX 100u
#define PING_TIMEOUT_MAX 300u
#define PING_INTERVAL_MS 100
#define PING_HOST_MAX 255u
#define PING_REASON_SIZE 160

/* As the results have them in place of a latency. */
#define PING_REFUSED (-1.0)
#define PING_OTHER 0.0
#define PING_TIMEOUT 9999999.0

enum ping_protocol { PING_ICMP, PING_TCP, PING_UDP };

struct ping_parameters {
    char destination[PING_HOST_MAX + 1];
    int port;
    enum ping_protocol protocol;
    unsigned count;
    double timeout; /* seconds, of one probe */
};

extern const char *const ping_protocol_names[3];

/* Takes and checks the parameters; the destination is not looked up. 0, or a negative errno value
 * after refuse(). */
int ping_parameters(const struct mig_host *host, const char *text, size_t length,
                    struct ping_parameters *ret_parameters);

/* The first address of the destination with the port, as the system prefers them, within
 * `milliseconds`. 0, or a negative errno value after refuse(). */
int ping_resolve(const struct mig_host *host, const struct ping_parameters *parameters,
                 int64_t milliseconds, struct mig_address *ret_target);

/* One probe, the `sequence`-th. Gives its latency in milliseconds or a PING_ code; `reason` says
 * why it is PING_OTHER. 0, or -ECANCELED when the time of the operation is up. */
int ping_probe(const struct mig_host *host, const struct ping_parameters *parameters,
               const struct mig_address *target, unsigned sequence, double *ret_latency,
               char reason[PING_REASON_SIZE]);

/* ---- packets (packet.c): bytes from the network ---- */

#define PING_PAYLOAD "Ping!Ping!Ping!Ping!Ping!Ping!Ping!Ping!Ping!"
#define PING_PACKET_SIZE (8 + sizeof(PING_PAYLOAD) - 1)

/* An echo request. The checksum is left 0 for ICMPv6, where the kernel makes it. */
void ping_packet_make(int family, uint16_t id, uint16_t sequence, uint8_t packet[PING_PACKET_SIZE]);
/* True when the bytes are the echo reply to the request. `header`: an IPv4 header comes first. */
bool ping_packet_replies(int family, bool header, const uint8_t *bytes, size_t length, uint16_t id,
                         uint16_t sequence);
/* True when the bytes, which an ICMP error quotes, are of the request. */
bool ping_packet_quoted(int family, const uint8_t *bytes, size_t length, uint16_t id,
                        uint16_t sequence);

int ping_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
