/* SPDX-License-Identifier: MIT */
/* Reading indicated bytes where they are. */
#include "walk.h"

/* Bytes of the NB that lie before the offer's first byte. */
static ULONG
WalkDistance(_In_ NET_BUFFER *Nb, _In_ const MDL *Mdl, _In_ ULONG MdlOffset)
{
    ULONG Distance = 0;
    ULONG Offset = NET_BUFFER_CURRENT_MDL_OFFSET(Nb);

    for (MDL *At = NET_BUFFER_CURRENT_MDL(Nb); At != NULL && At != Mdl; At = At->Next) {
        Distance += MmGetMdlByteCount(At) - Offset;
        Offset = 0;
    }
    return Distance + MdlOffset - Offset;
}

static VOID
WalkEnterNb(_Inout_ WALK *Walk, _In_opt_ NET_BUFFER *Nb)
{
    Walk->Nb = Nb;
    if (Nb == NULL)
        return;
    Walk->Mdl = NET_BUFFER_CURRENT_MDL(Nb);
    Walk->MdlOffset = NET_BUFFER_CURRENT_MDL_OFFSET(Nb);
    Walk->NbLeft = NET_BUFFER_DATA_LENGTH(Nb);
}

_Use_decl_annotations_
VOID
WalkBegin(WALK *Walk, const FWPS_STREAM_DATA0 *Data)
{
    ULONG Distance;

    Walk->Nbl = Data->dataOffset.netBufferList;
    Walk->Nb = Data->dataOffset.netBuffer;
    Walk->Mdl = Data->dataOffset.mdl;
    Walk->MdlOffset = Data->dataOffset.mdlOffset;
    Walk->NbLeft = 0;
    Walk->Left = Data->dataLength;
    if (Walk->Left == 0 || Walk->Nb == NULL)
        return;
    Distance = WalkDistance(Walk->Nb, Walk->Mdl, Walk->MdlOffset);
    if (Distance <= NET_BUFFER_DATA_LENGTH(Walk->Nb))
        Walk->NbLeft = NET_BUFFER_DATA_LENGTH(Walk->Nb) - Distance;
}

/* To the place of the next byte; FALSE when the chain ends first. */
static BOOLEAN
WalkSettle(_Inout_ WALK *Walk)
{
    for (;;) {
        if (Walk->Nb == NULL) {
            if (Walk->Nbl == NULL)
                return FALSE;
            Walk->Nbl = NET_BUFFER_LIST_NEXT_NBL(Walk->Nbl);
            if (Walk->Nbl == NULL)
                return FALSE;
            WalkEnterNb(Walk, NET_BUFFER_LIST_FIRST_NB(Walk->Nbl));
        } else if (Walk->NbLeft == 0 || Walk->Mdl == NULL) {
            WalkEnterNb(Walk, NET_BUFFER_NEXT_NB(Walk->Nb));
        } else if (Walk->MdlOffset >= MmGetMdlByteCount(Walk->Mdl)) {
            Walk->MdlOffset -= MmGetMdlByteCount(Walk->Mdl);
            Walk->Mdl = Walk->Mdl->Next;
        } else {
            return TRUE;
        }
    }
}

_Use_decl_annotations_
BOOLEAN
WalkNext(WALK *Walk, const UCHAR **Bytes, SIZE_T *Length)
{
    PUCHAR Mapped;
    SIZE_T Size;

    if (Walk->Left == 0 || !WalkSettle(Walk))
        return FALSE;
    Mapped = MmGetSystemAddressForMdlSafe(Walk->Mdl, NormalPagePriority);
    if (Mapped == NULL)
        return FALSE;
    Size = MmGetMdlByteCount(Walk->Mdl) - Walk->MdlOffset;
    if (Size > Walk->NbLeft)
        Size = Walk->NbLeft;
    if (Size > Walk->Left)
        Size = Walk->Left;
    *Bytes = Mapped + Walk->MdlOffset;
    *Length = Size;
    Walk->MdlOffset += (ULONG)Size;
    Walk->NbLeft -= (ULONG)Size;
    Walk->Left -= Size;
    return TRUE;
}

_Use_decl_annotations_
BOOLEAN
WalkIsReadable(const FWPS_STREAM_DATA0 *Data)
{
    const UCHAR *Bytes;
    SIZE_T Length;
    WALK Walk;

    WalkBegin(&Walk, Data);
    while (WalkNext(&Walk, &Bytes, &Length))
        continue;
    return Walk.Left == 0;
}

_Use_decl_annotations_
BOOLEAN
WalkIsOneNbEach(const FWPS_STREAM_DATA0 *Data)
{
    for (NET_BUFFER_LIST *Nbl = Data->dataOffset.netBufferList; Nbl != NULL;
         Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) {
        NET_BUFFER *First = NET_BUFFER_LIST_FIRST_NB(Nbl);

        if (First != NULL && NET_BUFFER_NEXT_NB(First) != NULL)
            return FALSE;
    }
    return TRUE;
}

static SIZE_T
WalkLength(_In_opt_ const NET_BUFFER *Nb)
{
    SIZE_T Length = 0;

    for (; Nb != NULL; Nb = NET_BUFFER_NEXT_NB(Nb))
        Length += NET_BUFFER_DATA_LENGTH(Nb);
    return Length;
}

_Use_decl_annotations_
SIZE_T
WalkBeforeLast(const FWPS_STREAM_DATA0 *Data)
{
    NET_BUFFER_LIST *Nbl = Data->dataOffset.netBufferList;
    SIZE_T Passed, Before = 0;
    WALK Walk;

    if (Nbl == NULL || NET_BUFFER_LIST_NEXT_NBL(Nbl) == NULL)
        return 0;
    WalkBegin(&Walk, Data);
    Passed = Walk.NbLeft + (Walk.Nb != NULL ? WalkLength(NET_BUFFER_NEXT_NB(Walk.Nb)) : 0);
    while (Passed < Data->dataLength && (Nbl = NET_BUFFER_LIST_NEXT_NBL(Nbl)) != NULL) {
        SIZE_T Length = WalkLength(NET_BUFFER_LIST_FIRST_NB(Nbl));

        if (Length != 0)
            Before = Passed;
        Passed += Length;
    }
    return Before;
}
