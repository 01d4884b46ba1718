#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Configures and builds vpe without its optional parts, on a machine that seems to lack the libraries which they need.
#   configure.sh DIRECTORY     builds in DIRECTORY, and leaves the logs there
#
# pkg-config does not find the modules in $LACKING, and including their headers is an error.

set -u
export LC_ALL=C

[ $# = 1 ] || { sed -n '4s/^# *//p' "$0"; exit 2; }
source=$(cd "$(dirname "$0")/.." && pwd)
mkdir -p "$1" || exit
work=$(cd "$1" && pwd)
jobs=$(nproc)
n_passed=0
n_failed=0

judge() { # NAME STATUS LOG
	if [ "$2" = 0 ]; then
		echo "PASS $1"
		n_passed=$((n_passed + 1))
	else
		echo "FAIL $1"
		tail -n 20 "$3" | sed 's/^/     | /'
		n_failed=$((n_failed + 1))
	fi
}

# ---- a machine that lacks libraries ---------------------------------------------------------------------------------

header_of() { # MODULE
	case $1 in
	jansson) echo jansson.h ;;
	libconfig) echo libconfig.h ;;
	libdpdk) echo rte_config.h ;;
	libpcap) echo pcap/pcap.h ;;
	libseccomp) echo seccomp.h ;;
	libsystemd) echo systemd/sd-daemon.h ;;
	liburing) echo liburing.h ;;
	xencontrol) echo xenctrl.h ;;
	xenforeignmemory) echo xenforeignmemory.h ;;
	esac
}

lack() { # MODULE...
	export LACKING="$*"
	rm -rf "$work/include"
	for module in "$@"; do
		header=$work/include/$(header_of "$module")
		mkdir -p "${header%/*}"
		echo "#error $module is to be left out" >"$header"
	done
}

make_pkg_config() {
	cat >"$work/pkg-config" <<-'EOF'
		#!/bin/sh
		for argument; do
			for module in $LACKING; do
				case $argument in
				"$module" | "$module "*) exit 1 ;;
				esac
			done
		done
		exec pkg-config "$@"
	EOF
	chmod +x "$work/pkg-config"
}

# The log is NAME.log. What one run finds out about the compiler and the C library serves the next.
configure() { # NAME CONFIGURE-OPTION...
	name=$1
	shift
	rm -rf "${work:?}/$name"
	mkdir "$work/$name"
	(cd "$work/$name" && "$source/configure" --cache-file="$work/cache" --prefix=/usr --sysconfdir=/etc --enable-werror \
		PKG_CONFIG="$work/pkg-config" CPPFLAGS="-I$work/include" CFLAGS=-O0 "$@") >"$work/$name.log" 2>&1
}

# ---- checks ---------------------------------------------------------------------------------------------------------

# Where a module is missing, configure names the package and the option that does without.
refused() { # MODULE PACKAGE OPTION
	lack "$1"
	! configure refused &&
		grep -q "^configure: error: $1.* not found: install $2, or configure with $3\$" "$work/refused.log"
	judge "$1 is missing" $? "$work/refused.log"
}

build() { # NAME MAKE-ARGUMENT...
	name=$1
	shift
	{ make -C "$work/$name" -s -j "$jobs" && make -C "$work/$name" -s install DESTDIR="$work/$name/installed" &&
		make -C "$work/$name" "$@"; } >>"$work/$name.log" 2>&1
	judge "$name is built and passes its tests" $? "$work/$name.log"
}

# configure's summary has the line "  PART   WHAT".
says() { # NAME PART WHAT
	grep -q "^  $2 *$3\$" "$work/$1.log"
	judge "$1: configure says $2: $3" $? "$work/$1.log"
}

# Documents are not listed: all builds install the same.
installs() { # NAME FILE...
	name=$1
	shift
	printf '%s\n' "$@" >"$work/$name.wanted"
	(cd "$work/$name/installed" && find . -type f \( ! -path './usr/share/doc/*' -o -path '*/examples/*' \)) |
		sed 's|^\./||; s|\.so\..*|.so|' | sort |
		diff - "$work/$name.wanted" >"$work/$name.differs"
	judge "$name: what is installed" $? "$work/$name.differs"
}

# Nothing that is installed is linked to a library whose name matches PATTERN.
links_none() { # NAME PATTERN
	find "$work/$1/installed" -type f \( -perm -100 -o -name '*.so.*' \) -exec readelf -d {} + 2>/dev/null >"$work/$1.needed"
	grep -q 'NEEDED.*libc\.so' "$work/$1.needed" && ! grep -E "NEEDED.*\[lib($2)[-_.]" "$work/$1.needed" >"$work/$1.linked"
	judge "$1: linked to no $2" $? "$work/$1.linked"
}

# ---- all ------------------------------------------------------------------------------------------------------------

rm -f "$work/cache"
make_pkg_config

refused libdpdk libdpdk-dev --disable-backend
refused liburing liburing-dev --disable-backend
refused libconfig libconfig-dev --disable-backend
refused libsystemd libsystemd-dev --without-systemd
refused libseccomp libseccomp-dev --without-seccomp
refused xencontrol libxen-dev --disable-foreign
refused jansson libjansson-dev '--disable-backend --disable-tools'
refused libpcap libpcap-dev --disable-tools

lack libdpdk liburing libconfig libseccomp libsystemd xencontrol xenforeignmemory
configure no-backend --disable-backend
says no-backend vpe-backend no
says no-backend tools 'vpe-ping vpe-pktgen vpe-tap'
build no-backend check
installs no-backend \
	usr/bin/vpe-ping \
	usr/bin/vpe-pktgen \
	usr/bin/vpe-tap \
	usr/include/vpe/frontend.h \
	usr/lib/libvpefront.la \
	usr/lib/libvpefront.so \
	usr/lib/pkgconfig/vpefront.pc \
	usr/libexec/vpe/vpe-guard \
	usr/share/doc/vpe/examples/echo.c \
	usr/share/man/man1/vpe-ping.1 \
	usr/share/man/man1/vpe-pktgen.1 \
	usr/share/man/man1/vpe-tap.1 \
	usr/share/man/man3/libvpefront.3 \
	usr/share/man/man8/vpe-guard.8
links_none no-backend 'rte|uring|config|seccomp|systemd|xenctrl|xenforeignmemory'

# Building all tests would take too long. How the daemon starts shows that it is complete.
lack libpcap libseccomp libsystemd
configure no-tools --disable-tools --without-systemd --without-seccomp
says no-tools vpe-backend 'yes, foreign_memory: yes, systemd: no, seccomp: no'
says no-tools tools no
build no-tools check check_PROGRAMS=tests/programs/deny TESTS=tests/starts.sh
installs no-tools \
	etc/vpe/vpe-backend.conf \
	etc/xen/scripts/vif-vpe \
	usr/include/vpe/frontend.h \
	usr/lib/libvpefront.la \
	usr/lib/libvpefront.so \
	usr/lib/pkgconfig/vpefront.pc \
	usr/libexec/vpe/vpe-guard \
	usr/sbin/vpe-backend \
	usr/share/doc/vpe/examples/echo.c \
	usr/share/doc/vpe/examples/modprobe-vpe.conf \
	usr/share/doc/vpe/examples/vpe-backend.conf \
	usr/share/man/man3/libvpefront.3 \
	usr/share/man/man8/vif-vpe.8 \
	usr/share/man/man8/vpe-backend.8 \
	usr/share/man/man8/vpe-guard.8
links_none no-tools 'pcap|seccomp|systemd'

lack jansson libdpdk libpcap
configure library --disable-backend --disable-tools
says library tools no

echo "$n_passed passed, $n_failed failed"
[ "$n_failed" = 0 ]
