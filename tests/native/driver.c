/* A host without Python: loads a native library, walks its tables, calls what they declare, and binds a slot. */
#include "plugframe.h"

#include <dlfcn.h>
#include <stdlib.h>

static int64_t told;

static int32_t told_generic(void *user, const pf_value *args, int32_t count, pf_value *result, pf_error *error) {
    (void)args, (void)error;
    *(int64_t *)user += count;
    return pf_give_none(result);
}

static void told_directly(int64_t done, int64_t total, pf_error *error) {
    (void)error;
    told += done <= total;
}

static const void *entry(pf_table table, uint32_t index) {
    return (const char *)table.entries + (size_t)index * table.entry_size;
}

static const pf_function *function(pf_table table, const char *name) {
    for (uint32_t i = 0; i < table.count; i++) {
        const pf_function *found = (const pf_function *)entry(table, i);
        if (strcmp(found->name, name) == 0) return found;
    }
    exit(3);
}

static pf_value call(const pf_function *of, void *self, const pf_value *args, int32_t count) {
    pf_error error = {sizeof error, 0, {0}};
    pf_value result = {0};
    if (of->call(self, args, count, &result, &error)) {
        printf("%s: %d %s\n", of->name, (int)error.code, error.message);
    }
    return result;
}

int main(int count, char **arguments) {
    void *library = count == 2 ? dlopen(arguments[1], RTLD_NOW | RTLD_LOCAL) : NULL;
    const pf_module *(*start)(uint32_t);
    if (!library) return 2;
    *(void **)&start = dlsym(library, "plugframe_module_v1");
    if (start(2u << 16) != NULL) return 4;
    const pf_module *module = start(PLUGFRAME_ABI);
    printf("%s %s: %u functions, %u classes, %u slots\n", module->name, module->version, (unsigned)module->functions.count,
           (unsigned)module->classes.count, (unsigned)module->slots.count);

    const pf_slot *slot = (const pf_slot *)entry(module->slots, 0);
    pf_binding binding = {&told, told_generic, (void (*)(void))told_directly};
    if (slot->exchange(&binding) != NULL) return 5;
    const int64_t many = 3 << 20;
    double *values = (double *)malloc((size_t)many * sizeof *values);
    for (int64_t i = 0; i < many; i++) values[i] = 0.5;
    pf_value buffer = {PF_BUFFER, PF_FLOAT64, {.data = values}, many, {NULL}};
    printf("total %.1f\n", call(function(module->functions, "total"), NULL, &buffer, 1).v.f);
    printf("told %d, running %d\n", (int)told, (int)slot->running());
    if (slot->exchange(NULL) != &binding) return 6;

    const pf_class *histograms = (const pf_class *)entry(module->classes, 0);
    pf_value range[3] = {{PF_FLOAT, 0, {.f = 0.0}, 0, {NULL}}, {PF_FLOAT, 0, {.f = 1.0}, 0, {NULL}}, {PF_INT, 0, {.i = 4}, 0, {NULL}}};
    pf_function create = {"create", "", "", histograms->create};
    void *object = call(&create, NULL, range, 3).v.object;
    printf("added %d\n", (int)call(function(histograms->methods, "add"), object, &buffer, 1).v.i);
    pf_value counts = call(function(histograms->methods, "counts"), object, NULL, 0);
    printf("third of %d: %d\n", (int)counts.count, (int)((const int64_t *)counts.v.data)[2]);
    counts.release.call(counts.v.writable);
    histograms->destroy(object);
    range[0].v.f = 2.0;
    (void)call(&create, NULL, range, 3);
    free(values);
    return 0;
}
