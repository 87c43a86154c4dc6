/* SPDX-License-Identifier: MIT */
/* The table of rules. Sources are pages of Microsoft's driver documentation by file name, unless
 * they say otherwise. */
#include "check/rules.h"

#include <strings.h>

static const struct check_rule rules[] = {
    {"R01", "classifyFn assigns actionType on every call",
     "otherwise the verdict of another callout, or garbage, is used",
     "stream-inspection; CodeQL StreamCalloutsSetActionType", CHECK_DOCUMENTED,
     "Assign classifyOut->actionType on every path through classifyFn, first thing."},
    {"R02", "actionType is PERMIT, BLOCK or CONTINUE; NONE only with a stream action",
     "any other value is undefined",
     "ns-fwpstypes-fwps_action0; ns-fwpsk-fwps_stream_callout_io_packet0_", CHECK_DOCUMENTED,
     "Return FWP_ACTION_PERMIT, FWP_ACTION_BLOCK or FWP_ACTION_CONTINUE; FWP_ACTION_NONE only "
     "beside a streamAction."},
    {"R03", "a terminating filter's callout answers PERMIT or BLOCK",
     "any other value is taken as BLOCK: data is lost in silence", "ns-fwpstypes-fwps_action0",
     CHECK_DOCUMENTED,
     "Return FWP_ACTION_PERMIT to let pass, or make the filter FWP_ACTION_CALLOUT_UNKNOWN."},
    {"R04", "streamAction is one of the five known values", "the engine knows no other", "fwpsk.h",
     CHECK_DOCUMENTED, "Use the FWPS_STREAM_ACTION_* constants."},
    {"R05", "countBytesRequired is 0 unless NEED_MORE_DATA is asked", "it is ignored or misread",
     "ns-fwpsk-fwps_stream_callout_io_packet0_", CHECK_DOCUMENTED,
     "Set countBytesRequired only together with FWPS_STREAM_ACTION_NEED_MORE_DATA."},
    {"R06", "countBytesEnforced is not beyond dataLength", "the engine would run past the chain",
     "inferred; the WDK sample can underflow this count", CHECK_INFERRED,
     "Clamp countBytesEnforced to streamData->dataLength; look for an unsigned underflow."},
    {"R07", "no NEED_MORE_DATA once NO_MORE_DATA is flagged", "the connection could never close",
     "stream-inspection", CHECK_DOCUMENTED,
     "Decide at once when FWPS_CLASSIFY_OUT_FLAG_NO_MORE_DATA is set."},
    {"R08", "at BUFFER_LIMIT_REACHED the whole offer is decided", "the accumulation buffer is full",
     "stream-inspection; ns-fwpstypes-fwps_classify_out0", CHECK_DOCUMENTED,
     "Permit or block everything when FWPS_CLASSIFY_OUT_FLAG_BUFFER_LIMIT_REACHED is set."},
    {"R09", "DEFER only for received data", "sending cannot be deferred",
     "ns-fwpsk-fwps_stream_callout_io_packet0_", CHECK_DOCUMENTED,
     "Answer FWPS_STREAM_ACTION_DEFER only when FWPS_STREAM_FLAG_RECEIVE is set."},
    {"R10", "DROP_CONNECTION only where the filter's action allows it",
     "it is ignored under an inspection filter", "ns-fwpsk-fwps_stream_callout_io_packet0_",
     CHECK_DOCUMENTED,
     "Use FWP_ACTION_CALLOUT_UNKNOWN for filters whose callout drops connections."},
    {"R11", "no ABSORB flag and no reliance on FWPS_RIGHT_ACTION_WRITE at stream layers",
     "both mean nothing there", "stream-inspection; ns-fwpstypes-fwps_classify_out0",
     CHECK_DOCUMENTED,
     "Do not set FWPS_CLASSIFY_OUT_FLAG_ABSORB and do not test the write right at stream layers."},
    {"R12", "outContext, filterId and reserved are left alone", "they belong to the engine",
     "ns-fwpstypes-fwps_classify_out0", CHECK_DOCUMENTED,
     "Write only actionType, rights and flags of FWPS_CLASSIFY_OUT0."},
    {"R13", "netBufferOffset and streamDataOffset are not used", "they are reserved for the system",
     "ns-fwpsk-fwps_stream_data_offset0_", CHECK_DOCUMENTED,
     "Start at netBufferList, netBuffer, mdl and mdlOffset of dataOffset."},
    {"R14", "metadata is read only where its presence bit is set", "an absent field holds garbage",
     "metadata-fields-at-each-filtering-layer", CHECK_DOCUMENTED,
     "Guard each field with FWPS_IS_METADATA_FIELD_PRESENT."},
    {"R15", "data is read from dataOffset over all NBLs, NBs and MDLs",
     "chains of several NBLs are normal", "packet-indication-format; stream-inspection",
     CHECK_DOCUMENTED,
     "Walk the whole chain from dataOffset for dataLength bytes, or use "
     "FwpsCopyStreamDataToBuffer0."},
    {"R16", "an offer is not refused for ever", "the stream starves",
     "HLK NoStreamStarvation (0267)", CHECK_DOCUMENTED,
     "Decide when enough data is there; call FwpsStreamContinue0 for every DEFER."},
    {"R17", "the indicated chain is returned as it came", "TCP owns it", "packet-indication-format",
     CHECK_DOCUMENTED,
     "Clone before editing; never write Next, FirstNetBuffer or NB fields of indicated NBLs."},
    {"R18", "every Retreat and Advance is undone before return",
     "the next reader starts at the wrong place", "packet-indication-format", CHECK_DOCUMENTED,
     "Pair NdisRetreatNetBufferDataStart and NdisAdvanceNetBufferDataStart within classifyFn."},
    {"R19", "payload is not edited in place", "others read the same bytes",
     "packet-modification-examples", CHECK_DOCUMENTED, "Block the bytes and inject a copy."},
    {"R20", "nothing of an indication is touched after classifyFn returned", "it may be freed",
     "inferred; nf-fwpsk-fwpsreferencenetbufferlist0", CHECK_INFERRED,
     "Clone, reference or copy what is needed later."},
    {"R21", "each FwpsReferenceNetBufferList0 has one FwpsDereferenceNetBufferList0",
     "a missing one leaks, one too many frees under others",
     "nf-fwpsk-fwpsdereferencenetbufferlist0", CHECK_DOCUMENTED,
     "Count references; release each once, on every path."},
    {"R22", "clones and references are not held for long",
     "power management and the NIC's buffers wait for them",
     "nf-fwpsk-fwpsallocateclonenetbufferlist0; ndis-ndistimeddatasend; HLK 0268", CHECK_DOCUMENTED,
     "Copy what must be held; keep clones only until they are injected."},
    {"R23", "dispatchLevel tells the truth", "the callee may raise IRQL wrongly",
     "nf-fwpsk-fwpsdereferencenetbufferlist0", CHECK_DOCUMENTED,
     "Pass KeGetCurrentIrql() == DISPATCH_LEVEL."},
    {"R24", "the Next links of the indicated chain are not rewritten",
     "restoring them is the workaround of the 2011 report: it works, but is out of contract",
     "report (2011)", CHECK_REPORTED,
     "Prefer one inject per classify with the ready NBLs in one chain; then there is nothing to "
     "restore."},
    {"R25", "an injection names a completion function", "the call fails",
     "nf-fwpsk-fwpsstreaminjectasync0", CHECK_DOCUMENTED,
     "Pass a completionFn that frees each NBL."},
    {"R26", "flags of an injection is 0", "it is reserved", "nf-fwpsk-fwpsstreaminjectasync0",
     CHECK_DOCUMENTED, "Pass 0."},
    {"R27", "an injection names a living flow, its callout and its stream layer",
     "it would go to the wrong flow", "nf-fwpsk-fwpsstreaminjectasync0", CHECK_DOCUMENTED,
     "Inject only while the flow context lives, with the layer and callout id of its classify."},
    {"R28", "streamFlags holds one direction, and flags of that direction",
     "STATUS_FWP_INVALID_PARAMETER", "nf-fwpsk-fwpsstreaminjectasync0", CHECK_DOCUMENTED,
     "Take the flags of the original data; DISCONNECT needs its direction bit."},
    {"R29", "dataLength equals the payload of the injected chain", "byte accounting goes wrong",
     "inferred", CHECK_INFERRED, "Sum NET_BUFFER_DATA_LENGTH over all NBs of all NBLs."},
    {"R30",
     "an NBL is the engine's from a successful inject to its completion, the driver's after a "
     "failed one",
     "leak or double free", "nf-fwpsk-fwpsstreaminjectasync0", CHECK_DOCUMENTED,
     "Free it in the completion on success, at once on failure; touch it nowhere else."},
    {"R31", "each NBL is freed once, by the function that matches its allocation",
     "the pools are different", "nc-fwpsk-fwps_inject_complete0", CHECK_DOCUMENTED,
     "Clones: FwpsFreeCloneNetBufferList0; allocated NBLs: FwpsFreeNetBufferList0; not injected "
     "stream clones: FwpsDiscardClonedStreamData0."},
    {"R32", "buffers and MDLs of an injected NBL live until completion", "TCP still reads them",
     "WDK samples", CHECK_DOCUMENTED, "Free them in the completion function."},
    {"R33", "nothing is injected once SEND_ABORT was flagged", "the connection is being reset",
     "ns-fwpsk-fwps_stream_data0_", CHECK_DOCUMENTED,
     "Remember the flag and discard what is held."},
    {"R34", "outside classify an injection needs out-of-band mode, DEFER or a held FIN",
     "the byte order is lost", "nf-fwpsk-fwpsstreaminjectasync0", CHECK_DOCUMENTED,
     "Clone and block everything from the first byte on, or inject inside classify."},
    {"R35", "out of band every indication is cloned and blocked", "the stream mixes two orders",
     "stream-inspection; CodeQL OobStreamInjectionReturnsBlock", CHECK_DOCUMENTED,
     "Return BLOCK for every indication of the flow, FIN included, once it went out of band."},
    {"R36", "a flow never goes from out-of-band back to inline", "documented as a violation",
     "stream-inspection", CHECK_DOCUMENTED,
     "Never PERMIT, CONTINUE or ALLOW_CONNECTION after the first outside inject."},
    {"R37", "the application receives permitted and injected bytes in order", "corrupted data",
     "stream-inspection (integrity of the resulting stream)", CHECK_DOCUMENTED,
     "Release strictly in stream order, one release at a time."},
    {"R38", "two injections into one direction of a flow do not overlap", "their order is open",
     "WFPSampler", CHECK_INFERRED, "Serialise injections per flow and direction."},
    {"R39", "FwpsStreamContinue0 only for a deferred stream, outside classify and injects",
     "the call fails and the stream stays deferred, or its bytes change places",
     "nf-fwpsk-fwpsstreamcontinue0; CodeQL StreamInspectionFunctionCallViolation", CHECK_DOCUMENTED,
     "Call it from a DPC or thread, with the stream flags seen at DEFER, once."},
    {"R40", "a blocked FIN is injected later, once; no FIN is invented",
     "half-open connections hang", "stream-inspection", CHECK_DOCUMENTED,
     "Hold the FIN like data and inject it after the last byte; to kill a connection use "
     "DROP_CONNECTION."},
    {"R41", "injected data keeps PUSH, NODELAY and EXPEDITED",
     "latency and urgent semantics change", "nf-fwpsk-fwpsstreaminjectasync0", CHECK_DOCUMENTED,
     "Store the stream flags with the bytes."},
    {"R42", "at most one inject per classify of a chain of several NBLs",
     "on 6.1 each inject cuts the offered chain, and the second loses the rest of it",
     "report (2011)", CHECK_REPORTED,
     "Join the ready NBLs into one chain and call FwpsStreamInjectAsync0 once per classify."},
    {"R43", "two injectors do not feed each other", "endless loop", "HLK 0287", CHECK_DOCUMENTED,
     "Let injected bytes pass unmodified."},
    {"R44", "an injected NBL is the driver's own, not already injected, ends its chain",
     "it would have two owners", "inferred", CHECK_INFERRED,
     "Inject clones or own NBLs; set Next of the last to NULL."},
    {"R45", "a flow context is not 0 and its callout has a flowDeleteFn",
     "STATUS_INVALID_PARAMETER", "nf-fwpsk-fwpsflowassociatecontext0", CHECK_DOCUMENTED,
     "Register flowDeleteFn; pass a pointer as context."},
    {"R46", "STATUS_OBJECT_NAME_EXISTS is treated as a failure",
     "NT_SUCCESS is true for it: the new context leaks", "nf-fwpsk-fwpsflowassociatecontext0",
     CHECK_DOCUMENTED, "Compare with STATUS_SUCCESS, free the new context otherwise."},
    {"R47", "each flow context is freed exactly once", "leak or double free",
     "nc-fwpsk-fwps_callout_flow_delete_notify_fn0", CHECK_DOCUMENTED,
     "Free it in flowDeleteFn, or at once when the association failed."},
    {"R48", "flowDeleteFn may come with no classify before, or late", "connections are reset",
     "nc-fwpsk-fwps_callout_flow_delete_notify_fn0", CHECK_DOCUMENTED,
     "Make flowDeleteFn complete by itself."},
    {"R49", "flowDeleteFn is fast and does not wait", "it runs at DISPATCH_LEVEL",
     "nc-fwpsk-fwps_callout_flow_delete_notify_fn0", CHECK_DOCUMENTED, "Queue slow work."},
    {"R50", "no lock that flowDeleteFn takes is held across FwpsFlowRemoveContext0",
     "it may be called inside", "nf-fwpsk-fwpsflowremovecontext0", CHECK_DOCUMENTED,
     "Release the lock first."},
    {"R51", "an ALE_FLOW_ESTABLISHED callout does not block in normal operation",
     "the connection is closed",
     "callout-driver-programming-considerations; CodeQL FlowLayerCalloutReturnsBlock",
     CHECK_DOCUMENTED, "Permit, and drop at the stream layer if need be."},
    {"R52", "every callout is unregistered before DriverUnload returns",
     "the next classify calls freed code",
     "nf-fwpsk-fwpscalloutunregisterbyid0; unloading-a-callout-driver; HLK 0270", CHECK_DOCUMENTED,
     "Unregister each callout in DriverUnload; on STATUS_DEVICE_BUSY remove flow contexts and "
     "retry."},
    {"R53", "filters, callouts, sublayers and providers are removed at unload",
     "they stay in force", "HLK 0270", CHECK_DOCUMENTED,
     "Delete them, or add them in a dynamic session and close it."},
    {"R54", "the injection handle is destroyed after the callouts are unregistered",
     "pending injections would complete into freed code",
     "nf-fwpsk-fwpsinjectionhandledestroy0; unloading-a-callout-driver", CHECK_DOCUMENTED,
     "Call FwpsInjectionHandleDestroy0 at PASSIVE_LEVEL; it waits for pending injections."},
    {"R55", "management and registration calls run at PASSIVE_LEVEL", "documented", "DDI pages",
     CHECK_DOCUMENTED, "Queue a work item."},
    {"R56", "a stream filter is not removed while its callout holds or defers data",
     "not supported since Server 2008", "stream-inspection", CHECK_DOCUMENTED,
     "Drain first, then delete the filter."},
    {"R57", "objects name a provider and the driver has its own sublayer", "logo requirement",
     "HLK 0260-0266 (names of requirements)", CHECK_INFERRED,
     "Add a provider and a sublayer and set providerKey everywhere."},
    {"R58", "notifyFn accepts unknown types and a NULL filterKey", "later Windows sends more",
     "nc-fwpsk-fwps_callout_notify_fn0", CHECK_DOCUMENTED,
     "Return STATUS_SUCCESS for types that are not known."},
    {"R59", "BFE state is subscribed before it is read", "a change between the two is missed",
     "fwpmk pages", CHECK_DOCUMENTED, "Subscribe, then read; unsubscribe outside the callback."},
    {"R60", "a transaction is committed or aborted before the engine is closed",
     "the lock stays held", "transaction-management", CHECK_DOCUMENTED,
     "Abort on every error path."},
    {"R61", "each function is called at or below its IRQL", "deadlock or corruption",
     "Driver Verifier 0xC4/0x30-0x32", CHECK_DOCUMENTED,
     "Queue the call to PASSIVE_LEVEL, or lower the IRQL first."},
    {"R62", "spin locks: one order, no recursion, restored IRQL, none held across a wait",
     "deadlock", "Driver Verifier deadlock detection, 0xC4/0x3B", CHECK_DOCUMENTED,
     "Take locks in one order everywhere; release before calling out."},
    {"R63", "no paged pool and no pageable code at DISPATCH_LEVEL",
     "a page fault there is a bug check", "Driver Verifier, force IRQL checking", CHECK_DOCUMENTED,
     "Use non-paged pool; keep code that takes spin locks out of sections named PAGE."},
    {"R64", "allocations are not empty and carry the tag they are freed with",
     "leaks cannot be attributed", "Driver Verifier 0xC4/0x00", CHECK_DOCUMENTED,
     "Give each kind of object its tag."},
    {"R65", "no double free, foreign pointer, overrun or use after free", "memory corruption",
     "Driver Verifier special pool 0xC1, 0xCC, 0xCD, 0xC2", CHECK_DOCUMENTED,
     "Free each block once, by its owner. --special-pool catches what touches memory outside a "
     "block, or after it was freed, in the act."},
    {"R66", "nothing is left allocated at unload", "pool is used up until nothing works",
     "Driver Verifier pool tracking 0xC4/0x62", CHECK_DOCUMENTED,
     "Free it on the path that the call site names."},
    {"R67", "MDLs describe what they were built over", "wrong mappings",
     "Driver Verifier 0xC4/0x7F, 0xB8", CHECK_DOCUMENTED,
     "MmBuildMdlForNonPagedPool only over non-paged pool."},
    {"R68", "no timer, DPC or work item is active in freed memory or after unload", "a later crash",
     "Driver Verifier 0xC4/0x15, 0xCA-0xCD; of threads nf-wdm-iocreatesystemthread; 0xCE",
     CHECK_DOCUMENTED,
     "Cancel timers, flush DPCs, wait for work items, and for thread objects rather than for what "
     "a thread signals before it ends."},
    {"R69", "no wait with a time-out at DISPATCH_LEVEL, no overlapping copy",
     "hang, or undefined data", "Driver Verifier 0xC4/0xF0", CHECK_DOCUMENTED,
     "Queue a work item; use RtlMoveMemory for overlapping ranges."},
    {"R70", "every allocation failure is tolerated", "low memory happens",
     "Driver Verifier low resources simulation", CHECK_DOCUMENTED,
     "Check each result; keep the stream whole or drop the connection."},
    {"R71", "every NBL is returned before its pool is freed", "a leak, with the data behind it",
     "nf-nblapi-ndisfreenetbufferlistpool; 0x7C/0x27; 0x15E/0x30", CHECK_DOCUMENTED,
     "Free or discard each NBL in its completion, and where it was not injected; wait for the "
     "completions, then free the pool."},
    {"R72", "an inbound injected NBL carries one NET_BUFFER",
     "bug check 0x1D3 for injected packets; that streams are hit too is inferred",
     "bug-check-0x1d3-wfp_invalid_operation", CHECK_INFERRED, "Build one NBL per NET_BUFFER."},
    {"R73", "callout functions are short at DISPATCH_LEVEL", "starvation",
     "callout-driver-programming-considerations", CHECK_INFERRED,
     "Bound the work per classify; hand the rest to a worker."},
    {"R74", "byte counters are 64 bits wide", "flows beyond 4 GB wrap", "fwpsk.h", CHECK_INFERRED,
     "Use UINT64 for stream offsets."},
    {"LEAK", "the driver's work left memory of the stack unreleased",
     "non-paged pool grows until the machine stops", "observed in this run", CHECK_OUTCOME,
     "Give back what was taken out of the stack; stack and history show what touched it last."},
    {"LOST", "bytes that were permitted never reached the application",
     "corruption or a stalled connection", "observed in this run", CHECK_OUTCOME,
     "See the classify that lost them."},
    {"CRASH", "the machine would have stopped with a bug check", "a blue screen",
     "observed in this run", CHECK_OUTCOME, "See the stack."},
    {"HANG", "nothing can go on any more", "a frozen machine or connection", "observed in this run",
     CHECK_OUTCOME,
     "Look at what the stack waits for, and find the path on which it is never signalled or "
     "counted "
     "down: a call that failed after it was counted, a completion or an early return that "
     "forgets to, a signal that came before the wait."},
    {"STACK", "driver code uses much of the kernel stack",
     "24 KB is all there is, shared with everything below",
     "kernel stack size on x64; measured in this run", CHECK_INFERRED,
     "Move large locals to pool or a lookaside list."},
    {"ABI", "registers come back as the x64 calling convention has them",
     "whoever runs next copies backwards, or stops at a floating-point exception",
     "Microsoft, x64 ABI conventions (MxCsr, direction flag)", CHECK_DOCUMENTED,
     "Restore MXCSR, and clear the direction flag, before returning."},
    {"HARDWARE", "driver code executes nothing that hardware must answer",
     "the lab has none: the run ends there, without a verdict", "Intel SDM volume 2; this run",
     CHECK_INFERRED, "Give the lab a build in which that code is not reached."},
};

const struct check_rule *check_rule_find(const char *id)
{
    for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
        if (strcasecmp(rules[i].id, id) == 0)
            return &rules[i];
    }
    return NULL;
}

const struct check_rule *check_rule_at(size_t index)
{
    return index < sizeof(rules) / sizeof(rules[0]) ? &rules[index] : NULL;
}

static const struct {
    const char *id, *seen;
} limits[] = {
    {"R15",
     "Bytes that are passed on as copies: inside classify all, outside it whole offers and first "
     "stretches of offers that no other one is like. Bytes that are read and not passed on leave "
     "no trace."},
    {"R37",
     "Permitted bytes and clones, which have a place in the stream. A copy has none, and a driver "
     "may edit: it could have made up what looks like an offer from before. The applications' "
     "bytes are compared where nobody edits (LOST)."},
    {"R41",
     "Clones, and copies that are made outside classify of a whole offer that no other one is "
     "like. Where offers are joined or cut anew no document says which flags the bytes have."},
    {"R69",
     "Calls of the kernel's memcpy and RtlCopyMemory. A copy of a size known in advance is written "
     "out by the compiler, and one by a memcpy within the image (those of `sluice build` have one) "
     "is code of the driver's: neither can be told from other moves of bytes."},
    {"R70",
     "What a failed call leads to that a run without failures does not show: outcomes, what is "
     "left behind, a FIN that is lost, and bytes that are blocked by a classify in which the call "
     "failed and never come out, while what follows them does and all else is given back. Who "
     "drops the connection, or removes bytes where nothing fails, is not meant."},
    {"R73",
     "Time that passes by the clock that the driver sees: stalls, and waiting for the clock. How "
     "long instructions take differs from machine to machine, and here from run to run; work that "
     "never ends is a HANG."},
};

const char *check_rule_limits(const struct check_rule *rule)
{
    for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
        if (strcasecmp(limits[i].id, rule->id) == 0)
            return limits[i].seen;
    }
    return NULL;
}

enum check_severity check_rule_severity(const struct check_rule *rule)
{
    return rule->confidence == CHECK_OUTCOME || rule->confidence == CHECK_DOCUMENTED
               ? CHECK_ERROR
               : CHECK_WARNING;
}

const char *check_confidence_name(enum check_confidence confidence)
{
    static const char *const names[] = {"outcome", "documented", "reported", "inferred"};
    return names[confidence];
}

const char *check_severity_name(enum check_severity severity)
{
    return severity == CHECK_ERROR ? "error" : "warning";
}
