/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * For cppcheck, which reads no headers of the system: macros that look like loops or
 * declarations.
 */
#define LIST_HEAD(name, type) \
	struct name { \
		struct type *lh_first; \
	}
#define LIST_ENTRY(type) \
	struct { \
		struct type *le_next, **le_prev; \
	}
#define LIST_FOREACH(item, list, entry) \
	for ((item) = (list)->lh_first; (item) != NULL; (item) = (item)->entry.le_next)
#define TAILQ_HEAD(name, type) \
	struct name { \
		struct type *tqh_first; \
	}
#define TAILQ_ENTRY(type) \
	struct { \
		struct type *tqe_next, **tqe_prev; \
	}
#define TAILQ_FOREACH(item, list, entry) \
	for ((item) = (list)->tqh_first; (item) != NULL; (item) = (item)->entry.tqe_next)
#define json_array_foreach(array, i, item) \
	for (i = 0; i < json_array_size(array) && (item = json_array_get(array, i)) != NULL; i++)
#define json_object_foreach(object, key, item) \
	for (key = next_key(object, NULL); \
	     key != NULL && (item = json_object_get(object, key)) != NULL; \
	     key = next_key(object, key))

/* For container_of() in base/util.h. */
#define CPPCHECK_HAS_NO_GENERIC
