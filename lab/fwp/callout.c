/* SPDX-License-Identifier: MIT */
/* FwpsCalloutRegister0..3 and their undoing (contract 1.12). The management side of callouts is
 * callout_object.c. */
#include "fwp/state.h"

#include <string.h>

static NTSTATUS register_callout(struct fwp *fwp, const char *function, uint8_t version,
                                 const FWPS_CALLOUT1 *callout, UINT32 *id)
{
    const NTSTATUS status = nt_failure(fwp->sim, function);

    if (status != STATUS_SUCCESS)
        return status;
    if (callout == NULL || callout->classifyFn == NULL)
        return STATUS_INVALID_PARAMETER;
    return netio_callout_register(fwp->netio, &callout->calloutKey, version, callout->flags,
                                  (void *)(uintptr_t)callout->classifyFn,
                                  (void *)(uintptr_t)callout->notifyFn,
                                  (void *)(uintptr_t)callout->flowDeleteFn, id);
}

/* The four versions differ in the types of the functions only. */
_Static_assert(sizeof(FWPS_CALLOUT0) == 48 && sizeof(FWPS_CALLOUT1) == 48 &&
                   sizeof(FWPS_CALLOUT2) == 48 && sizeof(FWPS_CALLOUT3) == 48,
               "one layout");

#define REGISTER(n)                                                                                \
    NTSTATUS NTAPI FwpsCalloutRegister##n(VOID *deviceObject, const FWPS_CALLOUT##n *callout,      \
                                          UINT32 *calloutId)                                       \
    {                                                                                              \
        struct fwp *const fwp = fwp_current();                                                     \
                                                                                                   \
        FWP_ENTER(fwp, "FwpsCalloutRegister" #n);                                                  \
        return register_callout(fwp, "FwpsCalloutRegister" #n, n, (const FWPS_CALLOUT1 *)callout,  \
                                calloutId);                                                        \
    }
REGISTER(0)
REGISTER(1)
REGISTER(2)
REGISTER(3)

NTSTATUS NTAPI FwpsCalloutUnregisterById0(UINT32 calloutId)
{
    struct fwp *const fwp = fwp_current();

    FWP_ENTER(fwp, "FwpsCalloutUnregisterById0");
    return netio_callout_unregister(fwp->netio, calloutId);
}

NTSTATUS NTAPI FwpsCalloutUnregisterByKey0(const GUID *calloutKey)
{
    struct fwp *const fwp = fwp_current();
    const struct netio_callout *callout;

    FWP_ENTER(fwp, "FwpsCalloutUnregisterByKey0");
    callout = netio_callout_by_key(fwp->netio, calloutKey);
    return callout == NULL ? STATUS_FWP_CALLOUT_NOT_FOUND
                           : netio_callout_unregister(fwp->netio, callout->id);
}
