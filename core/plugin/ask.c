/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "plugin/ask.h"

#include <errno.h>
#include <fcntl.h>
#include <mig/plugin.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/frame.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define SECONDS 25 /* the agent gives an instance 20 */

void
mig_ask_address(int dirfd, struct sockaddr_un *ret_address)
{
    memset(ret_address, 0, sizeof(*ret_address));
    ret_address->sun_family = AF_UNIX;
    snprintf(ret_address->sun_path, sizeof(ret_address->sun_path),
             "/proc/self/fd/%d/" MIG_ASK_SOCKET, dirfd);
}

int
mig_ask_socket(int dirfd, uint32_t type, const void *body, size_t len, int seconds, size_t max,
               uint32_t *ret_type, struct mig_buf *reply)
{
    struct timeval wait = {seconds, 0};
    struct sockaddr_un address;
    int rc = 0;
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return -errno;
    mig_ask_address(dirfd, &address);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
        rc = -errno;
    if (rc == 0)
        rc = mig_frame_send(fd, type, body, len);
    if (rc == 0)
        rc = mig_frame_recv(fd, max, ret_type, reply, NULL);
    close(fd);
    return rc;
}

/* The reply, or the reason why there is none, as the agent would give it. */
static int
ask(const char *run_dir, const struct mig_buf *message, struct mig_buf *reply)
{
    uint32_t type = 0;
    int dirfd = open(run_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int rc = dirfd < 0 ? -errno
                       : mig_ask_socket(dirfd, MIG_ASK_MODULE, message->data, message->len, SECONDS,
                                        MIG_ANSWER_MAX + 1024, &type, reply);

    if (dirfd >= 0)
        close(dirfd);
    if (rc == 0 && (type != MIG_ASK_ANSWER || reply->len < sizeof(int32_t)))
        rc = MIG_E_PROTOCOL;
    return rc;
}

int
mig_ask_agent(const char *run_dir, struct mig_worker *worker, uint32_t type, const char *question,
              size_t len)
{
    const char *module = mig_worker_plugin(worker);
    struct mig_buf message = MIG_BUF_INIT, reply = MIG_BUF_INIT;
    char text[700];
    int32_t code = 0;
    int rc;

    if (type != MIG_WIRE_ASK)
        return MIG_E_PROTOCOL;
    mig_buf_add(&message, module, strlen(module) + 1);
    rc = mig_buf_add(&message, question, len);
    if (rc == 0)
        rc = ask(run_dir, &message, &reply);
    if (rc == 0) {
        memcpy(&code, reply.data, sizeof(code));
        rc = mig_worker_reply(worker, MIG_WIRE_REPLY, code, reply.data + sizeof(code),
                              reply.len - sizeof(code));
    } else {
        snprintf(text, sizeof(text), "%.64s does not run here: no agent answers in %.400s: %s%s",
                 module, run_dir, mig_strerror(rc),
                 rc == -EACCES ? " (its socket is for its owner alone; be root)" : "");
        rc = mig_worker_reply(worker, MIG_WIRE_REPLY, -ENOENT, text, strlen(text));
    }
    mig_buf_fini(&message);
    mig_buf_fini(&reply);
    return rc;
}
