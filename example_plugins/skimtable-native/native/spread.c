/* Figures of columns of numbers: a library with no dependency on Python. */
#include "plugframe.h"

#include <math.h>
#include <stdlib.h>

enum { LANES = 8, BLOCK = 1 << 20, MOST_BINS = 1 << 20 };

/* ---- A slot that is told how far a long sum is ---- */

PF_SLOT(progress)

static int32_t tell(int64_t done, int64_t total, pf_error *error) {
    const pf_binding *bound = pf_slot_enter(&progress);
    error->code = PF_OK;
    if (bound != NULL && bound->direct != NULL) {
        ((void (*)(int64_t, int64_t, pf_error *))bound->direct)(done, total, error);
    }
    pf_slot_leave(&progress);
    return error->code;
}

/* ---- Functions ---- */

/* Independent sums side by side keep the processor busy, and lose less to rounding than one. */
static double sum_of(const double *values, int64_t count) {
    double lanes[LANES] = {0};
    int64_t at = 0;
    for (; at + LANES <= count; at += LANES) {
        for (int lane = 0; lane < LANES; lane++) {
            lanes[lane] += values[at + lane];
        }
    }
    for (; at < count; at++) {
        lanes[at % LANES] += values[at];
    }
    return ((lanes[0] + lanes[1]) + (lanes[2] + lanes[3])) + ((lanes[4] + lanes[5]) + (lanes[6] + lanes[7]));
}

static int32_t total(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    const double *values = (const double *)args[0].v.data;
    const int64_t all = args[0].count;
    double sum = 0.0;
    (void)self, (void)count;
    for (int64_t at = 0; at < all; at += BLOCK) {
        int32_t code = at ? tell(at, all, error) : PF_OK;
        if (code != PF_OK) {
            return code;
        }
        sum += sum_of(values + at, all - at < BLOCK ? all - at : BLOCK);
    }
    if (all > BLOCK && tell(all, all, error) != PF_OK) {
        return error->code;
    }
    return pf_give_float(result, sum);
}

/* Sturges' rule: one bin more for every doubling of the rows. */
static int32_t bins_for(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    const int64_t rows = args[0].v.i, most = args[1].v.i;
    int64_t bins = 1;
    (void)self, (void)count;
    if (rows < 0 || most < 1) {
        return pf_fail(error, PF_VALUE, "rows is at least 0, and most at least 1");
    }
    for (int64_t left = rows; left > 1 && bins < most; left /= 2) {
        bins++;
    }
    return pf_give_int(result, bins);
}

/* ---- A class ---- */

typedef struct {
    double low, high;
    int64_t bins;
    int64_t counts[];
} histogram;

static int32_t create(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    const double low = args[0].v.f, high = args[1].v.f;
    const int64_t bins = args[2].v.i;
    histogram *made;
    (void)self, (void)count;
    if (!(low < high) || isinf(low) || isinf(high)) {
        return pf_fail(error, PF_VALUE, "low must be less than high, and both finite");
    }
    if (bins < 1 || bins > MOST_BINS) {
        return pf_fail(error, PF_VALUE, "bins must be from 1 to 1048576");
    }
    made = (histogram *)calloc(1, sizeof *made + (size_t)bins * sizeof made->counts[0]);
    if (made == NULL) {
        return pf_fail(error, PF_MEMORY, "there is no memory for the bins");
    }
    made->low = low;
    made->high = high;
    made->bins = bins;
    return pf_give_object(result, made);
}

static int32_t add(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    histogram *into = (histogram *)self;
    const double *values = (const double *)args[0].v.data;
    int64_t added = 0;
    (void)count, (void)error;
    for (int64_t at = 0; at < args[0].count; at++) {
        if (values[at] >= into->low && values[at] <= into->high) { /* what is no number is neither */
            int64_t bin = (int64_t)((values[at] - into->low) / (into->high - into->low) * (double)into->bins);
            into->counts[bin < into->bins ? bin : into->bins - 1]++;
            added++;
        }
    }
    return pf_give_int(result, added);
}

static int32_t counts(void *self, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    const histogram *of = (const histogram *)self;
    int64_t *copy = (int64_t *)malloc((size_t)of->bins * sizeof of->counts[0]);
    (void)args, (void)count;
    if (copy == NULL) {
        return pf_fail(error, PF_MEMORY, "there is no memory for a copy of the bins");
    }
    memcpy(copy, of->counts, (size_t)of->bins * sizeof of->counts[0]);
    return pf_give_data(result, PF_ARRAY, PF_INT64, copy, of->bins, free);
}

/* ---- Tables ---- */

static const pf_function functions[] = {
    PF_FUNCTION("total", "(values: buffer[float64]) -> float", "Return the sum; tell the slot progress on the way.", total),
    PF_FUNCTION("bins_for", "(rows: int, most: int) -> int", "Return how many bins show so many rows.", bins_for),
};

static const pf_function methods[] = {
    PF_FUNCTION("add", "(values: buffer[float64]) -> int", "Count values; return how many were in the range.", add),
    PF_FUNCTION("counts", "() -> array[int64]", "Return how many values each bin has, lowest first.", counts),
};

static const pf_class classes[] = {
    PF_CLASS("Histogram", "(low: float, high: float, bins: int)", "Values by range, both ends included.", create, free,
             PF_TABLE(methods)),
};

static const pf_slot slots[] = {
    PF_SLOT_ENTRY(progress, "progress", "(done: int, total: int)", "How many values of a sum are added up.", pf_noop),
};

PF_MODULE("spread", "1.0.0", PF_TABLE(functions), PF_TABLE(classes), PF_TABLE(slots), NULL, NULL)
