/* SPDX-License-Identifier: MIT */
/* The chain guard and the tail. */
#include "guard.h"

#include "settings.h"
#include "walk.h"

#define GUARD_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

static BOOLEAN GuardNeeded; /* of the chain guard */
static BOOLEAN GuardOld;    /* NT 6.0 or 6.1 */

_Use_decl_annotations_
VOID
GuardDriverEntry(VOID)
{
    RTL_OSVERSIONINFOW Version;

    RtlZeroMemory(&Version, sizeof(Version));
    Version.dwOSVersionInfoSize = sizeof(Version);
    GuardOld = NT_SUCCESS(RtlGetVersion(&Version)) && Version.dwMajorVersion == 6 &&
               Version.dwMinorVersion <= 1;
    GuardNeeded = GuardOld && Settings.ChainGuard != ChainGuardOff;
}

_Use_decl_annotations_
BOOLEAN
GuardPart(const FWPS_STREAM_DATA0 *Data, ULONG OutFlags, FWPS_STREAM_DATA0 *Part)
{
    SIZE_T Before;

    if (!GuardOld || (Data->flags & GUARD_DISCONNECT) != 0 ||
        (OutFlags & FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED) != 0)
        return FALSE;
    Before = WalkBeforeLast(Data);
    if (Before == 0)
        return FALSE;
    *Part = *Data;
    Part->dataLength = Before;
    return TRUE;
}

_Use_decl_annotations_
VOID
GuardEnter(GUARD *Guard, NET_BUFFER_LIST *Chain)
{
    Guard->Count = 0;
    if (!GuardNeeded)
        return;
    for (NET_BUFFER_LIST *Nbl = Chain; Nbl != NULL && Guard->Count < GUARD_LINKS;
         Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        Guard->Nbls[Guard->Count++] = Nbl;
        Guard->Nbls[Guard->Count] = NET_BUFFER_LIST_NEXT_NBL(Nbl);
    }
}

_Use_decl_annotations_
ULONG
GuardLeave(const GUARD *Guard, BOOLEAN Restore)
{
    ULONG Changed = 0;

    for (ULONG i = 0; i < Guard->Count; i++) {
        if (NET_BUFFER_LIST_NEXT_NBL(Guard->Nbls[i]) == Guard->Nbls[i + 1])
            continue;
        Changed++;
        if (Restore)
            NET_BUFFER_LIST_NEXT_NBL(Guard->Nbls[i]) = Guard->Nbls[i + 1];
    }
    return Changed;
}
