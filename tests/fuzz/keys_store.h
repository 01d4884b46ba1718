/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A directory of the fake store, KEYS_STORE_DIR, whose keys are an input's, and a driver domain's
 * connection to it. One thread.
 */
#ifndef VPE_TESTS_KEYS_STORE_H
#define VPE_TESTS_KEYS_STORE_H

#include "ctl/store/node.h"
#include "fuzz/fuzz.h"

#define KEYS_STORE_DIR "vif"

extern struct xstore keys_store;

/*
 * Opens a store and takes all keys from the input: number (1 byte), length (1), value. A length of
 * 255 stands for 2100, one of 254 for a key that cannot be read. `outcomes`: of the commits that
 * follow; the lowest four bits say how often somebody else is faster.
 */
void keys_store_open(struct input *in, unsigned outcomes);

/* No transaction is left. */
void keys_store_check(void);

/* Nothing else is left, either. */
void keys_store_close(void);

/* The name of key `i`; NULL beyond the last. */
const char *keys_store_name(unsigned i);

#endif
