/* What a bundle says of itself: everything but the models. It is what a study hands over
 * at its end (models/bundle.h), what stands in model.json (docs/formats.md, "The model"),
 * and what is read back from there. */
#ifndef HR_MODELS_BUNDLE_DESCRIPTION_H
#define HR_MODELS_BUNDLE_DESCRIPTION_H

#include "data/conditioning.h"
#include "data/places.h"
#include "models/model.h"
#include "models/sigma.h"

/* No candidate, where the number of one is asked for. */
#define HR_NO_CANDIDATE SIZE_MAX

/* The limits within which a bundle is believed. */
enum {
  HR_BUNDLE_MOST_PIXELS = 1 << 24,
  HR_BUNDLE_MOST_TARGETS = 16,
  HR_BUNDLE_MOST_AXES = 4,
  HR_BUNDLE_MOST_VARIANTS = 10000,
  HR_BUNDLE_MOST_CANDIDATES = 1 << 14,
  HR_BUNDLE_MOST_GATES = 8,
};

/* Both NaN where they are not known. */
typedef struct hr_bundle_range {
  double minimum, maximum;
} hr_bundle_range;

typedef struct hr_bundle_target {
  char *name;            /* of the label column: "log_g" */
  char *unit;            /* "dex", or "" */
  hr_bundle_range train; /* of the training rows */
} hr_bundle_target;

typedef struct hr_bundle_axis {
  char *label;  /* of the label column: "T_eff" */
  char *column; /* what the study's files call it; NULL: by its label */
  char *unit;
  double *edges; /* [edge_count], strictly increasing, in the unit */
  size_t edge_count;
} hr_bundle_axis;

/* A model that the bundle holds: one slot and one target of one method. */
typedef struct hr_bundle_candidate {
  char *method;         /* "ridge" */
  char *title;          /* "Ridge" */
  char *kind;           /* hr_model_type's */
  char *variant;        /* what its hyperparameter is called, "alpha", or "" */
  char *folder;         /* within the bundle, "global-ridge" */
  size_t target;        /* that it predicts, a number below target_count */
  int slot;             /* bin number, or HR_GLOBAL */
  size_t variant_count; /* settings that the model can predict with */
  size_t chosen;        /* the one that validation chose */
  double variant_value; /* of the chosen one; NaN where there are none */
  double cv_r2;         /* validation R2 of the chosen one; NaN: not known */
  hr_sigma sigma;       /* of the chosen one's predictions; zero: not known */
} hr_bundle_candidate;

/* Who predicts the rows that are sent to a slot: numbers of candidates. */
typedef struct hr_bundle_slot {
  size_t expert;   /* of this slot, chosen by validation; HR_NO_CANDIDATE: none */
  size_t fallback; /* the model of all rows that predicts where there is no expert of the
                      slot and, in the slot of all rows, uncovered rows; or none */
} hr_bundle_slot;

/* What routes rows by their spectra (routing/gate.h). */
typedef struct hr_bundle_gate {
  char *name;   /* "logistic" */
  char *title;  /* "logistic gate" */
  char *folder; /* within the bundle, "gate-logistic"; "": it takes the weights of
                   the templates, a model of all rows that is a candidate */
  char *mixing; /* "soft" | "hard" | "fallback" */
  double fallback_below; /* the largest weight, of "fallback" */
  double temperature;    /* of weights from templates, > 0 */
} hr_bundle_gate;

/* All arrays and texts are owned; from hr_alloc. */
typedef struct hr_bundle_description {
  char *program;     /* version of the program that wrote it; hr_bundle_write fills it */
  char *study;       /* experiment.id */
  char *fingerprint; /* of the study, as in its cards */
  double *wave;      /* [pixels] angstrom, strictly increasing */
  size_t pixels;
  hr_conditioning conditioning; /* what is done to spectra; a scale of 0: not known, as
                                   in bundles of before there was one */
  char *rv; /* how rows were brought to rest: "fit", or the label with velocities; NULL:
               they were taken as they are */
  double rv_range[2]; /* of it, km/s */
  double noise_level; /* of the training spectra, in units of the error */
  hr_flux_scale flux; /* of the training spectra, to which others are to be scaled; NaN:
                         not known, as in bundles of before that was kept */
  char *uncovered;    /* "exclude" | "global" | "nearest": who predicts such rows */
  hr_bundle_target *targets; /* [target_count] */
  size_t target_count;
  hr_bundle_range snr;  /* of the training rows' label `snr` */
  hr_bundle_axis *axes; /* [axis_count] of the grid of bins, the last runs fastest */
  size_t axis_count;
  char *paths[HR_PLACES]; /* where the study's files have arrays; NULL: as usual */
  char **bin_names;       /* [bin_count] */
  size_t bin_count;
  hr_bundle_candidate *candidates; /* [candidate_count] by target, method, slot */
  size_t candidate_count;
  hr_bundle_slot *slots; /* [target_count][bin_count + 1] the bins, then the slot of all
                            rows */
  hr_bundle_gate *gates; /* [gate_count] the first is the one to take */
  size_t gate_count;
} hr_bundle_description;

void hr_bundle_description_fini(hr_bundle_description *description);

/* What is to be done to spectra before they are predicted; plain where it is not known.
 * Its stand-in is borrowed. */
hr_conditioning hr_bundle_conditioning(const hr_bundle_description *description);

/* Where the study's files have their arrays; borrowed. */
hr_places hr_bundle_places(const hr_bundle_description *description);

/* The unit of a label column as the program's own data and the field have it: "K" for
 * T_eff, "dex" for log_g; "" for a name that it does not know. */
const char *hr_label_unit(const char *label);

/* Whether it knows the name; the unit may be "". */
bool hr_label_has_unit(const char *label);

enum { HR_BUNDLE_NAME_BYTES = 96 };

/* The number of the gate of that name (NULL: the one to take); gate_count: there is none.
 */
size_t hr_bundle_find_gate(const hr_bundle_description *description, const char *name);

/* Which of a study's models it is. */
typedef struct hr_bundle_place {
  const char *method;
  size_t target;
  int slot; /* bin number, or HR_GLOBAL */
} hr_bundle_place;

/* The folder of a model within the bundle: "<slot>-<method>" or "global-<method>", for
 * the second target and so on with "target2-" before it; "<method>" where all slots and
 * targets share files. */
void hr_bundle_folder_name(const hr_model_type *type, const hr_bundle_place *place,
                           char name[HR_BUNDLE_NAME_BYTES]);

/* Number of the candidate of that place, or HR_NO_CANDIDATE. */
size_t hr_bundle_find(const hr_bundle_description *description,
                      const hr_bundle_place *place);

/* What the slot (a number below bin_count + 1) of a target takes. */
hr_bundle_slot *hr_bundle_slot_of(const hr_bundle_description *description, size_t target,
                                  size_t slot);

/* The candidate that predicts a target of rows which a router sent to a slot (a number
 * below bin_count + 1): the slot's expert, or with `method` (NULL: none asked for) that
 * method's model of the slot; where the slot has no expert at all, its fall-back,
 * whatever the method, as in a study. HR_NO_CANDIDATE: nobody. */
size_t hr_bundle_choose(const hr_bundle_description *description, size_t target,
                        size_t slot, const char *method);

#endif
