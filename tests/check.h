/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Checks for tests. CUnit runs the tests and counts the checks; a check that fails also says which
 * values it found.
 *
 * CHECK_... goes on after a failure, REQUIRE_... ends the test. Each argument is evaluated once.
 * Where a check compares what came out with what is right, the first argument is what came out.
 *
 *   CHECK(condition)           prints the condition only: for what is a bool
 *   CHECK_EQ(a, b)             as a == b in C: integers, enums, pointers, floating point; likewise
 *                              NE, LT, LE, GT, GE
 *   CHECK_RANGE(a, low, high)  low <= a and a <= high
 *   CHECK_NULL(p), CHECK_NOT_NULL(p)
 *   CHECK_SAME(p, q)           two pointers of any types; DIFFERENT is its opposite
 *   CHECK_STR(s, t)            strings, of which none may be NULL; STR_NE is its opposite
 *   CHECK_HAS(s, part)         `part` is somewhere in the string `s`; HAS_NOT is its opposite
 *   CHECK_MEM(p, q, n)         `n` bytes; prints the first one that differs
 *
 * Threads: only the thread that runs the test may check.
 */
#ifndef VPE_TESTS_CHECK_H
#define VPE_TESTS_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <CUnit/CUnit.h>

#define CHECK(condition) CHECK_THAT_(condition, "CHECK(" #condition ")", false)
#define CHECK_FALSE(condition) CHECK_THAT_(!(condition), "CHECK_FALSE(" #condition ")", false)
#define REQUIRE(condition) CHECK_THAT_(condition, "REQUIRE(" #condition ")", true)

#define CHECK_EQ(a, b) CHECK_TWO_(a, ==, b, "CHECK_EQ(" #a ", " #b ")", false)
#define CHECK_NE(a, b) CHECK_TWO_(a, !=, b, "CHECK_NE(" #a ", " #b ")", false)
#define CHECK_LT(a, b) CHECK_TWO_(a, <, b, "CHECK_LT(" #a ", " #b ")", false)
#define CHECK_LE(a, b) CHECK_TWO_(a, <=, b, "CHECK_LE(" #a ", " #b ")", false)
#define CHECK_GT(a, b) CHECK_TWO_(a, >, b, "CHECK_GT(" #a ", " #b ")", false)
#define CHECK_GE(a, b) CHECK_TWO_(a, >=, b, "CHECK_GE(" #a ", " #b ")", false)
#define REQUIRE_EQ(a, b) CHECK_TWO_(a, ==, b, "REQUIRE_EQ(" #a ", " #b ")", true)
#define REQUIRE_NE(a, b) CHECK_TWO_(a, !=, b, "REQUIRE_NE(" #a ", " #b ")", true)
#define REQUIRE_LT(a, b) CHECK_TWO_(a, <, b, "REQUIRE_LT(" #a ", " #b ")", true)
#define REQUIRE_LE(a, b) CHECK_TWO_(a, <=, b, "REQUIRE_LE(" #a ", " #b ")", true)
#define REQUIRE_GT(a, b) CHECK_TWO_(a, >, b, "REQUIRE_GT(" #a ", " #b ")", true)
#define REQUIRE_GE(a, b) CHECK_TWO_(a, >=, b, "REQUIRE_GE(" #a ", " #b ")", true)

#define CHECK_RANGE(a, low, high) \
	do { \
		__typeof__(1   ? (a) \
			   : 1 ? (low) \
			       : (high)) check_a = (a), \
					 check_low = (low), check_high = (high); \
\
		check_range(check_low <= check_a && check_a <= check_high, CHECK_VALUE_(check_a), \
			    CHECK_VALUE_(check_low), CHECK_VALUE_(check_high), \
			    "CHECK_RANGE(" #a ", " #low ", " #high ")", __FILE__, __LINE__); \
	} while (0)

#define CHECK_NULL(p) \
	check_pointers((p), NULL, true, "CHECK_NULL(" #p ")", __FILE__, __LINE__, false)
#define CHECK_NOT_NULL(p) \
	check_pointers((p), NULL, false, "CHECK_NOT_NULL(" #p ")", __FILE__, __LINE__, false)
#define REQUIRE_NOT_NULL(p) \
	check_pointers((p), NULL, false, "REQUIRE_NOT_NULL(" #p ")", __FILE__, __LINE__, true)
#define CHECK_SAME(p, q) \
	check_pointers((p), (q), true, "CHECK_SAME(" #p ", " #q ")", __FILE__, __LINE__, false)
#define CHECK_DIFFERENT(p, q) \
	check_pointers((p), (q), false, "CHECK_DIFFERENT(" #p ", " #q ")", __FILE__, __LINE__, \
		       false)

#define CHECK_STR(s, t) \
	check_strings((s), (t), true, "CHECK_STR(" #s ", " #t ")", __FILE__, __LINE__)
#define CHECK_STR_NE(s, t) \
	check_strings((s), (t), false, "CHECK_STR_NE(" #s ", " #t ")", __FILE__, __LINE__)
#define CHECK_HAS(s, part) \
	check_part((s), (part), true, "CHECK_HAS(" #s ", " #part ")", __FILE__, __LINE__)
#define CHECK_HAS_NOT(s, part) \
	check_part((s), (part), false, "CHECK_HAS_NOT(" #s ", " #part ")", __FILE__, __LINE__)
#define CHECK_MEM(p, q, n) \
	check_memory((p), (q), (n), "CHECK_MEM(" #p ", " #q ", " #n ")", __FILE__, __LINE__)

/* ---- what the macros use ------------------------------------------------------------------ */

#define CHECK_THAT_(condition, what, is_fatal) \
	check_that((condition) ? true : false, what, __FILE__, __LINE__, is_fatal)

/* The common type of both is the one in which C compares them. */
#define CHECK_TWO_(a, op, b, what, is_fatal) \
	do { \
		__typeof__(1 ? (a) : (b)) check_a = (a), check_b = (b); \
\
		check_two(check_a op check_b, CHECK_VALUE_(check_a), CHECK_VALUE_(check_b), what, \
			  __FILE__, __LINE__, is_fatal); \
	} while (0)

struct check_value {
	enum {
		CHECK_SIGNED,
		CHECK_UNSIGNED,
		CHECK_REAL,
		CHECK_POINTER,
	} kind;
	unsigned size; /* of an integer, in bytes */
	union {
		intmax_t i;
		uintmax_t u;
		double d;
		const volatile void *p;
	};
};

#define CHECK_VALUE_(x) \
	_Generic((x), int \
		 : check_signed, long \
		 : check_signed, long long \
		 : check_signed, unsigned \
		 : check_unsigned, unsigned long \
		 : check_unsigned, unsigned long long \
		 : check_unsigned, float \
		 : check_real, double \
		 : check_real, default \
		 : check_pointer)((x), sizeof(x))

struct check_value check_signed(intmax_t i, unsigned size);
struct check_value check_unsigned(uintmax_t u, unsigned size);
struct check_value check_real(double d, unsigned size);
struct check_value check_pointer(const volatile void *p, unsigned size);

void check_that(bool holds, const char *what, const char *file, unsigned line, bool is_fatal);
void check_two(bool holds, struct check_value a, struct check_value b, const char *what,
	       const char *file, unsigned line, bool is_fatal);
void check_range(bool holds, struct check_value a, struct check_value low, struct check_value high,
		 const char *what, const char *file, unsigned line);
void check_pointers(const volatile void *p, const volatile void *q, bool same, const char *what,
		    const char *file, unsigned line, bool is_fatal);
void check_strings(const char *s, const char *t, bool same, const char *what, const char *file,
		   unsigned line);
void check_part(const char *s, const char *part, bool has, const char *what, const char *file,
		unsigned line);
void check_memory(const void *p, const void *q, size_t n, const char *what, const char *file,
		  unsigned line);

#endif
