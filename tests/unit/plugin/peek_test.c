/* SPDX-License-Identifier: MPL-2.0 */
/* The head of a descriptor and the programs of a manifest, read from files that linkers made, and
 * from the same files with bytes changed. */
#include "config.h"

#include <elf.h>
#include <link.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <mig/plugin.h>

#include "base/buf.h"
#include "base/file.h"
#include "plugin/peek.h"
#include "trust/image.h"

static void
get(const char *name, struct mig_buf *out)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s.so", ZOO_DIR, name);
    assert_int_equal(mig_file_read(path, MIG_IMAGE_MAX, out, NULL), 0);
}

static void
refuses(const struct mig_buf *file, const char *message)
{
    struct mig_err err = {0};
    char **programs = NULL;
    assert_int_equal(mig_peek_programs(file->data, file->len, &programs, &err), MIG_E_PLUGIN);
    assert_string_equal(err.text, message);
    assert_null(programs);
}

static void
reads_the_head(void **state)
{
    struct mig_buf file = MIG_BUF_INIT;
    struct mig_peek head;
    (void)state;
    get("good", &file);
    assert_int_equal(mig_peek_descriptor(file.data, file.len, &head, NULL), 0);
    assert_int_equal(head.magic, MIG_PLUGIN_MAGIC);
    assert_int_equal(head.abi_major, MIG_ABI_MAJOR);
    assert_int_equal(head.abi_minor, MIG_ABI_MINOR);
    assert_int_equal(head.struct_size, sizeof(struct mig_plugin));
    assert_int_equal(head.needs, MIG_NEED_READ_FILES);
    mig_buf_fini(&file);
}

static void
reads_the_programs(void **state)
{
    static const char *const without[] = {"ends", "good", "probe"};
    struct mig_buf file = MIG_BUF_INIT;
    char **programs = NULL;
    (void)state;
    get("probe_net", &file);
    assert_int_equal(mig_peek_programs(file.data, file.len, &programs, NULL), 0);
    assert_string_equal(programs[0], "/bin/true");
    assert_string_equal(programs[1], "/bin/no-such-program");
    assert_null(programs[2]);
    free(programs);
    for (size_t i = 0; i < MIG_COUNT(without); i++) {
        mig_buf_reset(&file);
        get(without[i], &file);
        assert_int_equal(mig_peek_programs(file.data, file.len, &programs, NULL), 0);
        assert_null(programs);
    }
    mig_buf_fini(&file);
}

static void
refuses_what_is_wrong(void **state)
{
    struct mig_buf file = MIG_BUF_INIT;
    (void)state;
    get("many", &file);
    refuses(&file, "it names more than 16 programs");
    mig_buf_reset(&file);
    get("nosymbol", &file);
    refuses(&file, "its programs can not be read before it is loaded");
    mig_buf_reset(&file);
    get("probe_net", &file);
    char *at = memmem(file.data, file.len, "/bin/no-such-program", 20);
    assert_non_null(at);
    *at = 'x';
    refuses(&file, "program 1 of its manifest is not an absolute path");
    file.len = 10;
    refuses(&file, "it has no dynamic symbol table, or more than one");
    mig_buf_fini(&file);
}

/* The program header of a type, in the file. */
static ElfW(Phdr) * header_of(const struct mig_buf *file, uint32_t type)
{
    const ElfW(Ehdr) *head = (const void *)file->data;
    ElfW(Phdr) *headers = (void *)(file->data + head->e_phoff);
    for (unsigned i = 0; i < head->e_phnum; i++)
        if (headers[i].p_type == type)
            return &headers[i];
    fail_msg("no program header of type %#x", type);
    return NULL;
}

/* The loader goes by the address of the dynamic table and by its end, not by what else the header
 * says of it, and takes the last of two. */
static void
sees_what_the_loader_sees(void **state)
{
    struct mig_buf file = MIG_BUF_INIT;
    struct mig_peek head;
    (void)state;
    get("good", &file);
    header_of(&file, PT_DYNAMIC)->p_offset = 0;
    header_of(&file, PT_DYNAMIC)->p_filesz = 0;
    assert_int_equal(mig_peek_descriptor(file.data, file.len, &head, NULL), 0);
    assert_int_equal(head.needs, MIG_NEED_READ_FILES);
    header_of(&file, PT_GNU_STACK)->p_type = PT_DYNAMIC;
    refuses(&file, "it has no dynamic symbol table, or more than one");
    mig_buf_fini(&file);
}

/* A result or a refusal, and no byte beyond the file. */
static void
damage_does_no_harm(void **state)
{
    struct mig_buf file = MIG_BUF_INIT;
    unsigned seed = 1;
    (void)state;
    get("probe_net", &file);
    for (int round = 0; round < 400; round++) {
        /* Of exactly this size, so that a tool that watches memory sees the next byte. */
        size_t len = round % 4 == 0 ? file.len * (size_t)(round + 1) / 401 : file.len;
        char *copy = malloc(len > 0 ? len : 1);
        char **programs = NULL;
        assert_non_null(copy);
        memcpy(copy, file.data, len);
        for (int i = 0; i < 1 + round % 40 && len > 0; i++) {
            seed = seed * 1103515245u + 12345u;
            /* Most of them in the headers and tables. */
            copy[(seed >> 8) % (i % 2 == 0 && len > 4096 ? 4096 : len)] = (char)(seed >> 24);
        }
        if (mig_peek_programs(copy, len, &programs, NULL) == 0)
            for (size_t i = 0; programs != NULL && programs[i] != NULL; i++)
                assert_int_equal(programs[i][0], '/');
        free(programs);
        free(copy);
    }
    mig_buf_fini(&file);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_the_head),        cmocka_unit_test(reads_the_programs),
        cmocka_unit_test(refuses_what_is_wrong), cmocka_unit_test(sees_what_the_loader_sees),
        cmocka_unit_test(damage_does_no_harm),
    };
    return cmocka_run_group_tests_name("peek", tests, NULL, NULL);
}
