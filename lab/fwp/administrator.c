/* SPDX-License-Identifier: MIT */
/* What a person does with another tool while a driver runs: filters go, and come again. */
#include "fwp/filter_object.h"
#include "fwp/layer.h"
#include "fwp/state.h"
#include "nt/thread.h"
#include "sim/frame.h"

#include <stdlib.h>

struct change {
    struct fwp *fwp;
    bool there;
};

/* The next callout filter of a stream layer behind `order`: others may come and go while a notifyFn
 * runs. */
static struct fwp_object *behind(const struct fwp *fwp, uint64_t order)
{
    struct fwp_object *object = fwp->objects[FWP_FILTER];

    while (object != NULL && (object->order <= order || fwp_guid_zero(&object->callout) ||
                              (object->layer->id != FWPS_LAYER_STREAM_V4 &&
                               object->layer->id != FWPS_LAYER_STREAM_V6)))
        object = object->next;
    return object;
}

static void FwppFiltersSet(void *context)
{
    SIM_FRAME("fwpkclnt", "FwppFiltersSet");
    struct change *change = context;
    struct fwp *const fwp = change->fwp;
    uint64_t order = 0;

    netio_filters_by_others(fwp->netio, true);
    for (struct fwp_object *object; (object = behind(fwp, order)) != NULL;) {
        order = object->order;
        if (change->there && !object->active)
            (void)fwp_filter_activate(fwp, object);
        else if (!change->there)
            fwp_filter_deactivate(fwp, object);
    }
    netio_filters_by_others(fwp->netio, false);
    free(change);
}

void fwp_filters_set(struct fwp *fwp, bool there)
{
    struct change *change = malloc(sizeof(*change));

    if (change == NULL)
        return;
    *change = (struct change){fwp, there};
    if (nt_thread_spawn(fwp->nt, "fwpkclnt!FwppFiltersSet", FwppFiltersSet, change) == NULL)
        free(change);
}
