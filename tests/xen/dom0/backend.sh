# SPDX-License-Identifier: BSD-3-Clause
# What serves the guests' vifs.
#   backend dom0 netback      the kernel's, with vif-bridge
#   backend dom0 switched     vpe-backend in dom0, which switches itself (vif-vpe)
#   backend dom0 echo         the same with nothing but an echo behind it
#   backend dom0 dropin       vpe-backend in dom0 under the stock vif-bridge
#   backend domain            vpe-backend in a driver domain without xl devd
#   backend domain devd       the same with xl devd in it
#   backend domain netback    the kernel's in a driver domain, with xl devd
# Sets VIF_KEYS, the part of a guest's vif line that names the backend.

BOOT=/run/boot

backend() {
	note "backend $*"
	_boot_files
	case "$*" in
	"dom0 netback")
		lan_bridge
		modprobe xen-netback
		VIF_KEYS=bridge=xenbr0
		;;
	"dom0 switched")
		lan_for_switch
		vpe_start dom0 switched
		lan_of_switch
		VIF_KEYS=script=vif-vpe
		;;
	"dom0 echo")
		lan_plain
		vpe_start dom0 echo
		VIF_KEYS=script=vif-vpe,bridge=echo
		;;
	"dom0 dropin")
		lan_bridge
		vpe_start dom0 dropin
		VIF_KEYS=bridge=xenbr0
		;;
	domain | "domain devd" | "domain netback")
		lan_plain
		driver_domain
		driver_domain_serve ${2:-alone}
		VIF_KEYS=backend=vpe
		;;
	*) fail "what is backend $*?" ;;
	esac
}

# xl reads kernels from here: much faster than from the shared directory.
_boot_files() {
	[ -e $BOOT ] || cp -r /lab/boot /run/boot.tmp && mv /run/boot.tmp $BOOT 2>/dev/null || :
}

# Sets dom0's NIC up, with all its interrupts on one CPU. A driver with many queues spreads them, and a flow's rate would
# depend on the CPU that its hash gives it. Each backend has them where it is fastest on the lab's two CPUs: vpe-backend on
# its poller's, so that a third virtual CPU need not wake up, and xen-netback on the other than its threads use.
nic_up() { # CPU [ip-link options]
	local irq cpu=$1
	shift
	ip link set eth0 mtu ${MTU:-1500} "$@" up
	for irq in $(awk '/eth0/ { sub(":", "", $1); print $1 }' /proc/interrupts); do
		echo $cpu >/proc/irq/$irq/smp_affinity_list || fail "the NIC's interrupt $irq stays where it is"
	done
}

# dom0's NIC in the stock bridge.
lan_bridge() {
	ip link add xenbr0 type bridge
	nic_up 0 master xenbr0
	ip link set xenbr0 mtu ${MTU:-1500} up
	ip addr add $(address_of dom0)/24 dev xenbr0
}

# dom0's NIC on its own.
lan_plain() {
	nic_up 0
	ip addr add $(address_of dom0)/24 dev eth0
}

_backend_clean() {
	vpe_stop
	rmmod xen-netback 2>/dev/null || :
}
