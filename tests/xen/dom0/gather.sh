# SPDX-License-Identifier: BSD-3-Clause
# Collect what one wants to see after a failure into the directory $1.

gather() {
	xl list >$1/xl-list 2>&1
	xenstore-ls -fp >$1/xenstore 2>&1
	dmesg >$1/dom0-dmesg
	xl dmesg >$1/xen-dmesg
	(ip -d -s addr; brctl show) >$1/dom0-links 2>&1
	cp /var/log/xen/xen-hotplug.log $1/hotplug.log 2>/dev/null
	for log in /var/log/xen/console/guest-*.log; do
		[ -e $log ] && cp $log $1/console-$(basename $log .log | cut -d- -f2-)
	done
	vpe_gather $1
}
