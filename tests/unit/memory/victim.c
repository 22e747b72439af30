/* SPDX-License-Identifier: MPL-2.0 */
/* victim MIB: a process that holds known bytes, across the edges that a reader of memory has, until
 * its input ends. Says the address of its memory. The bytes are made here, so that only this memory
 * has them. */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define WINDOW (512u * 1024u)

static void
put(uint8_t *to, uint8_t which)
{
    for (uint8_t i = 0; i < 16; i++)
        to[i] = i == 3 ? 0 : (uint8_t)(0xc0 + ((which * 7 + i * 5) & 0x3f));
}

int
main(int argc, char **argv)
{
    size_t size = (argc > 1 ? strtoul(argv[1], NULL, 10) : 4) << 20;
    char byte;
    uint8_t *hidden = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint8_t *sparse = mmap(NULL, (size_t)1 << 36, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    uint8_t *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    if (size < 4 * WINDOW || data == MAP_FAILED || sparse == MAP_FAILED || hidden == MAP_FAILED)
        return 1;
    for (size_t i = 0; i < size; i += sizeof(uint32_t))
        memcpy(data + i, &(uint32_t){(uint32_t)i * 2654435761u & 0x7f7f7f7f}, sizeof(uint32_t));
    put(data, 1);
    put(data + WINDOW - 8, 2);
    put(data + size - 16, 3);
    put(sparse + ((size_t)1 << 35) - 8, 4);
    put(hidden + 4096, 5);
    mprotect(hidden, 65536, PROT_NONE);
    printf("%zu\n", (size_t)(uintptr_t)data);
    fflush(stdout);
    while (read(0, &byte, 1) > 0)
        ;
    return 0;
}
