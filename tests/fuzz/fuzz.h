/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the fuzz targets share (docs/TESTING.md, Fuzzing): the input as a stream of numbers, a check
 * that is always compiled in, and an EAL without hugepages, devices and privileges.
 */
#ifndef VPE_TESTS_FUZZ_H
#define VPE_TESTS_FUZZ_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_eal.h>

/* Ends the run; libFuzzer keeps the input. */
#define MUST(condition) \
	do { \
		if (!(condition)) { \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #condition); \
			abort(); \
		} \
	} while (0)

struct input {
	const uint8_t *at;
	size_t left;
};

/* The next number of `n_bytes` (at most 4), little endian; zeros after the end. */
static inline uint32_t
take(struct input *in, unsigned n_bytes)
{
	uint32_t value = 0;

	for (unsigned i = 0; i < n_bytes && in->left > 0; i++, in->left--)
		value |= (uint32_t)*in->at++ << 8 * i;
	return value;
}

/* As many of the next bytes as there are, at most `n`, to `out`. Returns how many. */
static inline size_t
take_bytes(struct input *in, void *out, size_t n)
{
	n = n < in->left ? n : in->left;
	memcpy(out, in->at, n);
	in->at += n;
	in->left -= n;
	return n;
}

static inline void
start_eal(void)
{
	char *argv[] = { "fuzz",
			 "--no-huge",
			 "-m",
			 "64",
			 "--no-pci",
			 "--no-shconf",
			 "--no-telemetry",
			 "--iova-mode=va",
			 "--log-level=error",
			 NULL };

	MUST(rte_eal_init((int)(sizeof(argv) / sizeof(argv[0])) - 1, argv) >= 0);
}

/* libFuzzer's entries. */
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#endif
