/* What all methods that train networks share: which slots they train, the rows that are
 * kept for them, the training with its remedies, and what it will take. A method
 * (methods/cnn/cnn.h, methods/vit/vit.h) adds its parameters and the shape that they
 * make.
 *
 * A network goes over its rows many times, so they are kept: in memory, or in a file of
 * the run directory where a quarter of the budget does not hold them. With `redraw` it is
 * the clean flux and the error that are kept, and every epoch sees each spectrum with
 * noise of its own, a function of (seed, epoch, row, pixel). The first of the study's
 * folds is held out: it says which epoch was the best, whose weights are the model, and
 * is what validation R2 is over.
 *
 * A training that is no better than the mean after `restart_after` epochs, or whose loss
 * is no number any more, is started once more with a tenth of the learning rate and in a
 * steadier shape, where the method has one. A training that does not converge says so,
 * and its model is not chosen.
 *
 * Several targets are learnt from the same rows, one network after the other, each the
 * very network of its target alone; or with `joint` by one network with an output for
 * each. That one minimises the mean of the targets' squared errors in units of their
 * variance; its best epoch is that of the highest mean R2, and it is started again where
 * no target is better than its mean.
 *
 * With heads: bins there is one network, the trunk, for all targets and slots: an output,
 * its head, for each target of each bin, which learns from the rows of its bin alone, and
 * for each target of all rows. A row is no part of the loss of other bins' heads, whose
 * errors are in units of their own bin's variance. Auxiliary labels have outputs of their
 * own, whose errors count as the targets' do, and which say nothing of the best epoch. */
#ifndef HR_METHODS_NET_LEARNER_H
#define HR_METHODS_NET_LEARNER_H

#include "methods/method.h"
#include "nn/net_model.h"

/* Parameters of every such method. */
typedef struct hr_net_settings {
  int64_t epochs;
  int64_t batch_size; /* rows */
  double lr, min_lr;  /* the highest learning rate, and what it falls to */
  double weight_decay;
  double grad_clip;      /* the most that the gradient's norm is; 0: whatever it is */
  int64_t warmup;        /* epochs */
  int64_t patience;      /* epochs; 0: none */
  int64_t restart_after; /* epochs */
  bool redraw;
  char *precision;      /* "fp32", as where it is NULL, "bf16" or "auto" */
  bool joint;           /* one network for all targets */
  hr_strings auxiliary; /* labels that are learnt beside, and not predicted */
  char *heads;     /* "bins": one network for all slots, too; NULL, "none": it has not */
  hr_numbers bins; /* those it is trained for */
  bool global;     /* whether there is a model of all rows, too */
  int64_t global_rows;   /* that it is trained on and validated with, at most; 0: all */
  int64_t global_epochs; /* of its training; 0: epochs */
} hr_net_settings;

/* What is a method's own. */
typedef struct hr_net_method {
  const char *name, *title; /* "cnn", "1D-CNN" */
  const char *stage;        /* of its progress: "training 1D-CNN" */
  const char *products;     /* what its precision is of: "convolutions" */
  const char *steadied;     /* what `steady` does, behind "with lr 1e-4", or "" */
  bool without_bins; /* it has no slots of bins where bins is none, but for heads: its
                        `form` (method.h) is then of all rows alone */
  const hr_net_kind *kind;
  /* Where in the parameters they are. */
  const hr_net_settings *(*settings)(const void *parameters);
  /* The shape that the parameters make, of one output; whatever it is, the kind checks
   * it. */
  void (*shape)(const hr_study_view *study, const void *parameters, hr_net_design *out);
  /* Makes a shape steadier for a second training; NULL: it stays. */
  void (*steady)(hr_net_design *design);
  /* Puts the weights of a training elsewhere, if they are asked for, into a network that
   * has started; NULL: there are none. */
  hr_status (*start)(const void *parameters, hr_net *net, hr_error *err);
  /* Whether networks take the flux as the files have it, and not each pixel in units of
   * its deviation; NULL: they do not. */
  bool (*takes_raw)(const void *parameters);
} hr_net_method;

/* Whether there is one network for all slots, the trunk. */
bool hr_net_has_heads(const hr_net_settings *settings);

/* Labels of a network at most: those of all targets, and as many beside. */
enum { HR_NET_MOST_LABELS = 2 * HR_MOST_TARGETS };

/* The design of the method's networks in the study, its back ends aside. HR_ERR_CONFIG as
 * the kind's check. */
hr_status hr_net_design_of(const hr_net_method *method, const hr_study_view *study,
                           const void *parameters, hr_net_design *out,
                           hr_error *err) HR_MUST_CHECK;

/* Functions of a hr_method. `check` says "experts.cnn: ..". */
hr_status hr_net_check(const hr_net_method *method, const hr_study_view *study,
                       const void *parameters, hr_error *err) HR_MUST_CHECK;
hr_status hr_net_begin(const hr_net_method *method, const hr_study_view *study,
                       const void *parameters, hr_learner **out,
                       hr_error *err) HR_MUST_CHECK;
hr_status hr_net_learn(hr_learner *learner, const hr_block *block,
                       hr_error *err) HR_MUST_CHECK;
hr_status hr_net_resume(hr_learner *learner, const hr_fit *kept, const char *folder,
                        hr_error *err) HR_MUST_CHECK;
bool hr_net_is_trained(const hr_learner *learner);
hr_status hr_net_finish(hr_learner *learner, hr_trained *out,
                        hr_error *err) HR_MUST_CHECK;
void hr_net_destroy(hr_learner **learner);

/* As hr_net_begin, on the design's back ends. */
hr_status hr_net_begin_with(const hr_net_method *method, const hr_net_design *design,
                            const hr_study_view *study, const void *parameters,
                            hr_learner **out, hr_error *err) HR_MUST_CHECK;

#endif
