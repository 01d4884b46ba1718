#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Checks the dependency rule by the #include lines: each layer uses only those below it.
#   check-layers.sh [SRCDIR]      SRCDIR defaults to $srcdir, then to the current directory
#   check-layers.sh --self-test   proves that each kind of violation is found
#
# The rule, as docs/ARCHITECTURE.md explains it:
#   main      backend/*.[ch]   ctl dp sw xen proto base
#   ctl       backend/ctl      dp xen proto base, and of sw only switch.h and policy.h
#   dp        backend/dp       sw xen proto base
#   sw, xen   backend/sw, xen  proto base
#   proto     backend/proto    base, and Xen's public headers <xen/...>
#   base      backend/base     nothing
#   frontend  frontend         xen proto base
#   tools     tools            proto base
# Rooms, the folders of dp and ctl, each of which uses only those before it:
#   dp        frame port guest vif engine
#   ctl       store ports vif, and the files of ctl itself
# The rooms port and guest of dp know nothing of Xen: no xen/..., proto/netif.h, ring.h, keys.h.
# No header includes itself by way of others. DPDK's headers <rte_...> belong to dp, sw, main and ctl/telemetry.c. Xen's library headers (<xenstore.h>,
# <xengnttab.h>, ...) belong to xen. A header that says "Private to" stays in its layer.

# shellcheck disable=SC2154 # common.sh sets list and tree
set -eu

# shellcheck source=tests/lint/common.sh
. "$(dirname "$0")/common.sh"

# Prints one line for each violation below the directory $1; fails if there is any.
check() {
	cd "$1"
	find backend frontend tools -name '*.[ch]' 2>/dev/null | LC_ALL=C sort >"$list"
	[ -s "$list" ] || { echo "no sources below $1"; return 1; }
	# The file names come from the list: as arguments they would be taken for awk's own.
	awk '
	BEGIN {
		uses["main"] = "main ctl dp sw xen proto base"
		uses["ctl"] = "ctl dp xen proto base"
		uses["dp"] = "dp sw xen proto base"
		uses["sw"] = "sw proto base"
		uses["xen"] = "xen proto base"
		uses["proto"] = "proto base"
		uses["base"] = "base"
		uses["frontend"] = "frontend xen proto base"
		uses["tools"] = "tools proto base"
		rooms["dp"] = "frame port guest vif engine"
		without_xen = "port guest"
		rooms["ctl"] = "store keep ports vif"
	}
	# The room of a file of layer `layer`, by its path from the layers on; "" if it lies in the layer itself.
	function room_of(path, layer, part) {
		if (split(path, part, "/") < 3 || index(" " rooms[layer] " ", " " part[2] " ") == 0)
			return ""
		return part[2]
	}
	# How far up the layer the file lies: a file of the layer itself is above all rooms.
	function height_of(path, layer, room) {
		room = room_of(path, layer)
		return room == "" ? 1000 : index(" " rooms[layer] " ", " " room " ")
	}
	function check_rooms(name, layer, own) {
		own = file
		sub(/^backend\//, "", own)
		if ((layer in rooms) && height_of(name, layer) > height_of(own, layer))
			bad(layer "/" room_of(own, layer) " must not use what is above it: \"" name "\"")
	}
	# A port, and what all guests have in common, also serve guests of other hypervisors.
	function check_xen(name, own) {
		own = file
		sub(/^backend\//, "", own)
		if (index(" " without_xen " ", " " room_of(own, "dp") " ") > 0 &&
		    name ~ /^(xen\/|proto\/(netif|ring|keys)\.h$)/)
			bad("dp/" room_of(own, "dp") " must not know Xen: \"" name "\"")
	}
	function layer_of(path, part, n) {
		n = split(path, part, "/")
		if (part[1] != "backend")
			return part[1]
		return n == 2 ? "main" : part[2]
	}
	# The layer that "name" of an #include belongs to, for a file of layer `from`.
	function layer_of_include(name, from, part, n) {
		n = split(name, part, "/")
		if (n > 1 && (part[1] in uses))
			return part[1]
		return from == "main" || from == "frontend" || from == "tools" ? from : "?"
	}
	function bad(text) {
		printf "%s:%d: %s\n", file, line, text
		n_bad++
	}
	function is_private(name, header, text, i) {
		header = "backend/" name
		if (!(header in private)) {
			private[header] = 0
			for (i = 0; i < 20 && (getline text < header) > 0; i++)
				if (text ~ /Private to /)
					private[header] = 1
			close(header)
		}
		return private[header]
	}
	function check_quoted(name, from, to) {
		to = layer_of_include(name, from)
		if (to == "?")
			bad("\"" name "\" names no layer: write it as \"layer/file.h\"")
		else if (index(" " uses[from] " ", " " to " ") == 0 && !(from == "ctl" && (name == "sw/switch.h" || name == "sw/policy.h")))
			bad(from " must not use " to ": \"" name "\"")
		else if (to != from && is_private(name))
			bad("\"" name "\" is private to " to)
		else if (to == from)
			check_rooms(name, from)
		check_xen(name)
		note_edge(name)
	}
	# Includes between headers, for check_circles().
	function note_edge(name, to) {
		to = name
		if (file !~ /\.h$/)
			return
		if (file ~ /^backend/)
			to = "backend/" name
		edge[++n_edges] = file
		target[n_edges] = to
	}
	# Takes away headers that include none of the others, again and again. What is left are circles.
	function check_circles(i, again, includes) {
		do {
			again = 0
			split("", includes)
			for (i = 1; i <= n_edges; i++) {
				if (!(i in gone))
					includes[edge[i]] = 1
			}
			for (i = 1; i <= n_edges; i++) {
				if (!(i in gone) && !(target[i] in includes)) {
					gone[i] = 1
					again = 1
				}
			}
		} while (again)
		for (i = 1; i <= n_edges; i++) {
			if (i in gone)
				continue
			printf "%s: includes itself by way of %s\n", edge[i], target[i]
			n_bad++
			return
		}
	}
	function check_system(name, from) {
		if (name ~ /^rte_/ && from !~ /^(main|dp|sw)$/ && file != "backend/ctl/telemetry.c")
			bad(from " must not use DPDK: <" name ">")
		else if (name ~ /^xen[a-z]*\.h$/ && from != "xen")
			bad(from " must not use Xen'\''s libraries: <" name ">")
		else if (name ~ /^xen\// && from != "proto" && from != "xen")
			bad(from " must not use Xen'\''s headers: <" name ">")
	}
	function check_file(from, text, name) {
		from = layer_of(file)
		line = 0
		if (!(from in uses)) {
			bad("\"" from "\" is no layer")
			return
		}
		while ((getline text < file) > 0) {
			line++
			if (text !~ /^[ \t]*#[ \t]*include[ \t]*["<]/)
				continue
			name = text
			sub(/^[^"<]*["<]/, "", name)
			sub(/[">].*/, "", name)
			if (text ~ /include[ \t]*"/)
				check_quoted(name, from)
			else
				check_system(name, from)
		}
		close(file)
	}
	{
		file = $0
		check_file()
	}
	END {
		check_circles()
		exit n_bad > 0
	}' "$list"
}

self_test() {
	put backend/main.c '#include "settings.h"' '#include "ctl/ctl.h"' '#include <rte_eal.h>'
	put backend/ctl/good.c '#include "dp/engine/dp.h"' '#include "sw/policy.h"' '#include "sw/switch.h"' '#include "xen/ops.h"'
	put backend/ctl/telemetry.c '#include <rte_telemetry.h>'
	put backend/dp/engine/dp.h '#include "sw/switch.h"' '#include <rte_mbuf.h>'
	put backend/dp/inner.h '/* Of the pollers. Private to dp. */'
	put backend/dp/frame/pool.h 'int x;'
	put backend/dp/port/good.c '#include "dp/frame/pool.h"'
	put backend/dp/guest/good.c '#include "dp/port/good.h"' '#include "proto/limits.h"'
	put backend/dp/vif/good.c '#include "dp/guest/good.h"' '#include "proto/netif.h"'
	put backend/dp/good.c '#include "dp/inner.h"'
	put backend/sw/fdb.h '#include "base/log.h"'
	put backend/xen/good.c '#include <xenstore.h>' '#include "proto/keys.h"'
	put backend/proto/netif.h '#include <xen/io/netif.h>'
	put frontend/good.c '#include "xen/ops.h"' '#include "own.h"'
	put tools/good.c '#include "proto/keys.h"' '#include <stdio.h>'
	accepted
	refused 'dp must not use ctl' backend/dp/bad.c '#include "ctl/ctl.h"'
	refused 'dp/port must not use what is above it' backend/dp/port/bad.c '#include "dp/engine/dp.h"'
	refused 'dp/frame must not use what is above it' backend/dp/frame/bad.h '#include "dp/vif/bad.h"'
	refused 'dp/guest must not use what is above it' backend/dp/guest/bad.c \
		'#include "dp/vif/bad.h"'
	refused 'dp/guest must not know Xen' backend/dp/guest/bad.c '#include "proto/ring.h"'
	refused 'dp/port must not know Xen' backend/dp/port/bad.c '#include "xen/ops.h"'
	refused 'ctl/store must not use what is above it' backend/ctl/store/bad.c '#include "ctl/ctl.h"'
	refused 'includes itself' backend/sw/fdb.h '#include "sw/fdb.h"'
	put backend/sw/fdb.h '#include "base/log.h"'
	refused 'base must not use proto' backend/base/bad.h '#  include "proto/keys.h"'
	refused 'sw must not use xen' backend/sw/bad.c '#include "xen/ops.h"'
	refused 'ctl must not use sw' backend/ctl/bad.c '#include "sw/fdb.h"'
	refused 'tools must not use xen' tools/bad.c '#include "xen/ops.h"'
	refused 'frontend must not use dp' frontend/bad.c '#include "dp/engine/dp.h"'
	refused '"dp/inner.h" is private' backend/ctl/bad.c '#include "dp/inner.h"'
	refused 'ctl must not use DPDK' backend/ctl/bad.c '#include <rte_mbuf.h>'
	refused 'must not use Xen' backend/dp/bad.c '#include <xengnttab.h>'
	refused 'must not use Xen' backend/ctl/bad.c '#include <xen/io/netif.h>'
	refused 'names no layer' backend/dp/bad.c '#include "dp.h"'
	refused '"new" is no layer' backend/new/bad.c 'int x;'
}

run "$@"
