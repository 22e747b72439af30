/* SPDX-License-Identifier: MPL-2.0 */
#include "memory.h"

#define PATTERN_LENGTH 65536
#define CHECK(name, path, help, value, type)                                                       \
    {                                                                                              \
        name, "searches.s1." path, help, value, NULL, type, MIG_OPTION_REPEATABLE, PATTERN_LENGTH  \
    }
#define OPTION(name, help, preset, type, flags)                                                    \
    {                                                                                              \
        name, "searches.s1.options." name, help, NULL, preset, type, flags, 0                      \
    }

const struct mig_option memory_options[MEMORY_OPTIONS_COUNT] = {
    CHECK("name", "names", "the executable's path, or [command], matches", "regex",
          MIG_OPTION_STRING),
    CHECK("lib", "libraries", "the path of a mapped file matches", "regex", MIG_OPTION_STRING),
    CHECK("bytes", "bytes", "memory holds these bytes", "hex", MIG_OPTION_HEX),
    CHECK("content", "contents", "memory matches", "regex", MIG_OPTION_STRING),
    OPTION("offset", "address to start at", "0", MIG_OPTION_NUMBER, MIG_OPTION_ALWAYS),
    OPTION("maxlength", "bytes to read of a process, 0 for no limit", "0", MIG_OPTION_NUMBER,
           MIG_OPTION_ALWAYS),
    OPTION("logfailures", "return what could not be read", "false", MIG_OPTION_BOOL,
           MIG_OPTION_ALWAYS),
    OPTION("matchall", "all checks must match the process", "true", MIG_OPTION_BOOL,
           MIG_OPTION_ALWAYS),
    {"matchany", "searches.s1.options.matchall", "any check may match the process", NULL, "false",
     MIG_OPTION_CONST, 0, 0},
    OPTION("resident", "read only what is in memory, nothing from swap or files", NULL,
           MIG_OPTION_BOOL, 0),
};

const struct mig_field memory_fields[MEMORY_FIELDS_COUNT] = {
    {"*[].process.name", "path of the executable; empty: nothing matched", MIG_FIELD_STRING,
     MIG_FIELD_PRIVATE, 16384},
    {"*[].process.pid", "process id", MIG_FIELD_NUMBER, 0, 0},
    {"*[].search", "the search, or the one check that matched", MIG_FIELD_ECHO, 0, 0},
    {"processcount", "processes checked", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"memoryread", "bytes of memory read", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"totalhits", "processes, or checks on processes, that matched", MIG_FIELD_NUMBER,
     MIG_FIELD_STATISTICS, 0},
    {"failures[]", "what could not be read", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 256},
    {"exectime", "time the search took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 40},
};
