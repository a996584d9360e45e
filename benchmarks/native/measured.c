/* What is measured: an addition, a length, and loops that call back. Each also as a plain C function for bare ctypes. */
#include "plugframe.h"

#define CALL(name)                                                                                                     \
    static int32_t name(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error)
#define UNUSED (void)self, (void)args, (void)count, (void)error

PF_EXPORT int64_t bare_add(int64_t a, int64_t b) { return a + b; }
PF_EXPORT int64_t bare_length(const char *text) { return (int64_t)strlen(text); }

PF_EXPORT int64_t bare_callbacks(int64_t (*callback)(int64_t, int64_t), int64_t times) {
    int64_t sum = 0;
    for (int64_t i = 0; i < times; i++) sum += callback(i, times);
    return sum;
}

PF_EXPORT int64_t bare_progress(void (*callback)(int64_t, int64_t), int64_t times) {
    for (int64_t i = 0; i < times; i++) callback(i, times);
    return times;
}

CALL(add) {
    UNUSED;
    return pf_give_int(result, args[0].v.i + args[1].v.i);
}

CALL(length) {
    UNUSED;
    return pf_give_int(result, args[0].count);
}

PF_SLOT(weigh)
PF_SLOT(progress)

CALL(weigh_noop) {
    UNUSED;
    return pf_give_int(result, -1);
}

CALL(callbacks) {
    int64_t sum = 0;
    UNUSED;
    for (int64_t i = 0; i < args[0].v.i; i++) {
        const pf_binding *bound = pf_slot_enter(&weigh);
        if (bound) sum += ((int64_t(*)(int64_t, int64_t, pf_error *))bound->direct)(i, args[0].v.i, error);
        pf_slot_leave(&weigh);
        if (error->code) return error->code;
    }
    return pf_give_int(result, sum);
}

CALL(progresses) {
    UNUSED;
    for (int64_t i = 0; i < args[0].v.i; i++) {
        const pf_binding *bound = pf_slot_enter(&progress);
        if (bound) ((void (*)(int64_t, int64_t, pf_error *))bound->direct)(i, args[0].v.i, error);
        pf_slot_leave(&progress);
        if (error->code) return error->code;
    }
    return pf_give_int(result, args[0].v.i);
}

static const pf_function functions[] = {
    PF_FUNCTION("add", "(a: int, b: int) -> int", "", add),
    PF_FUNCTION("length", "(text: text) -> int", "", length),
    PF_FUNCTION("callbacks", "(times: int) -> int", "", callbacks),
    PF_FUNCTION("progresses", "(times: int) -> int", "", progresses),
};

static const pf_slot slots[] = {
    PF_SLOT_ENTRY(weigh, "weigh", "(a: int, b: int) -> int", "", weigh_noop),
    PF_SLOT_ENTRY(progress, "progress", "(a: int, b: int)", "", pf_noop),
};

PF_MODULE("measured", "1.0", PF_TABLE(functions), PF_NO_TABLE, PF_TABLE(slots), NULL, NULL)
