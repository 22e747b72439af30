/* SPDX-License-Identifier: MPL-2.0 */
/*
 * What the metadata service of a cloud says of this instance, for sites that ask for it: AWS
 * (IMDSv2, a session token first), Google Compute Engine, Azure. It is asked without any proxy,
 * since its address is the host's own affair.
 */
#ifndef MIG_AGENT_CLOUD_H
#define MIG_AGENT_CLOUD_H

#define MIG_CLOUD_ADDRESS "http://169.254.169.254"

struct json_object;

/* {"aws": {"instanceid", "localipv4", "amiid", "instancetype"}}, {"gce": {"instanceid", "name",
 * "zone", "machinetype"}} or {"azure": {"vmid", "name", "location", "vmsize"}}, to put; NULL when
 * nobody answers so. `address` is MIG_CLOUD_ADDRESS, but for tests. */
struct json_object *mig_cloud_discover(const char *address);

#endif
