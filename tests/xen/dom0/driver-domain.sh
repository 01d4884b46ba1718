# SPDX-License-Identifier: BSD-3-Clause
# The driver domain, called vpe: it owns a NIC (PCI passthrough) on the outside's LAN.

# A second vmxnet3 of QEMU's: see host/machine.py.
DOMAIN_NIC=0000:00:08.0

driver_domain() {
	[ ! -e $LAB/guests/vpe.domid ] || return 0 # another turn of compare.sh
	modprobe xen-pciback
	[ -e /sys/bus/pci/drivers/pciback/$DOMAIN_NIC ] ||
		xl pci-assignable-add $DOMAIN_NIC >/dev/null
	cat >$LAB/guests/vpe.cfg <<-END
		name = "vpe"
		kernel = "$BOOT/vmlinux"
		ramdisk = "$BOOT/domain.cpio"
		memory = 512
		vcpus = 2
		driver_domain = 1
		pci = [ '$DOMAIN_NIC,permissive=1' ]
		extra = "console=hvc0 panic=1 lab.name=vpe lab.ip0=$(address_of vpe)/24"
	END
	start vpe
}

driver_domain_serve() { # alone|devd|netback
	case $1 in
	alone) vpe_start vpe domain ;;
	devd) on vpe /lab/bridge && vpe_start vpe devd && on vpe /lab/devd ;;
	netback) on vpe '/lab/bridge && modprobe xen-netback' && on vpe /lab/devd ;;
	esac || fail "the driver domain cannot serve"
}
