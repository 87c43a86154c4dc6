/* SPDX-License-Identifier: MIT */
/* Balanced tables: RtlInitializeGenericTableAvl. Nodes are links followed by the element; the root
 * hangs to the right of BalancedRoot. Source: the nf-ntddk-rtl*avl pages. */
#include "nt/state.h"

#include <string.h>

/* The element begins where the links, rounded up, end. */
#define ELEMENT_OFFSET ((sizeof(RTL_BALANCED_LINKS) + 15) & ~(size_t)15)

typedef RTL_BALANCED_LINKS node;

static void *element_of(node *links)
{
    return (uint8_t *)links + ELEMENT_OFFSET;
}

static node *root_of(const RTL_AVL_TABLE *table)
{
    return table->BalancedRoot.RightChild;
}

static RTL_GENERIC_COMPARE_RESULTS compare(RTL_AVL_TABLE *table, void *key, node *links)
{
    struct nt *nt = nt_current();
    RTL_GENERIC_COMPARE_RESULTS result;
    struct nt_call call;

    nt_call_enter(nt, &call, "CompareRoutine", (const void *)(uintptr_t)table->CompareRoutine);
    result = table->CompareRoutine(table, key, element_of(links));
    nt_call_leave(nt, &call);
    return result;
}

static TABLE_SEARCH_RESULT find(RTL_AVL_TABLE *table, void *key, node **found)
{
    node *links = root_of(table);

    *found = NULL;
    if (links == NULL)
        return TableEmptyTree;
    for (;;) {
        const RTL_GENERIC_COMPARE_RESULTS result = compare(table, key, links);
        node *child = result == GenericLessThan ? links->LeftChild : links->RightChild;

        *found = links;
        if (result == GenericEqual)
            return TableFoundNode;
        if (child == NULL)
            return result == GenericLessThan ? TableInsertAsLeft : TableInsertAsRight;
        links = child;
    }
}

/* ---- balance: the height of the right side minus that of the left ---- */

static void replace_child(node *parent, const node *old, node *new)
{
    if (parent->LeftChild == old)
        parent->LeftChild = new;
    else
        parent->RightChild = new;
    if (new != NULL)
        new->Parent = parent;
}

static node *rotate_left(node *top)
{
    node *up = top->RightChild;

    replace_child(top->Parent, top, up);
    top->RightChild = up->LeftChild;
    if (top->RightChild != NULL)
        top->RightChild->Parent = top;
    up->LeftChild = top;
    top->Parent = up;
    return up;
}

static node *rotate_right(node *top)
{
    node *up = top->LeftChild;

    replace_child(top->Parent, top, up);
    top->LeftChild = up->RightChild;
    if (top->LeftChild != NULL)
        top->LeftChild->Parent = top;
    up->RightChild = top;
    top->Parent = up;
    return up;
}

/* Mends a node whose balance is 2 or -2. Returns the new top of this part. */
static node *rebalance(node *top)
{
    if (top->Balance > 0) {
        node *right = top->RightChild;

        if (right->Balance >= 0) {
            top->Balance = right->Balance == 0 ? 1 : 0;
            right->Balance = right->Balance == 0 ? -1 : 0;
            return rotate_left(top);
        }
        const CHAR middle = right->LeftChild->Balance;
        rotate_right(right);
        top = rotate_left(top);
        top->LeftChild->Balance = middle > 0 ? -1 : 0;
        top->RightChild->Balance = middle < 0 ? 1 : 0;
    } else {
        node *left = top->LeftChild;

        if (left->Balance <= 0) {
            top->Balance = left->Balance == 0 ? -1 : 0;
            left->Balance = left->Balance == 0 ? 1 : 0;
            return rotate_right(top);
        }
        const CHAR middle = left->RightChild->Balance;
        rotate_left(left);
        top = rotate_right(top);
        top->LeftChild->Balance = middle > 0 ? -1 : 0;
        top->RightChild->Balance = middle < 0 ? 1 : 0;
    }
    top->Balance = 0;
    return top;
}

static bool is_top(const RTL_AVL_TABLE *table, const node *links)
{
    return links == &table->BalancedRoot;
}

static void grown(RTL_AVL_TABLE *table, node *links)
{
    for (node *parent = links->Parent; !is_top(table, parent);
         links = parent, parent = links->Parent) {
        parent->Balance = (CHAR)(parent->Balance + (parent->RightChild == links ? 1 : -1));
        if (parent->Balance == 0)
            return;
        if (parent->Balance == 2 || parent->Balance == -2) {
            rebalance(parent);
            return;
        }
    }
}

/* The side of `parent` given became lower. */
static void shrunk(RTL_AVL_TABLE *table, node *parent, bool right)
{
    while (!is_top(table, parent)) {
        node *up;

        parent->Balance = (CHAR)(parent->Balance + (right ? -1 : 1));
        if (parent->Balance == 1 || parent->Balance == -1)
            return;
        if (parent->Balance != 0) {
            parent = rebalance(parent);
            if (parent->Balance != 0)
                return;
        }
        up = parent->Parent;
        right = up->RightChild == parent;
        parent = up;
    }
}

static node *leftmost(node *links)
{
    while (links != NULL && links->LeftChild != NULL)
        links = links->LeftChild;
    return links;
}

static node *successor(const RTL_AVL_TABLE *table, node *links)
{
    if (links->RightChild != NULL)
        return leftmost(links->RightChild);
    while (!is_top(table, links->Parent) && links->Parent->RightChild == links)
        links = links->Parent;
    return is_top(table, links->Parent) ? NULL : links->Parent;
}

static void unlink_node(RTL_AVL_TABLE *table, node *links)
{
    node *parent, *child;
    bool right;

    if (links->LeftChild != NULL && links->RightChild != NULL) {
        node *next = leftmost(links->RightChild);

        parent = next->Parent;
        right = parent->RightChild == next;
        replace_child(parent, next, next->RightChild);
        if (parent == links)
            parent = next;
        next->Balance = links->Balance;
        next->LeftChild = links->LeftChild;
        next->RightChild = links->RightChild;
        if (next->LeftChild != NULL)
            next->LeftChild->Parent = next;
        if (next->RightChild != NULL)
            next->RightChild->Parent = next;
        replace_child(links->Parent, links, next);
    } else {
        child = links->LeftChild != NULL ? links->LeftChild : links->RightChild;
        parent = links->Parent;
        right = parent->RightChild == links;
        replace_child(parent, links, child);
    }
    shrunk(table, parent, right);
}

/* ---- exports ---- */

VOID NTAPI RtlInitializeGenericTableAvl(PRTL_AVL_TABLE Table,
                                        PRTL_AVL_COMPARE_ROUTINE CompareRoutine,
                                        PRTL_AVL_ALLOCATE_ROUTINE AllocateRoutine,
                                        PRTL_AVL_FREE_ROUTINE FreeRoutine, PVOID TableContext)
{
    memset(Table, 0, sizeof(*Table));
    Table->BalancedRoot.Parent = &Table->BalancedRoot;
    Table->CompareRoutine = CompareRoutine;
    Table->AllocateRoutine = AllocateRoutine;
    Table->FreeRoutine = FreeRoutine;
    Table->TableContext = TableContext;
}

PVOID NTAPI RtlInsertElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                CLONG BufferSize, PBOOLEAN NewElement,
                                                PVOID NodeOrParent,
                                                TABLE_SEARCH_RESULT SearchResult)
{
    struct nt *nt = nt_current();
    struct nt_call call;
    node *links;

    if (NewElement != NULL)
        *NewElement = SearchResult != TableFoundNode;
    if (SearchResult == TableFoundNode)
        return element_of(NodeOrParent);
    nt_call_enter(nt, &call, "AllocateRoutine", (const void *)(uintptr_t)Table->AllocateRoutine);
    links = Table->AllocateRoutine(Table, (CLONG)(BufferSize + ELEMENT_OFFSET));
    nt_call_leave(nt, &call);
    if (links == NULL) {
        if (NewElement != NULL)
            *NewElement = FALSE;
        return NULL;
    }
    memset(links, 0, sizeof(*links));
    if (SearchResult == TableEmptyTree) {
        Table->BalancedRoot.RightChild = links;
        links->Parent = &Table->BalancedRoot;
    } else {
        node *parent = NodeOrParent;

        links->Parent = parent;
        if (SearchResult == TableInsertAsLeft)
            parent->LeftChild = links;
        else
            parent->RightChild = links;
        grown(Table, links);
    }
    Table->NumberGenericTableElements++;
    Table->OrderedPointer = NULL;
    memcpy(element_of(links), Buffer, BufferSize);
    return element_of(links);
}

PVOID NTAPI RtlInsertElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer, CLONG BufferSize,
                                            PBOOLEAN NewElement)
{
    node *found;
    const TABLE_SEARCH_RESULT result = find(Table, Buffer, &found);

    return RtlInsertElementGenericTableFullAvl(Table, Buffer, BufferSize, NewElement, found,
                                               result);
}

BOOLEAN NTAPI RtlDeleteElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    struct nt *nt = nt_current();
    struct nt_call call;
    node *found;

    if (find(Table, Buffer, &found) != TableFoundNode)
        return FALSE;
    if (found == Table->RestartKey) {
        /* An enumeration goes on behind the element that went away. */
        Table->RestartKey = successor(Table, found);
        Table->DeleteCount++;
    }
    unlink_node(Table, found);
    Table->NumberGenericTableElements--;
    Table->OrderedPointer = NULL;
    nt_call_enter(nt, &call, "FreeRoutine", (const void *)(uintptr_t)Table->FreeRoutine);
    Table->FreeRoutine(Table, found);
    nt_call_leave(nt, &call);
    return TRUE;
}

PVOID NTAPI RtlLookupElementGenericTableFullAvl(PRTL_AVL_TABLE Table, PVOID Buffer,
                                                PVOID *NodeOrParent,
                                                TABLE_SEARCH_RESULT *SearchResult)
{
    node *found;

    *SearchResult = find(Table, Buffer, &found);
    *NodeOrParent = found;
    return *SearchResult == TableFoundNode ? element_of(found) : NULL;
}

PVOID NTAPI RtlLookupElementGenericTableAvl(PRTL_AVL_TABLE Table, PVOID Buffer)
{
    node *found;

    return find(Table, Buffer, &found) == TableFoundNode ? element_of(found) : NULL;
}

PVOID NTAPI RtlEnumerateGenericTableWithoutSplayingAvl(PRTL_AVL_TABLE Table, PVOID *RestartKey)
{
    node *links = *RestartKey == NULL ? leftmost(root_of(Table)) : successor(Table, *RestartKey);

    if (links != NULL)
        *RestartKey = links;
    return links != NULL ? element_of(links) : NULL;
}

PVOID NTAPI RtlEnumerateGenericTableAvl(PRTL_AVL_TABLE Table, BOOLEAN Restart)
{
    node *links;

    if (Restart)
        links = leftmost(root_of(Table));
    else if (Table->DeleteCount != 0)
        links = Table->RestartKey; /* the successor, noted when the element was deleted */
    else
        links = Table->RestartKey != NULL ? successor(Table, Table->RestartKey) : NULL;
    Table->DeleteCount = 0;
    Table->RestartKey = links;
    return links != NULL ? element_of(links) : NULL;
}

PVOID NTAPI RtlGetElementGenericTableAvl(PRTL_AVL_TABLE Table, ULONG I)
{
    node *links;

    if (I >= Table->NumberGenericTableElements)
        return NULL;
    links = leftmost(root_of(Table));
    while (I-- != 0)
        links = successor(Table, links);
    return element_of(links);
}

ULONG NTAPI RtlNumberGenericTableElementsAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements;
}

BOOLEAN NTAPI RtlIsGenericTableEmptyAvl(PRTL_AVL_TABLE Table)
{
    return Table->NumberGenericTableElements == 0;
}
