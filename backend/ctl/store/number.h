/* SPDX-License-Identifier: BSD-3-Clause */
/* Strict decimal numbers, as found in the store. Threads: pure. */
#ifndef VPE_CTL_NUMBER_H
#define VPE_CTL_NUMBER_H

#include <stddef.h>
#include <stdint.h>

#define NUMBER_DOMID_MAX 0x7FEFu /* xen.h DOMID_FIRST_RESERVED - 1 */

/*
 * Parses the `len` bytes at `text`: digits only, no leading zero except for 0 itself, at most
 * `max`. Returns 0 or -EINVAL; `out` is then unchanged.
 */
int number_parse(const char *text, size_t len, uint32_t max, uint32_t *out);

/* The same for up to 64 bits. */
int number_parse_long(const char *text, size_t len, uint64_t max, uint64_t *out);

#endif
