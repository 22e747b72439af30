/* SPDX-License-Identifier: MPL-2.0 */
#include "ping.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>

#include <mig/json.h>

/* One probe would be answered by many hosts. */
static int
refuse_many(const struct mig_host *host, const struct mig_address *target)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&target->address;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&target->address;
    bool many;

    if (target->address.ss_family == AF_INET)
        many = IN_MULTICAST(ntohl(v4->sin_addr.s_addr)) ||
               v4->sin_addr.s_addr == htonl(INADDR_BROADCAST);
    else
        many = IN6_IS_ADDR_MULTICAST(&v6->sin6_addr);
    if (many)
        return mig_refuse(host, -EINVAL, "destination IP is invalid: %s is not one host",
                          target->text);
    return 0;
}

int
ping_resolve(const struct mig_host *host, const struct ping_parameters *parameters,
             int64_t milliseconds, struct mig_address *ret_target)
{
    struct mig_address target;
    const char *reason = NULL;
    size_t count = 0;
    int code =
        mig_resolve(host, parameters->destination, milliseconds, 1, &target, &count, &reason);

    if (code == -ETIMEDOUT)
        return mig_refuse(host, code, "destination %s: the resolver does not answer in time",
                          parameters->destination);
    if (code == -ENOENT)
        return mig_refuse(host, code, "destination IP is invalid: %s (%s)", parameters->destination,
                          reason);
    if (code < 0)
        return mig_refuse(host, code, "the destination can not be looked up: %s", strerror(-code));
    mig_address_port(&target, (uint16_t)parameters->port);
    code = refuse_many(host, &target);
    if (code == 0)
        *ret_target = target;
    return code;
}
