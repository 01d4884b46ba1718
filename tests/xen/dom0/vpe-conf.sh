# SPDX-License-Identifier: BSD-3-Clause
# The daemon's configuration for each kind of backend, and what dom0's network
# looks like beside it.

vpe_conf() {
	case $1 in
	switched) cat <<-END
		pollers = { cpus = [ $VPE_CPUS ]; mode = "$VPE_MODE"; idle_us = $VPE_IDLE_US; };
		netback = "$VPE_NETBACK";
		foreign_memory = $VPE_FOREIGN;
		uplinks = (
			{ type = "packet"; device = "eth0"; bridge = "xenbr0"; },
			{ type = "tap"; device = "vpe0"; bridge = "xenbr0"; }
		);
	END
	;;
	echo) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; idle_us = $VPE_IDLE_US; };
		uplinks = ( { type = "echo"; device = "echo"; bridge = "echo"; } );
	END
	;;
	dropin) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; idle_us = $VPE_IDLE_US; };
		netback = "$VPE_NETBACK";
	END
	;;
	domain) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; idle_us = $VPE_IDLE_US; };
		uplinks = ( { type = "packet"; device = "eth0"; bridge = "xenbr0"; } );
	END
	;;
	devd) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "adaptive"; idle_us = $VPE_IDLE_US; };
		hotplug = "script";
	END
	;;
	# The frames of net_null are zeros: nobody has that address, so they are flooded.
	bench) cat <<-END
		pollers = { cpus = [ 1 ]; mode = "$VPE_MODE"; idle_us = $VPE_BENCH_IDLE_US; nap_us = $VPE_BENCH_NAP_US; };
		switch = { flood_to_guarded = true; };
		netback = "$VPE_NETBACK";
		foreign_memory = $VPE_FOREIGN;
		uplinks = (
			{ type = "packet"; device = "eth1"; bridge = "vpebr"; },
			{ type = "ethdev"; device = "net_null0,$DIRECT_NULL"; bridge = "null"; },
			{ type = "echo"; device = "echo"; bridge = "echo"; },
			{ type = "tap"; device = "direct0"; bridge = "kernel"; }
		);
	END
	;;
	esac
}

# A case may set these before it names its backend. The lab has two CPUs for everything, so a poller that never sleeps
# takes half of it. It looks for longer than the default of 100 us before it sleeps: all else takes ten to fifty times
# longer in an emulated machine, and a poller that sleeps between two frames of a stream costs the stream half its rate.
VPE_MODE=adaptive
VPE_IDLE_US=2000
VPE_CPUS=1
VPE_NETBACK=refuse
VPE_FOREIGN=false
# The bench's uplink to nowhere: a sink, until it is to be a source.
DIRECT_NULL=no-rx=1

# dom0's side when the daemon owns the NIC: dom0 is a host on the switch, by the
# TAP vpe0 that the daemon makes.
lan_for_switch() {
	nic_up ${VPE_CPUS%%,*}
}

lan_of_switch() {
	ip link set vpe0 mtu ${MTU:-1500} up
	ip addr add $(address_of dom0)/24 dev vpe0
}

# When the daemon takes vifs: it answers after its uplinks are open.
vpe_ready() { # WHERE
	on $1 'vpe-ctl -j show pollers | grep -q cpu'
}
