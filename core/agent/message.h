/* SPDX-License-Identifier: MPL-2.0 */
/* The messages between the supervisor and its roles: base/frame.h frames, bodies of agent/pack.h.
 */
#ifndef MIG_AGENT_MESSAGE_H
#define MIG_AGENT_MESSAGE_H

enum mig_message {
    MIG_MSG_LOG = 1,   /* role: number severity, text */
    MIG_MSG_HELLO = 2, /* supervisor, first: what the role needs, see each */

    /* relay. HELLO: text queueloc, text user and text password of the endpoint's own account ("":
     * the site's). A command's `place` says how to acknowledge it. */
    MIG_MSG_COMMAND = 10,   /* relay: number connection, number tag, bytes */
    MIG_MSG_ACK = 11,       /* supervisor: number connection, number tag */
    MIG_MSG_RESULT = 12,    /* supervisor: number cookie, bytes */
    MIG_MSG_FATE = 13,      /* relay: number cookie, number enum mig_amqp_fate or MIG_FATE_LOST */
    MIG_MSG_UP = 14,        /* relay: connected, text proxy; what was not confirmed goes again */
    MIG_MSG_DOWN = 15,      /* relay: lost, or a broker that takes nothing at present */
    MIG_MSG_HEARTBEAT = 16, /* supervisor: the bytes of a heartbeat for the broker */

    /* verifier. HELLO: text queueloc, text folder for its throw-away home, and what the endpoint's
     * own file has a say in: text tags (JSON), number check_target, text mode. */
    MIG_MSG_CHECK = 20,    /* supervisor: the bytes of a command */
    MIG_MSG_VERDICT = 21,  /* verifier: agent/verdict.h */
    MIG_MSG_ASSEMBLE = 22, /* supervisor: agent/assemble.h */
    MIG_MSG_ANSWER = 23, /* verifier: the bytes of the answered command; none: it can not be made */

    /* beat. HELLO: text queueloc, number pid, number hash and number refresh time, as last
     * told, bytes plugins (agent/roster.h), bytes layers (plugin/layers.h), bytes persist, text
     * proxy of the relay, text tags (JSON), text mode, number public_ip and number cloud of the
     * site, text cloud as last told (JSON), text of each module that is off. */
    MIG_MSG_BEAT = 30 /* beat: number 1 when the API took it, number hash, number refresh time, text
                       * cloud (JSON), bytes of a heartbeat that the broker is to have (without an
                       * API), else none */
};

#define MIG_FATE_LOST 3

#define MIG_ROLE_FD 3               /* the role's end */
#define MIG_PREFETCH 10             /* commands that the relay holds unacknowledged */
#define MIG_COMMAND_MAX (20u << 20) /* bytes of a command on the wire */

#endif
