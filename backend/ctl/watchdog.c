/* SPDX-License-Identifier: BSD-3-Clause */
/* Tells the service manager that the daemon is alive. */
#include "ctl/watchdog.h"

#include <errno.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "ctl/store/clock.h"

#define ROUNDS_MS 200u /* a poller that runs makes a round in this time */

static uint64_t
loops_of(const struct watchdog *dog, unsigned poller)
{
	struct dp_poller_stats stats;

	dp_get_poller_stats(dog->dp, poller, &stats);
	return stats.n_loops;
}

static bool
all_move(const struct watchdog *dog, uint64_t now_ms)
{
	uint64_t beat_ms = __atomic_load_n(&dog->beat_ms, __ATOMIC_RELAXED);

	for (unsigned i = 0; i < dp_n_pollers(dog->dp); i++) {
		if (loops_of(dog, i) == dog->n_loops[i])
			return false;
	}
	return now_ms < beat_ms + WATCHDOG_CONTROL_MS;
}

unsigned
watchdog_look(struct watchdog *dog, uint64_t now_ms)
{
	if (!all_move(dog, now_ms))
		return ROUNDS_MS; /* the counts stay as they are: each poller has to move */
	for (unsigned i = 0; i < dp_n_pollers(dog->dp); i++)
		dog->n_loops[i] = loops_of(dog, i);
	dog->alive();
	return dog->interval_ms;
}

static void *
run(void *arg)
{
	struct watchdog *dog = arg;
	struct pollfd stop = { .fd = dog->stop_fd, .events = POLLIN };

	while (poll(&stop, 1, (int)watchdog_look(dog, clock_ms())) <= 0)
		;
	return NULL;
}

int
watchdog_start(struct watchdog *dog, const struct dp *dp, void (*alive)(void), unsigned interval_ms,
	       uint64_t now_ms)
{
	if (alive == NULL || interval_ms == 0)
		return 0;
	dog->alive = alive;
	dog->interval_ms = interval_ms;
	dog->dp = dp;
	watchdog_beat(dog, now_ms);
	dog->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (dog->stop_fd < 0)
		return -errno;
	int error = pthread_create(&dog->thread, NULL, run, dog);
	dog->runs = error == 0;
	if (!dog->runs)
		close(dog->stop_fd);
	return -error;
}

void
watchdog_stop(struct watchdog *dog)
{
	if (!dog->runs)
		return;
	eventfd_write(dog->stop_fd, 1);
	pthread_join(dog->thread, NULL);
	close(dog->stop_fd);
	dog->runs = false;
}

void
watchdog_beat(struct watchdog *dog, uint64_t now_ms)
{
	__atomic_store_n(&dog->beat_ms, now_ms, __ATOMIC_RELAXED);
}
