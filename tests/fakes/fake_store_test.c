/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake store as tests use it: shorthands that act as dom0. Calls fake_store_db.c. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fakes/fake_store_conn.h"

int
fake_store_write_bytes(const char *path, const void *value, unsigned len)
{
	pthread_mutex_lock(&fake_lock);
	int ret = tree_path_valid(path) ? db_write(0, path, value, len) : -EINVAL;
	pthread_mutex_unlock(&fake_lock);
	return ret;
}

int
fake_store_write(const char *path, const char *value)
{
	return fake_store_write_bytes(path, value, (unsigned)strlen(value));
}

int
fake_store_printf(const char *path, const char *fmt, ...)
{
	char value[4096];
	va_list args;

	va_start(args, fmt);
	vsnprintf(value, sizeof(value), fmt, args);
	va_end(args);
	return fake_store_write(path, value);
}

int
fake_store_remove(const char *path)
{
	pthread_mutex_lock(&fake_lock);
	int ret = tree_path_valid(path) ? db_remove(0, path) : -EINVAL;
	pthread_mutex_unlock(&fake_lock);
	return ret;
}

bool
fake_store_exists(const char *path)
{
	pthread_mutex_lock(&fake_lock);
	bool exists = tree_find(db_root(), path) != NULL;
	pthread_mutex_unlock(&fake_lock);
	return exists;
}

const char *
fake_store_get(const char *path, char *value, size_t value_size)
{
	pthread_mutex_lock(&fake_lock);
	const struct node *node = tree_find(db_root(), path);
	snprintf(value, value_size, "%s", node == NULL ? "" : (const char *)node->value);
	pthread_mutex_unlock(&fake_lock);
	return value;
}

long
fake_store_number(const char *path, long none)
{
	char value[32];
	char *end;

	fake_store_get(path, value, sizeof(value));
	long number = strtol(value, &end, 10);
	return end == value || *end != '\0' ? none : number;
}

/* Whether `path` has this value, or does not exist if it is NULL. */
static bool
is(const char *path, const char *value)
{
	char now[256];

	if (value == NULL)
		return !fake_store_exists(path);
	return fake_store_exists(path) &&
	       strcmp(fake_store_get(path, now, sizeof(now)), value) == 0;
}

bool
fake_store_await(const char *path, const char *value, uint64_t deadline_ms)
{
	for (;;) {
		uint64_t seq = fake_seq();

		if (is(path, value))
			return true;
		if (fake_now_ms() >= deadline_ms)
			return false;
		fake_wait(seq, deadline_ms);
	}
}

int
fake_store_set_perms(const char *path, const struct fake_perms *perms)
{
	pthread_mutex_lock(&fake_lock);
	int ret = db_set_perms(path, perms);
	pthread_mutex_unlock(&fake_lock);
	return ret;
}

int
fake_store_set_perms_in(struct store *store, uint32_t tx, const char *path,
			const struct fake_perms *perms)
{
	pthread_mutex_lock(&fake_lock);
	struct held_tx *held = conn_find_tx(store, tx);
	int ret = held == NULL ? -ENOENT : db_tx_set_perms(held->tx, path, perms);
	pthread_mutex_unlock(&fake_lock);
	return ret;
}
