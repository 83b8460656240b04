/* What the files of the engine share. Internal to predict/engine*.c. */
#ifndef HR_PREDICT_ENGINE_PARTS_H
#define HR_PREDICT_ENGINE_PARTS_H

#include "predict/engine.h"
#include "predict/open_gate.h"

/* Who predicts a target of the rows of a slot. */
typedef struct hr_engine_slot {
  size_t candidate;      /* of the bundle, or HR_NO_CANDIDATE */
  const hr_model *model; /* borrowed from the bundle; NULL: nobody */
} hr_engine_slot;

struct hr_engine {
  hr_bundle *bundle;
  const hr_router *router;
  hr_open_gate gate;            /* that the router hr_router_gate goes by; else empty */
  hr_conditioning conditioning; /* the bundle's */
  hr_mover *mover;              /* where the bundle's spectra were brought to rest */
  hr_axis *axes;                /* the bundle's, as routers take them */
  hr_routing_grid grid;
  hr_engine_slot *slots; /* [T][slot_count] the bins, then the model of all rows */
  size_t slot_count;
};

static inline const hr_engine_slot *hr_engine_slot_of(const hr_engine *engine,
                                                      size_t target, size_t slot) {
  return &engine->slots[target * engine->slot_count + slot];
}

/* Fills snr and masked of the result, from flux, error and reports; base: of the
 * conditioning. */
void hr_engine_measure(const hr_engine_rows *rows, double base, hr_engine_result *out);

/* Fills scale and side of the result: the flux of the rows against the training spectra.
 */
void hr_engine_compare_scale(const hr_conditioning *conditioning,
                             const hr_flux_scale *training, const hr_engine_rows *rows,
                             hr_engine_result *out);

/* Fills the flags, all else being there; outside: [N] of the router. */
void hr_engine_flag(const hr_engine *engine, const hr_engine_rows *rows,
                    const bool *outside, hr_engine_result *out);

#endif
