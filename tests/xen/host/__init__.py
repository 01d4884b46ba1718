# SPDX-License-Identifier: BSD-3-Clause
"""The host side of the lab: images, QEMU, the outside network, cases, bench."""
