/* SPDX-License-Identifier: MPL-2.0 */
#ifndef MIG_PLUGIN_TIMEDRIFT_H
#define MIG_PLUGIN_TIMEDRIFT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <mig/plugin.h>
#include <mig/resolve.h>

#define TIMEDRIFT_SERVERS_MAX 32u
#define TIMEDRIFT_REASON_SIZE 160
#define TIMEDRIFT_SECOND 1000000000ll /* times are in nanoseconds */

/* ---- servers (servers.c, chrony.c): what the host is configured with ---- */

struct timedrift_server {
    char name[MIG_RESOLVE_NAME_MAX + 1];
    uint16_t port;
};

struct timedrift_servers {
    struct timedrift_server list[TIMEDRIFT_SERVERS_MAX];
    size_t count;
    uint16_t chrony_port; /* of chronyd's commands; 0: it takes none by UDP */
    bool chrony;          /* it is configured here */
};

/* "host", "host:port", "[v6]", "[v6]:port" or "v6". False when it is none of these. */
bool timedrift_server_parse(const char *text, struct timedrift_server *ret_server);
/* Adds a server unless it is there, or is no network address (ntpd's clocks, 127.127.x.x). */
void timedrift_servers_add(struct timedrift_servers *servers, const char *name, uint16_t port);
/* All of chrony's, ntpd's and timesyncd's below the folder `root` ("" on a real host), in that
 * order. What is not there is no error; what can not be read is a soft one. */
void timedrift_servers_read(const struct mig_host *host, const char *root,
                            struct timedrift_servers *servers);

/* ---- packets (packet.c): bytes from the network ---- */

#define TIMEDRIFT_NTP_SIZE 48u

struct timedrift_reply {
    int64_t received; /* by the server: nanoseconds since 1970 */
    int64_t sent;     /* by the server */
    unsigned stratum;
    bool stop; /* a kiss-o'-death: the server is not to be asked again */
};

/* A client's request that tells nothing but the random `cookie`, its transmit timestamp. */
void timedrift_ntp_make(const uint8_t cookie[8], uint8_t packet[TIMEDRIFT_NTP_SIZE]);
/* 0: a reply to that request that a client may believe. -EAGAIN: not a reply to it, as if it had
 * not come. -EPROTO and a reason: a reply to it that says no time. */
int timedrift_ntp_take(const uint8_t *bytes, size_t length, const uint8_t cookie[8],
                       struct timedrift_reply *ret_reply, char reason[TIMEDRIFT_REASON_SIZE]);

/* What chronyd says of itself. */
struct timedrift_tracking {
    char reference[64]; /* an address, or four letters */
    unsigned stratum;
    unsigned leap;      /* 3: not synchronized */
    double offset;      /* seconds that the local clock is ahead; negative: behind */
    double last_offset; /* seconds */
    double root_delay;
    double root_dispersion;
};

#define TIMEDRIFT_TRACKING_SIZE 104u

void timedrift_tracking_make(uint32_t sequence, uint8_t packet[TIMEDRIFT_TRACKING_SIZE]);
/* 0, or -EAGAIN: no answer to that question. */
int timedrift_tracking_take(const uint8_t *bytes, size_t length, uint32_t sequence,
                            struct timedrift_tracking *ret_tracking);

/* ---- questions (query.c) ---- */

struct timedrift_answer {
    int64_t time; /* of the server, when it was heard */
    int64_t
        offset;    /* of the server from the local clock: positive when the local clock is behind */
    int64_t delay; /* of the network, there and back */
    unsigned stratum;
    unsigned samples;
};

/* Asks one server a few times and gives the sample of least delay. 0, or a negative errno value and
 * a reason. */
int timedrift_query(const struct mig_host *host, const struct timedrift_server *server,
                    struct timedrift_answer *ret_answer, char reason[TIMEDRIFT_REASON_SIZE]);
/* Asks the local chronyd at the port of its commands. */
int timedrift_ask_chrony(const struct mig_host *host, uint16_t port,
                         struct timedrift_tracking *ret_tracking);

/* ---- the local daemon (daemon.c) ---- */

/* Sets the elements "clock" and "chrony". */
int timedrift_tell_daemon(const struct mig_host *host, const struct timedrift_servers *servers);

/* ---- text (text.c) ---- */

#define TIMEDRIFT_TIME_SIZE 64

/* Go's time.Duration of a text, not negative: "1h30m", "500ms", "1.5s", "0". False: it is none. */
bool timedrift_parse_duration(const char *text, int64_t *ret_nanoseconds);
/* RFC 3339 with the fraction that there is; `local`: in the local time zone, else in UTC. */
void timedrift_time_text(int64_t nanoseconds, bool local, char ret_text[TIMEDRIFT_TIME_SIZE]);
/* Go's text of a time.Duration with its sign. */
void timedrift_duration_text(int64_t nanoseconds, char ret_text[TIMEDRIFT_TIME_SIZE]);

int timedrift_print(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

#endif
