/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "yara_module.h"

#define PATH_LENGTH 4096
#define PATTERN_LENGTH 65536

const struct mig_option yara_options[YARA_OPTIONS_COUNT] = {
    {"rules", "yara", "a file of YARA rules", "file", NULL, MIG_OPTION_FILE, MIG_OPTION_REQUIRED,
     YARA_RULES_MAX},
    {"files", "filesearch", "scan the files that the file module finds with these arguments",
     "arguments", NULL, MIG_OPTION_STRING, 0, PATTERN_LENGTH},
    {"pid", "pids", "scan the memory of this process", "number", NULL, MIG_OPTION_NUMBER,
     MIG_OPTION_REPEATABLE, INT32_MAX},
    {"name", "names", "scan the memory of processes whose executable's path, or [command], matches",
     "regex", NULL, MIG_OPTION_STRING, MIG_OPTION_REPEATABLE, PATTERN_LENGTH},
    {"define", "defines", "an external variable of the rules", "name=value", NULL,
     MIG_OPTION_STRING, MIG_OPTION_REPEATABLE, PATTERN_LENGTH},
    {"timeout", "timeout", "seconds that a file or process may take, 10 when not given", NULL, NULL,
     MIG_OPTION_NUMBER, 0, YARA_TIMEOUT_MAX},
    {"threads", "threads", "threads to scan with, one a core when not given", NULL, NULL,
     MIG_OPTION_NUMBER, 0, 1024},
};

const struct mig_field yara_fields[YARA_FIELDS_COUNT] = {
    {"Matches[].Object", "file, or executable of the process, that matched", MIG_FIELD_STRING,
     MIG_FIELD_PRIVATE, 4 * PATH_LENGTH},
    {"Matches[].MatchedRules[]", "name of a rule that matched", MIG_FIELD_STRING, 0, 128},
    {"Matches[].Pid", "process that matched", MIG_FIELD_NUMBER, 0, 0},
    {"Matches[].Tagged[].Rule", "a rule that matched and has tags", MIG_FIELD_STRING, 0, 128},
    {"Matches[].Tagged[].Tags[]", "its tags", MIG_FIELD_STRING, 0, 128},
    {"filescount", "files scanned", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"processcount", "processes scanned", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"totalhits", "files and processes that matched", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"failed", "files and processes that could not be scanned, or not to their end",
     MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"openfailed", "files and directories that could not be opened", MIG_FIELD_NUMBER,
     MIG_FIELD_STATISTICS, 0},
    {"threads", "threads that scanned", MIG_FIELD_NUMBER, MIG_FIELD_STATISTICS, 0},
    {"exectime", "time it took", MIG_FIELD_STRING, MIG_FIELD_STATISTICS, 40},
};
