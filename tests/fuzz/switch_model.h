/* SPDX-License-Identifier: BSD-3-Clause */
/* A switch and what must hold of it: MUST() of fuzz.h where it does something else. One thread. */
#ifndef VPE_TESTS_SWITCH_MODEL_H
#define VPE_TESTS_SWITCH_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "sw/switch.h"

/* Once, when EAL runs. */
void switch_model_init(void);

/* The port joins the bridge `to`, if both exist and it is in none; any numbers may be tried. */
void switch_model_add(uint16_t port, uint16_t to);

void switch_model_del(uint16_t port);

/* The bridge, which exists, filters VLANs, is a pair, or neither. */
void switch_model_set_bridge(uint16_t bridge, unsigned to);

/* As sw_set_floods(). */
void switch_model_set_floods(unsigned rate, bool to_guarded);

/* An uplink, or a guest with one of some policies or with none. */
void switch_model_set_policy(uint16_t port, unsigned policy);

void switch_model_pass_time(uint32_t ms);

/* `n` stations appear at the port. */
void switch_model_learn(uint16_t port, uint8_t prefix, unsigned n);

/* A frame of `len` bytes, at least 22, comes from the port. */
void switch_model_forward(uint16_t from, uint8_t *frame, uint32_t len);

/* All ports leave. */
void switch_model_end(void);

#endif
