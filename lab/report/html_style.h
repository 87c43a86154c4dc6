/* SPDX-License-Identifier: MIT */
/* How the page looks, on screens light and dark and on paper. */
#pragma once

/* In parts; NULL ends it. */
extern const char *const html_style[];
