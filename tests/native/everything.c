/* A library with every kind of value, every way to fail, a class, slots, and threads that call them. */
#include "plugframe.h"

#include <pthread.h>
#include <stdlib.h>

#ifndef NAME
#define NAME "everything"
#endif

#define CALL(name)                                                                                                     \
    static int32_t name(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error)
#define UNUSED (void)self, (void)args, (void)count, (void)result, (void)error

CALL(add) {
    UNUSED;
    return pf_give_int(result, (int64_t)((uint64_t)args[0].v.i + (uint64_t)args[1].v.i));
}

/* Give the argument back, whatever it is. */
CALL(echo) {
    UNUSED;
    *result = args[0];
    return PF_OK;
}

CALL(both) {
    UNUSED;
    return pf_give_bool(result, args[0].v.i && args[1].v.i);
}

CALL(half) {
    UNUSED;
    return pf_give_float(result, args[0].v.f / 2);
}

CALL(nothing) {
    UNUSED;
    return PF_OK;
}

static int64_t released;

static void let_go(void *data) {
    released++;
    free(data);
}

CALL(released_count) {
    UNUSED;
    return pf_give_int(result, released);
}

/* Give a copy of text, bytes or an array, which the host must have released. */
CALL(copy) {
    size_t size = (size_t)args[0].count * (args[0].kind == PF_ARRAY ? 8 : 1);
    void *data = malloc(size + 1);
    UNUSED;
    if (size) memcpy(data, args[0].v.data, size);
    return pf_give_data(result, args[0].kind, args[0].item, data, args[0].count, let_go);
}

CALL(describe) {
    char *text = (char *)malloc(100);
    UNUSED;
    snprintf(text, 100, "kind %d, item %d, count %lld", (int)args[0].kind, (int)args[0].item, (long long)args[0].count);
    return pf_give_data(result, PF_TEXT, 0, text, (int64_t)strlen(text), let_go);
}

CALL(fill) {
    UNUSED;
    memset(args[0].v.writable, (int)args[1].v.i, (size_t)args[0].count);
    return PF_OK;
}

CALL(fail) {
    UNUSED;
    return pf_fail(error, (int32_t)args[0].v.i, (const char *)args[1].v.data);
}

CALL(fail_in_silence) {
    UNUSED;
    return (int32_t)args[0].v.i;
}

CALL(fail_with_rubbish) {
    UNUSED;
    memset(error, 0xFF, sizeof *error);
    return PF_ERROR;
}

/* Results that are not what the signature promises. */
CALL(wrong) {
    static const char bad[] = "caf\xe9";
    UNUSED;
    switch (args[0].v.i) {
    case 0: return pf_give_int(result, 7);
    case 1: return pf_give_data(result, PF_TEXT, 0, bad, 4, NULL);
    case 2: return pf_give_data(result, PF_TEXT, 0, bad, -1, NULL);
    case 3: return pf_give_data(result, PF_TEXT, 0, NULL, 5, NULL);
    case 4: return pf_give_data(result, PF_TEXT, 0, bad, INT64_MAX, NULL);
    case 5: result->kind = 12345; return PF_OK;
    case 6: result->kind = -1; return PF_OK;
    case 7: return pf_give_object(result, (void *)bad);
    case 8: return pf_give_data(result, PF_BYTES, 0, bad, 4, NULL);
    case 9: return pf_give_float(result, 1.5);
    default: return PF_OK;
    }
}

CALL(wrong_array) {
    static const int64_t numbers[] = {1, 2};
    UNUSED;
    switch (args[0].v.i) {
    case 0: return pf_give_data(result, PF_ARRAY, PF_FLOAT64, numbers, 2, NULL);
    case 1: return pf_give_data(result, PF_ARRAY, PF_INT64, numbers, INT64_MAX / 4, NULL);
    case 2: return pf_give_data(result, PF_ARRAY, 99, numbers, 2, NULL);
    default: return pf_give_data(result, PF_ARRAY, PF_INT64, numbers, 2, NULL);
    }
}

/* ---- A class ---- */

typedef struct {
    int64_t value;
} box;

static int64_t alive;
static box *last;

CALL(make_box) {
    box *made = (box *)malloc(sizeof *made);
    UNUSED;
    if (args[0].v.i < 0) {
        free(made);
        return pf_fail(error, PF_VALUE, "a box holds nothing below zero");
    }
    made->value = args[0].v.i;
    alive++;
    last = made;
    return pf_give_object(result, made);
}

static void destroy_box(void *object) {
    alive--;
    free(object);
}

CALL(alive_count) {
    UNUSED;
    return pf_give_int(result, alive);
}

CALL(box_value) {
    UNUSED;
    return pf_give_int(result, ((box *)self)->value);
}

CALL(box_take) {
    UNUSED;
    ((box *)self)->value += ((box *)args[0].v.object)->value;
    return PF_OK;
}

CALL(box_twin) {
    pf_value value = {0};
    UNUSED;
    value.v.i = ((box *)self)->value;
    return make_box(NULL, &value, 1, result, error);
}

CALL(box_or_none) {
    UNUSED;
    return args[0].v.i ? make_box(NULL, args, 1, result, error) : PF_OK;
}

CALL(same_box) {
    UNUSED;
    return pf_give_object(result, last);
}

CALL(no_box) {
    UNUSED;
    return pf_give_object(result, NULL);
}

/* ---- Slots ---- */

PF_SLOT(weigh)
PF_SLOT(note)
PF_SLOT(measure)

CALL(weigh_noop) {
    UNUSED;
    return pf_give_int(result, -1);
}

CALL(measure_noop) {
    UNUSED;
    return pf_give_float(result, args[0].v.i ? args[1].v.f : 0.5);
}

static int64_t weigh_directly(int64_t a, int64_t b, pf_error *error) {
    const pf_binding *bound = pf_slot_enter(&weigh);
    int64_t found = -1;
    error->code = PF_OK;
    if (bound != NULL) found = ((int64_t(*)(int64_t, int64_t, pf_error *))bound->direct)(a, b, error);
    pf_slot_leave(&weigh);
    return found;
}

CALL(call_weigh) {
    UNUSED;
    return pf_slot_call(&weigh, weigh_noop, args, count, result, error);
}

CALL(call_weigh_directly) {
    int64_t found = weigh_directly(args[0].v.i, args[1].v.i, error);
    UNUSED;
    return error->code ? error->code : pf_give_int(result, found);
}

CALL(call_weigh_badly) {
    UNUSED;
    return pf_slot_call(&weigh, weigh_noop, args, 7, result, error);
}

CALL(call_note) {
    UNUSED;
    return pf_slot_call(&note, pf_noop, args, count, result, error);
}

CALL(call_measure) {
    UNUSED;
    return pf_slot_call(&measure, measure_noop, args, count, result, error);
}

/* Go on as if the callback had not failed. */
CALL(call_note_regardless) {
    pf_value ignored = {0};
    UNUSED;
    (void)pf_slot_call(&note, pf_noop, args, count, &ignored, error);
    return pf_give_int(result, 5);
}

/* ---- Threads ---- */

enum { THREADS = 4 };
static pthread_t threads[THREADS];
static _Atomic(int64_t) calls, failures, garbage, stop, started;

static void *storm(void *most) {
    pf_error error = {sizeof error, 0, {0}};
    int64_t left = (int64_t)(intptr_t)most;
    while (!atomic_load(&stop) && (left < 0 || left-- > 0)) {
        int64_t found = weigh_directly(20, 22, &error);
        if (error.code) {
            atomic_fetch_add(&failures, 1);
        } else if (found != 42 && found != -1) {
            atomic_fetch_add(&garbage, 1);
        }
        atomic_fetch_add(&calls, 1);
    }
    return NULL;
}

/* Start threads that call the slot so many times each, or until they are stopped. */
CALL(start) {
    UNUSED;
    atomic_store(&stop, 0);
    for (int i = 0; i < THREADS; i++) {
        if (pthread_create(&threads[i], NULL, storm, (void *)(intptr_t)args[0].v.i)) {
            return pf_fail(error, PF_ERROR, "there is no thread");
        }
        atomic_fetch_add(&started, 1);
    }
    return PF_OK;
}

static void join_all(void) {
    while (atomic_load(&started) > 0) {
        pthread_join(threads[atomic_fetch_sub(&started, 1) - 1], NULL);
    }
}

CALL(join) {
    UNUSED;
    if (args[0].v.i) atomic_store(&stop, 1);
    join_all();
    return PF_OK;
}

CALL(tally) {
    int64_t *numbers = (int64_t *)malloc(3 * sizeof *numbers);
    UNUSED;
    numbers[0] = atomic_load(&calls);
    numbers[1] = atomic_load(&failures);
    numbers[2] = atomic_load(&garbage);
    return pf_give_data(result, PF_ARRAY, PF_INT64, numbers, 3, let_go);
}

#ifdef TEARDOWN
static void end(void) {
    atomic_store(&stop, 1);
    join_all();
    printf("torn down\n");
    fflush(stdout);
}
#else
#define end NULL
#endif

static int64_t executed;

static int32_t begin(const pf_host *host, pf_error *error) {
    executed++;
    if (getenv("EVERYTHING_FAILS") != NULL) {
        return pf_fail(error, PF_ERROR, getenv("EVERYTHING_FAILS"));
    }
    return host->size >= sizeof *host && host->name != NULL ? PF_OK : PF_ABI;
}

CALL(executed_count) {
    UNUSED;
    return pf_give_int(result, executed);
}

static const pf_function functions[] = {
    PF_FUNCTION("add", "(a: int, b: int) -> int", "Add two numbers.", add),
    PF_FUNCTION("both", "(a: bool, b: bool) -> bool", "", both),
    PF_FUNCTION("half", "(a: float) -> float", "", half),
    PF_FUNCTION("nothing", "()", NULL, nothing),
    PF_FUNCTION("forgets", "() -> int", "", nothing),
    PF_FUNCTION("echo_int", "(a: int?) -> int?", "", echo),
    PF_FUNCTION("echo_float", "(a: float?) -> float?", "", echo),
    PF_FUNCTION("echo_bool", "(a: bool?) -> bool?", "", echo),
    PF_FUNCTION("echo_text", "(a: text?) -> text?", "", echo),
    PF_FUNCTION("copy_text", "(a: text) -> text", "", copy),
    PF_FUNCTION("copy_bytes", "(a: bytes) -> bytes", "", copy),
    PF_FUNCTION("copy_ints", "(a: array[int64]) -> array[int64]", "", copy),
    PF_FUNCTION("copy_floats", "(a: array[float64]) -> array[float64]", "", copy),
    PF_FUNCTION("released_count", "() -> int", "", released_count),
    PF_FUNCTION("describe", "(a: buffer?) -> text", "", describe),
    PF_FUNCTION("describe_floats", "(a: buffer[float64]) -> text", "", describe),
    PF_FUNCTION("describe_bytes", "(a: writable[uint8]) -> text", "", describe),
    PF_FUNCTION("fill", "(a: writable[uint8], number: int)", "", fill),
    PF_FUNCTION("fail", "(code: int, message: text)", "", fail),
    PF_FUNCTION("fail_in_silence", "(code: int)", "", fail_in_silence),
    PF_FUNCTION("fail_with_rubbish", "()", "", fail_with_rubbish),
    PF_FUNCTION("wrong", "(how: int) -> text", "", wrong),
    PF_FUNCTION("wrong_array", "(how: int) -> array[int64]", "", wrong_array),
    PF_FUNCTION("alive_count", "() -> int", "", alive_count),
    PF_FUNCTION("box_or_none", "(value: int) -> Box?", "", box_or_none),
    PF_FUNCTION("same_box", "() -> Box", "", same_box),
    PF_FUNCTION("no_box", "() -> Box", "", no_box),
    PF_FUNCTION("call_weigh", "(a: int, b: int) -> int", "", call_weigh),
    PF_FUNCTION("call_weigh_directly", "(a: int, b: int) -> int", "", call_weigh_directly),
    PF_FUNCTION("call_weigh_badly", "(a: int, b: int) -> int", "", call_weigh_badly),
    PF_FUNCTION("call_note", "(text: text?, raw: bytes)", "", call_note),
    PF_FUNCTION("call_note_regardless", "(text: text?, raw: bytes) -> int", "", call_note_regardless),
    PF_FUNCTION("call_measure", "(sure: bool, size: float) -> float", "", call_measure),
    PF_FUNCTION("start", "(most: int)", "", start),
    PF_FUNCTION("join", "(stop: bool)", "", join),
    PF_FUNCTION("tally", "() -> array[int64]", "Calls, failures, results that nobody gave.", tally),
    PF_FUNCTION("executed_count", "() -> int", "", executed_count),
};

static const pf_function box_methods[] = {
    PF_FUNCTION("value", "() -> int", "Return what it holds.", box_value),
    PF_FUNCTION("take", "(other: Box)", "", box_take),
    PF_FUNCTION("twin", "() -> Box", "", box_twin),
};

static const pf_function bag_methods[] = {PF_FUNCTION("value", "() -> int", "", box_value)};

static const pf_class classes[] = {
    PF_CLASS("Box", "(value: int)", "Holds a number.", make_box, destroy_box, PF_TABLE(box_methods)),
    PF_CLASS("Bag", "(value: int)", NULL, make_box, destroy_box, PF_TABLE(bag_methods)),
};

static const pf_slot slots[] = {
    PF_SLOT_ENTRY(weigh, "weigh", "(a: int, b: int) -> int", "Weigh two numbers.", weigh_noop),
    PF_SLOT_ENTRY(note, "note", "(text: text?, raw: bytes)", "", pf_noop),
    PF_SLOT_ENTRY(measure, "measure", "(sure: bool, size: float) -> float", "", measure_noop),
};

PF_MODULE(NAME, "2.5", PF_TABLE(functions), PF_TABLE(classes), PF_TABLE(slots), begin, end)
