/* SPDX-License-Identifier: MPL-2.0 */
#include "config.h"
#include "trust/whitelist.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/hex.h"

#define LINE_MAX_BYTES 256
#define FIELDS 4

const struct mig_whitelist_entry *
mig_whitelist_find(const struct mig_whitelist *list, const char *name,
                   const unsigned char digest[MIG_IMAGE_DIGEST])
{
    for (size_t i = 0; i < list->count; i++) {
        const struct mig_whitelist_entry *entry = &list->entries[i];

        if (strcmp(entry->name, name) == 0 && memcmp(entry->digest, digest, MIG_IMAGE_DIGEST) == 0)
            return entry;
    }
    return NULL;
}

int
mig_whitelist_names(const struct mig_whitelist *list, const char *name)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->entries[i].name, name) == 0)
            return 1;
    }
    return 0;
}

/* "1.0": two decimal numbers below 65536 without leading zeros. Returns the end of the number. */
static const char *
parse_number(const char *text, uint16_t *ret)
{
    uint32_t value = 0;
    const char *p = text;

    for (; *p >= '0' && *p <= '9'; p++) {
        value = value * 10 + (uint32_t)(*p - '0');
        if (value > UINT16_MAX || (p > text && *text == '0'))
            return NULL;
    }
    *ret = (uint16_t)value;
    return p == text ? NULL : p;
}

static int
parse_abi(const char *text, struct mig_whitelist_entry *entry)
{
    const char *dot = parse_number(text, &entry->abi_major);
    const char *end = dot == NULL || *dot != '.' ? NULL : parse_number(dot + 1, &entry->abi_minor);

    return end != NULL && *end == '\0' ? 0 : -EINVAL;
}

static int
parse_digest(const char *text, unsigned char digest[MIG_IMAGE_DIGEST])
{
    if (strlen(text) != 2 * MIG_IMAGE_DIGEST)
        return -EINVAL;
    for (size_t i = 0; i < MIG_IMAGE_DIGEST; i++) {
        int high = mig_hex_digit(text[2 * i]), low = mig_hex_digit(text[2 * i + 1]);

        if (high < 0 || low < 0)
            return -EINVAL;
        digest[i] = (unsigned char)(high << 4 | low);
    }
    return 0;
}

static int
parse_fields(char *const field[FIELDS], size_t count, size_t number,
             struct mig_whitelist_entry *entry, struct mig_err *err)
{
    if (count != FIELDS)
        return mig_err_set(err, MIG_E_CONFIG,
                           "line %zu: expected 'NAME VERSION ABI SHA256', found %zu words", number,
                           count);
    if (!mig_image_name_valid(field[0]))
        return mig_err_set(
            err, MIG_E_CONFIG,
            "line %zu: name '%s', expected 1 to 31 of a-z, 0-9, _ and a letter first", number,
            field[0]);
    if (!mig_image_version_valid(field[1]))
        return mig_err_set(err, MIG_E_CONFIG,
                           "line %zu: version '%s', expected 1 to 31 of letters, digits and .+~_-",
                           number, field[1]);
    if (parse_abi(field[2], entry) < 0)
        return mig_err_set(err, MIG_E_CONFIG, "line %zu: ABI '%s', expected MAJOR.MINOR, e.g. 1.0",
                           number, field[2]);
    if (parse_digest(field[3], entry->digest) < 0)
        return mig_err_set(
            err, MIG_E_CONFIG,
            "line %zu: digest '%s', expected the 64 hexadecimal digits of a load image's "
            "SHA-256",
            number, field[3]);
    entry->name = field[0];
    entry->version = field[1];
    return 0;
}

/* One line, without its newline. 1: an entry, 0: nothing on it. */
static int
parse_line(char *line, size_t number, struct mig_whitelist_entry *entry, struct mig_err *err)
{
    char *field[FIELDS], *save = NULL, *word;
    size_t count = 0;
    int rc;

    line[strcspn(line, "#")] = '\0';
    for (word = strtok_r(line, " \t\r", &save); word != NULL;
         word = strtok_r(NULL, " \t\r", &save)) {
        if (count < FIELDS)
            field[count] = word;
        count++;
    }
    if (count == 0)
        return 0;
    rc = parse_fields(field, count, number, entry, err);
    return rc < 0 ? rc : 1;
}

int
mig_whitelist_parse(const char *text, size_t len,
                    int (*each)(void *context, const struct mig_whitelist_entry *entry),
                    void *context, struct mig_err *err)
{
    size_t number = 0;

    while (len > 0) {
        const char *newline = memchr(text, '\n', len);
        size_t size = newline == NULL ? len : (size_t)(newline - text);
        struct mig_whitelist_entry entry;
        char line[LINE_MAX_BYTES];
        int rc;

        number++;
        if (size >= sizeof(line) || memchr(text, '\0', size) != NULL)
            return mig_err_set(err, MIG_E_CONFIG, "line %zu: longer than %zu bytes, or not text",
                               number, sizeof(line) - 1);
        memcpy(line, text, size);
        line[size] = '\0';
        rc = parse_line(line, number, &entry, err);
        if (rc > 0)
            rc = each(context, &entry);
        if (rc != 0)
            return rc;
        size += newline != NULL;
        text += size;
        len -= size;
    }
    return 0;
}

int
mig_whitelist_line(const struct mig_whitelist_entry *entry, struct mig_buf *out)
{
    char digest[2 * MIG_IMAGE_DIGEST + 1];

    mig_hex(entry->digest, MIG_IMAGE_DIGEST, digest);
    return mig_buf_addf(out, "%s %s %u.%u %s\n", entry->name, entry->version, entry->abi_major,
                        entry->abi_minor, digest);
}

static int
add_entry_source(const struct mig_whitelist_entry *entry, struct mig_buf *out)
{
    mig_buf_addf(out, "    {\"%s\", \"%s\", %u, %u,\n     {", entry->name, entry->version,
                 entry->abi_major, entry->abi_minor);
    for (size_t i = 0; i < MIG_IMAGE_DIGEST; i++)
        mig_buf_addf(out, "%s0x%02x",
                     i == 0        ? ""
                     : i % 16 == 0 ? ",\n      "
                                   : ", ",
                     entry->digest[i]);
    return mig_buf_adds(out, "}},\n");
}

int
mig_whitelist_source(const struct mig_whitelist *list, struct mig_buf *out)
{
    mig_buf_adds(out, "/* SPDX-License-Identifier: MPL-2.0 */\n"
                      "/* Generated: the plugins that may be loaded. Do not edit. */\n"
                      "#include \"trust/whitelist.h\"\n\n");
    if (list->count == 0) /* an array of no elements is not C */
        return mig_buf_adds(out, "const struct mig_whitelist mig_whitelist = {NULL, 0};\n");
    mig_buf_adds(out, "static const struct mig_whitelist_entry entries[] = {\n");
    for (size_t i = 0; i < list->count; i++)
        add_entry_source(&list->entries[i], out);
    return mig_buf_addf(out, "};\n\nconst struct mig_whitelist mig_whitelist = {entries, %zu};\n",
                        list->count);
}
