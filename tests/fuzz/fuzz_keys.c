/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is read of a guest's and the toolstack's directories: ctl/vif/vif_keys.c, vif_config.c,
 * vif_live.c, policy_text.c, hotplug.c, node.c, number.c. The input: outcomes of the commits (1
 * byte), then keys (keys_store.h).
 */
#include "fuzz/fuzz.h"
#include "fuzz/keys_check.h"
#include "fuzz/keys_store.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned outcomes = take(&in, 1);

	keys_store_open(&in, outcomes);
	keys_check_names();
	keys_check_config(outcomes & 1 ? HOTPLUG_SELF : HOTPLUG_SCRIPT);
	keys_check_live(outcomes & 1);
	keys_check_frontend();
	keys_store_close();
	return 0;
}
