/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * sw/switch.c, vlan.c, guarded.c and fdb.c. The input is a series of steps: ports, policies and
 * flags of bridges come and go, frames come from any port with any addresses, with and without
 * tags, time passes.
 */
#include "fuzz/fuzz.h"
#include "fuzz/switch_model.h"
#include "proto/limits.h"

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	start_eal();
	switch_model_init();
	return 0;
}

/* Few ports and stations, so that they meet; now and then any. */
static uint16_t
take_port(struct input *in)
{
	uint8_t port = (uint8_t)take(in, 1);

	return port < 250 ? port % 20 : (uint16_t)take(in, 2);
}

static void
take_address(struct input *in, uint8_t *mac)
{
	static const uint8_t link_local[6] = { 0x01, 0x80, 0xc2, 0, 0, 0 };
	uint8_t station = (uint8_t)take(in, 1);

	memcpy(mac, link_local, 6);
	if (station >= 0xf8)
		memset(mac, 0xff, 6);
	else if (station >= 0xf0)
		mac[5] = (uint8_t)take(in, 1);
	else if (station >= 0xe0)
		take_bytes(in, mac, 6);
	else
		memcpy(mac, (uint8_t[]){ 2, 0, 0, 0, 0, station % 32 }, 6);
}

static void
step(struct input *in)
{
	uint8_t frame[22] = { 0 }, what = (uint8_t)take(in, 1) % 11;
	uint16_t port = take_port(in);

	if (what == 0) {
		/* 255 is the last one */
		switch_model_add(port, (uint16_t)take(in, 1) % 4 * 85 + (port > LIMIT_PORTS));
	} else if (what == 1) {
		switch_model_del(port);
	} else if (what == 2) {
		switch_model_pass_time(take(in, 2));
	} else if (what == 3) {
		switch_model_learn(port, (uint8_t)take(in, 1), take(in, 2) % 1500);
	} else if (what == 8) {
		switch_model_set_bridge((uint16_t)(port % 4 * 85), take(in, 1));
	} else if (what == 9) {
		switch_model_set_floods(take(in, 1), port % 2 != 0);
	} else if (what == 5) {
		switch_model_set_policy(port, take(in, 1));
	} else {
		take_address(in, frame);
		take_address(in, frame + 6);
		if (what == 6 || what == 10)
			memcpy(frame + 12, (uint8_t[]){ 0x81, 0, 0, (uint8_t)take(in, 1) % 32 }, 4);
		if (what == 10)
			memcpy(frame + 16, (uint8_t[]){ 0x81, 0, 0, (uint8_t)take(in, 1) % 32 }, 4);
		if (what == 7) /* a provider's, or two */
			take_bytes(in,
				   memcpy(frame + 12,
					  (uint8_t[]){ 0x88, 0xa8, 0, 10, 0x81, 0, 0, 20 }, 8),
				   8);
		switch_model_forward(port, frame, sizeof(frame));
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	while (in.left > 0)
		step(&in);
	switch_model_end();
	return 0;
}
