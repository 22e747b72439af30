/* SPDX-License-Identifier: MPL-2.0 */
/* The agent's local socket, and how an operation that no agent started asks the instance of its
 * plugin that runs in the agent of this machine. */
#ifndef MIG_PLUGIN_ASK_H
#define MIG_PLUGIN_ASK_H

#include <stddef.h>
#include <stdint.h>

struct mig_buf;
struct mig_worker;
struct sockaddr_un;

#define MIG_ASK_SOCKET "agent.sock" /* in the run folder */
#define MIG_ASK_QUERY 1u            /* to the agent: a word, such as "status" */
#define MIG_ASK_REPLY 2u            /* from it: text */
#define MIG_ASK_MODULE 3u           /* to it: module NUL question */
#define MIG_ASK_ANSWER 4u /* from it: int32_t 0 and the answer, or an error and a reason */

/* The socket in an open folder; a socket's path has 108 bytes, the folder's may have more. */
void mig_ask_address(int dirfd, struct sockaddr_un *ret_address);
/* One message there and one back, within `seconds`. 0 or a negative code. */
int mig_ask_socket(int dirfd, uint32_t type, const void *body, size_t len, int seconds, size_t max,
                   uint32_t *ret_type, struct mig_buf *reply);

/* Takes MIG_WIRE_ASK of a worker (struct mig_worker_spec.message): asks the agent whose run folder
 * this is, and tells the worker what came back, or why nothing did. */
int mig_ask_agent(const char *run_dir, struct mig_worker *worker, uint32_t type,
                  const char *question, size_t len);

#endif
