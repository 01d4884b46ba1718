/* SPDX-License-Identifier: BSD-3-Clause */
/* A store of one directory, KEYS_STORE_DIR, whose keys are an input's. One thread. */
#ifndef VPE_TESTS_KEYS_STORE_H
#define VPE_TESTS_KEYS_STORE_H

#include <stdbool.h>

#include "ctl/store/node.h"
#include "fuzz/fuzz.h"

#define KEYS_STORE_DIR "vif"

extern const struct xstore keys_store;
extern unsigned keys_store_open; /* transactions */

/*
 * Takes all keys from the input: number (1 byte), length (1), value. A length of 255 stands for 2100, one of 254 for a key that
 * cannot be read. `outcomes`: of the commits that follow; the lowest four bits say how often somebody else is faster.
 */
void keys_store_fill(struct input *in, unsigned outcomes);

/* The name of key `i`; NULL beyond the last. */
const char *keys_store_name(unsigned i);

#endif
