/* SPDX-License-Identifier: MPL-2.0 */
/*
 * The plugin ABI of MIG: all that a plugin and its host know of each other.
 *
 * A plugin is a shared object NAME.so that exports exactly one symbol, `mig_plugin`, and carries
 * the same identity in an ELF note, readable without loading the file. A plugin ends with:
 *
 *     MIG_PLUGIN_NOTE("name", "1.2.0");
 *     const struct mig_plugin mig_plugin_symbol = {MIG_PLUGIN_HEAD, MIG_NEED_READ_FILES, "name",
 * "1.2.0", …};
 *
 * The host copies the file into sealed memory, checks its digest against the whitelist compiled
 * into the agent, loads that copy, reads the descriptor, runs one operation and ends the process.
 * Nothing is ever unloaded, and a plugin never shares a process with a signing key or with another
 * plugin.
 *
 * This header needs <stddef.h> and <stdint.h> only, compiles alone as C99 to C23 and as C++, and
 * holds no third-party type: parameters and results cross as JSON text, in UTF-8.
 *
 * THE RULE
 *   A host of ABI M.n loads a plugin of ABI M.p when p <= n. Adding to the end of a struct, a new
 *   flag or a new enumerator raises the minor; anything else raises the major. Every struct that
 * may grow is preceded by its size, so that each side reads only what the other one has. Members
 * that a descriptor leaves out are NULL: compile with -Wno-missing-field-initializers, so that a
 * newer header does not make a warning of it.
 *
 * CHANGES
 *   1.0  2026-11-24  first version
 *   1.1  2026-11-24  persistent plugins: mig_plugin.persist, configure, answer, deliver;
 *                    mig_host.wait, alert, descriptor, ask; MIG_NEED_STATE, _WATCH, _AUDIT, _SYSLOG
 *   1.2  2026-11-24  MIG_NEED_CLOCK, MIG_NEED_REMOVE, MIG_OPTION_FILE, the field "."
 */
#ifndef MIG_PLUGIN_H
#define MIG_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MIG_ABI_MAJOR 1
#define MIG_ABI_MINOR 2
#define MIG_PLUGIN_MAGIC 0x4d494750u /* "MIGP" */

/* Owner and type of the ELF note; its descriptor is struct mig_plugin_note. */
#define MIG_NOTE_OWNER "MIG"
#define MIG_NOTE_TYPE 1u

/* ---- what a plugin needs ------------------------------------------------------------------------
 * The worker's confinement is derived from these; what is not named is not to be had. */
#define MIG_NEED_READ_FILES (1u << 0)     /* read any file of the system */
#define MIG_NEED_PROCESS_MEMORY (1u << 1) /* read the memory of other processes */
#define MIG_NEED_NETWORK (1u << 2)        /* open ordinary sockets (host names, TCP, UDP) */
#define MIG_NEED_RAW_SOCKET (1u << 3)     /* open raw sockets */
#define MIG_NEED_NETLINK (1u << 4)        /* ask the kernel about interfaces and sockets */
#define MIG_NEED_EXECUTE (1u << 5)        /* run the programs named in mig_plugin.programs */
#define MIG_NEED_KILL (1u << 6)           /* send signals to other processes */
#define MIG_NEED_NAMESPACES (1u << 7)     /* enter other processes' namespaces */
/* 1.1, for persist() alone: the host opens what follows before the plugin's first instruction, and
 * host->descriptor() hands it out. The plugin itself gets no right to open more of the kind. */
#define MIG_NEED_STATE (1u << 8)   /* files of its own on disk */
#define MIG_NEED_WATCH (1u << 9)   /* hear of changes to any file of the system (fanotify) */
#define MIG_NEED_AUDIT (1u << 10)  /* hear what the kernel audits (netlink multicast) */
#define MIG_NEED_SYSLOG (1u << 11) /* write to the local log socket */
/* 1.2. See how the host keeps its time: the kernel's clock state by adjtimex(2), and where chrony,
 * ntpd and timesyncd are configured. The clock can not be set. */
#define MIG_NEED_CLOCK (1u << 12)
#define MIG_NEED_REMOVE (1u << 13) /* 1.2. Remove files */

/* ---- options ------------------------------------------------------------------------------------
 * From the table come the flags of `mig NAME`, its help, completion and the check of an action's
 * parameters. */
enum mig_option_type {
    MIG_OPTION_STRING = 1, /* JSON string */
    MIG_OPTION_NUMBER = 2, /* JSON number, a decimal integer >= 0 */
    MIG_OPTION_BOOL = 3,   /* JSON true or false; on the command line -x or -x=false */
    MIG_OPTION_HEX = 4,    /* JSON string of hexadecimal digits */
    MIG_OPTION_CONST = 5,  /* a flag without a value that sets `path` to the JSON text `preset` */
    /* 1.2. JSON string: all of a text file of the investigator's, which `mig` reads and the flag
     * names. The plugin sees the text, never the file. */
    MIG_OPTION_FILE = 6
};

#define MIG_OPTION_REPEATABLE (1u << 0) /* may be given several times; the values form an array */
#define MIG_OPTION_REQUIRED (1u << 1)   /* refused when it is not given */
#define MIG_OPTION_ALWAYS (1u << 2)     /* `preset` is written even when the flag is not given */

struct mig_option {
    const char *name;   /* without the dash */
    const char *path;   /* place in the parameters, members joined by '.': "searches.s1.names" */
    const char *help;   /* one line, without a full stop */
    const char *value;  /* name of the value in the help, e.g. "regex"; NULL: from the type */
    const char *preset; /* default as JSON text, or NULL; see MIG_OPTION_ALWAYS, MIG_OPTION_CONST */
    uint32_t type;      /* enum mig_option_type */
    uint32_t flags;     /* MIG_OPTION_* bits */
    uint64_t max;       /* greatest number, or greatest length in bytes; 0: the host's limit */
};

/* ---- fields of the results ----------------------------------------------------------------------
 * Every member of `elements` and `statistics` that the plugin emits. The host drops what is not
 * declared: that a module returns metadata and never contents is enforced, not a convention. */
enum mig_field_type {
    MIG_FIELD_STRING = 1,
    MIG_FIELD_NUMBER = 2,
    MIG_FIELD_BOOL = 3,
    MIG_FIELD_ECHO = 4 /* what the investigator asked, returned as it was: any JSON */
};

#define MIG_FIELD_STATISTICS (1u << 0) /* a member of `statistics`, not of `elements` */
#define MIG_FIELD_PRIVATE (1u << 1)    /* replaced by "masked" in private mode */
#define MIG_FIELD_NULLABLE (1u << 2)   /* may be null */

struct mig_field {
    const char *path; /* "hostname", "addresses[]", "*[].fileinfo.size"; '*' is any member
                         name. 1.2: ".", the elements are one value */
    const char *help;
    uint32_t type;  /* enum mig_field_type */
    uint32_t flags; /* MIG_FIELD_* bits */
    uint64_t max;   /* greatest length of a string in bytes; 0: the host's limit */
};

/* ---- the host's services ------------------------------------------------------------------------
 * Valid for the length of one call into the plugin. All texts are UTF-8 and are copied. Functions
 * that return int give 0, or a negative errno value: -EINVAL text that is not valid JSON, -ENOBUFS
 * the operation's output limit is reached (stop then; what was emitted is kept), -ECANCELED.
 * emit(), error(), log() and cancelled() may be called from any thread of the plugin. */
/* 1.1. What host->descriptor() is asked for. */
enum mig_descriptor {
    /* MIG_NEED_STATE. MIG_DESCRIPTOR_STATE + n, n below MIG_STATE_FILES: file n, open for reading
     * and writing, empty the first time, and the same file after a restart. It can grow up to the
     * site's limit; writing more gives EFBIG. It is never there twice: one instance runs. See
     * <mig/state.h> for how to replace its content at once, <mig/queue.h> for a queue in it. */
    MIG_DESCRIPTOR_STATE = 0,
    /* MIG_NEED_WATCH. A fanotify group, FAN_CLASS_NOTIF | FAN_REPORT_DFID_NAME |
     * FAN_UNLIMITED_MARKS, non-blocking; it takes marks on inodes. */
    MIG_DESCRIPTOR_WATCH = 16,
    /* MIG_NEED_AUDIT. A NETLINK_AUDIT socket in the group AUDIT_NLGRP_READLOG, non-blocking. */
    MIG_DESCRIPTOR_AUDIT = 17,
    /* MIG_NEED_SYSLOG. A datagram socket of AF_UNIX, non-blocking, for connect(). */
    MIG_DESCRIPTOR_SYSLOG = 18
};
#define MIG_STATE_FILES 4u

/* 1.1. What host->wait() found. */
#define MIG_WAIT_READABLE (1u << 0) /* the descriptor can be read, or has failed */
#define MIG_WAIT_STOP (1u << 1)     /* persist() is to return soon; cancelled() says so too */

#define MIG_ALERT_MAX 16384u    /* bytes of an alert */
#define MIG_QUESTION_MAX 16384u /* bytes of ask()'s question */
#define MIG_ANSWER_MAX 1048576u /* bytes of its answer */

enum mig_log_level { MIG_LOG_ERR = 3, MIG_LOG_WARNING = 4, MIG_LOG_INFO = 6, MIG_LOG_DEBUG = 7 };

struct mig_host {
    uint32_t struct_size;
    uint16_t abi_major;
    uint16_t abi_minor;
    void *context; /* the host's */

    /* Appends the JSON value `json` to the array at `key` of the elements, making the array when it
     * is not there: emit(h, "s1", "{\"file\":…}", n) makes {"s1":[{"file":…}]}. json NULL: the
     * empty array. */
    int (*emit)(const struct mig_host *host, const char *key, const char *json, size_t length);
    /* Sets `key` of the elements to the JSON value `json`; key NULL sets all of the elements. */
    int (*set)(const struct mig_host *host, const char *key, const char *json, size_t length);
    /* Sets `key` of the statistics to the JSON value `json`. */
    int (*statistic)(const struct mig_host *host, const char *key, const char *json, size_t length);
    /* Says whether anything was found (foundanything). */
    void (*found)(const struct mig_host *host, int found);
    /* Adds a soft error: shown to the investigator, the operation still succeeds. */
    int (*error)(const struct mig_host *host, const char *message);
    void (*log)(const struct mig_host *host, uint32_t level, const char *message);
    /* Non-zero when the operation should end now: cancelled, or within a moment of its deadline. */
    int (*cancelled)(const struct mig_host *host);
    /* Milliseconds left until the operation is killed. */
    int64_t (*remaining)(const struct mig_host *host);
    /* Says why run(), validate() or parse() is about to return an error; the last call counts. */
    void (*refuse)(const struct mig_host *host, const char *message);
    /* print(): one line of text, without a newline. parse(): the parameters, a JSON value. */
    int (*output)(const struct mig_host *host, const char *text, size_t length);
    /* Non-zero when the site asks for private mode; the host masks MIG_FIELD_PRIVATE fields itself.
     */
    int (*private_mode)(const struct mig_host *host);

    /* ---- 1.1: in persist(), from the thread that it was called on ---- */

    /* Waits until `fd` (or -1) can be read, `timeout_ms` have passed (-1: no limit) or persist() is
     * to return. Meanwhile it calls answer() and deliver(). MIG_WAIT_* bits, 0 when the time has
     * passed. An instance that does not come here for a minute is taken for hung, killed and
     * started again: amid long work call it now and then with a timeout of 0. */
    uint32_t (*wait)(const struct mig_host *host, int fd, int64_t timeout_ms);
    /* Hands an alert to the host, a JSON object of at most MIG_ALERT_MAX bytes. 0: it is on disk,
     * and reaches what the site sends its alerts to at least once, whatever happens to plugin,
     * agent or machine. -ENOSPC: the agent's queue is full; the alert is counted and lost.
     * -EINVAL, -EMSGSIZE; -EPIPE: the agent is gone. Not from answer() or deliver(). */
    int (*alert)(const struct mig_host *host, const char *json, size_t length);
    /* A descriptor that the host opened (enum mig_descriptor), never to be closed, or why it could
     * not: -EPERM what was not needed, else the kernel's word. */
    int (*descriptor)(const struct mig_host *host, uint32_t which);

    /* ---- 1.1: in run() ---- */

    /* Asks the instance of this plugin that runs in the agent, through its answer(). `reply` is
     * called once with the answer's text before ask() returns 0. -ENOENT: none runs here, and
     * refuse() was told why; -ETIMEDOUT; or what answer() returned, after refuse(). */
    int (*ask)(const struct mig_host *host, const char *question, size_t length,
               void (*reply)(void *context, const char *answer, size_t length), void *context);
};

/* True when the host has the service `member`: for services newer than 1.0. */
#define MIG_HOST_HAS(host, member)                                                                 \
    ((host)->struct_size >= offsetof(struct mig_host, member) + sizeof((host)->member) &&          \
     (host)->member != NULL)

#define MIG_PRINT_FOUND_ONLY (1u << 0) /* print(): say nothing of what was not found */

/* ---- the descriptor -----------------------------------------------------------------------------
 */
struct mig_plugin {
    uint32_t magic; /* MIG_PLUGIN_MAGIC */
    uint16_t abi_major;
    uint16_t abi_minor;
    uint32_t struct_size; /* sizeof(struct mig_plugin) of the plugin */
    uint32_t needs;       /* MIG_NEED_* bits */

    const char *name;    /* ^[a-z][a-z0-9_]{0,30}$, the file's name without .so */
    const char *version; /* shown; at most 31 bytes */
    const char *summary; /* one line */

    const struct mig_option *options;
    size_t options_count;
    size_t option_size; /* sizeof(struct mig_option) of the plugin: the table's stride */
    const struct mig_field *fields;
    size_t fields_count;
    size_t field_size;
    const char *const *programs; /* NULL-terminated, absolute paths; with MIG_NEED_EXECUTE */
    const char *examples;        /* for the help: lines, each a whole command; or NULL */

    /* Runs one operation. `parameters` is JSON text of `length` bytes, followed by a NUL that is
     * not counted. Returns 0, or a negative errno value after host->refuse(): the operation has
     * failed. */
    int (*run)(const struct mig_host *host, const char *parameters, size_t length);

    /* Optional: refuses parameters without running, as run() would. NULL: the option table decides.
     */
    int (*validate)(const struct mig_host *host, const char *parameters, size_t length);
    /* Optional: makes parameters of `mig NAME` arguments when the option table can not say it.
     * Called after the table has taken the flags: `parameters` is what the table made of them. */
    int (*parse)(const struct mig_host *host, const char *parameters, size_t length);
    /* Optional: prints a module result {foundanything, success, elements, statistics, errors} as
     * lines of text; `flags` are MIG_PRINT_* bits. NULL: the host prints the elements as JSON. */
    int (*print)(const struct mig_host *host, const char *result, size_t length, uint32_t flags);

    /* ---- 1.1 ----
     * Optional: the plugin is persistent. Where a site says so, the agent keeps one instance in
     * persist(), in a confined process of its own, until host->wait() says MIG_WAIT_STOP.
     * `configuration` is a JSON object {"hostname": "…", "environment": {…}, "tags": {…},
     * "config": {…}}; config is what the site and the endpoint's configuration folder say, {} when
     * nothing. Returns 0 when it was told to stop. Anything else (refuse() says why) is a failure:
     * it is started again after a pause that grows. -EINVAL: the configuration is wrong, and it is
     * not started again before that changes. run() is what `mig NAME` does, in another process;
     * the two talk by host->ask(). */
    int (*persist)(const struct mig_host *host, const char *configuration, size_t length);
    /* Optional: refuses the configuration as persist() would, without running. */
    int (*configure)(const struct mig_host *host, const char *configuration, size_t length);
    /* Optional: answers host->ask(): gives one text with host->output(), and 0, or a negative
     * errno value after refuse(). Called by host->wait(). */
    int (*answer)(const struct mig_host *host, const char *question, size_t length);
    /* Optional: takes alerts of all plugins, oldest first: {"id": n, "time": "…", "module": "…",
     * "alert": {…}}. 0: it is taken for good, the agent forgets it. Negative: not now, it comes
     * again after a pause. After a crash the last ones may come again, with the same id. Called by
     * host->wait(). One plugin of an agent takes the alerts. */
    int (*deliver)(const struct mig_host *host, const char *alert, size_t length);
};

struct mig_plugin_note {
    uint32_t magic;
    uint16_t abi_major;
    uint16_t abi_minor;
    char name[32];    /* NUL-terminated */
    char version[32]; /* NUL-terminated */
};

#if defined(__clang__)
/* Its AddressSanitizer would put zones around what is in the note. */
#define MIG_NOTE_BARE __attribute__((no_sanitize("address")))
#else
#define MIG_NOTE_BARE
#endif
#if defined(__GNUC__)
#define MIG_EXPORT __attribute__((visibility("default")))
#define MIG_NOTE_SECTION                                                                           \
    MIG_NOTE_BARE __attribute__((used, section(".note.mig.plugin"), aligned(4)))
#else
#error "a MIG plugin is built with gcc or clang"
#endif

struct mig_plugin_elf_note {
    uint32_t namesz;
    uint32_t descsz;
    uint32_t type;
    char owner[4];
    struct mig_plugin_note desc;
};

#define MIG_PLUGIN_HEAD                                                                            \
    MIG_PLUGIN_MAGIC, MIG_ABI_MAJOR, MIG_ABI_MINOR, (uint32_t)sizeof(struct mig_plugin)

/* Defines the ELF note; NAME and VERSION are string literals. */
#define MIG_PLUGIN_NOTE(NAME, VERSION)                                                             \
    MIG_NOTE_SECTION static const struct mig_plugin_elf_note mig_plugin_note_ = {                  \
        4,                                                                                         \
        (uint32_t)sizeof(struct mig_plugin_note),                                                  \
        MIG_NOTE_TYPE,                                                                             \
        MIG_NOTE_OWNER,                                                                            \
        {MIG_PLUGIN_MAGIC, MIG_ABI_MAJOR, MIG_ABI_MINOR, NAME, VERSION}}

/* Both at once, so that they can not disagree, in C: the rest are members by name.
 *
 *     MIG_PLUGIN("name", "1.2.0", "one line", MIG_NEED_READ_FILES, options, fields,
 *                "mig name -t all -x 1", .run = run, .print = print); */
#define MIG_PLUGIN(NAME, VERSION, SUMMARY, NEEDS, OPTIONS, FIELDS, EXAMPLES, ...)                  \
    MIG_PLUGIN_NOTE(NAME, VERSION);                                                                \
    const struct mig_plugin mig_plugin_symbol = {MIG_PLUGIN_HEAD,                                  \
                                                 (NEEDS),                                          \
                                                 NAME,                                             \
                                                 VERSION,                                          \
                                                 SUMMARY,                                          \
                                                 MIG_TABLE(OPTIONS),                               \
                                                 MIG_TABLE(FIELDS),                                \
                                                 .examples = EXAMPLES,                             \
                                                 __VA_ARGS__}

#define MIG_COUNT(table) (sizeof(table) / sizeof((table)[0]))
/* The three members that describe a table, in their order. */
#define MIG_TABLE(table) (table), MIG_COUNT(table), sizeof((table)[0])
#define MIG_NO_TABLE NULL, 0, 0

/* The one exported symbol. A plugin linked into a program (--with-plugin-NAME=builtin) defines
 * MIG_PLUGIN_BUILTIN_NAME on the compiler's command line, and libltdl's preloading finds it as
 * NAME_LTX_mig_plugin. */
#ifdef MIG_PLUGIN_BUILTIN_NAME
#define MIG_PLUGIN_CAT2(a, b) a##b
#define MIG_PLUGIN_CAT(a, b) MIG_PLUGIN_CAT2(a, b)
#define mig_plugin_symbol MIG_PLUGIN_CAT(MIG_PLUGIN_BUILTIN_NAME, _LTX_mig_plugin)
#else
#define mig_plugin_symbol mig_plugin
#endif
extern MIG_EXPORT const struct mig_plugin mig_plugin_symbol;

#ifdef __cplusplus
}
#endif

#endif
