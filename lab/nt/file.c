/* SPDX-License-Identifier: MIT */
/* The host as a program on Windows: opens devices, sends requests, reads what was completed. */
#include "nt/device.h"
#include "nt/dispatcher.h"
#include "nt/irp.h"
#include "nt/object.h"
#include "nt/thread.h"
#include "nt/wide.h"

#include <stdlib.h>
#include <string.h>

#define FILE_TAG     NT_TAG('F', 'i', 'l', 'e')
#define BUFFER_TAG   NT_TAG('I', 'o', 'S', 'B')

/* A program that waits longer for an answer gives up. */
#define ANSWER_LIMIT (60 * SIM_SECOND)

struct nt_file {
    struct nt *nt;
    FILE_OBJECT *object;
    DEVICE_OBJECT *device;
};

struct nt_request {
    struct nt *nt;
    struct nt_file *file;
    IRP *irp;
    UCHAR major;
    void *buffer; /* system buffer, or the caller's input */
    void *output; /* direct and neither I/O: the output's memory */
    MDL *mdl;
    size_t out_size;
    bool sent, done;
    NTSTATUS status;
    size_t information;
};

static void free_buffers(struct nt_request *request)
{
    struct nt *nt = request->nt;

    if (request->mdl != NULL)
        nt_pool_free(nt, request->mdl, BUFFER_TAG);
    if (request->buffer != NULL)
        nt_pool_free(nt, request->buffer, BUFFER_TAG);
    if (request->output != NULL)
        nt_pool_free(nt, request->output, BUFFER_TAG);
    request->mdl = NULL;
    request->buffer = request->output = NULL;
}

static void completed(void *context, IRP *irp)
{
    struct nt_request *request = context;
    struct nt *nt = request->nt;

    request->status = irp->IoStatus.Status;
    request->information = irp->IoStatus.Information;
    if (request->information > request->out_size && request->major == IRP_MJ_DEVICE_CONTROL) {
        if (nt->checks)
            sim_breach_text(nt->sim, "R65", "IoCompleteRequest",
                            "IoStatus.Information is %zu, the output buffer holds %zu bytes",
                            request->information, request->out_size);
        request->information = request->out_size;
    }
    request->done = true;
}

static void send(void *context)
{
    struct nt_request *request = context;
    struct nt *nt = request->nt;
    IRP *irp = request->irp;
    const NTSTATUS status = nt_irp_send(nt, request->file->device, irp);

    request->sent = true;
    if (nt->checks && status != STATUS_PENDING && !request->done)
        sim_breach_text(
            nt->sim, "R65", "Dispatch",
            "a dispatch routine returned 0x%08X and neither completed nor pended the request",
            (unsigned)status);
    nt_thread_end(nt, STATUS_SUCCESS);
}

static struct nt_request *create_request(struct nt_file *file, UCHAR major)
{
    struct nt_request *request = calloc(1, sizeof(*request));
    IO_STACK_LOCATION *location;

    if (request == NULL)
        return NULL;
    request->nt = file->nt;
    request->file = file;
    request->major = major;
    request->irp = nt_irp_create(file->nt, file->device->StackSize, NULL);
    if (request->irp == NULL) {
        free(request);
        return NULL;
    }
    nt_irp_of(request->irp)->completed = completed;
    nt_irp_of(request->irp)->context = request;
    request->irp->RequestorMode = UserMode;
    request->irp->Tail.Overlay.OriginalFileObject = file->object;
    location = IoGetNextIrpStackLocation(request->irp);
    location->MajorFunction = major;
    location->FileObject = file->object;
    return request;
}

static bool start(struct nt_request *request)
{
    struct nt *nt = request->nt;

    return sim_task_create(nt->sim, &(struct sim_task_config){.name = "user thread",
                                                              .processor = -1,
                                                              .function = send,
                                                              .context = request}) != NULL;
}

static NTSTATUS run_request(struct nt_file *file, UCHAR major)
{
    struct nt_request *request = create_request(file, major);
    NTSTATUS status = STATUS_INSUFFICIENT_RESOURCES;

    if (request == NULL)
        return status;
    if (start(request))
        status = nt_run_until(file->nt, &request->done, file->nt->sim->now + ANSWER_LIMIT)
                     ? request->status
                     : STATUS_IO_TIMEOUT;
    nt_request_free(request);
    return status;
}

NTSTATUS nt_file_open(struct nt *nt, const char *device, struct nt_file **file)
{
    struct sim *previous = sim_enter(nt->sim);
    uint16_t name[256];
    const size_t units = nt_wide_from_utf8(name, 256, device, strlen(device));
    DEVICE_OBJECT *object = units <= 256 ? nt_device_find(nt, name, units * 2) : NULL;
    NTSTATUS status = STATUS_OBJECT_NAME_NOT_FOUND;
    struct nt_file *made = NULL;

    *file = NULL;
    if (object == NULL)
        goto out;
    status = STATUS_DEVICE_NOT_READY;
    if ((object->Flags & DO_DEVICE_INITIALIZING) != 0)
        goto out;
    status = STATUS_ACCESS_DENIED;
    if (nt_object_of(nt, object)->closed_to_system)
        goto out;
    if ((object->Flags & DO_EXCLUSIVE) != 0 && nt_device_of(object)->opens != 0)
        goto out;
    status = STATUS_INSUFFICIENT_RESOURCES;
    made = calloc(1, sizeof(*made));
    if (made == NULL)
        goto out;
    made->nt = nt;
    made->device = object;
    made->object = nt_object_create(nt, NT_OBJECT_FILE, sizeof(FILE_OBJECT), FILE_TAG, NULL, NULL);
    if (made->object == NULL)
        goto out;
    made->object->Type = 5;
    made->object->Size = sizeof(FILE_OBJECT);
    made->object->DeviceObject = object;
    made->object->ReadAccess = made->object->WriteAccess = TRUE;
    nt_object_reference(object);
    nt_device_of(object)->opens++;
    status = run_request(made, IRP_MJ_CREATE);
    if (NT_SUCCESS(status)) {
        *file = made;
        made = NULL;
    } else {
        nt_device_of(object)->opens--;
        nt_object_dereference(nt, made->object);
        nt_object_dereference(nt, object);
    }
out:
    free(made);
    sim_leave(previous);
    return status;
}

void nt_file_close(struct nt_file *file)
{
    struct nt *nt = file->nt;
    struct sim *previous = sim_enter(nt->sim);

    if (!nt->sim->stopped) {
        run_request(file, IRP_MJ_CLEANUP);
        run_request(file, IRP_MJ_CLOSE);
    }
    nt_device_of(file->device)->opens--;
    nt_object_dereference(nt, file->object);
    nt_object_dereference(nt, file->device);
    free(file);
    sim_leave(previous);
}

/* Where input and output go by the code's method. Source: "Buffer descriptions for I/O control
 * codes". */
static bool set_buffers(struct nt_request *request, uint32_t code, const void *in, size_t in_size,
                        size_t out_size)
{
    struct nt *nt = request->nt;
    IRP *irp = request->irp;
    const uint32_t method = METHOD_FROM_CTL_CODE(code);
    const size_t buffered = method != METHOD_BUFFERED ? in_size
                            : in_size > out_size      ? in_size
                                                      : out_size;

    if (buffered != 0) {
        request->buffer = nt_pool_allocate(nt, NT_POOL_NONPAGED, buffered, BUFFER_TAG,
                                           "nt!NtDeviceIoControlFile");
        if (request->buffer == NULL)
            return false;
        memset(request->buffer, 0, buffered);
        if (in_size != 0)
            memcpy(request->buffer, in, in_size);
    }
    if (method != METHOD_NEITHER)
        irp->AssociatedIrp.SystemBuffer = request->buffer;
    else
        IoGetNextIrpStackLocation(irp)->Parameters.DeviceIoControl.Type3InputBuffer =
            request->buffer;
    if (method == METHOD_BUFFERED || out_size == 0)
        return true;
    request->output =
        nt_pool_allocate(nt, NT_POOL_NONPAGED, out_size, BUFFER_TAG, "nt!NtDeviceIoControlFile");
    if (request->output == NULL)
        return false;
    memset(request->output, 0, out_size);
    irp->UserBuffer = request->output;
    if (method == METHOD_NEITHER)
        return true;
    request->mdl = nt_pool_allocate(nt, NT_POOL_NONPAGED, MmSizeOfMdl(request->output, out_size),
                                    BUFFER_TAG, "nt!NtDeviceIoControlFile");
    if (request->mdl == NULL)
        return false;
    MmInitializeMdl(request->mdl, request->output, out_size);
    request->mdl->MdlFlags = MDL_PAGES_LOCKED;
    request->mdl->Process = nt_system_process();
    irp->MdlAddress = request->mdl;
    return true;
}

struct nt_request *nt_file_control(struct nt_file *file, uint32_t code, const void *in,
                                   size_t in_size, size_t out_size)
{
    struct nt *nt = file->nt;
    struct sim *previous = sim_enter(nt->sim);
    struct nt_request *request = create_request(file, IRP_MJ_DEVICE_CONTROL);

    if (request != NULL) {
        IO_STACK_LOCATION *location = IoGetNextIrpStackLocation(request->irp);

        request->out_size = out_size;
        location->Parameters.DeviceIoControl.IoControlCode = code;
        location->Parameters.DeviceIoControl.InputBufferLength = (ULONG)in_size;
        location->Parameters.DeviceIoControl.OutputBufferLength = (ULONG)out_size;
        if (!set_buffers(request, code, in, in_size, out_size) || !start(request)) {
            free_buffers(request);
            nt_irp_destroy(nt, request->irp);
            free(request);
            request = NULL;
        }
    }
    sim_leave(previous);
    return request;
}

bool nt_request_done(struct nt_request *request, NTSTATUS *status, const void **data, size_t *size)
{
    if (!request->done)
        return false;
    *status = request->status;
    *data = request->output != NULL ? request->output : request->buffer;
    *size = NT_ERROR(request->status) ? 0 : request->information;
    return true;
}

static void cancel(void *context)
{
    struct nt_request *request = context;

    nt_irp_cancel(request->nt, request->irp);
    nt_thread_end(request->nt, STATUS_SUCCESS);
}

void nt_request_cancel(struct nt_request *request)
{
    struct nt *nt = request->nt;
    struct sim *previous = sim_enter(nt->sim);

    if (!request->done && sim_run(nt->sim) && !request->done &&
        sim_task_create(nt->sim, &(struct sim_task_config){.name = "user thread",
                                                           .processor = -1,
                                                           .function = cancel,
                                                           .context = request}) != NULL)
        sim_run(nt->sim);
    sim_leave(previous);
}

void nt_request_free(struct nt_request *request)
{
    struct nt *nt = request->nt;
    struct sim *previous = sim_enter(nt->sim);

    if (!request->done)
        nt_request_cancel(request);
    /* The dispatch routine may still be running on its task: it holds pointers to all of this. */
    if (request->done && !request->sent)
        nt_run_until(nt, &request->sent, nt->sim->now + ANSWER_LIMIT);
    if (!request->done && nt->checks && !nt->sim->stopped)
        sim_breach_text(nt->sim, "HANG", "IoCancelIrp",
                        "a request was cancelled and the driver never completed it");
    if ((request->done && request->sent) || nt->sim->stopped) {
        free_buffers(request);
        nt_irp_destroy(nt, request->irp);
        free(request);
    }
    sim_leave(previous);
}

NTSTATUS nt_device_control(struct nt *nt, const char *device, uint32_t code, const void *in,
                           size_t in_size, void *out, size_t out_size, size_t *returned)
{
    struct nt_file *file;
    struct nt_request *request;
    const void *data;
    size_t size = 0;
    NTSTATUS status = nt_file_open(nt, device, &file);

    *returned = 0;
    if (!NT_SUCCESS(status))
        return status;
    request = nt_file_control(file, code, in, in_size, out_size);
    status = STATUS_INSUFFICIENT_RESOURCES;
    if (request != NULL) {
        struct sim *previous = sim_enter(nt->sim);

        nt_run_until(nt, &request->done, nt->sim->now + ANSWER_LIMIT);
        sim_leave(previous);
        if (!nt_request_done(request, &status, &data, &size))
            status = STATUS_IO_TIMEOUT;
        else if (size != 0)
            memcpy(out, data, size);
        *returned = size;
        nt_request_free(request);
    }
    nt_file_close(file);
    return status;
}
