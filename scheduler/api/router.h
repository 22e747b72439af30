/* SPDX-License-Identifier: MPL-2.0 */
/* Which resource a request is for, and whether it may have it. */
#ifndef MIG_API_ROUTER_H
#define MIG_API_ROUTER_H

#include <stddef.h>

#include "api/api.h"

struct mig_route {
    const char *method;
    const char *path; /* without a trailing slash; one that ends in "/" takes any last segment */
    enum mig_access access;
    uint32_t permission;
    size_t body_max;
    void (*serve)(struct mig_worker *worker, struct mig_request *request);
};

/* The route, or NULL with *ret_allow: the methods the path takes, NULL when there is no such path.
 */
const struct mig_route *mig_router_find(const char *method, const char *path,
                                        const char **ret_allow);
/* Refuses what needs no body and no database to be refused: 1 and the answer is set. `length` is
 * the announced size of the body. */
int mig_router_refuse_early(struct mig_worker *worker, struct mig_request *request,
                            const struct mig_route *route, const char *allow, size_t length);
/* Authenticates, checks the permission, and serves; the answer is always set. */
void mig_router_serve(struct mig_worker *worker, struct mig_request *request,
                      const struct mig_route *route);
/* The next part of an answer that goes on; sets request->cut when it can not be made. */
void mig_router_more(struct mig_worker *worker, struct mig_request *request);
/* 413 */
void mig_router_too_large(struct mig_worker *worker, struct mig_request *request,
                          const struct mig_route *route);

#endif
