#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes the first inputs of the fuzz targets: packets, requests and keys as they should be, and the classic ways to get them wrong.

    seeds.py        into the folder corpus beside this file

The names say what they are; inputs that the fuzzer found have a checksum as their name."""

import pathlib
import struct

CORPUS = pathlib.Path(__file__).parent / "corpus"

CSUM, MORE, EXTRA = 1, 4, 8  # NETTXF_*


def slot(size, flags=0, offset=0, gref=8, ident=1):
    return struct.pack("<IHHHH", gref, offset, flags, ident, size)


def extra(kind, flags=0, body=b""):
    return struct.pack("<BB", kind, flags) + body.ljust(10, b"\0")


def gso(size, kind, flags=0):
    return extra(1, flags, struct.pack("<HBBH", size, kind, 0, 0))


def chain(total, sizes, gref=8):
    """A packet of `total` bytes whose later slots have `sizes`."""
    slots = [slot(total, MORE if sizes else 0)]
    for i, size in enumerate(sizes):
        slots.append(slot(size, MORE if i + 1 < len(sizes) else 0, gref=gref, ident=i + 2))
    return slots


def ring(*slots, first=0, published=None):
    """The input of the target slots."""
    n = len(slots) if published is None else published
    return struct.pack("<IB", first, (n - 1) & 0xFF) + b"".join(slots)


def slots_seeds():
    good = slot(60)
    yield "good", ring(good)
    yield "wrap", ring(*chain(100, [20, 20]), good, first=0xFFFFFFFE)
    yield "short", ring(slot(0), slot(13), slot(14), good)
    yield "xsa-423", ring(*chain(64, [1] * 16), good)
    yield "xsa-432", ring(*chain(64, [1] * 18), good)
    yield "xsa-448", ring(*chain(60, [0] * 18, gref=0xFFFFFFFF), good)
    yield "slots-20-21", ring(*chain(60, [1] * 19), *chain(60, [1] * 20), good)
    yield "slots-22", ring(*chain(60, [1] * 21), good)
    yield "truncated", ring(slot(60, MORE), published=1)
    yield "whole-ring", ring(*[slot(60, MORE)] * 256)
    yield "longest", ring(*chain(65535, [4096] * 15))
    yield "rest-larger", ring(*chain(60, [40, 40]), good)
    yield "rest-crosses", ring(*chain(4198, [100]))
    yield "crosses", ring(slot(2, offset=4095))
    yield "crosses-far", ring(slot(65535, offset=65535))
    yield "later-crosses", ring(slot(200, MORE), slot(100, offset=4000))
    yield "gso", ring(slot(3000, CSUM | EXTRA), gso(1448, 1), slot(5000, CSUM | EXTRA | MORE), gso(1428, 2), slot(4000))
    yield "gso-size-0", ring(slot(60, CSUM | EXTRA), gso(0, 1))
    yield "gso-type-3", ring(slot(60, CSUM | EXTRA), gso(1460, 3))
    yield "extra-missing", ring(slot(60, EXTRA))
    yield "extra-more-missing", ring(slot(60, EXTRA), gso(1460, 1, 1))
    yield "extra-kinds", ring(slot(60, EXTRA), gso(9, 1, 1), gso(8, 1, 1), extra(4, 1), extra(5), good)
    yield "extra-0", ring(slot(60, EXTRA), extra(0))
    yield "extra-255", ring(slot(60, EXTRA), extra(255))
    yield "extra-endless", ring(slot(60, EXTRA), *[extra(4, 1)] * 255)
    yield "mcast", ring(*[s for i in range(66) for s in (slot(60, EXTRA, gref=0), extra(2 + i % 2, 0, bytes([1, 0, 0x5E, 0, 0, i])))])


def request(kind, *data, ident=1):
    """Step 0 of the target ctrl: a request, and control takes it."""
    return struct.pack("<BBBBBH", 0, ident, kind, *data) + b"\x02"


def grants(first, stride=1, flags=0):
    return struct.pack("<BHBB", 5, first, stride, flags)


# Algorithm, types, key, size of the mapping, the mapping; then the same with what is wrong.
HASH = [(7, 1, 0, 0), (2, 15, 0, 0), (3, 1, 40, 0), (5, 128, 0, 0), (6, 1, 100, 28), (1, 0, 0, 0), (4, 0, 0, 0),
        (7, 2, 0, 0), (2, 16, 0, 0), (3, 1, 41, 0), (5, 129, 0, 0), (6, 1, 2, 127), (6, 7, 1, 0), (3, 7, 1, 0)]


def ctrl_seeds():
    start = struct.pack("<IH", 0, 0)
    add, remove, called = 9, 10, b"\x04"
    yield "types", start + b"".join(request(kind, 0, 0, 0) for kind in range(12))
    yield "add-del", start + grants(0) + request(add, 0, 1, 16) + called + request(remove, 0, 1, 16) + called
    yield "add-twice", start + (grants(0) + request(add, 0, 1, 16) + called) * 2
    yield "add-full", start + b"".join(grants(i * 512) + request(add, 0, 1, 512) + called for i in range(6))
    yield "same-ref", start + grants(5, 0) + request(add, 0, 1, 2)
    yield "bad-flags", start + grants(5, 1, 0xF2) + request(add, 0, 1, 2)
    yield "bad-list", start + request(add, 0, 7, 2) + request(add, 1, 1, 2) + request(add, 0, 1, 513) + request(add, 0, 1, 0)
    yield "del-unknown", start + grants(0) + request(remove, 0, 1, 5)
    yield "map-fails", start + grants(0) + b"\x07\x05\x00\x00" + request(add, 0, 1, 16)
    yield "copy-fails", start + grants(0) + request(add, 0, 1, 16) + called + b"\x07\x00\x00\x02" + request(remove, 0, 1, 4) + called
    yield "call-fails", start + grants(0) + request(add, 0, 1, 16) + called + b"\x08\x01\x00" + request(remove, 0, 1, 4)
    yield "hash", start + b"".join(request(*r) for r in HASH)
    yield "hash-called", start + b"".join(request(*r) + called for r in HASH)
    yield "call-fails-add", start + grants(0) + b"\x08\x01\x00" + request(add, 0, 1, 4)
    yield "impossible", struct.pack("<IH", 0xFFFFFFF0, 129)
    yield "overflow", start + b"\x09\x00\x00\xff\xff\x00\x00\x02"
    yield "xsa-270", start + request(6, 2, 255, 0xFFFF) + request(6, 1, 0, 0) + request(3, 0x29, 0, 0) + request(5, 0x81, 0, 0)
    yield "whole-ring", struct.pack("<IH", 0xFFFFFFC0, 128) + b"\x02" * 5


KEYS = ["tx-ring-ref", "rx-ring-ref", "ctrl-ring-ref", "event-channel", "event-channel-tx", "event-channel-rx",
        "event-channel-ctrl", "multi-queue-num-queues", "request-rx-copy", "feature-sg", "feature-gso-tcpv4",
        "feature-gso-tcpv6", "feature-no-csum-offload", "feature-ipv6-csum-offload", "frontend", "frontend-id", "mac",
        "bridge", "script", "mtu", "hotplug-status", "queue-0/tx-ring-ref", "queue-0/rx-ring-ref",
        "queue-0/event-channel-tx", "queue-0/event-channel-rx", "queue-1/tx-ring-ref", "queue-1/rx-ring-ref",
        "queue-1/event-channel", "feature-rx-notify", "xdp-headroom", "ip", "vlan", "rate",
        "rate-to-guest", "mac-antispoof", "ip-antispoof", "priority", "pollers"]
LINUX = {"tx-ring-ref": b"768", "rx-ring-ref": b"769", "event-channel-tx": b"15", "event-channel-rx": b"16",
         "request-rx-copy": b"1", "feature-sg": b"1", "feature-gso-tcpv4": b"1", "feature-ipv6-csum-offload": b"1",
         "frontend": b"/local/domain/5/device/vif/0", "frontend-id": b"5", "mac": b"00:16:3e:00:00:01",
         "bridge": b"xenbr0", "script": b"/etc/xen/scripts/vif-vpe", "mtu": b"9000", "hotplug-status": b"connected"}
ODD = [b"", b"0", b"-1", b"00", b"4294967296", b"0x10", b" 1", b"1 ", b"1\0junk", b"\xff\xfe", b"%s%n\x1b[0m", b"2147483648"]


def keys(commits=0, **changes):
    """The input of the target keys: Linux's, with changes. A value is bytes, None (missing) or a length of its own."""
    out = bytes([commits])
    for name, value in (LINUX | {k.replace("_", "-"): v for k, v in changes.items()}).items():
        if isinstance(value, int):
            out += bytes([KEYS.index(name), value])
        elif value is not None:
            out += bytes([KEYS.index(name), len(value)]) + value
    return out


def two_queues(**changes):
    values = {"multi-queue-num-queues": b"2", "queue-0/tx-ring-ref": b"8", "queue-0/rx-ring-ref": b"9",
              "queue-0/event-channel-tx": b"1", "queue-0/event-channel-rx": b"2", "queue-1/tx-ring-ref": b"10",
              "queue-1/rx-ring-ref": b"11", "queue-1/event-channel": b"3"}
    return keys(**(values | changes))


def keys_seeds():
    yield "linux", keys()
    yield "queues", two_queues()
    yield "queues-ctrl", two_queues(ctrl_ring_ref=b"10", event_channel_ctrl=b"9")
    yield "queues-missing", two_queues(**{"queue-1/rx-ring-ref": None})
    yield "queues-same-page", two_queues(**{"queue-1/rx-ring-ref": b"8"})
    yield "queues-same-channel", two_queues(**{"queue-1/event-channel": b"2"})
    yield "one-channel", keys(event_channel_tx=None, event_channel_rx=None, event_channel=b"7")
    yield "ctrl", keys(ctrl_ring_ref=b"770", event_channel_ctrl=b"17")
    yield "ctrl-half", keys(ctrl_ring_ref=b"770")
    yield "ctrl-same", keys(ctrl_ring_ref=b"768", event_channel_ctrl=b"17")
    yield "same-rings", keys(rx_ring_ref=b"768")
    yield "same-channels", keys(event_channel_rx=b"15")
    yield "no-copy", keys(request_rx_copy=b"0")
    yield "no-queues", keys(multi_queue_num_queues=b"0")
    yield "busy", keys(commits=3)
    yield "too-busy", keys(commits=15)
    yield "no-transaction", keys(commits=254)
    yield "no-memory", keys(commits=255)
    yield "commit-fails", keys(commits=128)
    yield "headroom", keys(feature_rx_notify=b"1", xdp_headroom=b"256")
    yield "headroom-large", keys(feature_rx_notify=b"0", xdp_headroom=b"32767")
    yield "headroom-odd", keys(xdp_headroom=b"-1")
    yield "operator", keys(ip=b"10.0.0.1 fe80::1/64,192.168.0.0/16", vlan=b"10p/20/30-40u/100+10x3", rate=b"125000,50000",
                           rate_to_guest=b"1,4294967295", mac_antispoof=b"1", ip_antispoof=b"1", priority=b"16", pollers=b"2,0")
    yield "operator-self", keys(commits=1, ip=b"10.0.0.1", vlan=b"5", rate=b"0", priority=b"1")
    for i, (ip, vlan, rate) in enumerate([(b"0.0.0.0", b"0", b"1"), (b"1.2.3.4/33", b"4095", b"1,0"), (b"::", b"10p/20p", b"0,1"),
                                          (b"10.0.0.1 x", b"30-20", b",5"), (b"ff02::1", b"5/5", b"18446744073709551616,1"),
                                          (b"1.2.3.4 " * 17, b"100+10x9999", b"\xff"), (b"fe80::1/129", b"1/", b"1,")]):
        yield f"operator-wrong-{i}", keys(commits=1, ip=ip, vlan=vlan, rate=rate, priority=b"17", pollers=b"1,3")
    yield "self", keys(commits=1, script=None, mtu=None)
    for name in ("tx-ring-ref", "event-channel-tx", "multi-queue-num-queues", "feature-sg", "frontend", "frontend-id", "mtu"):
        for i, value in enumerate([*ODD, None, 254, 255]):
            if name == "tx-ring-ref" or i % 4 == len(name) % 4 or i > 11:
                yield f"{name}-{i}", keys(**{name.replace("-", "_"): value})


def policy_seeds():
    """Flags, addresses, MAC, and a frame."""
    def frame(ethertype, rest, tags=b""):
        return bytes.fromhex("ffffffffffff") + MAC + tags + ethertype + rest

    MAC = bytes.fromhex("00163e000001")
    head = bytes([3, 4]) + b"10.0.0.1 fe80::1" + b"\0"
    ip4 = bytes.fromhex("45000020000000004011000 00a0000010a000002".replace(" ", "")) + bytes(40)
    ip6 = bytes.fromhex("6000000000143aff") + bytes.fromhex("fe80000000000000000000000000 0001".replace(" ", ""))
    neighbour = ip6 + bytes.fromhex("ff0200000000000000000001ff000002") + bytes([135, 0, 0, 0]) + bytes(20) + bytes([1, 1]) + MAC
    arp = bytes.fromhex("0001080006040001") + MAC + bytes([10, 0, 0, 1]) + bytes(6) + bytes([10, 0, 0, 2])
    yield "ipv4", head + frame(b"\x08\x00", ip4)
    yield "ipv4-other", head + frame(b"\x08\x00", ip4[:12] + bytes([10, 0, 0, 9]) + ip4[16:])
    yield "arp", head + frame(b"\x08\x06", arp)
    yield "arp-probe", head + frame(b"\x08\x06", arp[:14] + bytes(10) + bytes([10, 0, 0, 1]))
    yield "neighbour", head + frame(b"\x86\xdd", neighbour)
    yield "advertisement", head + frame(b"\x86\xdd", neighbour[:40] + bytes([134]) + neighbour[41:])
    yield "tagged", head + frame(b"\x08\x00", ip4, bytes.fromhex("8100000a"))
    yield "tagged-twice", head + frame(b"\x08\x00", ip4, bytes.fromhex("88a80064 8100000a".replace(" ", "")))
    yield "extensions", head + frame(b"\x86\xdd", ip6[:6] + b"\0\xff" + ip6[8:] + bytes(16) + bytes([60, 0]) + bytes(6) + bytes([44, 0]) + bytes(6) + bytes([58, 0]) + bytes(30))
    bootp = bytes([1, 1, 6, 0]) + bytes(24) + MAC + bytes(202)

    def dhcp(message):
        udp = b"\0\x44\0\x43" + struct.pack(">HH", 8 + len(message), 0) + message
        return frame(b"\x08\x00", b"\x45\0" + struct.pack(">H", 20 + len(udp)) + bytes.fromhex("0000000040110000") + bytes(4) + b"\xff" * 4 + udp)

    for i, options in enumerate([b"\x35\1\1\x3d\7\1" + MAC + b"\0\xff", b"\x35\1\4\x32\4\x0a\0\0\2\xff", b"\x34\1\3", b"\x3d\0", b"\x0c\xff",
                                 b"\x3d\7\1" + MAC + b"\x3d\1\0", b"\x35\2\1\1", b"\x32\1\1", b"\x3d\3\0ab\xff", b"\x0c"]):
        yield f"dhcp-{i}", head + dhcp(bootp + b"\x63\x82\x53\x63" + options)
    yield "dhcp-bootp", head + dhcp(bootp)
    yield "dhcp-short", head + dhcp(bootp[:200])
    yield "dhcp-relay", head + dhcp(bootp[:24] + b"\x0a\0\0\1" + bootp[28:])
    yield "dhcp-other", head + dhcp(bootp[:28] + b"\2" + bootp[29:])
    yield "dhcp-address", head + dhcp(bootp[:12] + b"\x0a\0\0\7" + bootp[16:])
    snap = bytes.fromhex("aaaa03000000")
    yield "snap-arp", head + frame(b"\0\x24", snap + b"\x08\x06" + arp)
    yield "snap-tag", head + frame(b"\0\x0c", snap + b"\x81\0\0\1\x08\0")
    yield "llc", bytes([1, 0]) + b"10.0.0.1\0" + frame(b"\0\x06", b"\xfe\xfe\x03\0\0\0")
    yield "llc-arp", head + frame(b"\0\x06", b"\x98\x98\x03\0\0\0")
    yield "llc-long", head + frame(b"\5\0", b"\xfe\xfe\x03")
    yield "dhcp", head + frame(b"\x08\x00", bytes.fromhex("450001480000000040110000 00000000 ffffffff 0044 0043 0134 0000".replace(" ", "")) + bytes(300))
    yield "spanning-tree", head + bytes.fromhex("0180c2000000") + MAC + bytes(50)
    yield "no-mac", bytes([2, 0]) + b"10.0.0.0/8" + b"\0" + frame(b"\x08\x00", ip4)


def switch_seeds():
    ports = b"".join(bytes([0, port, 0]) for port in range(4))
    yield "unicast", ports + bytes([4, 0, 2, 1, 4, 1, 1, 2, 4, 0, 2, 1])
    yield "flood", ports + bytes([4, 0, 9, 1, 4, 0, 0xFF, 0x01, 1, 4, 0, 0xF0, 0x00, 1])
    yield "same-port", ports + bytes([4, 0, 2, 1, 4, 0, 1, 2])
    yield "moves", ports + bytes([4, 0, 2, 1, 4, 1, 2, 1, 1, 1, 4, 2, 1, 3])
    yield "bridges", ports + bytes([0, 5, 1, 0, 6, 1, 4, 5, 2, 1, 4, 6, 1, 2])
    yield "ages", ports + bytes([4, 0, 2, 1, 2, 0, 0xE9, 0x03, 4, 1, 1, 2, 2, 0, 0xFF, 0xFF, 4, 1, 1, 2])
    yield "quota", ports + bytes([3, 0, 1, 0xDB, 0x05, 3, 1, 2, 0xDB, 0x05, 3, 2, 3, 0xDB, 0x05])
    vlans = b"".join(bytes([5, port, policy]) for port, policy in enumerate([10, 11, 12, 9]))
    vlans += bytes([8, 0, 1])
    tagged = bytes([6, 0, 1, 2, 20, 6, 1, 2, 1, 20, 6, 0, 1, 2, 0, 6, 2, 1, 3, 10])
    yield "vlans-twice", ports + vlans + bytes([7, 3, 1, 2]) + bytes(8) + bytes([7, 0, 1, 2, 0x88, 0xa8, 0, 10, 0x81, 0, 0, 20, 6, 3, 0xff, 1, 1, 1, 1, 1, 1, 1, 10, 6, 3, 0xff, 1, 1, 1, 1, 1, 1, 2, 20])
    yield "vlans", ports + vlans + tagged
    yield "vlans-change", ports + vlans + tagged + bytes([5, 0, 11, 5, 1, 0, 5, 2, 13]) + tagged
    guarded = bytes([5, 0, 13, 5, 1, 14, 5, 2, 9, 5, 3, 0])
    yield "guarded", ports + guarded + bytes([4, 0, 1, 2, 4, 2, 1, 2, 4, 2, 2, 1, 4, 3, 2, 5, 4, 3, 5, 2, 9, 1, 0, 4, 2, 7, 8])
    yield "guarded-twice", ports + guarded + bytes([5, 1, 13, 4, 0, 1, 2, 4, 2, 2, 1, 4, 1, 1, 2, 4, 2, 2, 1, 1, 0, 4, 2, 2, 1])
    yield "guarded-vlans", ports + guarded + bytes([8, 0, 1, 5, 1, 15, 5, 2, 16, 6, 2, 2, 1, 20, 4, 1, 1, 2, 6, 3, 1, 2, 20, 10, 2, 1, 3, 10, 20])
    yield "storm", ports + guarded + bytes([9, 0, 2]) + bytes([4, 2, 0xFF, 5]) * 5 + bytes([2, 0, 0xE8, 3, 4, 2, 0xFF, 5])
    yield "pair", ports + bytes([8, 0, 2, 1, 2, 1, 3, 4, 0, 1, 2, 4, 1, 2, 1, 3, 0, 7, 9, 0, 8, 0, 0])
    yield "held", ports + bytes([4, 3, 9, 7]) + bytes([4, 0, 9, 7, 4, 1, 9, 7]) * 12 + bytes([2, 0, 0xFF, 0x30]) + bytes([4, 1, 9, 7])
    yield "guest-full-moves", ports + bytes([5, 0, 9, 5, 2, 9, 3, 0, 1, 0xDB, 5, 4, 2, 9, 7, 4, 0, 9, 7])
    full = ports + bytes([5, 0, 9, 5, 1, 9, 5, 2, 9]) + bytes([3, 0, 1, 0xDB, 5, 3, 1, 2, 0xDB, 5])
    yield "guests-full-more", full + bytes([3, 2, 3, 0xDB, 5, 4, 3, 9, 8, 4, 0, 9, 8, 4, 2, 9, 7, 4, 0, 9, 7])
    yield "guests-full-moves", full + bytes([4, 3, 9, 8, 4, 0, 9, 8, 4, 3, 9, 7, 4, 2, 9, 7]) + bytes([3, 3, 1, 0xDB, 5])
    yield "guests-full", ports + bytes([5, 0, 9, 5, 1, 9, 5, 2, 9]) + bytes([3, 0, 1, 0xDB, 2, 3, 1, 2, 0xDB, 2, 4, 2, 9, 8, 4, 3, 9, 8])
    yield "no-member", bytes([4, 0, 1, 2, 1, 0, 0, 255, 0, 2, 0, 0, 255, 255, 255, 0, 4, 255, 255, 255, 1, 2])


def to_guest_seeds():
    def post(n, ref=0):
        return bytes([0, n, ref])

    def give(n, size, at=0, flags=0):
        return struct.pack("<BBHHB", 2, n, size, at, flags)

    start = b"\0" + struct.pack("<I", 0)
    headroom = b"\2" + struct.pack("<IH", 0, 256)
    yield "headroom", headroom + post(64) + give(4, 1514) + give(2, 9000, 66, 3) + give(1, 60000, 0, 1)
    yield "headroom-largest", b"\2" + struct.pack("<IH", 0, 2048) + post(250) + give(2, 9000, 66) + give(1, 30000, 0, 1)
    yield "hash", start + b"\x09\x01" + post(64) + give(4, 200, 0, 8) + give(2, 3000, 0, 1) + b"\x09\x00" + give(1, 60)
    yield "rate", start + post(200) + struct.pack("<BIH", 10, 1000, 50000) + give(40, 1514) + b"\x04\x64\x00" + give(1, 60)
    yield "dropped", start + give(5, 60) + b"\x08" + post(4) + give(1, 60)
    yield "one", start + post(8) + give(1, 60)
    yield "burst-wrap", b"\0" + struct.pack("<I", 0xFFFFFFF0) + post(64) + give(64, 1514)
    yield "gso", start + post(64) + give(2, 65535, 4094, 1) + give(2, 9000, 66, 3)
    yield "csum", start + post(64) + give(4, 1000, 0, 2) + give(4, 1000, 0, 4)
    yield "nothing-posted", start + give(64, 1514) * 9 + post(255) + give(1, 60)
    yield "one-slot", start + post(1) + give(4, 9000) + post(64) + give(1, 60)
    yield "stalled", start + give(20, 60) + b"\x04\xff\xff" + give(1, 60) + post(64) + give(1, 60)
    yield "large-share", start + give(40, 9000) + give(40, 9000)
    yield "static", b"\1" + struct.pack("<I", 0) + post(64, 0x10) + give(10, 3000)
    yield "copies-fail", start + post(64) + b"\x05\xaa\xaa\xaa\xaa" + give(8, 9000)
    yield "call-fails", start + post(64) + b"\x05\xff\xff\xff\xff" + give(8, 9000)
    yield "impossible", start + b"\x06\x01\x01\x00\x00" + give(1, 60)
    yield "notify", start + b"\x07\x01\x01\x00\x00\x00" + post(8) + give(2, 60)


def main():
    for target, seeds in (("slots", slots_seeds()), ("ctrl", ctrl_seeds()), ("keys", keys_seeds()),
                          ("policy", policy_seeds()), ("switch", switch_seeds()), ("to_guest", to_guest_seeds())):
        folder = CORPUS / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds:
            (folder / name).write_bytes(data)


main()
