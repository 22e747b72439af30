/* SPDX-License-Identifier: MPL-2.0 */
#include "netstat.h"

#define VALUE_MAX 255

#define SEARCH(name, path, help, value)                                                            \
    {                                                                                              \
        name, path, help, value, NULL, MIG_OPTION_STRING, MIG_OPTION_REPEATABLE, VALUE_MAX         \
    }
#define SWITCH(name, help, preset, flags)                                                          \
    {                                                                                              \
        name, name, help, NULL, preset, MIG_OPTION_BOOL, flags, 0                                  \
    }

const struct mig_option netstat_options[NETSTAT_OPTIONS_COUNT] = {
    SEARCH("lm", "localmac", "an interface has a MAC address that matches, whatever the case",
           "regex"),
    SEARCH("nm", "neighbormac", "a neighbor has a MAC address that matches", "regex"),
    SEARCH("li", "localip", "an interface has the address, or one in the CIDR", "ip|cidr"),
    SEARCH("ni", "neighborip", "a neighbor has the address, or one in the CIDR", "ip|cidr"),
    SEARCH("ci", "connectedip", "a TCP or UDP socket is connected to it", "ip|cidr"),
    SEARCH("lp", "listeningport", "a TCP or UDP socket listens on the port", "port"),
    SEARCH("ps", "process", "sockets of the processes whose name or executable matches", "regex"),
    SEARCH("us", "unixsocket", "UNIX sockets whose path matches, '@' before abstract ones",
           "regex"),
    SWITCH("namespaces", "in every network namespace of the host", "false", MIG_OPTION_ALWAYS),
    SWITCH("details", "also protocol, state, user and processes, or interface", NULL, 0),
};

/* Null stands for a search that found nothing. */
#define NOTHING(kind)                                                                              \
    {                                                                                              \
        kind ".*", "null: nothing was found", MIG_FIELD_BOOL, MIG_FIELD_NULLABLE, 0                \
    }
#define TEXT(path, help, max)                                                                      \
    {                                                                                              \
        path, help, MIG_FIELD_STRING, 0, max                                                       \
    }
#define PRIVATE(path, help, max)                                                                   \
    {                                                                                              \
        path, help, MIG_FIELD_STRING, MIG_FIELD_PRIVATE, max                                       \
    }
#define NUMBER(path, help)                                                                         \
    {                                                                                              \
        path, help, MIG_FIELD_NUMBER, 0, 0                                                         \
    }
#define ADDRESS_MAX 64
#define PATH_MAX_TEXT 16384
#define SPACE(kind) TEXT(kind ".*[].namespace", "network namespace, or default", 32)
#define INTERFACE(kind) TEXT(kind ".*[].interface", "interface", 32)
#define PROCESSES(list)                                                                            \
    NUMBER(list "[].pid", "process that holds the socket"), TEXT(list "[].name", "its name", 64),  \
        TEXT(list "[].executable", "its file", PATH_MAX_TEXT)
#define SOCKET(kind)                                                                               \
    TEXT(kind ".*[].localaddr", "address of the socket", ADDRESS_MAX),                             \
        NUMBER(kind ".*[].localport", "port of the socket"),                                       \
        TEXT(kind ".*[].protocol", "tcp or udp", 16), TEXT(kind ".*[].state", "its state", 32),    \
        NUMBER(kind ".*[].uid", "user that made the socket"), PROCESSES(kind ".*[].processes")

const struct mig_field netstat_fields[NETSTAT_FIELDS_COUNT] = {
    NOTHING("localmac"),
    TEXT("localmac.*[].localmacaddr", "MAC address of an interface", NETSTAT_MAC_SIZE),
    SPACE("localmac"),
    INTERFACE("localmac"),
    NOTHING("neighbormac"),
    TEXT("neighbormac.*[].remotemacaddr", "MAC address of a neighbor", NETSTAT_MAC_SIZE),
    TEXT("neighbormac.*[].remoteaddr", "address of a neighbor", ADDRESS_MAX),
    SPACE("neighbormac"),
    INTERFACE("neighbormac"),
    TEXT("neighbormac.*[].state", "state of the entry", 32),
    NOTHING("neighborip"),
    TEXT("neighborip.*[].remotemacaddr", "MAC address of a neighbor", NETSTAT_MAC_SIZE),
    TEXT("neighborip.*[].remoteaddr", "address of a neighbor", ADDRESS_MAX),
    SPACE("neighborip"),
    INTERFACE("neighborip"),
    TEXT("neighborip.*[].state", "state of the entry", 32),
    NOTHING("localip"),
    TEXT("localip.*[].localaddr", "address of an interface", ADDRESS_MAX),
    SPACE("localip"),
    INTERFACE("localip"),
    NOTHING("connectedip"),
    SOCKET("connectedip"),
    PRIVATE("connectedip.*[].remoteaddr", "address of the peer", ADDRESS_MAX),
    NUMBER("connectedip.*[].remoteport", "port of the peer"),
    SPACE("connectedip"),
    NOTHING("listeningport"),
    SOCKET("listeningport"),
    SPACE("listeningport"),
    NOTHING("process"),
    SOCKET("process"),
    PRIVATE("process.*[].remoteaddr", "address of the peer", ADDRESS_MAX),
    NUMBER("process.*[].remoteport", "port of the peer"),
    SPACE("process"),
    NOTHING("unixsocket"),
    PRIVATE("unixsocket.*[].path", "path, or @ and the abstract name", PATH_MAX_TEXT),
    TEXT("unixsocket.*[].protocol", "unix", 16),
    TEXT("unixsocket.*[].type", "stream, dgram or seqpacket", 16),
    TEXT("unixsocket.*[].state", "its state", 32),
    SPACE("unixsocket"),
    PROCESSES("unixsocket.*[].processes"),
    PROCESSES("unixsocket.*[].peers"),
    {"examined", "entries that were looked at", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"exectime", "how long it took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 64},
    {"totalhits", "entries that were found", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
};
