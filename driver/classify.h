/* SPDX-License-Identifier: MIT */
/* What the filter engine calls: classify at the stream and flow-established layers, notify,
 * flowDelete. */
#pragma once

#include <fwpsk.h>

#include "Wfp_Annotations.h"

#if NTDDI_VERSION >= NTDDI_WIN8
typedef FWPS_CALLOUT2 CALLOUT;
typedef FWPS_FILTER2 CALLOUT_FILTER;
#define CalloutRegister      FwpsCalloutRegister2
#define CALLOUT_FLAGS_STREAM (FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW | FWP_CALLOUT_FLAG_ALLOW_RSC)
#else
typedef FWPS_CALLOUT1 CALLOUT;
typedef FWPS_FILTER1 CALLOUT_FILTER;
#define CalloutRegister      FwpsCalloutRegister1
#define CALLOUT_FLAGS_STREAM FWP_CALLOUT_FLAG_CONDITIONAL_ON_FLOW
#endif

/* Data, FIN and RST of flows that have a context. Always assigns actionType (R01); touches nothing
 * else of ClassifyOut (R12). */
_Wfp_stream_injection_classify_
_IRQL_requires_max_(DISPATCH_LEVEL)
_IRQL_requires_same_
VOID NTAPI
ClassifyStream(_In_ const FWPS_INCOMING_VALUES0 *Values,
               _In_ const FWPS_INCOMING_METADATA_VALUES0 *Metadata, _Inout_opt_ VOID *LayerData,
               _In_opt_ const VOID *ClassifyContext, _In_ const CALLOUT_FILTER *Filter,
               _In_ UINT64 FlowContext, _Inout_ FWPS_CLASSIFY_OUT0 *ClassifyOut);

/* A TCP connection is up: gives it a context at the stream layer of its family. Answers PERMIT, and
 * BLOCK only if that fails under fail-closed. */
_Wfp_flow_inspection_classify_
_IRQL_requires_max_(DISPATCH_LEVEL)
_IRQL_requires_same_
VOID NTAPI
ClassifyFlowEstablished(_In_ const FWPS_INCOMING_VALUES0 *Values,
                        _In_ const FWPS_INCOMING_METADATA_VALUES0 *Metadata,
                        _Inout_opt_ VOID *LayerData, _In_opt_ const VOID *ClassifyContext,
                        _In_ const CALLOUT_FILTER *Filter, _In_ UINT64 FlowContext,
                        _Inout_ FWPS_CLASSIFY_OUT0 *ClassifyOut);

/* Agrees to everything, of types to come too (R58). */
_Wfp_stream_inspection_notify_
_IRQL_requires_max_(DISPATCH_LEVEL)
NTSTATUS NTAPI
CalloutNotify(_In_ FWPS_CALLOUT_NOTIFY_TYPE Type, _In_opt_ const GUID *FilterKey,
              _Inout_ CALLOUT_FILTER *Filter);

_IRQL_requires_max_(DISPATCH_LEVEL)
VOID NTAPI
CalloutFlowDelete(_In_ UINT16 LayerId, _In_ UINT32 CalloutId, _In_ UINT64 FlowContext);
