# SPDX-License-Identifier: BSD-3-Clause
# The driver domain, called vpe. Its uplink is a vif on dom0's bridge, served by
# the kernel's netback in dom0: README says why it is not a NIC.

driver_domain() {
	cat >$LAB/guests/vpe.cfg <<-END
		name = "vpe"
		kernel = "$BOOT/vmlinux"
		ramdisk = "$BOOT/domain.cpio"
		memory = 512
		vcpus = 2
		driver_domain = 1
		vif = [ 'mac=00:16:3e:77:ff:01,bridge=xenbr0' ]
		extra = "console=hvc0 panic=1 lab.name=vpe lab.ip0=$(address_of vpe)/24"
	END
	start vpe
}

driver_domain_serve() { # alone|devd|netback
	case $1 in
	netback) on vpe /lab/netback ;;
	*) vpe_start vpe domain ;;
	esac || fail "the driver domain cannot serve"
	case $1 in
	netback | devd) on vpe /lab/devd || fail "xl devd does not start in the driver domain" ;;
	esac
}
