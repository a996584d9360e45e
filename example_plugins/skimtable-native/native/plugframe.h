/* plugframe.h: the one header of a native plugin library.
 *
 * A library says in constant tables which functions, classes and callback slots it has, and exports one function,
 * plugframe_module_v1, that returns them. It needs nothing of Python, neither to be built nor to run: whoever loads it,
 * a C program too, walks the same tables. The header is C11 and C++17.
 *
 *     static int32_t add(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
 *         (void)self, (void)count, (void)error;
 *         return pf_give_int(result, args[0].v.i + args[1].v.i);
 *     }
 *     static const pf_function functions[] = {PF_FUNCTION("add", "(a: int, b: int) -> int", "Add.", add)};
 *     PF_MODULE("sums", "1.0", PF_TABLE(functions), PF_NO_TABLE, PF_NO_TABLE, NULL, NULL)
 *
 * Rules that hold on both sides:
 *   - Arguments are lent for the time of the call. What a result points to is the library's until the host has called
 *     the result's release function; without one it must stay valid as long as the library.
 *   - A function may be called from several threads at once, and no lock of the host is held meanwhile. Hold no lock of
 *     your own while you call a slot: what is bound to it may call you.
 *   - Nothing is thrown or jumped out of a function: an error is a code and a message.
 *   - A library is never unloaded. Everything in its tables stays where it is and as it is.
 */
#ifndef PLUGFRAME_H
#define PLUGFRAME_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#ifdef __cplusplus
#include <atomic>
#else
#include <stdatomic.h>
#endif

/* Tables of another major number are refused; a host knows those of its own minor number and of smaller ones. */
#define PLUGFRAME_ABI_MAJOR 1
#define PLUGFRAME_ABI_MINOR 0
#define PLUGFRAME_ABI (((uint32_t)PLUGFRAME_ABI_MAJOR << 16) | (uint32_t)PLUGFRAME_ABI_MINOR)

#ifdef _WIN32
#define PF_VISIBLE __declspec(dllexport)
#else
#define PF_VISIBLE __attribute__((visibility("default")))
#endif
#ifdef __cplusplus
#define PF_EXPORT extern "C" PF_VISIBLE
#define PF_EXPORT_CONST extern "C" PF_VISIBLE const
#define PF_STATIC_ASSERT static_assert
#else
#define PF_EXPORT PF_VISIBLE
#define PF_EXPORT_CONST PF_VISIBLE const
#define PF_STATIC_ASSERT _Static_assert
#endif

/* The kinds of values, and how a signature writes them: "(a: int, rows: buffer[float64]) -> text?". A question mark
 * behind a kind admits none as well. */
enum {
    PF_NONE = 0,     /* none */
    PF_BOOL = 1,     /* bool: v.i is 0 or 1 */
    PF_INT = 2,      /* int: v.i */
    PF_FLOAT = 3,    /* float: v.f */
    PF_TEXT = 4,     /* text: v.data is UTF-8 of count bytes; a zero byte follows in arguments and may be in the text */
    PF_BYTES = 5,    /* bytes: v.data, count bytes */
    PF_BUFFER = 6,   /* buffer, buffer[ITEM]: v.data, count items of the host's memory, not to be written to */
    PF_WRITABLE = 7, /* writable, writable[ITEM]: the same, to be written to */
    PF_ARRAY = 8,    /* array[int64], array[float64]: v.data, count items, a copy */
    PF_OBJECT = 9    /* the name of a class of this library: v.object is what its create function made */
};

/* The items of buffers and arrays. */
enum {
    PF_INT8 = 1,
    PF_INT16 = 2,
    PF_INT32 = 3,
    PF_INT64 = 4,
    PF_UINT8 = 5,
    PF_UINT16 = 6,
    PF_UINT32 = 7,
    PF_UINT64 = 8,
    PF_FLOAT32 = 9,
    PF_FLOAT64 = 10
};

/* What a function returns. */
enum {
    PF_OK = 0,
    PF_ERROR = 1,    /* anything else that went wrong */
    PF_TYPE = 2,     /* an argument is of a kind that is not taken */
    PF_VALUE = 3,    /* an argument has a value that is not taken */
    PF_MEMORY = 4,   /* there is not enough memory */
    PF_ABI = 5,      /* host and library do not fit */
    PF_CALLBACK = 6, /* what is bound to a slot failed: pass its error on as it is */
    PF_UNBOUND = 7   /* nothing is bound to a slot that must be bound */
};

typedef struct pf_value {
    int32_t kind;
    int32_t item; /* of buffers and arrays */
    union {
        int64_t i;
        double f;
        const void *data;
        void *writable;
        void *object;
    } v;
    int64_t count; /* bytes of text and bytes, items of buffers and arrays */
    union {
        void (*call)(void *data); /* of results: called once with v.data, after the host has copied it; may be NULL */
        int64_t space;
    } release;
} pf_value;

typedef struct pf_error {
    uint32_t size; /* of the whole, set by the caller */
    int32_t code;
    char message[248]; /* UTF-8, with a zero byte at its end */
} pf_error;

typedef int32_t (*pf_call)(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error);

typedef struct pf_function {
    const char *name;
    const char *signature;
    const char *doc;
    pf_call call;
} pf_function;

/* The start of every table of a module: how many entries, and how large each is in this library's header. */
typedef struct pf_table {
    const void *entries;
    uint32_t count;
    uint32_t entry_size;
} pf_table;

typedef struct pf_class {
    const char *name;
    const char *signature; /* of create, without a result: "(bins: int)" */
    const char *doc;
    pf_call create;               /* gives a PF_OBJECT */
    void (*destroy)(void *object); /* called once, when nobody has the object any more; not at the end of the process */
    pf_table methods;             /* of pf_function; self is the object */
} pf_class;

/* What is bound to a slot. It is never changed nor freed. */
typedef struct pf_binding {
    void *user;
    pf_call call; /* self is user */
    /* The same as a plain C function, for slots whose signature has only bool, int and float: bool is int32_t, int is
     * int64_t, float is double, no result is void, and a pf_error * comes last, of which only a failure is written.
     * NULL for other signatures. It is several times as fast as call. */
    void (*direct)(void);
} pf_binding;

typedef struct pf_slot {
    const char *name;
    const char *signature; /* results are none, bool, int or float */
    const char *doc;
    pf_call noop;                                       /* what a call does while nothing is bound */
    const pf_binding *(*exchange)(const pf_binding *to); /* binds, or with NULL unbinds; returns what was bound */
    int64_t (*running)(void);                           /* how many calls of the slot are under way */
} pf_slot;

typedef struct pf_host {
    uint32_t size;
    uint32_t abi;
    const char *name;    /* of the host, such as "myapp" */
    const char *version; /* of plugframe, or of whatever reads the tables */
} pf_host;

typedef struct pf_module {
    uint32_t size;
    uint32_t abi;
    const char *name; /* an identifier; only one module of a name is loaded into a process */
    const char *version;
    pf_table functions;
    pf_table classes;
    pf_table slots;
    int32_t (*exec)(const pf_host *host, pf_error *error); /* may be NULL; called once before anything else */
    void (*teardown)(void); /* may be NULL; called at the host's end, when no slot is bound any more: join threads here */
} pf_module;

PF_STATIC_ASSERT(sizeof(pf_value) == 32, "pf_value has 32 bytes");
PF_STATIC_ASSERT(sizeof(pf_error) == 256, "pf_error has 256 bytes");

/* ---- Results and errors ---- */

static inline int32_t pf_give_none(pf_value *result) {
    memset(result, 0, sizeof *result);
    return PF_OK;
}

static inline int32_t pf_give_int(pf_value *result, int64_t value) {
    result->kind = PF_INT;
    result->v.i = value;
    return PF_OK;
}

static inline int32_t pf_give_bool(pf_value *result, int value) {
    result->kind = PF_BOOL;
    result->v.i = value != 0;
    return PF_OK;
}

static inline int32_t pf_give_float(pf_value *result, double value) {
    result->kind = PF_FLOAT;
    result->v.f = value;
    return PF_OK;
}

static inline int32_t pf_give_object(pf_value *result, void *object) {
    result->kind = PF_OBJECT;
    result->v.object = object;
    return PF_OK;
}

/* Give text, bytes or an array: kind is PF_TEXT, PF_BYTES or PF_ARRAY, and release such as free, or NULL. */
static inline int32_t pf_give_data(
    pf_value *result, int32_t kind, int32_t item, const void *data, int64_t count, void (*release)(void *)) {
    result->kind = kind;
    result->item = item;
    result->v.data = data;
    result->count = count;
    result->release.call = release;
    return PF_OK;
}

/* Write an error's message, cut where it does not fit, and return the code. */
static inline int32_t pf_fail(pf_error *error, int32_t code, const char *message) {
    if (error != NULL) {
        size_t length = strlen(message);
        if (length >= sizeof error->message) {
            length = sizeof error->message - 1;
            while (length > 0 && ((unsigned char)message[length] & 0xC0) == 0x80) {
                length--; /* so that no character is cut in two */
            }
        }
        memcpy(error->message, message, length);
        error->message[length] = 0;
        error->code = code;
    }
    return code;
}

/* ---- Slots ---- */

#ifdef __cplusplus
typedef struct pf_slot_state {
    std::atomic<const pf_binding *> binding;
    std::atomic<int64_t> running;
} pf_slot_state;
#define PF_ATOMIC(name) std::name
#else
typedef struct pf_slot_state {
    _Atomic(const pf_binding *) binding;
    _Atomic(int64_t) running;
} pf_slot_state;
#define PF_ATOMIC(name) name
#endif

/* Return what is bound, or NULL, and count the call as under way until pf_slot_leave. The host waits for such calls at
 * its end, once it has unbound the slot. That a call is counted before it looks at what is bound, in one order for all
 * threads, is what makes this safe. */
static inline const pf_binding *pf_slot_enter(pf_slot_state *slot) {
    (void)PF_ATOMIC(atomic_fetch_add)(&slot->running, (int64_t)1);
    return PF_ATOMIC(atomic_load)(&slot->binding);
}

static inline void pf_slot_leave(pf_slot_state *slot) {
    (void)PF_ATOMIC(atomic_fetch_sub)(&slot->running, (int64_t)1);
}

/* Call what is bound to a slot, or its no-op. */
static inline int32_t pf_slot_call(
    pf_slot_state *slot, pf_call noop, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    const pf_binding *bound = pf_slot_enter(slot);
    int32_t code = bound != NULL ? bound->call(bound->user, args, count, result, error)
                                 : noop(NULL, args, count, result, error);
    pf_slot_leave(slot);
    return code;
}

/* Define a slot of this file; PF_SLOT_ENTRY names it in the table. */
#define PF_SLOT(id)                                                                                                    \
    static pf_slot_state id;                                                                                           \
    static const pf_binding *id##_exchange(const pf_binding *to) {                                                     \
        return PF_ATOMIC(atomic_exchange)(&id.binding, to);                                                            \
    }                                                                                                                  \
    static int64_t id##_running(void) {                                                                                \
        return PF_ATOMIC(atomic_load)(&id.running);                                                                    \
    }

/* A no-op for slots that return nothing. */
static inline int32_t pf_noop(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)self, (void)args, (void)count, (void)error;
    return pf_give_none(result);
}

/* ---- Tables ---- */

#define PF_FUNCTION(name, signature, doc, call) {name, signature, doc, call}
#define PF_CLASS(name, signature, doc, create, destroy, methods) {name, signature, doc, create, destroy, methods}
#define PF_SLOT_ENTRY(id, name, signature, doc, noop) {name, signature, doc, noop, id##_exchange, id##_running}
#define PF_TABLE(array) {array, (uint32_t)(sizeof(array) / sizeof((array)[0])), (uint32_t)sizeof((array)[0])}
#define PF_NO_TABLE {NULL, 0, 0}

#define PF_TEXT_OF_(value) #value
#define PF_TEXT_OF(value) PF_TEXT_OF_(value)

/* Define the module; name and version are string literals. A host finds the manifest in the file and refuses a library
 * of another version before anything of it runs. */
#define PF_MODULE(name, version, functions, classes, slots, exec, teardown)                                            \
    PF_EXPORT_CONST char plugframe_manifest_v1[] = "\037plugframe module\037" PF_TEXT_OF(                              \
        PLUGFRAME_ABI_MAJOR) "." PF_TEXT_OF(PLUGFRAME_ABI_MINOR) "\037" name "\037" version "\037";                    \
    static const pf_module plugframe_tables = {                                                                        \
        (uint32_t)sizeof(pf_module), PLUGFRAME_ABI, name, version, functions, classes, slots, exec, teardown};         \
    PF_EXPORT const pf_module *plugframe_module_v1(uint32_t host_abi) {                                                \
        return host_abi >> 16 == PLUGFRAME_ABI_MAJOR ? &plugframe_tables : NULL;                                       \
    }

#endif
