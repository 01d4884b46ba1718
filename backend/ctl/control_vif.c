/* SPDX-License-Identifier: BSD-3-Clause */
/* Vifs and ports on the control socket. */
#include <string.h>

#include "ctl/control_json.h"
#include "ctl/control_show.h"

/* ---- vifs ------------------------------------------------------------------------------------ */

/* Returns why the vif does not work, or what is wrong with its settings. "": nothing. */
static const char *
problem_of(const struct vif *vif)
{
	if (vif->fault != NULL)
		return vif->fault;
	if (vif->shown->has_error && !vif->shown->error_is_live)
		return vif->shown->error;
	return vif->place->tap.why[0] != '\0' ? vif->place->tap.why : vif->settings->why;
}

/* Returns an object with the members that a list and a single vif have in common. */
static json_t *
vif_object(const struct vif *vif)
{
	bool is_netbacks = vif->seen->netback == VIF_NETBACK_HOLDS;
	const char *state = is_netbacks ? "xen-netback" : vif_fsm_state_name(vif->state);
	bool has_bridge = vif->seen->config.switched || vif->seen->config.bridged;
	json_t *object = json_object();

	control_set(object, "name", control_text(vif->name));
	control_set(object, "domain", control_text(vif->seen->config.domain));
	control_set_number(object, "domid", vif->domid);
	control_set_number(object, "devid", vif->devid);
	control_set(object, "state", control_text(state));
	control_set(object, "carrier", json_boolean(vif->shown->carrier));
	control_set(object, "mac", control_text(vif->settings->live.mac_text));
	control_set(object, "mode",
		    control_text(vif->seen->config.switched ? "switched" : "drop-in"));
	control_set(object, "bridge", control_text(has_bridge ? vif->seen->config.bridge : ""));
	control_set(object, "tap",
		    control_text(vif->seen->config.switched ? "" : vif->place->tap.name));
	control_set(object, "problem", control_text(problem_of(vif)));
	return object;
}

json_t *
control_vif_row(const struct control_view *view, const struct vif *vif)
{
	json_t *object = vif_object(vif);

	(void)view;
	if (vif->guest.port != NULL)
		control_set_traffic(object, vif->guest.port);
	return object;
}

static json_t *
rate_of(const struct vif_rate *rate)
{
	json_t *object = json_object();

	control_set_number(object, "bytes", rate->bytes);
	control_set_number(object, "usecs", rate->usecs);
	return object;
}

static json_t *
pollers_of(const struct vif_live *live)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < live->n_pins; i++)
		json_array_append_new(list, json_integer(live->pin[i]));
	return list;
}

/* Returns what the operator has set, or the defaults. */
static json_t *
settings_of(const struct vif_live *live)
{
	static const char *const vlans[] = {
		[VLAN_PLAIN] = "none",
		[VLAN_LISTED] = "listed",
		[VLAN_TRUNK] = "trunk",
	};
	json_t *object = json_object();

	control_set(object, "from_guest", rate_of(&live->from_guest));
	control_set(object, "to_guest", rate_of(&live->to_guest));
	control_set_number(object, "max_frame", live->max_frame);
	control_set_number(object, "priority", live->weight);
	control_set(object, "pollers", pollers_of(live));
	control_set(object, "checks_mac", json_boolean(live->policy.check_mac));
	control_set(object, "checks_ip", json_boolean(live->policy.check_ip));
	control_set(object, "vlans", control_text(vlans[live->policy.part]));
	return object;
}

json_t *
control_vif(const struct control_view *view, const struct vif *vif)
{
	json_t *object = vif_object(vif);

	control_set(object, "guest", control_text(vif->conn->text + strspn(vif->conn->text, " ")));
	control_set(object, "settings", settings_of(&vif->settings->live));
	if (vif->guest.port != NULL)
		control_set(object, "port", control_port(view, vif->guest.port));
	return object;
}

/* ---- ports ----------------------------------------------------------------------------------- */

/* Returns an object with the members that a list and a single port have in common. */
static json_t *
port_object(const struct control_view *view, const struct port *port)
{
	/* Acquire: pairs with port_set_fault(). */
	const char *fault = __atomic_load_n(&port->fault, __ATOMIC_ACQUIRE);
	json_t *object = json_object();

	control_set(object, "name", control_text(port->name));
	control_set(object, "kind", control_text(port->ops->kind));
	control_set(object, "bridge", control_text(bridge_name(view->bridges, port->bridge)));
	control_set(object, "fault", control_text(fault == NULL ? "" : fault));
	return object;
}

json_t *
control_port_row(const struct control_view *view, const struct port *port)
{
	json_t *object = port_object(view, port);

	control_set_traffic(object, port);
	return object;
}

json_t *
control_port(const struct control_view *view, const struct port *port)
{
	json_t *object = port_object(view, port);

	control_set_number(object, "max_frame", port_max_frame(port));
	control_set_counters(object, view->dp, port);
	return object;
}
