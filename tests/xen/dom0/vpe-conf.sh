# SPDX-License-Identifier: BSD-3-Clause
# The daemon's configuration for each kind of backend, and what dom0's network
# looks like beside it.

vpe_conf() {
	case $1 in
	switched) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; };
		netback = "$VPE_NETBACK";
		uplinks = (
			{ type = "packet"; device = "eth0"; bridge = "xenbr0"; },
			{ type = "tap"; device = "vpe0"; bridge = "xenbr0"; }
		);
	END
	;;
	dropin) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; };
		netback = "$VPE_NETBACK";
	END
	;;
	domain) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; };
		uplinks = ( { type = "packet"; device = "eth0"; bridge = "xenbr0"; } );
	END
	;;
	devd) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; };
		hotplug = "script";
	END
	;;
	esac
}

# A case may set these before it names its backend.
VPE_MODE=always
VPE_NETBACK=refuse

# dom0's side when the daemon owns the NIC: dom0 is a host on the switch, by the
# TAP vpe0 that the daemon makes.
lan_for_switch() {
	ip link set eth0 mtu ${MTU:-1500} up
}

lan_of_switch() {
	ip link set vpe0 mtu ${MTU:-1500} up
	ip addr add $(address_of dom0)/24 dev vpe0
}

# When the daemon takes vifs.
vpe_ready() { # WHERE
	on $1 'kill -0 $(cat /run/vpe.pid)'
}
