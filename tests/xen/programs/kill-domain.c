/* SPDX-License-Identifier: BSD-3-Clause */
/* kill-domain DOMID: the domain dies, and nobody cleans up after it, as xl would. In dom0. */
#include <err.h>
#include <stdlib.h>

#include <xenctrl.h>

int
main(int argc, char **argv)
{
	int domid = argc == 2 ? atoi(argv[1]) : 0;
	xc_interface *xc = domid > 0 ? xc_interface_open(NULL, NULL, 0) : NULL;

	if (xc == NULL)
		errx(1, "kill-domain DOMID, in dom0");
	if (xc_domain_destroy(xc, (uint32_t)domid) != 0)
		err(1, "domain %d", domid);
	xc_interface_close(xc);
	return 0;
}
