/* SPDX-License-Identifier: MIT */
/* What the filter engine calls. */
#include "classify.h"

#include "analysis.h"
#include "event.h"
#include "gate.h"
#include "guard.h"
#include "settings.h"
#include "statistics.h"
#include "wfp.h"

#define CLASSIFY_ABORT      (FWPS_STREAM_FLAG_RECEIVE_ABORT | FWPS_STREAM_FLAG_SEND_ABORT)
#define CLASSIFY_DISCONNECT (FWPS_STREAM_FLAG_RECEIVE_DISCONNECT | FWPS_STREAM_FLAG_SEND_DISCONNECT)

#define IP_PROTOCOL_TCP     6

/* Bytes of the offer, from its first on. 0: all, and its FIN. */
static VOID
AnswerBytes(_Inout_ FWPS_STREAM_CALLOUT_IO_PACKET0 *Io, _Inout_ FWPS_CLASSIFY_OUT0 *Out,
            _In_ FWP_ACTION_TYPE Action, _In_ SIZE_T Bytes)
{
    Io->streamAction = FWPS_STREAM_ACTION_NONE;
    Io->countBytesEnforced = Bytes;
    Out->actionType = Action;
}

static VOID
AnswerAction(_Inout_ FWPS_STREAM_CALLOUT_IO_PACKET0 *Io, _Inout_ FWPS_CLASSIFY_OUT0 *Out,
             _In_ FWP_ACTION_TYPE Action)
{
    AnswerBytes(Io, Out, Action, 0);
}

static VOID
AnswerStream(_Inout_ FWPS_STREAM_CALLOUT_IO_PACKET0 *Io, _Inout_ FWPS_CLASSIFY_OUT0 *Out,
             _In_ FWPS_STREAM_ACTION_TYPE Action)
{
    Io->streamAction = Action;
    Io->countBytesEnforced = 0;
    Out->actionType = FWP_ACTION_NONE;
}

/* The whole indication, of a flow whose bytes are never held: they pass while they are analysed, as
 * after an expired deadline. */
static enum sluice_verdict
ClassifyScan(_Inout_ FLOW *Flow, _In_ ULONG Direction,
             _In_ const FWPS_STREAM_CALLOUT_IO_PACKET0 *Io)
{
    const FWPS_STREAM_DATA0 *Data = Io->streamData;
    enum sluice_verdict Verdict = SLUICE_VERDICT_ALLOWED;
    ANALYSIS Analysis;
    SIZE_T Fed;

    AnalysisRefresh(Flow);
    AnalysisOpen(&Analysis, Flow, Direction, MAXSIZE_T);
    if (Data->dataLength != 0 && Io->missedBytes != 0)
        Verdict = AnalysisGap(&Analysis, Io->missedBytes);
    if (Data->dataLength != 0 && Verdict == SLUICE_VERDICT_ALLOWED)
        Verdict = AnalysisData(&Analysis, Data, &Fed);
    if (Flow->Half[Direction].Undecided != 0 && Verdict == SLUICE_VERDICT_ALLOWED) {
        Analysis.Silent = TRUE;
        Verdict = AnalysisRelease(&Analysis);
        Analysis.Silent = FALSE;
    }
    if ((Data->flags & CLASSIFY_DISCONNECT) != 0 && Verdict == SLUICE_VERDICT_ALLOWED)
        Verdict = AnalysisFin(&Analysis);
    Flow->Half[Direction].Undecided = 0;
    return Verdict;
}

/* Looks, and has no opinion. */
static VOID
ClassifyMonitor(_Inout_ FLOW *Flow, _In_ ULONG Direction,
                _Inout_ FWPS_STREAM_CALLOUT_IO_PACKET0 *Io, _Inout_ FWPS_CLASSIFY_OUT0 *Out)
{
    const FWPS_STREAM_DATA0 *Data = Io->streamData;

    FlowCountOffered(Flow, Direction, Data->dataLength);
    FlowCountPermitted(Flow, Direction, Data->dataLength);
    (VOID) ClassifyScan(Flow, Direction, Io);
    AnswerAction(Io, Out, FWP_ACTION_CONTINUE);
}

/* Inline, nothing is ever held. */
static VOID
ClassifyPass(_Inout_ FLOW *Flow, _In_ ULONG Direction, _Inout_ FWPS_STREAM_CALLOUT_IO_PACKET0 *Io,
             _Inout_ FWPS_CLASSIFY_OUT0 *Out)
{
    enum sluice_verdict Verdict = ClassifyScan(Flow, Direction, Io);
    const FWPS_STREAM_DATA0 *Data = Io->streamData;

    FlowCountOffered(Flow, Direction, Data->dataLength);
    if (Verdict == SLUICE_VERDICT_ALLOWED) {
        FlowCountPermitted(Flow, Direction, Data->dataLength);
        AnswerAction(Io, Out, FWP_ACTION_PERMIT);
        return;
    }
    FlowDoom(Flow, Verdict, TRUE);
    FlowCountSunk(Flow, Direction, Data->dataLength);
    Flow->DropTold = TRUE;
    AnswerStream(Io, Out, FWPS_STREAM_ACTION_DROP_CONNECTION);
}

static VOID
CountSunk(_Inout_ FLOW *Flow, _In_ ULONG Direction, _In_ SIZE_T Bytes)
{
    FlowCountOffered(Flow, Direction, Bytes);
    FlowCountSunk(Flow, Direction, Bytes);
}

/* A doomed or reset flow: the connection is dropped, once, and then both directions sink. */
static VOID
ClassifySink(_Inout_ FLOW *Flow, _In_ ULONG Direction, _Inout_ FWPS_STREAM_CALLOUT_IO_PACKET0 *Io,
             _Inout_ FWPS_CLASSIFY_OUT0 *Out)
{
    SIZE_T Length = Io->streamData->dataLength;
    FWPS_STREAM_DATA0 Part;

    /* What may still go is not to be cut off by the end of the connection. */
    if (FlowIsDoomed(Flow) && !Flow->DropTold && !Flow->Aborted &&
        !(Flow->AbortWanted && FlowHasRest(Flow))) {
        Flow->DropTold = TRUE;
        CountSunk(Flow, Direction, Length);
        AnswerStream(Io, Out, FWPS_STREAM_ACTION_DROP_CONNECTION);
    } else if (Length == 0 && (Io->streamData->flags & CLASSIFY_ABORT) != 0) {
        /* An RST cannot be stopped, and to block a disconnect is what crashes NETIO: see gate.h. */
        AnswerAction(Io, Out, FWP_ACTION_PERMIT);
    } else if (GuardPart(Io->streamData, Out->flags, &Part)) {
        CountSunk(Flow, Direction, Part.dataLength);
        AnswerBytes(Io, Out, FWP_ACTION_BLOCK, Part.dataLength);
    } else {
        CountSunk(Flow, Direction, Length);
        AnswerAction(Io, Out, FWP_ACTION_BLOCK);
    }
}

/* An RST: what is held has nobody to go to any more. */
static VOID
ClassifyReset(_Inout_ FLOW *Flow)
{
    Flow->Aborted = TRUE;
    for (ULONG Direction = 0; Direction < FLOW_DIRECTIONS; Direction++) {
        FlowDiscardHeld(Flow, Direction);
        FlowSettleHold(Flow, Direction);
    }
}

static VOID
ClassifyGuarded(_Inout_ FLOW *Flow, _In_ ULONG Direction,
                _Inout_ FWPS_STREAM_CALLOUT_IO_PACKET0 *Io, _Inout_ FWPS_CLASSIFY_OUT0 *Out,
                _In_ PKLOCK_QUEUE_HANDLE Handle)
{
    BOOLEAN Restore = Settings.ChainGuard == ChainGuardRestore;
    FWPS_STREAM_DATA0 *Data = Io->streamData, Part;
    SIZE_T Whole = Data->dataLength;
    KLOCK_QUEUE_HANDLE Again;
    GATE_ANSWER Answer;
    BOOLEAN Partial;
    ULONG Changed;
    GUARD Guard;

    FlowReference(Flow);
    GuardEnter(&Guard, Data->netBufferListChain);
    Partial = GuardPart(Data, Out->flags, &Part);
    if (Partial)
        Data = &Part;
    if (Flow->Class == SLUICE_CLASS_INLINE)
        Answer = GateClassifyInline(Flow, Direction, Data, Partial, Io->missedBytes, Handle);
    else
        Answer = GateClassify(Flow, Direction, Data, Partial, Io->missedBytes, Handle);
    Changed = GuardLeave(&Guard, Restore);
    if (Changed != 0 || (Partial && Answer == GateDrop)) {
        FlowLock(Flow, &Again);
        StatisticsHere()->chains_cut += Changed != 0;
        StatisticsHere()->chains_restored += Changed != 0 && Restore;
        if (Partial && Answer == GateDrop) /* which ends the rest of the offer, too */
            CountSunk(Flow, Direction, Whole - Part.dataLength);
        FlowUnlock(&Again);
    }
    FlowDereference(Flow);
    if (Answer == GateDrop)
        AnswerStream(Io, Out, FWPS_STREAM_ACTION_DROP_CONNECTION);
    else if (Answer == GateDefer)
        AnswerStream(Io, Out, FWPS_STREAM_ACTION_DEFER);
    else
        AnswerBytes(Io, Out, Answer == GatePermit ? FWP_ACTION_PERMIT : FWP_ACTION_BLOCK,
                    Partial ? Part.dataLength : 0);
}

_Use_decl_annotations_
VOID NTAPI
ClassifyStream(const FWPS_INCOMING_VALUES0 *Values, const FWPS_INCOMING_METADATA_VALUES0 *Metadata,
               VOID *LayerData, const VOID *ClassifyContext, const CALLOUT_FILTER *Filter,
               UINT64 FlowContext, FWPS_CLASSIFY_OUT0 *ClassifyOut)
{
    FWPS_STREAM_CALLOUT_IO_PACKET0 *Io = LayerData;
    FLOW *Flow = (FLOW *)(ULONG_PTR)FlowContext;
    KLOCK_QUEUE_HANDLE Handle;
    ULONG Direction, Flags;

    UNREFERENCED_PARAMETER(Values);
    UNREFERENCED_PARAMETER(Metadata);
    UNREFERENCED_PARAMETER(ClassifyContext);
    UNREFERENCED_PARAMETER(Filter);
    if (Flow == NULL || Io == NULL || Io->streamData == NULL) {
        StatisticsNotInspected();
        ClassifyOut->actionType = FWP_ACTION_CONTINUE;
        return;
    }
    Flags = Io->streamData->flags;
    Direction = (Flags & FWPS_STREAM_FLAG_RECEIVE) != 0 ? FLOW_INBOUND : FLOW_OUTBOUND;
    FlowLock(Flow, &Handle);
    StatisticsHere()->classifies++;
    if ((Flags & CLASSIFY_ABORT) != 0)
        ClassifyReset(Flow);
    if (FlowIsDoomed(Flow) || (Flow->Aborted && Flow->Class == SLUICE_CLASS_GATE)) {
        ClassifySink(Flow, Direction, Io, ClassifyOut);
    } else if (Flow->Class == SLUICE_CLASS_MONITOR) {
        ClassifyMonitor(Flow, Direction, Io, ClassifyOut);
    } else if (AnalysisIsPass(Flow)) {
        ClassifyPass(Flow, Direction, Io, ClassifyOut);
    } else {
        ClassifyGuarded(Flow, Direction, Io, ClassifyOut, &Handle);
        EventPump();
        return;
    }
    FlowUnlock(&Handle);
    EventPump();
}

/* The fields of a flow-established layer that matter; IPv4 and IPv6 have them at the same places.
 */
C_ASSERT((ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_ADDRESS ==
         (ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_LOCAL_ADDRESS);
C_ASSERT((ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_PORT ==
         (ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_LOCAL_PORT);
C_ASSERT((ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_PROTOCOL ==
         (ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_PROTOCOL);
C_ASSERT((ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_ADDRESS ==
         (ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_REMOTE_ADDRESS);
C_ASSERT((ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_PORT ==
         (ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_IP_REMOTE_PORT);
C_ASSERT((ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_DIRECTION ==
         (ULONG)FWPS_FIELD_ALE_FLOW_ESTABLISHED_V6_DIRECTION);

static VOID
IdentityAddress(_Out_writes_(16) UCHAR *To, _In_ const FWP_VALUE0 *Value)
{
    RtlZeroMemory(To, 16);
    if (Value->type == FWP_UINT32) {
        To[0] = (UCHAR)(Value->uint32 >> 24);
        To[1] = (UCHAR)(Value->uint32 >> 16);
        To[2] = (UCHAR)(Value->uint32 >> 8);
        To[3] = (UCHAR)Value->uint32;
    } else if (Value->type == FWP_BYTE_ARRAY16_TYPE && Value->byteArray16 != NULL) {
        RtlCopyMemory(To, Value->byteArray16->byteArray16, 16);
    }
}

/* FALSE: not a TCP connection with a handle. */
static BOOLEAN
IdentityRead(_In_ const FWPS_INCOMING_VALUES0 *Values,
             _In_ const FWPS_INCOMING_METADATA_VALUES0 *Metadata, _Out_ FLOW_IDENTITY *Identity)
{
    const FWPS_INCOMING_VALUE0 *Value = Values->incomingValue;
    BOOLEAN V6 = Values->layerId == FWPS_LAYER_ALE_FLOW_ESTABLISHED_V6;

    RtlZeroMemory(Identity, sizeof(*Identity));
    if (Values->valueCount <= FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_DIRECTION ||
        Value[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_PROTOCOL].value.uint8 != IP_PROTOCOL_TCP ||
        !FWPS_IS_METADATA_FIELD_PRESENT(Metadata, FWPS_METADATA_FIELD_FLOW_HANDLE))
        return FALSE;
    Identity->Handle = Metadata->flowHandle;
    if (FWPS_IS_METADATA_FIELD_PRESENT(Metadata, FWPS_METADATA_FIELD_PROCESS_ID))
        Identity->Process = Metadata->processId;
    Identity->Family = V6 ? 6 : 4;
    Identity->LayerId = V6 ? FWPS_LAYER_STREAM_V6 : FWPS_LAYER_STREAM_V4;
    Identity->CalloutId = WfpStreamCallout(V6);
    Identity->Direction =
        Value[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_DIRECTION].value.uint32 == FWP_DIRECTION_INBOUND
            ? FWP_DIRECTION_INBOUND
            : FWP_DIRECTION_OUTBOUND;
    IdentityAddress(Identity->Local,
                    &Value[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_ADDRESS].value);
    IdentityAddress(Identity->Remote,
                    &Value[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_ADDRESS].value);
    Identity->LocalPort = Value[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_LOCAL_PORT].value.uint16;
    Identity->RemotePort = Value[FWPS_FIELD_ALE_FLOW_ESTABLISHED_V4_IP_REMOTE_PORT].value.uint16;
    return TRUE;
}

/* FALSE: the flow goes uninspected. Only SUCCESS is one: OBJECT_NAME_EXISTS passes NT_SUCCESS
 * (R46). */
static BOOLEAN
FlowAttach(_In_ const FLOW_IDENTITY *Identity)
{
    FLOW *Flow = FlowCreate(Identity);

    if (Flow == NULL)
        return FALSE;
    if (FwpsFlowAssociateContext0(Identity->Handle, Identity->LayerId, Identity->CalloutId,
                                  (UINT64)(ULONG_PTR)Flow) == STATUS_SUCCESS)
        return TRUE; /* and the flow may be gone by now */
    FlowEnd(Flow, FALSE);
    return FALSE;
}

_Use_decl_annotations_
VOID NTAPI
ClassifyFlowEstablished(const FWPS_INCOMING_VALUES0 *Values,
                        const FWPS_INCOMING_METADATA_VALUES0 *Metadata, VOID *LayerData,
                        const VOID *ClassifyContext, const CALLOUT_FILTER *Filter,
                        UINT64 FlowContext, FWPS_CLASSIFY_OUT0 *ClassifyOut)
{
    FLOW_IDENTITY Identity;

    UNREFERENCED_PARAMETER(LayerData);
    UNREFERENCED_PARAMETER(ClassifyContext);
    UNREFERENCED_PARAMETER(Filter);
    UNREFERENCED_PARAMETER(FlowContext);
    ClassifyOut->actionType = FWP_ACTION_PERMIT;
    if (!IdentityRead(Values, Metadata, &Identity) || FlowAttach(&Identity))
        return;
    if (Settings.FailClosed && !FlowIsStopping()) {
        ClassifyOut->actionType = FWP_ACTION_BLOCK;
        ClassifyOut->rights &= ~(UINT32)FWPS_RIGHT_ACTION_WRITE;
    } else {
        StatisticsNotInspected();
    }
}

_Use_decl_annotations_
NTSTATUS NTAPI
CalloutNotify(FWPS_CALLOUT_NOTIFY_TYPE Type, const GUID *FilterKey, CALLOUT_FILTER *Filter)
{
    UNREFERENCED_PARAMETER(Type);
    UNREFERENCED_PARAMETER(FilterKey);
    UNREFERENCED_PARAMETER(Filter);
    return STATUS_SUCCESS;
}

_Use_decl_annotations_
VOID NTAPI
CalloutFlowDelete(UINT16 LayerId, UINT32 CalloutId, UINT64 FlowContext)
{
    UNREFERENCED_PARAMETER(LayerId);
    UNREFERENCED_PARAMETER(CalloutId);
    FlowEnd((FLOW *)(ULONG_PTR)FlowContext, TRUE);
}
