/* SPDX-License-Identifier: MPL-2.0 */
/* Files of keys. Lines are read as ssh-keygen -l does: a key, or one after one word (options,
 * hosts) that may hold quoted blanks; known_hosts may have a marker before it. */
#include "sshkey.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <mig/plugin.h>

#define PRIVATE_BEGIN "-----BEGIN "
#define PRIVATE_END "-----END "
#define PRIVATE_TAIL "PRIVATE KEY-----"
#define SSH2_BEGIN "---- BEGIN SSH2 PUBLIC KEY ----"
#define SSH2_END "---- END SSH2 PUBLIC KEY ----"
#define OPENSSH_MAGIC "openssh-key-v1" /* and its NUL */

struct text {
    const char *at;
    size_t length;
};

struct reader {
    const char *base;
    sshkey_entry_fn *fn;
    void *context;
    bool unparsable;
};

static bool
is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool
starts(const struct text *text, const char *word)
{
    size_t length = strlen(word);

    return text->length >= length && memcmp(text->at, word, length) == 0;
}

static bool
ends(const struct text *text, const char *word)
{
    size_t length = strlen(word);

    return text->length >= length && memcmp(text->at + text->length - length, word, length) == 0;
}

static void
skip(struct text *text, size_t length)
{
    text->at += length;
    text->length -= length;
}

static void
skip_blanks(struct text *text)
{
    while (text->length > 0 && is_blank(text->at[0]))
        skip(text, 1);
}

/* Takes a line without its end and the blanks around it. */
static bool
take_line(struct text *rest, struct text *ret_line)
{
    const char *end;

    if (rest->length == 0)
        return false;
    end = memchr(rest->at, '\n', rest->length);
    ret_line->at = rest->at;
    ret_line->length = end != NULL ? (size_t)(end - rest->at) : rest->length;
    skip(rest, ret_line->length + (end != NULL));
    skip_blanks(ret_line);
    while (ret_line->length > 0 && (is_blank(ret_line->at[ret_line->length - 1]) ||
                                    ret_line->at[ret_line->length - 1] == '\r'))
        ret_line->length--;
    return true;
}

/* ---- private keys ---- */

/* The public half of OpenSSH's own format (PROTOCOL.key) is not encrypted. */
static int
read_openssh(const uint8_t *data, size_t length, struct sshkey_entry *entry)
{
    const uint8_t *at = data + sizeof(OPENSSH_MAGIC);
    size_t left = length - sizeof(OPENSSH_MAGIC);
    size_t size;
    int i;

    if (length < sizeof(OPENSSH_MAGIC) || memcmp(data, OPENSSH_MAGIC, sizeof(OPENSSH_MAGIC)) != 0)
        return -EINVAL;
    /* Cipher, key derivation, its options, (number of keys,) public key. */
    for (i = 0; i < 4; i++) {
        if (i == 3) {
            if (left < 4 || memcmp(at, "\0\0\0\1", 4) != 0)
                return -EINVAL;
            at += 4;
            left -= 4;
        }
        if (left < 4)
            return -EINVAL;
        size = (size_t)at[0] << 24 | (size_t)at[1] << 16 | (size_t)at[2] << 8 | at[3];
        if (size > left - 4)
            return -EINVAL;
        if (i == 0)
            entry->encrypted = size != 4 || memcmp(at + 4, "none", 4) != 0;
        if (i == 3)
            return sshkey_blob(at + 4, size, NULL, 0, &entry->key);
        at += 4 + size;
        left -= 4 + size;
    }
    return -EINVAL;
}

static const char *
algorithm_of(const struct text *label)
{
    return starts(label, "RSA ")   ? "RSA"
           : starts(label, "DSA ") ? "DSA"
           : starts(label, "EC ")  ? "ECDSA"
                                   : "";
}

/* 1, 0: SSH can not use it, or a negative code. */
static int
decode_private(const struct text *label, const struct text *body, struct sshkey_entry *entry)
{
    uint8_t *data = NULL;
    size_t length = 0;
    int code = sshkey_base64(body->at, body->length, &data, &length);

    if (code < 0)
        return code;
    if (starts(label, "OPENSSH "))
        code = read_openssh(data, length, entry) < 0 ? -EINVAL : 1;
    else if (entry->encrypted)
        code = length > 0 ? 1 : -EINVAL;
    else
        code = sshkey_der(data, length, algorithm_of(label), &entry->key);
    explicit_bzero(data, length);
    free(data);
    return code;
}

/* Takes header fields (RFC 1421) and the blank line that ends them. */
static void
take_headers(struct text *body, struct sshkey_entry *entry)
{
    struct text rest = *body;
    struct text line;

    while (take_line(&rest, &line)) {
        if (line.length > 0 && memchr(line.at, ':', line.length) == NULL)
            return; /* the body itself */
        if (starts(&line, "Proc-Type:") && ends(&line, "ENCRYPTED"))
            entry->encrypted = true;
        *body = rest;
        if (line.length == 0)
            return;
    }
}

static bool
is_private(const struct text *line, struct text *ret_label)
{
    static const char *const labels[] = {"RSA ", "DSA ", "EC ", "OPENSSH ", "ENCRYPTED ", ""};
    struct text label = *line;
    size_t i;

    if (!starts(line, PRIVATE_BEGIN) || !ends(line, PRIVATE_TAIL))
        return false;
    skip(&label, strlen(PRIVATE_BEGIN));
    for (i = 0; i < MIG_COUNT(labels); i++)
        if (label.length == strlen(labels[i]) + strlen(PRIVATE_TAIL) && starts(&label, labels[i]))
            break;
    *ret_label = label;
    return i < MIG_COUNT(labels);
}

/* The lines up to one that starts with `end`, unless another block begins before it. */
static bool
take_block(struct text *rest, const char *end, struct text *ret_body)
{
    struct text after = *rest;
    struct text line;

    while (take_line(&after, &line)) {
        if (starts(&line, PRIVATE_BEGIN) || starts(&line, SSH2_BEGIN))
            return false;
        if (!starts(&line, end))
            continue;
        *ret_body = (struct text){rest->at, (size_t)(line.at - rest->at)};
        *rest = after;
        return true;
    }
    return false;
}

static int
read_private(struct reader *reader, const struct text *label, struct text *rest)
{
    struct sshkey_entry entry = {.type = "private", .key.algorithm = algorithm_of(label)};
    struct text body;
    int code = -EINVAL;

    entry.encrypted = starts(label, "ENCRYPTED ");
    if (take_block(rest, PRIVATE_END, &body)) {
        take_headers(&body, &entry);
        code = decode_private(label, &body, &entry);
    }
    if (code == -EINVAL)
        reader->unparsable = true;
    if (code > 0)
        return reader->fn(reader->context, &entry);
    return code == -ENOMEM ? code : 0;
}

/* ---- public keys ---- */

/* RFC 4716 3.3: header lines may be continued by a backslash. */
static void
skip_ssh2_headers(struct text *body)
{
    struct text rest = *body;
    struct text line;
    bool continued = false;

    while (take_line(&rest, &line)) {
        if (!continued && memchr(line.at, ':', line.length) == NULL)
            return;
        continued = ends(&line, "\\");
        *body = rest;
    }
}

static int
read_ssh2(struct reader *reader, struct text *rest)
{
    struct sshkey_entry entry = {.type = "public"};
    struct text body;
    uint8_t *blob = NULL;
    size_t length = 0;
    int code;

    if (!take_block(rest, SSH2_END, &body))
        return 0;
    skip_ssh2_headers(&body);
    code = sshkey_base64(body.at, body.length, &blob, &length);
    if (code == 0 && sshkey_blob(blob, length, NULL, 0, &entry.key) == 0)
        code = reader->fn(reader->context, &entry);
    else if (code == -EINVAL)
        code = 0;
    free(blob);
    return code;
}

static struct text
take_word(struct text *text)
{
    struct text word = {text->at, 0};

    while (word.length < text->length && !is_blank(text->at[word.length]))
        word.length++;
    skip(text, word.length);
    skip_blanks(text);
    return word;
}

/* 1, 0: there is no key, or -ENOMEM. */
static int
read_key(struct text text, struct sshkey_key *ret_key)
{
    struct text name = take_word(&text);
    struct text word = take_word(&text);
    uint8_t *blob = NULL;
    size_t length = 0;
    int code;

    if (word.length == 0 || !sshkey_is_algorithm(name.at, name.length))
        return 0;
    code = sshkey_base64(word.at, word.length, &blob, &length);
    if (code == 0)
        code = sshkey_blob(blob, length, name.at, name.length, ret_key) == 0;
    free(blob);
    return code == -EINVAL ? 0 : code;
}

/* The options of authorized_keys, the hosts of known_hosts. */
static struct text
take_prefix(struct text *text)
{
    struct text prefix = {text->at, 0};
    bool quoted = false;

    while (prefix.length < text->length && (quoted || !is_blank(text->at[prefix.length]))) {
        if (text->at[prefix.length] == '\\' && prefix.length + 1 < text->length &&
            text->at[prefix.length + 1] == '"')
            prefix.length++;
        else if (text->at[prefix.length] == '"')
            quoted = !quoted;
        prefix.length++;
    }
    skip(text, prefix.length);
    skip_blanks(text);
    return prefix;
}

static bool
is_option(const struct text *prefix)
{
    static const char *const options[] = {"agent-forwarding",
                                          "cert-authority",
                                          "command=",
                                          "environment=",
                                          "expiry-time=",
                                          "from=",
                                          "no-",
                                          "permitlisten=",
                                          "permitopen=",
                                          "port-forwarding",
                                          "principals=",
                                          "pty",
                                          "restrict",
                                          "tunnel=",
                                          "user-rc",
                                          "verify-required",
                                          "x11-forwarding",
                                          "zos-key-ring-label="};
    size_t i;

    for (i = 0; i < MIG_COUNT(options); i++)
        if (prefix->length >= strlen(options[i]) &&
            strncasecmp(prefix->at, options[i], strlen(options[i])) == 0)
            return true;
    return false;
}

static bool
named_authorized(const struct reader *reader)
{
    return strcmp(reader->base, "authorized_keys") == 0 ||
           strcmp(reader->base, "authorized_keys2") == 0;
}

static bool
named_known(const struct reader *reader)
{
    return strstr(reader->base, "known_hosts") != NULL;
}

static const char *
type_of(const struct reader *reader, const struct text *prefix, bool marked)
{
    if (named_authorized(reader))
        return "authorizedkeys";
    if (named_known(reader) || marked || starts(prefix, "|1|"))
        return "knownhosts";
    return is_option(prefix) ? "authorizedkeys" : "public";
}

static int
read_line(struct reader *reader, struct text line)
{
    struct sshkey_entry entry = {.type = "public"};
    struct text prefix = {line.at, 0};
    bool marked;
    int code;

    if (line.length == 0 || line.at[0] == '#')
        return 0;
    marked = starts(&line, "@cert-authority ") || starts(&line, "@revoked ");
    if (marked)
        take_word(&line);
    code = read_key(line, &entry.key);
    if (code == 0) {
        prefix = take_prefix(&line);
        code = read_key(line, &entry.key);
    }
    if (code < 0)
        return code;
    if (code == 0) {
        reader->unparsable |= named_authorized(reader) || named_known(reader);
        return 0;
    }
    entry.type = type_of(reader, &prefix, marked);
    return reader->fn(reader->context, &entry);
}

int
sshkey_read(const char *base, const char *text, size_t length, sshkey_entry_fn *fn, void *context,
            bool *ret_unparsable)
{
    struct reader reader = {.base = base, .fn = fn, .context = context};
    struct text rest = {text, length};
    struct text line, label;
    int code = 0;

    while (code == 0 && take_line(&rest, &line)) {
        if (is_private(&line, &label))
            code = read_private(&reader, &label, &rest);
        else if (starts(&line, SSH2_BEGIN))
            code = read_ssh2(&reader, &rest);
        else
            code = read_line(&reader, line);
    }
    *ret_unparsable = reader.unparsable;
    return code;
}
