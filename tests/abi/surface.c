/* SPDX-License-Identifier: MPL-2.0 */
/*
 * All that plugin and host share, within the sight of libabigail: each type by a pointer, so that
 * one which grows at its end is no larger object here, and each constant as an enumerator, since
 * macros leave no trace in a file. Compiles with the header of every minor.
 */
#include <mig/plugin.h>

#define PART(type, name)                                                                           \
    extern type *mig_abi_##name;                                                                   \
    type *mig_abi_##name

PART(const struct mig_plugin, plugin);
PART(const struct mig_host, host);
PART(const struct mig_option, option);
PART(const struct mig_field, field);
PART(const struct mig_plugin_note, note);
PART(const struct mig_plugin_elf_note, elf_note);
PART(enum mig_option_type, option_type);
PART(enum mig_field_type, field_type);
PART(enum mig_log_level, log_level);
#if MIG_ABI_MINOR >= 1
PART(enum mig_descriptor, descriptor);
#endif

enum constants {
    ABI_MAJOR = MIG_ABI_MAJOR,
    PLUGIN_MAGIC = MIG_PLUGIN_MAGIC,
    NOTE_TYPE = MIG_NOTE_TYPE,
    NEED_READ_FILES = MIG_NEED_READ_FILES,
    NEED_PROCESS_MEMORY = MIG_NEED_PROCESS_MEMORY,
    NEED_NETWORK = MIG_NEED_NETWORK,
    NEED_RAW_SOCKET = MIG_NEED_RAW_SOCKET,
    NEED_NETLINK = MIG_NEED_NETLINK,
    NEED_EXECUTE = MIG_NEED_EXECUTE,
    NEED_KILL = MIG_NEED_KILL,
    NEED_NAMESPACES = MIG_NEED_NAMESPACES,
    OPTION_REPEATABLE = MIG_OPTION_REPEATABLE,
    OPTION_REQUIRED = MIG_OPTION_REQUIRED,
    OPTION_ALWAYS = MIG_OPTION_ALWAYS,
    FIELD_STATISTICS = MIG_FIELD_STATISTICS,
    FIELD_PRIVATE = MIG_FIELD_PRIVATE,
    FIELD_NULLABLE = MIG_FIELD_NULLABLE,
    PRINT_FOUND_ONLY = MIG_PRINT_FOUND_ONLY,
#if MIG_ABI_MINOR >= 1
    NEED_STATE = MIG_NEED_STATE,
    NEED_WATCH = MIG_NEED_WATCH,
    NEED_AUDIT = MIG_NEED_AUDIT,
    NEED_SYSLOG = MIG_NEED_SYSLOG,
    STATE_FILES = MIG_STATE_FILES,
    WAIT_READABLE = MIG_WAIT_READABLE,
    WAIT_STOP = MIG_WAIT_STOP,
    ALERT_MAX = MIG_ALERT_MAX,
    QUESTION_MAX = MIG_QUESTION_MAX,
    ANSWER_MAX = MIG_ANSWER_MAX,
#endif
#if MIG_ABI_MINOR >= 2
    NEED_CLOCK = MIG_NEED_CLOCK,
    NEED_REMOVE = MIG_NEED_REMOVE,
#endif
};
PART(enum constants, constants);
