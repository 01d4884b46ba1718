/* SPDX-License-Identifier: BSD-3-Clause */
/* Tests of ctl/vif/vif_fsm.c: every cell, and what must hold for all of them. */
#include "ctl/vif/vif_fsm.h"

#include <string.h>

#include "base/util.h"
#include "unit.h"

/* Two letters for each state, one for each action. */
static const char state_codes[] = "NEWACGCDRGRDCLSHCSFGFDBARSPADE";
static const char action_codes[] = "-CSAURWPTF";

_Static_assert(sizeof(state_codes) - 1 == 2 * VIF_N_STATES, "a code for each state");
_Static_assert(sizeof(action_codes) - 1 == VIF_N_ACTIONS, "a code for each action");

/* The table as it is meant, one column for each input in the enum's order. */
static const char *const expected[] = {
	/*
	 * 1 2/3 4 served ready 7 5 6 gone fault convict offline stop park removed
	 * joined left refused held settled
	 */
	[VIF_NEW] = "WA- WA- WA- RSS WA- NE- CS- CS- CS- BAP FDP CS- DEF DEF DEF "
		    "NE- NE- NE- NE- NE-",
	[VIF_WAITING] = "WA- WA- WA- WA- CGC WA- SH- CS- CS- BAP WA- CS- CS- DEF DEF "
			"WA- WA- WA- WA- WA-",
	[VIF_CONNECTING] = "CLW CG- CG- CG- CG- CG- CLW CLW CLW FGP CG- CLW CLW PAW CLW "
			   "CDA CG- SHR CG- CG-",
	[VIF_CONNECTED] = "CLW CD- CD- CD- CD- RGU CLW CLW CLW FGP CD- CLW CLW PAW CLW "
			  "CD- CD- CD- CD- CD-",
	[VIF_RECONFIGURING] = "CLW RG- CDU RG- CDU RG- CLW CLW CLW FGP RG- CLW CLW PAW CLW "
			      "RG- RG- RG- RG- RD-",
	[VIF_RECONFIGURED] = "CLW RD- CDU RD- CDU RD- CLW CLW CLW FGP RD- CLW CLW PAW CLW "
			     "RD- RD- RD- RD- RD-",
	[VIF_CLOSING] = "CL- CL- CL- CL- CL- CL- CL- CL- CL- CL- CL- CL- CL- CL- CL- "
			"CL- SH- CL- CL- CL-",
	[VIF_SHUT] = "CS- SH- SH- SH- SH- SH- SH- CS- CS- BAP SH- CS- CS- DEF DEF "
		     "SH- SH- SH- SH- SH-",
	[VIF_CLOSED] = "WA- WA- WA- CS- WA- CS- CS- CS- CST BAP CS- CST DEF DEF DEF "
		       "CS- CS- CS- CS- CS-",
	[VIF_FAULTING] = "FG- FG- FG- FG- FG- FG- FG- FG- FG- FG- FG- FG- FG- FG- FG- "
			 "FG- FD- FG- FG- FG-",
	[VIF_FAULTED] = "BA- FD- FD- FD- FD- FD- BA- BA- BA- FD- FD- BA- BA- DEF DEF "
			"FD- FD- FD- FD- FD-",
	[VIF_BARRED] = "BA- BA- BA- BA- BA- BA- BA- BA- BAT BA- BA- BAT DEF DEF DEF "
		       "BA- BA- BA- BA- BA-",
	[VIF_RESUMING] = "CLW RS- RS- RS- RS- RS- CLW CLW CLW FGP RS- CLW CLW PAW CLW "
			 "CDA RS- SHR NE- RS-",
	[VIF_PARKING] = "PA- PA- PA- PA- PA- PA- PA- PA- PA- PA- PA- PA- PA- PA- PA- "
			"PA- DEF PA- PA- PA-",
	[VIF_DEAD] = "DE- DE- DE- DE- DE- DE- DE- DE- DE- DE- DE- DE- DE- DE- DE- "
		     "DE- DE- DE- DE- DE-",
};
_Static_assert(ARRAY_SIZE(expected) == VIF_N_STATES, "a row for each state");

static void
vif_fsm_step_every_cell(void)
{
	for (unsigned state = 0; state < VIF_N_STATES; state++) {
		const char *cell = expected[state];
		for (unsigned input = 0; input < VIF_N_INPUTS; input++, cell += 3) {
			cell += strspn(cell, " ");
			struct vif_step step = vif_fsm_step(state, input);
			bool same = memcmp(cell, state_codes + 2 * step.next, 2) == 0 &&
				    cell[2] == action_codes[step.action];
			CHECK(same);
			if (!same)
				fprintf(stderr, "%s, input %u: goes to %s with %c, not %.3s\n",
					vif_fsm_state_name(state), input,
					vif_fsm_state_name(step.next), action_codes[step.action],
					cell);
		}
		CHECK_EQ(*cell, '\0');
	}
}

static bool
holds_port(enum vif_state state)
{
	return state == VIF_CONNECTING || state == VIF_RESUMING || vif_fsm_is_connected(state) ||
	       state == VIF_CLOSING || state == VIF_PARKING || state == VIF_FAULTING;
}

/* A port is called back before anything else happens to it, and only its return leads on. */
static void
vif_fsm_step_keeps_port_safe(void)
{
	for (unsigned state = 0; state < VIF_N_STATES; state++) {
		for (unsigned input = 0; input < VIF_N_INPUTS; input++) {
			struct vif_step step = vif_fsm_step(state, input);
			bool calls_back =
				step.action == VIF_DO_WITHDRAW || step.action == VIF_DO_PUNISH;
			if ((step.next == VIF_CLOSING || step.next == VIF_PARKING) &&
			    state != step.next)
				CHECK(calls_back && holds_port(state));
			if (holds_port(state) && !holds_port(step.next))
				CHECK(input == VIF_LEFT || input == VIF_REFUSED ||
				      input == VIF_HELD);
			if (vif_fsm_is_connected(step.next) && !vif_fsm_is_connected(state)) {
				CHECK(state == VIF_CONNECTING || state == VIF_RESUMING);
				CHECK_EQ(input, VIF_JOINED);
			}
			CHECK(step.action != VIF_DO_CONNECT || state == VIF_WAITING);
			CHECK(step.action != VIF_DO_RESUME || state == VIF_NEW);
		}
	}
}

/*
 * A condition that stays true leads to a rest within four steps, and what is done there can be done
 * again.
 */
static void
vif_fsm_step_settles(void)
{
	for (unsigned state = 0; state < VIF_N_STATES; state++) {
		for (unsigned input = 0; input <= VIF_REMOVED; input++) {
			struct vif_step step = { .next = state };
			unsigned n = 0;
			enum vif_state before;
			do {
				before = step.next;
				step = vif_fsm_step(before, input);
			} while (step.next != before && ++n < 10);
			CHECK_LE(n, 4);
			CHECK(step.action == VIF_DO_NOTHING || step.action == VIF_DO_RETIRE);
		}
	}
}

/* From everywhere: removed, or stopped, and the port given back when asked for, ends the record. */
static void
vif_fsm_step_ends(void)
{
	static const enum vif_input ends[] = { VIF_REMOVED, VIF_STOP, VIF_PARK };

	for (unsigned state = 0; state < VIF_N_STATES; state++) {
		for (unsigned i = 0; i < ARRAY_SIZE(ends); i++) {
			enum vif_state at = state;
			for (unsigned n = 0; n < 6; n++) {
				at = vif_fsm_step(at, ends[i]).next;
				if (at == VIF_CLOSING || at == VIF_FAULTING || at == VIF_PARKING)
					at = vif_fsm_step(at, VIF_LEFT).next;
			}
			CHECK_EQ(at, VIF_DEAD);
		}
	}
}

/* Nothing a guest does brings a punished vif back. */
static void
vif_fsm_step_punished(void)
{
	CHECK(!vif_fsm_is_punished(VIF_CONNECTED));
	for (unsigned state = 0; state < VIF_N_STATES; state++) {
		for (unsigned input = 0; input <= VIF_FRONT_GONE && vif_fsm_is_punished(state);
		     input++)
			CHECK(vif_fsm_is_punished(vif_fsm_step(state, input).next));
	}
}

static void
vif_fsm_shown_values(void)
{
	CHECK_EQ(vif_fsm_shown(VIF_NEW), XenbusStateUnknown);
	CHECK_EQ(vif_fsm_shown(VIF_WAITING), 2);
	CHECK_EQ(vif_fsm_shown(VIF_CONNECTING), 2);
	CHECK_EQ(vif_fsm_shown(VIF_CONNECTED), 4);
	CHECK_EQ(vif_fsm_shown(VIF_RECONFIGURING), 4);
	CHECK_EQ(vif_fsm_shown(VIF_RECONFIGURED), 8);
	CHECK_EQ(vif_fsm_shown(VIF_CLOSING), 5);
	CHECK_EQ(vif_fsm_shown(VIF_SHUT), 5);
	CHECK_EQ(vif_fsm_shown(VIF_CLOSED), 6);
	CHECK_EQ(vif_fsm_shown(VIF_FAULTED), 4);
	CHECK_EQ(vif_fsm_shown(VIF_BARRED), 6);
}

void test_fsm(CU_pSuite suite);

void
test_fsm(CU_pSuite suite)
{
	UNIT_ADD(suite, vif_fsm_step_every_cell);
	UNIT_ADD(suite, vif_fsm_step_keeps_port_safe);
	UNIT_ADD(suite, vif_fsm_step_settles);
	UNIT_ADD(suite, vif_fsm_step_ends);
	UNIT_ADD(suite, vif_fsm_step_punished);
	UNIT_ADD(suite, vif_fsm_shown_values);
}
