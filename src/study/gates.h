/* The gates of a study. They learn beside the methods, from the same pass over the
 * training rows, and are trained when the methods are done, the MLP gate on what the
 * experts of the bundle predict (study/gate_experts.h), any that looks at a trunk on what
 * that makes of rows (study/gate_hidden.h); then the models of the bundle
 * predict the test rows as each gate mixes them. What they make is small and quick to
 * make again, so that a run which is resumed learns its gates anew. */
#ifndef HR_STUDY_GATES_H
#define HR_STUDY_GATES_H

#include "models/bundle_description.h"
#include "routing/gate_learner.h"
#include "score/settings_json.h"
#include "study/bundle.h"
#include "study/gated_rows.h"

enum { HR_STUDY_MOST_GATES = HR_BUNDLE_MOST_GATES };

typedef struct hr_study_gates {
  const hr_plan *plan; /* borrowed */
  size_t count;        /* of the configuration; 0: everything here does nothing */
  hr_gate_learner *learners[HR_STUDY_MOST_GATES]; /* NULL: it learns nothing */
  hr_bundle_gate trained[HR_STUDY_MOST_GATES];    /* the one to take first; texts owned */
  bool uses_error[HR_STUDY_MOST_GATES];
  double temperature[HR_STUDY_MOST_GATES]; /* that its weights are taken at */
  size_t trained_count;
  hr_gated_rows rows; /* of the test set */
} hr_study_gates;

/* Refuses gates that cannot be (HR_ERR_CONFIG, a sentence with the key): without the
 * models of the bundle, or with windows outside the spectra. */
hr_status hr_study_gates_check(const hr_plan *plan, hr_error *err) HR_MUST_CHECK;

/* Whether fits are to tell what validation predicted. */
bool hr_study_gates_keep_validation(const hr_plan *plan);

/* What they take beside the methods. */
void hr_study_gates_estimate(const hr_plan *plan, hr_cost *cost);

/* Begins to learn, and reads the sample of training rows that it takes. Borrows the plan.
 * To be followed by hr_study_gates_fini, on failure too. HR_ERR_MEMORY and whatever
 * reading fails with. */
hr_status hr_study_gates_init(hr_study_gates *gates, const hr_plan *plan,
                              hr_error *err) HR_MUST_CHECK;
void hr_study_gates_fini(hr_study_gates *gates);

/* Whether they have to see the training rows; a block of them. */
bool hr_study_gates_want_rows(const hr_study_gates *gates);
hr_status hr_study_gates_observe(hr_study_gates *gates, const hr_block *block,
                                 hr_error *err) HR_MUST_CHECK;

/* Trains those that need no model of the bundle, and saves them in the bundle's folder.
 * One that cannot be trained is left out with a warning. HR_ERR_MEMORY, HR_ERR_IO,
 * HR_ERR_INTERRUPTED. */
hr_status hr_study_gates_train(hr_study_gates *gates, const char *out_dir,
                               hr_error *err) HR_MUST_CHECK;

/* What the gate of that name was given; not known where there is none. */
hr_settings hr_study_gate_settings(const hr_config *config, const char *name);

/* Whether some need one; and the same of those, with the bundle in out_dir whole but for
 * these gates. Fails as hr_gate_experts_predict and hr_gate_hidden_find too. */
bool hr_study_gates_want_experts(const hr_study_gates *gates);
hr_status hr_study_gates_train_on_experts(hr_study_gates *gates, const char *out_dir,
                                          const hr_study_bundle *trained,
                                          hr_error *err) HR_MUST_CHECK;

/* Predicts the test rows in a pass, with the bundle in out_dir, which is whole, and with
 * what the study has predicted of them; borrowed for the call. */
hr_status hr_study_gates_predict(hr_study_gates *gates, const hr_gated_known *known,
                                 const char *out_dir, hr_error *err) HR_MUST_CHECK;

#endif
