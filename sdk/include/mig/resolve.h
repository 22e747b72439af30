/* SPDX-License-Identifier: MPL-2.0 */
/*
 * Host names for plugins with MIG_NEED_NETWORK. Link with libmig-sdk.
 */
#ifndef MIG_RESOLVE_H
#define MIG_RESOLVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include <mig/plugin.h>

#define MIG_RESOLVE_NAME_MAX 255u
#define MIG_ADDRESS_TEXT_SIZE 64

struct mig_address {
    struct sockaddr_storage address; /* without a port */
    socklen_t length;
    char text[MIG_ADDRESS_TEXT_SIZE];
};

/* The addresses of a name, or of an address in text, IPv4 and IPv6 in the order that the system
 * prefers; at most `max`. The system's resolver has time limits of its own, so it is asked in a
 * thread that is left behind when it does not answer within `milliseconds` or the operation is
 * cancelled. 0; -ETIMEDOUT; -EINVAL, -ENOMEM; -ENOENT, and *ret_reason, a constant text. */
int mig_resolve(const struct mig_host *host, const char *name, int64_t milliseconds, size_t max,
                struct mig_address *ret_addresses, size_t *ret_count, const char **ret_reason);
/* Sets the port. */
void mig_address_port(struct mig_address *address, uint16_t port);

#endif
