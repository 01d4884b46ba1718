# SPDX-License-Identifier: BSD-3-Clause
# Back to the state after boot, whatever a case has left behind.
#   clean           all of it
#   clean_backend   without what it serves: domains stay, and they may have no vifs now

clean() {
	_destroy_domains
	clean_backend
	_drop_store
	_save_clean
	rm -rf "${LAB:?}"/* /var/log/xen/console/guest-* /var/log/xen/xen-hotplug.log
	mkdir -p $LAB/guests
}

clean_backend() {
	_backend_clean
	_stop_traffic
	_drop_links
}

# The driver domain last: it serves the others.
_destroy_domains() {
	local id
	for id in $(xl list | awk 'NR > 1 && $2 != 0 && $1 != "vpe" { print $2 }') \
		$(xl domid vpe 2>/dev/null); do
		timeout 60 xl destroy $id
	done
}

_stop_traffic() {
	on dom0 "$END_TRAFFIC"
	on outside "$END_TRAFFIC"
}

_drop_links() {
	local link
	ip addr flush dev eth0
	ip link set eth0 nomaster mtu 1500 down
	# A bridge takes it away, and without it QEMU's vmxnet3 receives no jumbo frames (the driver's maxNumRxSG is 0).
	ethtool -K eth0 lro on
	for link in $(ls /sys/class/net); do
		case $link in
		lo | eth0 | bonding_masters) ;;
		*) ip link del $link ;;
		esac
	done
}

_drop_store() {
	local id
	for id in $(xenstore-list /local/domain/0/backend/vif 2>/dev/null); do
		echo "left in xenstore: backend/vif/$id"
		xenstore-rm /local/domain/0/backend/vif/$id
	done
	for id in $(xenstore-list /libxl 2>/dev/null); do
		[ $id = 0 ] || xenstore-exists /local/domain/$id || xenstore-rm /libxl/$id
	done
}
