/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"

#include "finder.h"

#include <grp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <json-c/json.h>

#include "tree.h"

const struct mig_plugin *plugin;
struct mig_mock *mock;

int
finder_setup(void **state)
{
    (void)state;
    mock = mig_mock_new();
    tree_make();
    return mock == NULL;
}

int
finder_teardown(void **state)
{
    (void)state;
    tree_remove();
    mig_mock_free(mock);
    return 0;
}

const char *
files_of(const char *label)
{
    static char text[4096];
    struct json_object *array = NULL;
    const char *names[256];
    size_t count = 0, len = 0;
    size_t i, j;

    text[0] = '\0';
    json_object_object_get_ex(mig_mock_elements_object(mock), label, &array);
    for (i = 0; array != NULL && i < json_object_array_length(array); i++) {
        const char *path = json_object_get_string(
            json_object_object_get(json_object_array_get_idx(array, i), "file"));
        const char *name = strrchr(path, '/') != NULL ? strrchr(path, '/') + 1 : path;
        for (j = count++; j > 0 && strcmp(names[j - 1], name) > 0; j--)
            names[j] = names[j - 1];
        names[j] = name;
    }
    for (i = 0; i < count; i++) {
        len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", i > 0 ? " " : "",
                                names[i][0] != '\0' ? names[i] : "-");
        assert_true(len < sizeof(text));
    }
    return text;
}

void
run(const char *format)
{
    assert_int_equal(mig_mock_run(mock, plugin, tree_json(format)), 0);
    assert_null(mig_mock_undeclared(mock, plugin));
}

const char *
find(const char *checks, const char *options)
{
    char format[4096];

    snprintf(format, sizeof(format),
             "{'searches':{'s1':{'paths':['@']%s%s,'options':{'matchall':true%s%s}}}}",
             *checks ? "," : "", checks, *options ? "," : "", options);
    run(format);
    return files_of("s1");
}

bool
as_nobody(void (*fn)(void))
{
    int status = -1;
    pid_t child = fork();

    assert_true(child >= 0);
    if (child == 0) {
        if (setgroups(0, NULL) != 0 || setresgid(65534, 65534, 65534) != 0 ||
            setresuid(65534, 65534, 65534) != 0)
            _exit(99);
        fn();
        /* What the child shares with its parent is freed there; 1 is a failed check's. */
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void
expect(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "# %s: found %s, errors %s, statistics %s\n", what, files_of("s1"),
            mig_mock_errors(mock), mig_mock_statistics(mock));
    _exit(1);
}

bool
finder_load(void)
{
    const char *build = getenv("top_builddir");
    char path[4096];

    snprintf(path, sizeof(path), "%s/plugins/file/.libs/file.so", build != NULL ? build : ".");
    plugin = mig_mock_load(path);
    if (plugin == NULL)
        puts("1..0 # SKIP the file plugin is not built as a shared object");
    return plugin != NULL;
}
