# SPDX-License-Identifier: BSD-3-Clause
# Guests: stock kernel, stock netfront, started by xl.
#   guest NAME [pv|pvh] [KEY=VALUE...]   describe it; keys: mtu vcpus memory vifs;
#                                        with=dpdk: what a DPDK program needs is in its image
#   start NAME...     create and wait until it answers and its vifs are connected
#   vif_key NAME INDEX KEY VALUE   writes a key of the backend directory, as the toolstack may at any time
#   stop NAME...      shut down in good order
#   destroy NAME...   xl destroy
#   rebooted NAME     wait until it is back after a reboot it was told to do
# A guest is called g1, g2, ...; the number gives its address 10.77.0.11, ...

# Long: another lab on the same cores makes everything ten times slower.
GUEST_BOOT_LIMIT=240
CONNECT_LIMIT=40

guest() {
	local name=$1 type=pv mtu= vcpus=1 memory=256 vifs=1 with= image=guest word
	shift
	for word in "$@"; do
		case $word in
		pv | pvh) type=$word ;;
		mtu=* | vcpus=* | memory=* | vifs=* | with=*) eval "$word" ;;
		*) fail "guest $name: what is $word?" ;;
		esac
	done
	if [ "$with" ]; then
		image=guest-$with
		cat $BOOT/guest.cpio $BOOT/$with.cpio >$BOOT/$image.cpio || fail "no image with $with"
	fi
	echo "$mtu" >$LAB/guests/$name.mtu
	local lines= addresses= more= i=0
	while [ $i -lt $vifs ]; do
		lines="$lines${lines:+, }'$(vif_line $name $i)'"
		addresses="$addresses lab.ip$i=$(address_of $name $i)/24"
		i=$((i + 1))
	done
	[ $type != pvh ] || more=" clearcpuid=cx16" # because of QEMU: tests/xen/README
	cat >$LAB/guests/$name.cfg <<-END
		name = "$name"
		type = "$type"
		kernel = "$BOOT/vmlinux"
		ramdisk = "$BOOT/$image.cpio"
		memory = $memory
		vcpus = $vcpus
		vif = [ $lines ]
		extra = "console=hvc0 panic=1 lab.name=$name$addresses$more"
		on_reboot = "restart"
		on_crash = "preserve"
	END
}


# The description of a vif as xl takes it. VIF_KEYS is the backend's part.
vif_line() { # NAME INDEX
	local mtu=$(cat $LAB/guests/$1.mtu)
	echo "mac=$(mac_of $1 $2),$VIF_KEYS${mtu:+,mtu=$mtu}"
}

# Hot-plugs vif INDEX. By itself, xl takes the number after the one that xenstore happens to list last.
attach() { # NAME INDEX
	xl network-attach $1 $(vif_line $1 $2 | tr , ' ') devid=$2
}

vif_key() {
	note "vif_key $*"
	xenstore-write $(xenstore-read $(guest_path $1)/device/vif/$2/backend)/$3 "$4"
}

mac_of() {
	printf '00:16:3e:77:%02x:%02x' $2 ${1#g}
}

# address_of WHERE [VIF]: each vif index has a network of its own.
address_of() {
	local net=10.77.${2:-0}
	case $1 in
	outside) echo $net.1 ;;
	dom0) echo $net.2 ;;
	vpe) echo $net.3 ;;
	g*) echo $net.$((10 + ${1#g})) ;;
	*) fail "who is $1?" ;;
	esac
}

start() {
	local name
	for name in "$@"; do
		note "start $name"
		xl create -q $LAB/guests/$name.cfg || fail "xl create $name"
	done
	for name in "$@"; do
		_up $name
	done
}

_up() {
	wait_for $GUEST_BOOT_LIMIT _answers $1 || fail "$1 does not come up"
	wait_connected $1
	note "$1 is up"
}

# The domain id may change meanwhile: QEMU's SVM emulation sometimes makes a PVH
# guest triple-fault as it boots, and xl then starts it again.
_answers() {
	guest_learn_domid $1
	xenstore-exists $(guest_data $1)/agent
}

wait_connected() {
	local vif
	for vif in $(xenstore-list $(guest_path $1)/device/vif 2>/dev/null); do
		vif=$(guest_path $1)/device/vif/$vif
		wait_for $CONNECT_LIMIT _vif_connected $vif ||
			fail "$vif: state $(xenstore-read $vif/state)," \
				"backend's state $(xenstore-read $(xenstore-read $vif/backend)/state)"
	done
}

_vif_connected() {
	[ "$(xenstore-read $1/state)" = 4 ] &&
		[ "$(xenstore-read $(xenstore-read $1/backend)/state)" = 4 ]
}

stop() {
	local name
	for name in "$@"; do
		note "stop $name"
		xl shutdown -wF $name >/dev/null || fail "xl shutdown $name"
	done
}

destroy() {
	local name
	for name in "$@"; do
		note "destroy $name"
		xl destroy $name || fail "xl destroy $name"
	done
}

rebooted() {
	wait_for $GUEST_BOOT_LIMIT _has_new_domid $1 $(guest_domid $1) ||
		fail "$1 was not restarted"
	_up $1
}

_has_new_domid() {
	local new
	new=$(xl domid $1) && [ $new != $2 ]
}

guest_learn_domid() {
	xl domid $1 >$LAB/guests/$1.domid || fail "there is no domain $1"
}

# Sets DOMID, without a process.
_read_domid() {
	{ read -r DOMID <$LAB/guests/$1.domid; } 2>/dev/null || fail "$1 was not started"
}

guest_domid() {
	_read_domid $1
	echo $DOMID
}

guest_path() {
	_read_domid $1
	echo /local/domain/$DOMID
}

guest_data() {
	_read_domid $1
	echo /local/domain/$DOMID/data/lab
}
