/* SPDX-License-Identifier: MIT */
/* assert() breaks into the debugger. Not on the include path of Linux builds. */
#undef assert
#ifdef NDEBUG
#define assert(e) ((void)0)
#else
#define assert(e) ((e) ? (void)0 : __builtin_trap())
#endif
