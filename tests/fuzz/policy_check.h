/* SPDX-License-Identifier: BSD-3-Clause */
/* A second opinion on a vif's policy: MUST() of fuzz.h where it differs. */
#ifndef VPE_TESTS_POLICY_CHECK_H
#define VPE_TESTS_POLICY_CHECK_H

#include <stdint.h>

#include "sw/policy.h"

/* Reads `text` as addresses, as VLANs and as a MAC; what is right goes to `policy`. */
void policy_check_text(const char *text, struct policy *policy);

/* A frame of `len` bytes, at least 14, that `policy` let pass. */
void policy_check_passed(const struct policy *policy, const uint8_t *frame, uint32_t len);

/* Where the headers of a frame are: within it. */
void policy_check_headers(const uint8_t *frame, uint32_t len);

#endif
