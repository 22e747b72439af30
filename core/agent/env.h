/* SPDX-License-Identifier: MPL-2.0 */
/* What the agent says of its host (facts 8.3). Nothing here keeps an agent from starting: what can
 * not be found out has a stand-in. */
#ifndef MIG_AGENT_ENV_H
#define MIG_AGENT_ENV_H

#include <stddef.h>
#include <stdint.h>

struct json_object;

/* The host name: the kernel's, or its fully qualified form when that is known. */
void mig_env_hostname(char *name, size_t size);
/* The environment of the heartbeat, NULL without memory. `modules`: NULL-terminated, or NULL. */
struct json_object *mig_env_json(char *const modules[]);
/* isproxied and proxy: how the relay reaches the broker; "": directly. */
void mig_env_proxy(struct json_object *env, const char *proxy);
/* Puts this address in the place of publicip. -1 when the text is none. */
int mig_env_public_ip(struct json_object *env, const char *text);
/* The container that `root` (a folder; "" for the host's) is in: "docker", "podman", "lxc",
 * "kubernetes", what systemd's own file says, or "" for none that can be told. */
void mig_env_container(const char *root, char *name, size_t size);
/* Adds a member of ours, given as JSON text, beside those of the protocol. */
void mig_env_add(struct json_object *env, const char *key, const char *json);
/* "Debian 12 bookworm" from the text of os-release(5), as lsb_release says it; "" when it is not
 * there. */
void mig_env_ident(const char *os_release, char *ident, size_t size);
/* The machine of uname(2) in Go's words: x86_64 -> amd64. */
const char *mig_env_arch(const char *machine);
/* FNV-1a, to see a change. */
uint64_t mig_env_hash(const char *text);

#endif
