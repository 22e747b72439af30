/* SPDX-License-Identifier: MPL-2.0 */
/*
 * A worker that a plugin has taken over, in front of the process that started it: the input is the
 * packets it sends, each a byte of kind, two bytes of length and the bytes. Kind 255 is sent as it
 * is; another is the type of a message with a right head. This program is its own worker. Whatever
 * comes, the outcome is one of four, with one line of reason and no more output than allowed.
 */
#include "config.h"

#include "fuzz.h"

#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/frame.h"
#include "base/json.h"
#include "base/log.h"
#include "plugin/wire.h"
#include "plugin/worker.h"

#define OUTPUT_MAX 65536u

static void
send_packets(const char *at, size_t size)
{
    while (size >= 3) {
        unsigned kind = (unsigned char)at[0];
        size_t len = (unsigned char)at[1] | (size_t)(unsigned char)at[2] << 8;
        len = len < size - 3 ? len : size - 3;
        if (kind != 255)
            (void)mig_frame_send(MIG_WIRE_FD, kind, at + 3, len);
        else
            (void)send(MIG_WIRE_FD, at + 3, len, MSG_NOSIGNAL);
        at += 3 + len;
        size -= 3 + len;
    }
}

/* Before main(), which is libFuzzer's. */
__attribute__((constructor)) static void
be_the_worker(int argc, char **argv)
{
    static char input[65536];
    struct mig_buf spec = MIG_BUF_INIT;
    uint32_t type = 0;
    int fd = -1;

    if (argc < 2 || strcmp(argv[0], MIG_WIRE_ARGV0) != 0 || strcmp(argv[1], MIG_WIRE_ARGV1) != 0)
        return;
    if (mig_frame_recv(MIG_WIRE_FD, 8192, &type, &spec, &fd) != 0 || fd < 0)
        _exit(9);
    ssize_t n = pread(fd, input, sizeof(input), 0);
    if (n > 0)
        send_packets(input, (size_t)n);
    _exit(n > 0 ? input[0] & 7 : 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool quiet;
    struct mig_worker *worker = NULL;
    struct mig_worker_spec spec = {.call = MIG_WORKER_RUN,
                                   .plugin = "fuzz",
                                   .plugin_dir = "/nowhere",
                                   .input = data,
                                   .input_len = size < 65536 ? size : 65536,
                                   .timeout_ms = 20000,
                                   .output_max = OUTPUT_MAX};

    if (!quiet)
        mig_log_open("fuzz_worker", "stderr", -1);
    quiet = true;
    MUST(mig_worker_call(&spec, &worker, NULL) == 0);
    const struct mig_worker_outcome *outcome = mig_worker_outcome(worker);
    MUST(outcome != NULL && outcome->status <= MIG_WORKER_REFUSED);
    MUST(outcome->output_len <= OUTPUT_MAX && outcome->output[outcome->output_len] == '\0');
    MUST(strlen(outcome->reason) < 1100 && strchr(outcome->reason, '\n') == NULL);
    MUST(mig_utf8_valid(outcome->reason, strlen(outcome->reason)));
    mig_worker_free(worker);
    return 0;
}
