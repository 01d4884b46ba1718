/* SPDX-License-Identifier: BSD-3-Clause */
#include "dp/frame/blame.h"

__thread struct blame *blame_own;
