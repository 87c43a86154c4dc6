/* SPDX-License-Identifier: MIT */
/* The security cookie of an image, its check, and the entry point in front of DriverEntry. The
   loader replaces the link-time cookie; an image that still has it on entry was loaded wrongly and
   stops. */
#include <wdm.h>

#define COOKIE_DEFAULT                 0x00002B992DDFA232ULL
#define FAST_FAIL_STACK_COOKIE_FAILURE 2
#define FAST_FAIL_GS_COOKIE_INIT       6

NTSTATUS DriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);
NTSTATUS GsDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath);
void __security_check_cookie(ULONG_PTR Cookie);

/* The PE's load configuration points here; the linker finds it by this name. */
ULONG_PTR __security_cookie = COOKIE_DEFAULT;
ULONG_PTR __security_cookie_complement = ~COOKIE_DEFAULT;

static DECLSPEC_NORETURN void FailFast(ULONG Code)
{
    __asm__ __volatile__("int $0x29" : : "c"(Code) : "memory");
    __builtin_unreachable();
}

/* Called by every function that keeps arrays, before it returns. */
void __security_check_cookie(ULONG_PTR Cookie)
{
    if (Cookie != __security_cookie)
        FailFast(FAST_FAIL_STACK_COOKIE_FAILURE);
}

/* The image's entry: not instrumented itself, for the cookie is not known to be good yet. */
__attribute__((no_stack_protector)) WDK_CODE_INIT NTSTATUS
GsDriverEntry(PDRIVER_OBJECT DriverObject, PUNICODE_STRING RegistryPath)
{
    if (__security_cookie == 0 || __security_cookie == COOKIE_DEFAULT)
        FailFast(FAST_FAIL_GS_COOKIE_INIT);
    __security_cookie_complement = ~__security_cookie;
    return DriverEntry(DriverObject, RegistryPath);
}
