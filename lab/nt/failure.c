/* SPDX-License-Identifier: MIT */
/* The table of failures. Calls that take back what another gave (unregister, destroy, close, free,
 * delete) have no row: a driver can do nothing about their failure, and their documented busy
 * states come about by themselves. */
#include "nt/failure.h"

#include "nt/state.h"

#include <string.h>

/* What RPC says when the service behind an interface does not run. */
#define RPC_NT_SERVER_UNAVAILABLE ((NTSTATUS)0xC0020017)

#define WAY(name)                 {name, #name}
/* Where NULL is returned the status is not seen. */
#define NIL                       {STATUS_INSUFFICIENT_RESOURCES, "NULL"}

/* Sorted by name. */
static const struct nt_failure failures[] = {
    {"EtwRegister", "nf-wdm-etwregister", {WAY(STATUS_NO_MEMORY)}},
    {"ExAllocatePool", "nf-wdm-exallocatepool", {NIL}},
    {"ExAllocatePool2", "nf-wdm-exallocatepool2", {NIL}},
    {"ExAllocatePool3", "nf-wdm-exallocatepool3", {NIL}},
    {"ExAllocatePoolWithQuotaTag", "nf-wdm-exallocatepoolwithquotatag", {NIL}},
    {"ExAllocatePoolWithTag", "nf-wdm-exallocatepoolwithtag", {NIL}},
    {"ExAllocatePoolWithTagPriority", "nf-wdm-exallocatepoolwithtagpriority", {NIL}},
    {"ExCreateCallback", "nf-wdm-excreatecallback", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"ExRegisterCallback", "nf-wdm-exregistercallback", {NIL}},
    {"ExUuidCreate", "nf-ntddk-exuuidcreate", {WAY(STATUS_RETRY)}},
    {"FwpmBfeStateSubscribeChanges0",
     "nf-fwpmk-fwpmbfestatesubscribechanges0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpmCalloutAdd0",
     "nf-fwpmk-fwpmcalloutadd0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_ALREADY_EXISTS)}},
    {"FwpmCalloutGetById0", "nf-fwpmu-fwpmcalloutgetbyid0", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpmCalloutGetByKey0", "nf-fwpmu-fwpmcalloutgetbykey0", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpmEngineOpen0",
     "nf-fwpmk-fwpmengineopen0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(RPC_NT_SERVER_UNAVAILABLE)}},
    {"FwpmFilterAdd0",
     "nf-fwpmu-fwpmfilteradd0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_CALLOUT_NOTIFICATION_FAILED)}},
    {"FwpmFilterGetById0", "nf-fwpmu-fwpmfiltergetbyid0", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpmFilterGetByKey0", "nf-fwpmu-fwpmfiltergetbykey0", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpmProviderAdd0",
     "nf-fwpmu-fwpmprovideradd0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_ALREADY_EXISTS)}},
    {"FwpmProviderGetByKey0",
     "nf-fwpmu-fwpmprovidergetbykey0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpmSubLayerAdd0",
     "nf-fwpmu-fwpmsublayeradd0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_ALREADY_EXISTS)}},
    {"FwpmSubLayerGetByKey0",
     "nf-fwpmu-fwpmsublayergetbykey0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpmTransactionBegin0",
     "nf-fwpmu-fwpmtransactionbegin0",
     {WAY(STATUS_FWP_TIMEOUT), WAY(STATUS_FWP_SESSION_ABORTED)}},
    {"FwpmTransactionCommit0", "nf-fwpmu-fwpmtransactioncommit0", {WAY(STATUS_FWP_TXN_ABORTED)}},
    {"FwpsAcquireClassifyHandle0",
     "nf-fwpsk-fwpsacquireclassifyhandle0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpsAllocateCloneNetBufferList0",
     "nf-fwpsk-fwpsallocateclonenetbufferlist0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpsAllocateNetBufferAndNetBufferList0",
     "nf-fwpsk-fwpsallocatenetbufferandnetbufferlist0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpsCalloutRegister0",
     "nf-fwpsk-fwpscalloutregister0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_ALREADY_EXISTS)}},
    {"FwpsCalloutRegister1",
     "nf-fwpsk-fwpscalloutregister1",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_ALREADY_EXISTS)}},
    {"FwpsCalloutRegister2",
     "nf-fwpsk-fwpscalloutregister2",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_ALREADY_EXISTS)}},
    {"FwpsCalloutRegister3",
     "nf-fwpsk-fwpscalloutregister2",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_ALREADY_EXISTS)}},
    {"FwpsCloneStreamData0", "nf-fwpsk-fwpsclonestreamdata0", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpsFlowAbort0", "nf-fwpsk-fwpsflowabort0", {WAY(STATUS_UNSUCCESSFUL)}},
    {"FwpsFlowAssociateContext0",
     "nf-fwpsk-fwpsflowassociatecontext0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_OBJECT_NAME_EXISTS)}},
    {"FwpsInjectionHandleCreate0",
     "nf-fwpsk-fwpsinjectionhandlecreate0",
     {WAY(STATUS_FWP_TCPIP_NOT_READY), WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"FwpsStreamContinue0", "nf-fwpsk-fwpsstreamcontinue0", {WAY(STATUS_UNSUCCESSFUL)}},
    {"FwpsStreamInjectAsync0",
     "nf-fwpsk-fwpsstreaminjectasync0",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_FWP_TCPIP_NOT_READY),
      WAY(STATUS_FWP_INJECT_HANDLE_CLOSING)}},
    {"IoAllocateDriverObjectExtension",
     "nf-wdm-ioallocatedriverobjectextension",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"IoAllocateErrorLogEntry", "nf-wdm-ioallocateerrorlogentry", {NIL}},
    {"IoAllocateIrp", "nf-wdm-ioallocateirp", {NIL}},
    {"IoAllocateMdl", "nf-wdm-ioallocatemdl", {NIL}},
    {"IoAllocateWorkItem", "nf-wdm-ioallocateworkitem", {NIL}},
    {"IoCreateDevice",
     "nf-wdm-iocreatedevice",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_OBJECT_NAME_COLLISION)}},
    {"IoCreateSymbolicLink",
     "nf-wdm-iocreatesymboliclink",
     {WAY(STATUS_INSUFFICIENT_RESOURCES), WAY(STATUS_OBJECT_NAME_COLLISION)}},
    {"IoOpenDriverRegistryKey",
     "nf-wdm-ioopendriverregistrykey",
     {WAY(STATUS_OBJECT_NAME_NOT_FOUND)}},
    {"IoRegisterShutdownNotification",
     "nf-wdm-ioregistershutdownnotification",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"MmAllocatePagesForMdl", "nf-wdm-mmallocatepagesformdlex", {NIL}},
    {"MmMapLockedPagesSpecifyCache", "nf-wdm-mmmaplockedpagesspecifycache", {NIL}},
    {"NdisAllocateCloneNetBufferList", "nf-nblapi-ndisallocateclonenetbufferlist", {NIL}},
    {"NdisAllocateGenericObject", "nf-ndis-ndisallocategenericobject", {NIL}},
    {"NdisAllocateMdl", "nf-mdlapi-ndisallocatemdl", {NIL}},
    {"NdisAllocateMemoryWithTagPriority", "nf-ndis-ndisallocatememorywithtagpriority", {NIL}},
    {"NdisAllocateNetBuffer", "nf-nblapi-ndisallocatenetbuffer", {NIL}},
    {"NdisAllocateNetBufferAndNetBufferList",
     "nf-nblapi-ndisallocatenetbufferandnetbufferlist",
     {NIL}},
    {"NdisAllocateNetBufferList", "nf-nblapi-ndisallocatenetbufferlist", {NIL}},
    {"NdisAllocateNetBufferListPool", "nf-nblapi-ndisallocatenetbufferlistpool", {NIL}},
    {"NdisAllocateNetBufferMdlAndData", "nf-nblapi-ndisallocatenetbuffermdlanddata", {NIL}},
    {"NdisAllocateNetBufferPool", "nf-nblapi-ndisallocatenetbufferpool", {NIL}},
    {"NdisGetDataBuffer", "nf-nblapi-ndisgetdatabuffer", {NIL}},
    {"NdisRetreatNetBufferDataStart",
     "nf-nblapi-ndisretreatnetbufferdatastart",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"NdisRetreatNetBufferListDataStart",
     "nf-nblapi-ndisretreatnetbufferlistdatastart",
     {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"PsCreateSystemThread", "nf-wdm-pscreatesystemthread", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"PsLookupProcessByProcessId",
     "nf-ntifs-pslookupprocessbyprocessid",
     {WAY(STATUS_INVALID_CID)}},
    {"PsSetCreateProcessNotifyRoutine",
     "nf-ntddk-pssetcreateprocessnotifyroutine",
     {WAY(STATUS_INVALID_PARAMETER)}},
    {"PsSetCreateProcessNotifyRoutineEx",
     "nf-ntddk-pssetcreateprocessnotifyroutineex",
     {WAY(STATUS_INVALID_PARAMETER), WAY(STATUS_ACCESS_DENIED)}},
    {"RtlAnsiStringToUnicodeString",
     "nf-wdm-rtlansistringtounicodestring",
     {WAY(STATUS_NO_MEMORY)}},
    {"RtlDowncaseUnicodeString", "nf-ntifs-rtldowncaseunicodestring", {WAY(STATUS_NO_MEMORY)}},
    {"RtlQueryRegistryValues",
     "nf-wdm-rtlqueryregistryvalues",
     {WAY(STATUS_OBJECT_NAME_NOT_FOUND)}},
    {"RtlUnicodeStringToAnsiString",
     "nf-wdm-rtlunicodestringtoansistring",
     {WAY(STATUS_NO_MEMORY)}},
    {"RtlUpcaseUnicodeString", "nf-ntddk-rtlupcaseunicodestring", {WAY(STATUS_NO_MEMORY)}},
    {"ZwCreateEvent", "nf-ntifs-zwcreateevent", {WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"ZwCreateKey",
     "nf-wdm-zwcreatekey",
     {WAY(STATUS_ACCESS_DENIED), WAY(STATUS_INSUFFICIENT_RESOURCES)}},
    {"ZwOpenKey",
     "nf-wdm-zwopenkey",
     {WAY(STATUS_ACCESS_DENIED), WAY(STATUS_OBJECT_NAME_NOT_FOUND)}},
    {"ZwQueryValueKey", "nf-wdm-zwqueryvaluekey", {WAY(STATUS_OBJECT_NAME_NOT_FOUND)}},
    {"ZwSetValueKey", "nf-wdm-zwsetvaluekey", {WAY(STATUS_ACCESS_DENIED)}},
};

const struct nt_failure *nt_failure_at(size_t index)
{
    return index < sizeof(failures) / sizeof(failures[0]) ? &failures[index] : NULL;
}

const struct nt_failure *nt_failure_find(const char *call)
{
    size_t low = 0, high = sizeof(failures) / sizeof(failures[0]);

    while (low < high) {
        const size_t middle = (low + high) / 2;
        const int order = strcmp(call, failures[middle].call);

        if (order == 0)
            return &failures[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

unsigned nt_failure_ways(const struct nt_failure *failure)
{
    unsigned ways = 0;

    while (ways < NT_FAILURE_WAYS && failure->ways[ways].name != NULL)
        ways++;
    return ways;
}

NTSTATUS nt_failure_slow(struct sim *sim, const char *call)
{
    const struct nt_failure *const failure = nt_failure_find(call);
    unsigned way;

    if (failure == NULL)
        return STATUS_SUCCESS;
    way = sim_fault_way(sim, call, nt_failure_ways(failure));
    return way == 0 ? STATUS_SUCCESS : failure->ways[way - 1].status;
}
