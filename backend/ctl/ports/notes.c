/* SPDX-License-Identifier: BSD-3-Clause */
/* Logs refused frames that the pollers noted. */
#include "ctl/ports/notes.h"

#include <arpa/inet.h>
#include <stdio.h>

#include "base/log.h"

#define LOOK_MS 1000u
#define ETHERTYPE_IPV6 0x86ddu

/* Returns the reason, to follow "refused a frame". */
static const char *
why(enum drop_reason reason)
{
	switch (reason) {
	case DROP_MAC_SPOOF:
		return "that is not from its own MAC address (mac-antispoof)";
	case DROP_NOT_OWNER:
		return "from the MAC address of a guarded vif of the same bridge";
	case DROP_IP_SPOOF:
		return "that is not from one of its IP addresses (ip-antispoof)";
	case DROP_VLAN:
		return "of a VLAN that it is not in";
	case DROP_STORM:
		return "because it sends too many broadcasts";
	default:
		return drop_name(reason);
	}
}

/* Returns the number of frames refused for that reason by all queues. */
static uint64_t
count(const struct port *leader, enum drop_reason reason)
{
	uint64_t n = 0;

	for (unsigned i = 0; i < leader->n_queues; i++)
		n += __atomic_load_n(&leader->queue[i]->stats.n_dropped[reason], __ATOMIC_RELAXED);
	return n;
}

void
notes_text(const struct port *queue, char *text, size_t text_size)
{
	const struct port_note *note = &queue->note;
	const uint8_t *mac = note->mac;
	char ip[INET6_ADDRSTRLEN] = "";
	char vlan[16] = "";

	if (note->has_ip)
		inet_ntop(note->ethertype == ETHERTYPE_IPV6 ? AF_INET6 : AF_INET, note->ip, ip,
			  sizeof(ip));
	if (note->vid != 0)
		snprintf(vlan, sizeof(vlan), ", VLAN %u", note->vid);
	snprintf(
		text, text_size,
		"%s: refused a frame %s; source %02x:%02x:%02x:%02x:%02x:%02x%s%s, EtherType %04x%s; %llu so far",
		queue->leader->name, why(note->reason), mac[0], mac[1], mac[2], mac[3], mac[4],
		mac[5], ip[0] != '\0' ? ", " : "", ip, note->ethertype, vlan,
		(unsigned long long)count(queue->leader, note->reason));
}

static void
notes_look_at(void *arg, struct attachment *attachment)
{
	const struct notes *notes = arg;
	struct port *leader = attachment->port;
	char text[256];

	if (attachment->note_ms != 0 && notes->now_ms < attachment->note_ms + NOTES_AGAIN_MS)
		return;
	for (unsigned i = 0; i < leader->n_queues; i++) {
		struct port_note *note = &leader->queue[i]->note;

		/* Acquire: pairs with the owner's release after it wrote the note. */
		if (!__atomic_load_n(&note->full, __ATOMIC_ACQUIRE))
			continue;
		notes_text(leader->queue[i], text, sizeof(text));
		log_warning("%s", text);
		attachment->note_ms = notes->now_ms;
		__atomic_store_n(&note->full, false, __ATOMIC_RELEASE);
		return;
	}
}

uint64_t
notes_due(const struct notes *notes)
{
	return notes->looked_ms + LOOK_MS;
}

void
notes_run(struct notes *notes, struct attachments *attachments, uint64_t now_ms)
{
	if (now_ms < notes_due(notes))
		return;
	notes->looked_ms = notes->now_ms = now_ms;
	attachments_visit(attachments, notes_look_at, notes);
}
