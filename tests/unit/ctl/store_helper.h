/* SPDX-License-Identifier: BSD-3-Clause */
/* A fresh fake store and a connection of the code under test to it. */
#ifndef VPE_TESTS_STORE_HELPER_H
#define VPE_TESTS_STORE_HELPER_H

#include "ctl/store/node.h"
#include "fakes/fake_xen.h"
#include "unit.h"

#define HELPER_SELF 1u /* the code under test is a driver domain */
#define HELPER_GUEST 5u
#define HELPER_FRONT "/local/domain/5/device/vif/0"
#define HELPER_BACK "backend/vif/5/0"
#define HELPER_BACK_ABS "/local/domain/1/backend/vif/5/0"

static inline struct xstore
helper_open(void)
{
	fake_reset(HELPER_SELF);
	return (struct xstore){ .ops = fake_xen()->store, .conn = fake_xen()->store->open() };
}

static inline void
helper_close(struct xstore *xs)
{
	char why[128] = "";

	xs->ops->close(xs->conn);
	CHECK(fake_leak_free(why, sizeof(why)));
	CHECK_EQ(fake_violations(why, sizeof(why)), 0);
	if (why[0] != '\0')
		fprintf(stderr, "%s\n", why);
}

/* A directory that `owner` writes and `reader` reads, with all that is made below it later. */
static inline void
helper_dir(const char *path, uint32_t owner, uint32_t reader)
{
	struct fake_perms perms = { .owner = owner, .n_others = 1, .others = { { reader, 'r' } } };

	fake_store_write(path, "");
	fake_store_set_perms(path, &perms);
}

/* A key of the backend directory, as the toolstack writes it; NULL: it is removed. */
static inline void
helper_put_back(const char *key, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), HELPER_BACK_ABS "/%s", key);
	if (value == NULL)
		fake_store_remove(path);
	else
		fake_store_write(path, value);
}

#endif
