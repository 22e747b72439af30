/* SPDX-License-Identifier: MPL-2.0 */
/* CRC-32 (ISO 3309), against torn writes, never for trust. */
#ifndef MIG_SDK_CRC_H
#define MIG_SDK_CRC_H

#include <stddef.h>
#include <stdint.h>

/* Goes on from `crc`, 0 at the start. */
static inline uint32_t
mig_crc32(uint32_t crc, const void *data, size_t length)
{
    static const uint32_t nibble[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac,
                                        0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
                                        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                        0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const unsigned char *byte = data;

    crc = ~crc;
    for (size_t i = 0; i < length; i++) {
        crc = nibble[(crc ^ byte[i]) & 15] ^ (crc >> 4);
        crc = nibble[(crc ^ (byte[i] >> 4)) & 15] ^ (crc >> 4);
    }
    return ~crc;
}

#endif
